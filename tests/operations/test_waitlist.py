"""Being on the waiting list: what is read, refused and kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, PhoneTaken
from microcrm.domain.permissions import Role
from microcrm.models.waiting import WaitlistPreference
from microcrm.operations import waitlist, waitlist_view
from microcrm.operations.undo import take_back
from microcrm.operations.waitlist import AddWaiting, ChangeWaiting, WishedTime, WithdrawWaiting
from microcrm.operations.waitlist_view import ListWaiting
from tests.conftest import Work
from tests.support.desk import MONDAY
from tests.support.shops import Shop
from tests.support.waiting import ANY_TIME, List


@pytest.fixture
def waiting(unit_of_work: Work, shop: Shop) -> List:
    return List(unit_of_work, shop)


def wishes_of(waiting: List, entry_id: int) -> list[tuple[Any, ...]]:
    wish = WaitlistPreference
    columns = (wish.place, wish.first_day, wish.last_day, wish.start_min, wish.end_min, wish.weekdays, wish.member_id)
    query = select(*columns).where(wish.entry_id == entry_id).order_by(wish.place)
    return [
        (row[0], row[1].isoformat(), row[2].isoformat(), *row[3:])
        for row in waiting.do(lambda u: u.session.execute(query).all())
    ]


def test_five_wishes_are_kept_in_their_order(waiting: List, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    entry = waiting.join((
        WishedTime(MONDAY, start="4 pm", end="8 pm", member_id=manager),
        WishedTime(MONDAY, "2026-12-31", weekdays=[5, 6, 5]),
        WishedTime("01 Dec 2026"), WishedTime("2026-12-02"), WishedTime("2026-12-03"),
    ))  # fmt: skip
    assert wishes_of(waiting, entry) == [
        (1, "2026-11-30", "2026-11-30", 960, 1200, 127, manager),
        (2, "2026-11-30", "2026-12-31", 0, 1440, 96, None),
        (3, "2026-12-01", "2026-12-01", 0, 1440, 127, None),
        (4, "2026-12-02", "2026-12-02", 0, 1440, 127, None),
        (5, "2026-12-03", "2026-12-03", 0, 1440, 127, None),
    ]


ODD: list[tuple[dict[str, Any], str]] = [
    ({"wishes": ()}, "wishes"),
    ({"wishes": [WishedTime(MONDAY)] * 6}, "wishes"),
    ({"wishes": "tomorrow"}, "wishes"),
    ({"wishes": [WishedTime("")]}, "first_day_1"),
    ({"wishes": [WishedTime("2026-11-23")]}, "first_day_1"),
    ({"wishes": [WishedTime("2028-01-01")]}, "first_day_1"),
    ({"wishes": [WishedTime(MONDAY), WishedTime(MONDAY, "2026-11-29")]}, "last_day_2"),
    ({"wishes": [WishedTime(MONDAY, weekdays=[5])]}, "last_day_1"),
    ({"wishes": [WishedTime(MONDAY, weekdays=["x"])]}, "weekdays_1"),
    ({"wishes": [WishedTime(MONDAY, weekdays=[7])]}, "weekdays_1"),
    ({"wishes": [WishedTime(MONDAY, start="5 pm", end="4 pm")]}, "end_1"),
    ({"wishes": [WishedTime(MONDAY, start="5 pm", end="5:30 pm")]}, "end_1"),
    ({"wishes": [WishedTime(MONDAY, start="x")]}, "start_1"),
    ({"wishes": [WishedTime(MONDAY, member_id="0")]}, "member_id_1"),
    ({"service_id": "1e3"}, "service_id"),
    ({"customer_id": None}, "customer_id"),
    ({"who": "somebody"}, "who"),
    ({"priority": 10}, "priority"),
    ({"note": "x" * 4001}, "note"),
    ({"note": ["x"]}, "note"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field"), ODD)
def test_odd_input_is_refused_at_its_field(waiting: List, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        waiting.join(**changes)
    assert set(refusal.value.fields) == {field}
    assert waiting.join() > 0


def test_who_waits_already_is_not_added_twice(waiting: List, shop: Shop) -> None:
    first = waiting.join(customer_id=shop.customer_id)
    with pytest.raises(Conflict):
        waiting.join(customer_id=shop.customer_id)
    waiting.do(waitlist.withdraw, WithdrawWaiting(first, 1))
    assert waiting.entry(first).state == "withdrawn"
    assert waiting.join(customer_id=shop.customer_id) != first


def test_a_new_customer_is_stored_with_the_entry_or_neither(waiting: List, shop: Shop) -> None:
    entry = waiting.join(who="new", name="Kavya Rao", phone="98450 99999")
    assert waiting.entry(entry).customer_id != shop.customer_id
    with pytest.raises(PhoneTaken):
        waiting.join(who="new", name="Somebody", phone="98450 99999")
    with pytest.raises(Invalid) as refusal:
        waiting.join(who="new", name="", phone="12")
    assert set(refusal.value.fields) == {"name", "phone"}


def test_changing_keeps_the_place_in_line(waiting: List) -> None:
    entry = waiting.join()
    before = waiting.entry(entry).created_at
    waiting.wait(60)
    command = ChangeWaiting(entry, 1, [WishedTime("2026-12-01")], note="after work", priority=1)
    assert waiting.do(waitlist.change, command).version == 2
    after = waiting.entry(entry)
    assert (after.created_at, after.note, after.priority) == (before, "after work", 1)
    assert [row[1] for row in wishes_of(waiting, entry)] == ["2026-12-01"]
    with pytest.raises(Conflict):
        waiting.do(waitlist.change, command)


def test_each_step_of_the_desk_is_taken_back(waiting: List, shop: Shop, neighbour: Shop) -> None:
    mine = AddWaiting(
        shop.service_id, (WishedTime(MONDAY, start="10 am", end="12 pm"),), customer_id=waiting.customer()
    )
    added = waiting.do(waitlist.add, mine)
    new = (WishedTime("2026-12-01", "2026-12-04", weekdays=(1, 2), member_id=shop.members[Role.OWNER]),)
    changed = waiting.do(waitlist.change, ChangeWaiting(added.entry_id, added.version, new, "After work", 1))
    with pytest.raises(NotFound):
        waiting.do(take_back, changed.undo, actor=neighbour.actor())
    with pytest.raises(Forbidden):
        waiting.do(take_back, changed.undo, actor=shop.actor(Role.STAFF))
    waiting.do(take_back, changed.undo)
    [row] = waiting.do(waitlist_view.read_waiting, added.entry_id).rows
    assert [(one.first_day.isoformat(), one.start_min, one.end_min) for one in row.wishes] == [(MONDAY, 600, 720)]
    assert (row.note, row.priority) == ("", 0)
    off = waiting.do(waitlist.withdraw, WithdrawWaiting(added.entry_id))
    since = waiting.entry(added.entry_id).created_at
    waiting.do(take_back, off.undo)
    entry = waiting.entry(added.entry_id)
    assert (entry.state, entry.closed_at, entry.created_at) == ("waiting", None, since)
    with pytest.raises(Conflict, match="has changed since"):
        waiting.do(take_back, added.undo)
    again = waiting.do(waitlist.withdraw, WithdrawWaiting(added.entry_id))
    other = waiting.do(waitlist.add, mine)
    with pytest.raises(Conflict, match="on the list again"):
        waiting.do(take_back, again.undo)
    waiting.do(take_back, other.undo)
    assert waiting.entry(other.entry_id).state == "withdrawn"
    waiting.wait(16)
    with pytest.raises(Conflict, match="too long ago"):
        waiting.do(take_back, again.undo)


def test_who_was_offered_a_time_since_is_not_taken_off_by_an_undo(waiting: List, shop: Shop) -> None:
    visit = waiting.book()
    added = waiting.do(waitlist.add, AddWaiting(shop.service_id, ANY_TIME, customer_id=waiting.customer()))
    waiting.cancel(visit)
    assert waiting.asked() == [added.entry_id]
    with pytest.raises(Conflict, match="has changed since"):
        waiting.do(take_back, added.undo)
    assert waiting.asked() == [added.entry_id]


def test_whose_days_are_over_waits_no_longer(waiting: List) -> None:
    past, later = waiting.join(), waiting.join((WishedTime(MONDAY), WishedTime("2026-12-09")))
    waiting.wait(7 * 24 * 60)
    waiting.join((WishedTime("2026-12-09"),))
    assert (waiting.entry(past).state, waiting.entry(later).state) == ("expired", "waiting")


def test_only_the_desk_sees_to_the_list(waiting: List, shop: Shop, neighbour: Shop) -> None:
    entry = waiting.join()
    for actor in (shop.actor(Role.STAFF), shop.actor(Role.ACCOUNTANT)):
        with pytest.raises(Forbidden):
            waiting.do(waitlist.withdraw, WithdrawWaiting(entry), actor=actor)
        with pytest.raises(Forbidden):
            waiting.do(
                waitlist.add,
                AddWaiting(shop.service_id, [WishedTime(MONDAY)], customer_id=shop.customer_id),
                actor=actor,
            )
    with pytest.raises(NotFound):
        waiting.do(waitlist.withdraw, WithdrawWaiting(entry), actor=neighbour.actor())
    with pytest.raises(NotFound):
        waiting.join(customer_id=neighbour.customer_id)
    with pytest.raises(Invalid):
        waiting.join(service_id=neighbour.service_id)
    with pytest.raises(Invalid):
        waiting.join((WishedTime(MONDAY, member_id=neighbour.members[Role.OWNER]),))
    waiting.do(waitlist.withdraw, WithdrawWaiting(entry), actor=shop.actor(Role.FRONT_DESK))
    assert waiting.entry(entry).state == "withdrawn"


def test_the_list_is_in_the_order_of_asking_page_by_page(
    waiting: List, neighbour: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitlist_view, "PAGE_SIZE", 2)
    late = [waiting.join() for _ in range(3)]
    urgent = waiting.join(priority=1)
    gone = waiting.join()
    waiting.do(waitlist.withdraw, WithdrawWaiting(gone))
    List(waiting.work, neighbour, count=900).join()
    first = waiting.do(waitlist_view.list_waiting, ListWaiting())
    assert [row.entry_id for row in first.rows] == [urgent, late[0]] and first.has_next
    assert first.counts == {"waiting": 4}
    second = waiting.do(waitlist_view.list_waiting, ListWaiting(after=str(late[0])))
    assert [row.entry_id for row in second.rows] == late[1:] and not second.has_next
    closed = waiting.do(waitlist_view.list_waiting, ListWaiting("closed"))
    assert [row.entry_id for row in closed.rows] == [gone]
    for odd in ("x", "0", None, "9" * 30, [1]):
        assert waiting.do(waitlist_view.list_waiting, ListWaiting(["open"], odd)).rows[0].entry_id == urgent
