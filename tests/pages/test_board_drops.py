"""What is let go elsewhere on the board: moved at once, asked about first, or put back; classes, series, visits of several."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.models.policy import BookingPolicy
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import ChangeClass, ClassDone, JoinClass, change_class, join
from microcrm.operations.series import SeriesWish
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drop import Drops
from microcrm.state.class_move import ClassMove
from microcrm.state.class_panel import ClassPanel
from microcrm.state.drop_ask import DropAsk
from microcrm.state.series_edit import SeriesEdit
from tests.conftest import act_as
from tests.pages.test_class_pages import DAY, class_service, made, notices
from tests.pages.test_series_pages import calendar, card_of, starts, times, week
from tests.support.desk import wish
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def yoga(a: Shop) -> ClassDone:
    return made(a)


async def board(server: Server, shop: Shop, day: str = DAY, role: Role = Role.OWNER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/calendar?date={day}")
    assert not (await tab.open(Calendar.load)).crashes
    await tab.send(Calendar.resized, size="desktop")
    return tab


async def on_board(tab: Tab) -> dict[str, tuple[str, int]]:
    """Blocks as they were last read: start and length."""
    return {one["i"]: (one["s"][11:], one["m"]) for one in (await tab.state(Calendar)).events if "o" not in one}


def class_dragged(
    name: str, start: str, end: str, staff: int, old: tuple[str, str] = ("10:00", "11:00")
) -> dict[str, Any]:
    place = {"id": name, "start": f"{DAY}T{start}", "end": f"{DAY}T{end}", "staff": [str(staff)]}
    return {**place, "old": {**place, "start": f"{DAY}T{old[0]}", "end": f"{DAY}T{old[1]}"}, "via": "mouse"}


async def test_an_empty_class_is_dragged_and_stretched_at_once(server: Server, a: Shop, yoga: ClassDone) -> None:
    tab, name, manager = await board(server, a), f"class{yoga.session_id}", a.members[Role.MANAGER]
    answer = await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:00", manager))
    assert not answer.refusals and (await on_board(tab))[name] == ("14:00", 60)
    again = class_dragged(name, "14:00", "15:30", manager, ("14:00", "15:00"))
    assert not (await tab.send(Drops.moved, change=again)).refusals
    assert (await on_board(tab))[name] == ("14:00", 90)
    assert [one.text for one in await notices(tab)][-1] == "Class takes 1 h 30 min now"
    await tab.send(AppState.undo, token=(await notices(tab))[-1].undo)
    assert (await on_board(tab))[name] == ("14:00", 60)


async def test_where_seats_are_sold_a_drag_asks_first(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, 2, customer_id=a.customer_id))
    tab, name, manager = await board(server, a), f"class{yoga.session_id}", a.members[Role.MANAGER]
    await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:30", manager))
    move = await tab.state(ClassMove)
    assert move.is_open and move.start.is_dropped
    assert (move.start.time, move.start.minutes, move.card.told) == ("14:00", "90", "1 booking")
    assert "2:00 pm" in move.letter.text and move.letter.reach == "Message to 1 customer."
    [back] = (await tab.state(Calendar)).patch["put"]
    assert (back["i"], back["s"]) == (name, f"{DAY}T10:00")
    await tab.send(ClassMove.close)
    assert (await on_board(tab))[name] == ("10:00", 60)
    await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:00", manager))
    typed = {"day": DAY, "time": "14:00", "member_id": str(manager), "minutes": "60"}
    assert not (await tab.send(ClassMove.save, form=typed)).refusals
    assert (await on_board(tab))[name] == ("14:00", 60)


async def test_a_dragged_class_of_a_series_asks_which_and_names_clashes(server: Server, a: Shop) -> None:
    teacher = BookService(class_service(a), a.members[Role.MANAGER])
    made = act_as(a.actor(), schedule_all, ScheduleClasses(SeriesWish((teacher,), DAY, "10:00", count=3)))
    later = (datetime.fromisoformat(DAY) + timedelta(weeks=2)).date().isoformat()
    act_as(a.actor(), book, wish(a, "14:15", day=later))
    tab, name, manager = await board(server, a), f"class{made.session_ids[0]}", a.members[Role.MANAGER]
    await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:00", manager))
    move = await tab.state(ClassMove)
    assert move.is_open and (move.card.moves_following, move.card.moves_all) == ("3 classes", "3 classes")
    typed = {"day": DAY, "time": "14:00", "member_id": str(manager), "minutes": "60", "scope": "all"}
    assert move.clashes == [], "it alone can go there"
    await tab.send(ClassMove.typed, name="scope", value="all")
    move = await tab.state(ClassMove)
    assert move.is_open and [row.day for row in move.clashes] == [later], "listed before anything is pressed"
    assert (await on_board(tab))[name] == ("10:00", 60)
    await tab.send(ClassMove.typed, name="time", value="17:00")
    assert (await tab.state(ClassMove)).clashes == []
    await tab.send(ClassMove.typed, name="time", value="14:00")
    assert not (await tab.send(ClassMove.save, form=typed)).refusals
    assert (await on_board(tab))[name] == ("14:00", 60)
    assert [one.text for one in await notices(tab)][-1] == "2 classes moved"


async def test_what_came_into_the_way_since_it_was_listed_is_shown_first(server: Server, a: Shop) -> None:
    teacher = BookService(class_service(a), a.members[Role.MANAGER])
    made = act_as(a.actor(), schedule_all, ScheduleClasses(SeriesWish((teacher,), DAY, "10:00", count=3)))
    days = [(datetime.fromisoformat(DAY) + timedelta(weeks=n)).date().isoformat() for n in range(3)]
    tab, name, manager = await board(server, a), f"class{made.session_ids[0]}", a.members[Role.MANAGER]
    await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:00", manager))
    typed = {"day": DAY, "time": "14:00", "member_id": str(manager), "minutes": "60", "scope": "all"}
    await tab.send(ClassMove.typed, name="scope", value="all")
    act_as(a.actor(), book, wish(a, "14:15", day=days[2]))
    await tab.send(ClassMove.save, form=typed)
    move = await tab.state(ClassMove)
    assert move.is_open and [row.day for row in move.clashes] == [days[2]]
    act_as(a.actor(), book, wish(a, "14:15", day=days[1]))
    await tab.send(ClassMove.save, form=typed)
    assert [row.day for row in (await tab.state(ClassMove)).clashes] == days[1:]
    assert not (await tab.send(ClassMove.save, form=typed)).refusals
    assert [one.text for one in await notices(tab)][-1] == "1 class moved"


async def test_a_class_dropped_where_it_cannot_be_is_offered_other_times_at_once(
    server: Server, a: Shop, yoga: ClassDone
) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, who="walk_in"))
    act_as(a.actor(), book, wish(a, "14:15", day=DAY))
    tab, name, manager = await board(server, a), f"class{yoga.session_id}", a.members[Role.MANAGER]
    await tab.send(Drops.moved, change=class_dragged(name, "14:00", "15:00", manager))
    move, shell = await tab.state(ClassMove), await tab.state(AppState)
    assert len(move.nearest) == 3 and "not free at 2:00 pm" in shell.errors["time"]
    offered = move.nearest[0]
    await tab.send(ClassMove.take, day=offered.day, time=offered.time)
    move, shell = await tab.state(ClassMove), await tab.state(AppState)
    assert (move.start.time, move.nearest, shell.errors) == (offered.time, [], {})
    await tab.send(ClassMove.typed, name="time", value="22:00")
    move, shell = await tab.state(ClassMove), await tab.state(AppState)
    assert move.asks_reason and "shop is open" in shell.errors["time"]
    act_as(a.actor(), forbid_overrides)
    await tab.send(
        ClassMove.begin_at, session_id=str(yoga.session_id), day=DAY, time="22:00", member_id="", minutes="60"
    )
    move, shell = await tab.state(ClassMove), await tab.state(AppState)
    assert not move.asks_reason and "shop is open" in shell.errors["time"], "a reason would not help"
    for name, value in (("time", "soon"), ("minutes", "1"), ("scope", "x" * 99), ("other", "x")):
        answer = await tab.send(ClassMove.typed, name=name, value=value)
        assert not answer.crashes and not answer.refusals


def forbid_overrides(uow: UnitOfWork) -> None:
    uow.session.add(BookingPolicy(business_id=uow.business_id, is_override_allowed=False))


async def test_typing_before_anything_is_open_shows_nothing(server: Server, a: Shop) -> None:
    tab = await board(server, a)
    for name in ("scope", "day", "member_id"):
        answer = await tab.send(ClassMove.typed, name=name, value="all")
        assert not answer.crashes and not answer.refusals
    assert (await tab.state(ClassMove)).clashes == []


async def test_a_class_is_no_block_of_those_whose_it_is_not(
    server: Server, a: Shop, yoga: ClassDone, fresh_database: TwoShops
) -> None:
    change = class_dragged(f"class{yoga.session_id}", "14:00", "15:00", a.members[Role.MANAGER])
    theirs = await board(server, fresh_database.b)
    assert (await theirs.send(Drops.moved, change=change)).codes == ["not_found"]
    begun = await theirs.send(
        ClassMove.begin_at, session_id=str(yoga.session_id), day=DAY, time="14:00", member_id="", minutes="60"
    )
    assert begun.codes == ["not_found"] and not (await theirs.state(ClassMove)).is_open
    staff = await board(server, a, role=Role.STAFF)
    assert (await staff.send(Drops.moved, change=change)).codes == ["not_found"]
    tab = await board(server, a)
    early = class_dragged(f"class{yoga.session_id}", "06:00", "07:00", a.members[Role.MANAGER])
    await tab.send(Drops.moved, change=early)
    assert "The shop is open 9:00 am – 8:00 pm" in (await notices(tab))[-1].text
    assert (await tab.state(Calendar)).patch["put"][0]["s"] == f"{DAY}T10:00"


async def dropped(tab: Tab, start: str, end: str, *, staff: int, old: tuple[str, str] = ("10:00", "10:45")) -> Any:
    """The first block of the day, let go elsewhere."""
    events = (await tab.state(Calendar)).events
    block = next(one for one in events if "o" not in one and one["s"].endswith(old[0]))
    day = block["s"][:10]
    place = {"id": block["i"], "start": f"{day}T{start}", "end": f"{day}T{end}", "staff": [str(staff)]}
    was = {"start": f"{day}T{old[0]}", "end": f"{day}T{old[1]}", "staff": [block["c"]]}
    change = {**place, "old": {**place, **was}, "via": "mouse"}
    return await tab.send(Drops.moved, change=change)


async def test_a_dragged_visit_of_a_series_asks_which_and_goes_back_meanwhile(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    assert not (await dropped(tab, "16:00", "16:45", staff=a.members[Role.MANAGER])).refusals
    ask = await tab.state(DropAsk)
    assert ask.is_open and [one.value for one in ask.choices] == ["visit", "following", "all"]
    assert [one.covers for one in ask.choices][1:] == ["3 visits", "4 visits"] and "4:00 pm" in ask.to
    [back] = (await tab.state(Calendar)).patch["put"]
    assert back["s"].endswith("T10:00")
    await tab.send(DropAsk.close)
    assert await times(tab) == [["10:00"]] * 4


async def test_only_this_visit_of_a_series_is_dragged_away(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    await dropped(tab, "16:00", "16:45", staff=a.members[Role.OWNER])
    assert "with Plain owner" in (await tab.state(DropAsk)).to
    assert not (await tab.send(DropAsk.choose, value="visit")).refusals
    assert await times(tab) == [["10:00"], ["16:00"], ["10:00"], ["10:00"]]
    await tab.send(AppState.undo, token=(await tab.state(AppState)).notices[-1].undo)
    assert await times(tab) == [["10:00"]] * 4


async def test_the_rest_of_a_series_follows_a_drag_after_its_clashes_were_seen(server: Server, a: Shop) -> None:
    act_as(a.actor(), book, wish(a, "16:15", day=week(2)))
    tab = await card_of(server, a, 1)
    await dropped(tab, "16:00", "17:00", staff=a.members[Role.MANAGER])
    await tab.send(DropAsk.choose, value="following")
    edit = await tab.state(SeriesEdit)
    assert edit.is_open and not (await tab.state(DropAsk)).is_open
    assert (edit.scope, edit.start.day, edit.start.time, edit.start.minutes) == ("following", week(1), "16:00", "60")
    assert "4:00 pm" in edit.letter.text and edit.letter.text.count("Dec") + edit.letter.text.count("Jan") >= 1
    form = {"day": week(1), "time": "16:00", "member_id": edit.start.member_id, "minutes": "60"}
    assert [row.day for row in edit.clashes] == [week(2)], "listed before anything is pressed"
    assert not (await tab.send(SeriesEdit.save_move, form=form)).refusals
    assert await times(tab) == [["10:00"], ["16:00"], ["10:00", "16:15"], ["16:00"]]


async def test_one_service_of_several_or_the_whole_visit(server: Server, a: Shop) -> None:
    pair = tuple(BookService(a.service_id, a.members[role]) for role in (Role.MANAGER, Role.OWNER))
    act_as(a.actor(), book, wish(a, "10:00", day=week(0), services=pair))
    tab = await calendar(server, a)
    await dropped(tab, "13:45", "14:30", staff=a.members[Role.OWNER], old=("10:45", "11:30"))
    assert [one.value for one in (await tab.state(DropAsk)).choices] == ["service", "visit"]
    await tab.send(DropAsk.choose, value="visit")
    assert sorted(time for time, _ in await starts(tab, 0)) == ["13:00", "13:45"]
    await dropped(tab, "15:00", "15:45", staff=a.members[Role.OWNER], old=("13:45", "14:30"))
    await tab.send(DropAsk.choose, value="service")
    assert sorted(time for time, _ in await starts(tab, 0)) == ["13:00", "15:00"]
    await dropped(tab, "15:00", "16:00", staff=a.members[Role.OWNER], old=("15:00", "15:45"))
    assert not (await tab.state(DropAsk)).is_open  # a longer service moves nothing else


async def test_answers_that_were_not_asked_for_change_nothing(
    server: Server, a: Shop, fresh_database: TwoShops
) -> None:
    tab = await card_of(server, a, 1)
    for value in ("all", "x" * 999):
        assert not (await tab.send(DropAsk.choose, value=value)).crashes
    await dropped(tab, "16:00", "16:45", staff=a.members[Role.MANAGER])
    await tab.send(DropAsk.choose, value="service")
    assert await times(tab) == [["10:00"]] * 4
    act_as(a.actor(), book, wish(a, "16:00", day=week(1)))
    tab.path = f"/calendar?date={week(1)}"
    await tab.send(Calendar.load)
    await dropped(tab, "16:00", "16:45", staff=a.members[Role.MANAGER])
    assert (await tab.send(DropAsk.choose, value="visit")).codes == ["slot_taken"]
    assert "not free at 4:00 pm" in (await tab.state(AppState)).notices[-1].text


async def test_a_form_goes_on_after_somebody_else_s_change(server: Server, a: Shop, yoga: ClassDone) -> None:
    """The first press says so; what was typed stays, and the next one goes through."""
    tab = await board(server, a)
    await tab.send(ClassPanel.open, session_id=str(yoga.session_id))
    await tab.send(ClassMove.begin)
    act_as(a.actor(), change_class, ChangeClass(yoga.session_id, 1, "6"))
    typed = {"day": DAY, "time": "15:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "60"}
    assert (await tab.send(ClassMove.save, form=typed)).codes == ["conflict"]
    move = await tab.state(ClassMove)
    assert move.is_open and (move.card.version, move.card.seats_now) == (2, "6")
    assert not (await tab.send(ClassMove.save, form=typed)).refusals
    act_as(a.actor(), change_class, ChangeClass(yoga.session_id, 3, "7"))
    await tab.send(ClassPanel.ask, form="change")
    assert (await tab.send(ClassPanel.save_change, form={"seats": "9", "note": ""})).codes == ["conflict"]
    assert (await tab.state(ClassPanel)).form == "change"
    assert not (await tab.send(ClassPanel.save_change, form={"seats": "9", "note": ""})).refusals


async def test_a_series_form_goes_on_after_somebody_else_s_change(server: Server, a: Shop) -> None:
    tab = await card_of(server, a, 1)
    await tab.send(SeriesEdit.begin, kind="move")
    await tab.send(SeriesEdit.pick_scope, scope="following")
    act_as(a.actor(), step, Step((await tab.state(SeriesEdit)).card.booking_id, "confirmed"))
    form = {"day": week(1), "time": "16:00", "member_id": str(a.members[Role.MANAGER]), "minutes": "45"}
    assert (await tab.send(SeriesEdit.save_move, form=form)).codes == ["conflict"]
    assert (await tab.state(SeriesEdit)).is_open
    assert not (await tab.send(SeriesEdit.save_move, form=form)).refusals
    assert await times(tab) == [["10:00"], ["16:00"], ["16:00"], ["16:00"]]
