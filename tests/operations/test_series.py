"""Series: looked at first, made all or none, changed by scope, taken back whole; never more visits than before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.classes import Series
from microcrm.models.schedule import Leave
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.book import BookService, Rebook, book, rebook
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.parts.series_place import series_place
from microcrm.operations.series import (
    CancelSeries,
    CreateSeries,
    EditSeries,
    SeriesDone,
    SeriesWish,
    cancel_series,
    create,
    edit,
    preview,
    preview_cancel,
    preview_edit,
)
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import INDIA, MONDAY, MORNING, booking_of, wish
from tests.support.free_times import statements_of
from tests.support.holds import later
from tests.support.notices import waiting
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def weekly(shop: Shop, **changes: Any) -> SeriesWish:
    haircut = BookService(shop.service_id, shop.members[Role.MANAGER])
    return SeriesWish(**({"services": (haircut,), "day": MONDAY, "time": "10:00", "count": 4} | changes))


@pytest.fixture
def four(desk: UnitOfWork, shop: Shop) -> SeriesDone:
    """Four Mondays at ten."""
    return create(desk, CreateSeries(weekly(shop), customer_id=shop.customer_id))


def when(uow: UnitOfWork, done: SeriesDone) -> list[str]:
    """Day and time of those that are on, by place."""
    rows = uow.session.scalars(
        select(Booking.starts_at)
        .where(Booking.series_id == done.series_id, Booking.status == "booked")
        .order_by(Booking.series_place)
    )
    return [row.astimezone(INDIA).strftime("%d.%m. %H:%M") for row in rows]


def bookings(uow: UnitOfWork) -> int:
    return uow.session.execute(select(func.count()).select_from(Booking)).scalar_one()


def target(uow: UnitOfWork, done: SeriesDone, place: int, scope: str, **changes: Any) -> EditSeries:
    booking = booking_of(uow.session, done.booking_ids[place])
    where = {"booking_id": booking.id, "version": booking.version, "scope": scope, "day": "2026-12-15", "time": "16:00"}
    return EditSeries(**(where | changes))


def test_every_visit_is_an_ordinary_booking(desk: UnitOfWork, shop: Shop, four: SeriesDone) -> None:
    assert when(desk, four) == ["30.11. 10:00", "07.12. 10:00", "14.12. 10:00", "21.12. 10:00"]
    assert four.label == "Plain Iyer: every week on Monday, 4 times"
    made = [booking_of(desk.session, one) for one in four.booking_ids]
    assert [(one.number, one.series_place, one.source) for one in made] == [(n + 2, n, "series") for n in range(4)]
    assert desk.session.get_one(Series, four.series_id).rule == "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;COUNT=4"
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "10:15", day="2026-12-14"))


def test_clashes_are_seen_first_each_with_what_is_near(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:30", day="2026-12-07"))
    day_off = MORNING.date().replace(month=12, day=14)
    desk.session.add(
        Leave(business_id=shop.business_id, member_id=shop.members[Role.MANAGER], starts_on=day_off, ends_on=day_off)
    )
    desk.session.flush()
    before = bookings(desk)
    seen = preview(desk, weekly(shop))
    assert [one.place for one in seen.clashes] == [1, 2]
    assert "not free at 10:00 am" in seen.clashes[0].why and len(seen.clashes[0].nearest) == 3
    assert "on leave" in seen.clashes[1].why
    with pytest.raises(SlotTaken, match="2 of these times"):
        create(desk, CreateSeries(weekly(shop), who="walk_in"))
    assert bookings(desk) == before
    done = create(desk, CreateSeries(weekly(shop, skip=(1, 2)), who="walk_in"))
    assert when(desk, done) == ["30.11. 10:00", "21.12. 10:00"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"count": None}, "count"), ({"until": "2026-12-31"}, "count"), ({"count": 1}, "count"), ({"count": 500}, "count"),
     ({"every": "moon"}, "every"), ({"interval": 0}, "interval"), ({"weekdays": (2,)}, "weekdays"),
     ({"services": ()}, "service_id"), ({"day": "2026-01-01"}, "day"), ({"every": "month", "interval": 12, "count": 9}, "until"),
     ({"skip": (0, 1, 2, 3)}, "skip")],
)  # fmt: skip
def test_mistakes_are_named_at_their_field(desk: UnitOfWork, shop: Shop, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create(desk, CreateSeries(weekly(shop, **wrong), who="walk_in"))
    assert field in refusal.value.fields


@pytest.mark.parametrize(
    ("scope", "after"),
    [
        ("this", ["30.11. 10:00", "07.12. 10:00", "15.12. 16:00", "21.12. 10:00"]),
        ("following", ["30.11. 10:00", "07.12. 10:00", "15.12. 16:00", "22.12. 16:00"]),
        ("all", ["01.12. 16:00", "08.12. 16:00", "15.12. 16:00", "22.12. 16:00"]),
    ],
)
def test_an_edit_moves_what_its_scope_covers_and_makes_nothing(
    desk: UnitOfWork, four: SeriesDone, scope: str, after: list[str]
) -> None:
    before, count = when(desk, four), bookings(desk)
    moved = edit(desk, target(desk, four, 2, scope))
    assert (when(desk, four), bookings(desk)) == (after, count)
    take_back(desk, moved.undo)
    assert (when(desk, four), bookings(desk)) == (before, count)
    edit(desk, target(desk, four, 2, scope))
    assert when(desk, four) == after


def test_a_series_may_move_into_its_own_old_places(desk: UnitOfWork, four: SeriesDone) -> None:
    moved = edit(desk, target(desk, four, 0, "all", day="2026-12-07", time="10:00"))
    assert when(desk, four) == ["07.12. 10:00", "14.12. 10:00", "21.12. 10:00", "28.12. 10:00"]
    take_back(desk, moved.undo)
    assert when(desk, four)[0] == "30.11. 10:00"


def test_a_visit_that_was_moved_by_itself_stays_where_it_is(desk: UnitOfWork, four: SeriesDone) -> None:
    alone = move_visit(desk, MoveVisit(four.booking_ids[1], 1, "2026-12-09", "12:00"))
    edit(desk, target(desk, four, 0, "all", day="2026-12-01", time="11:00"))
    assert when(desk, four) == ["01.12. 11:00", "09.12. 12:00", "15.12. 11:00", "22.12. 11:00"]
    take_back(desk, alone.undo)
    edit(desk, target(desk, four, 0, "all", day="2026-12-01", time="12:00"))
    assert when(desk, four)[1] == "07.12. 12:00", "it is one of the series again"


def test_edits_that_clash_change_nothing_and_say_where(desk: UnitOfWork, shop: Shop, four: SeriesDone) -> None:
    book(desk, wish(shop, "16:15", day="2026-12-08"))
    before = when(desk, four)
    command = target(desk, four, 2, "all")
    [clash] = preview_edit(desk, command).clashes
    assert (clash.place, clash.day.isoformat()) == (four.booking_ids[1], "2026-12-08")
    with pytest.raises(SlotTaken):
        edit(desk, command)
    assert when(desk, four) == before
    edit(desk, replace(command, skip=(four.booking_ids[1],)))
    assert when(desk, four) == ["01.12. 16:00", "07.12. 10:00", "15.12. 16:00", "22.12. 16:00"]


def test_the_free_times_of_a_clash_count_its_own_time_as_free(desk: UnitOfWork, shop: Shop, four: SeriesDone) -> None:
    long = BookService(shop.service_id, shop.members[Role.MANAGER], "360")
    book(desk, wish(shop, "10:45", day="2026-12-07", services=(long,)))
    command = target(desk, four, 0, "all", day=MONDAY, time="11:00")
    [clash] = preview_edit(desk, command).clashes
    assert sorted(f"{one.astimezone(INDIA):%H:%M}" for one in clash.nearest) == ["09:30", "09:45", "10:00"]


@pytest.mark.parametrize(("scope", "left"), [("this", 3), ("following", 2), ("all", 0)])
def test_cancelling_by_scope_and_taking_it_back(
    desk: UnitOfWork, shop: Shop, four: SeriesDone, scope: str, left: int
) -> None:
    before = when(desk, four)
    off = cancel_series(desk, CancelSeries(four.booking_ids[2], 1, scope, reason="Away"))
    assert len(when(desk, four)) == left
    take_back(desk, off.undo)
    assert when(desk, four) == before
    again = cancel_series(desk, CancelSeries(four.booking_ids[2], 3, scope))
    book(desk, wish(shop, "10:00", day="2026-12-14"))
    with pytest.raises(SlotTaken):
        take_back(desk, again.undo)


def test_what_has_begun_or_is_over_is_left_alone(desk: UnitOfWork, four: SeriesDone) -> None:
    cancel(desk, Cancel(four.booking_ids[3], 1, "customer"))
    soon = later(desk, 60 * 24 * 14)  # after the first two
    edit(soon, target(desk, four, 2, "all", day="2026-12-14", time="17:00"))
    assert when(desk, four) == ["30.11. 10:00", "07.12. 10:00", "14.12. 17:00"]


def test_a_series_made_by_mistake_is_taken_back_while_nothing_has_happened_to_it(
    desk: UnitOfWork, four: SeriesDone
) -> None:
    with pytest.raises(Conflict):
        take_back(replace(desk, now=desk.now + timedelta(minutes=16)), four.undo)
    take_back(desk, four.undo)
    assert when(desk, four) == []


def test_two_tablets_do_not_overwrite_each_other(desk: UnitOfWork, shop: Shop, four: SeriesDone) -> None:
    command = target(desk, four, 2, "all")
    manager = replace(desk, actor=shop.actor(Role.MANAGER))
    move_visit(manager, MoveVisit(four.booking_ids[2], 1, "2026-12-14", "11:00"))
    with pytest.raises(Conflict, match=r"was moved by Plain manager at 9:30 am meanwhile"):
        edit(desk, command)


def test_who_may_touch_a_series(desk: UnitOfWork, shop: Shop, neighbour: Shop, four: SeriesDone) -> None:
    staff, theirs = replace(desk, actor=shop.actor(Role.STAFF)), replace(desk, actor=neighbour.actor())
    single = book(desk, wish(shop, "18:00"))
    with pytest.raises(Conflict, match="no series"):
        edit(desk, target(desk, four, 0, "all", booking_id=single.booking_id))
    for uow, error in ((staff, Forbidden), (theirs, NotFound)):
        with pytest.raises(error):
            edit(uow, target(desk, four, 0, "all"))
        with pytest.raises(error):
            cancel_series(uow, CancelSeries(four.booking_ids[0], 1, "all"))
    with pytest.raises(Forbidden):
        create(staff, CreateSeries(weekly(shop), who="walk_in"))
    own = BookService(shop.service_id, shop.members[Role.STAFF])
    assert len(create(staff, CreateSeries(weekly(shop, services=(own,)), who="walk_in")).booking_ids) == 4


def test_the_same_again_is_a_new_booking(desk: UnitOfWork, shop: Shop) -> None:
    first = book(desk, wish(shop, "10:00"))
    again = rebook(desk, Rebook(first.booking_id, "2026-12-28", "10:00"))
    assert booking_of(desk.session, again.booking_id).customer_id == shop.customer_id
    assert booking_of(desk.session, first.booking_id).version == 1
    with pytest.raises(SlotTaken):
        rebook(desk, Rebook(first.booking_id, "2026-12-28", "10:30"))


def test_a_date_that_clashes_may_have_another_time_and_then_stays_there(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", day="2026-12-07"))
    wanted = weekly(shop, instead=((1, "2026-12-08", "11:00"),))
    assert preview(desk, wanted).clashes == ()
    done = create(desk, CreateSeries(wanted, customer_id=shop.customer_id))
    assert when(desk, done) == ["30.11. 10:00", "08.12. 11:00", "14.12. 10:00", "21.12. 10:00"]
    edit(desk, target(desk, done, 0, "all", day="2026-11-30", time="09:00"))
    assert when(desk, done) == ["30.11. 09:00", "08.12. 11:00", "14.12. 09:00", "21.12. 09:00"]
    with pytest.raises(Invalid):
        create(desk, CreateSeries(weekly(shop, instead=((1, "soon", "noon"),)), who="walk_in"))


def test_a_series_gets_another_length_from_one_visit_on(desk: UnitOfWork, four: SeriesDone) -> None:
    edit(desk, target(desk, four, 1, "following", day="2026-12-07", time="10:00", minutes=90))
    lengths = [booking_of(desk.session, one) for one in four.booking_ids]
    assert [(one.ends_at - one.starts_at) // timedelta(minutes=1) for one in lengths] == [45, 90, 90, 90]


def test_the_card_of_a_visit_knows_its_place_and_what_a_change_touches(
    desk: UnitOfWork, shop: Shop, four: SeriesDone
) -> None:
    move_visit(desk, MoveVisit(four.booking_ids[3], 1, "2026-12-22", "12:00"))
    cancel(desk, Cancel(four.booking_ids[0], 1, "customer"))
    place = series_place(desk, booking_of(desk.session, four.booking_ids[1]))
    assert place and (place.place, place.of, place.rule) == (1, 3, "every week on Monday")
    assert (place.moves_following, place.moves_all, place.cancels_following, place.cancels_all) == (2, 2, 3, 3)
    alone = series_place(desk, booking_of(desk.session, four.booking_ids[3]))
    assert alone and (alone.place, alone.is_alone, alone.moves_following) == (3, True, 1)
    assert series_place(desk, booking_of(desk.session, book(desk, wish(shop, "18:00")).booking_id)) is None


def test_the_log_tells_a_series_in_one_line_each_time(desk: UnitOfWork, four: SeriesDone) -> None:
    moved = edit(desk, target(desk, four, 2, "following"))
    take_back(desk, moved.undo)
    cancel_series(desk, CancelSeries(four.booking_ids[0], 1, "all"))
    told = [row.what for row in list_activity(desk, ListActivity()).rows[:4]]
    assert told == [
        "cancelled 4 visits of a series",
        "took back a change of a series of visits",
        "moved 2 visits of a series",
        "made a series of 4 visits",
    ]


def told(uow: UnitOfWork) -> list[tuple[str, list[int]]]:
    """The messages that wait: what they are about, and which visits they name."""
    return [(one.step, one.details.get("booking_ids", [])) for one in waiting(uow)]


def test_one_message_names_all_dates_that_changed(desk: UnitOfWork, shop: Shop, four: SeriesDone) -> None:
    _, second, *_ = four.booking_ids
    moved = edit(desk, EditSeries(second, 1, "following", "2026-12-07", "12:00", tell="on"))
    assert told(desk) == [("moved_all", list(four.booking_ids[1:]))]
    take_back(desk, moved.undo)
    assert told(desk) == []
    edit(desk, EditSeries(second, 3, "this", "2026-12-07", "12:00", tell="on"))
    assert told(desk) == [("moved", [])]
    cancel_series(desk, CancelSeries(second, 4, "all", tell="on"))
    assert told(desk)[1:] == [("cancelled_all", list(four.booking_ids))]
    again = create(desk, CreateSeries(weekly(shop, time="15:00"), customer_id=shop.customer_id, tell="on"))
    assert told(desk)[2:] == [("booked_all", list(again.booking_ids))]


def test_a_walk_in_is_told_nothing(desk: UnitOfWork, shop: Shop) -> None:
    done = create(desk, CreateSeries(weekly(shop), who="walk_in", tell="on"))
    edit(desk, EditSeries(done.booking_ids[0], 1, "all", MONDAY, "12:00", tell="on"))
    assert told(desk) == []


def test_what_would_be_off_is_named_before(desk: UnitOfWork, four: SeriesDone) -> None:
    second = four.booking_ids[1]
    seen = preview_cancel(desk, CancelSeries(second, 1, "following"))
    assert (seen.label, [one.place for one in seen.dates]) == ("3 visits to cancel", list(four.booking_ids[1:]))
    assert seen.clashes == ()
    with pytest.raises(Invalid):
        preview_cancel(desk, CancelSeries(second, 1, "some"))


def test_a_visit_of_several_services_moves_whole_and_each_stays_with_whoever_does_it(
    desk: UnitOfWork, shop: Shop
) -> None:
    pair = [BookService(shop.service_id, shop.members[role]) for role in (Role.MANAGER, Role.OWNER)]
    done = create(desk, CreateSeries(weekly(shop, services=pair, count=2), customer_id=shop.customer_id))
    command = EditSeries(done.booking_ids[0], 1, "all", MONDAY, "13:00", shop.members[Role.STAFF], "90")
    edit(desk, command)
    for number, booking_id in enumerate(done.booking_ids):
        rows = desk.session.scalars(
            select(BookingItem).where(BookingItem.booking_id == booking_id).order_by(BookingItem.starts_at)
        ).all()
        assert [one.member_id for one in rows] == [shop.members[Role.MANAGER], shop.members[Role.OWNER]]
        assert [f"{one.starts_at.astimezone(INDIA):%d %H:%M}" for one in rows] == [
            f"{('30', '07')[number]} 13:00",
            f"{('30', '07')[number]} 13:45",
        ]


def test_a_longer_series_is_looked_at_with_no_more_statements(desk: UnitOfWork, shop: Shop) -> None:
    counts = []
    for count, time in ((3, "09:00"), (12, "12:00")):
        done = create(desk, CreateSeries(weekly(shop, count=count, time=time), customer_id=shop.customer_id))
        command = EditSeries(done.booking_ids[0], 1, "all", MONDAY, "16:00")
        counts.append(len(statements_of(desk, lambda command=command: preview_edit(desk, command))))
    assert counts[0] == counts[1]
