"""What an open calendar draws when something was changed elsewhere: through the gate, as each role, from both shops."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.move import Move, move
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.state.booking_card import Card
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.live import ALL
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.desk import INDIA, wish
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Answer, Server, Tab, sign_in

DAY = (datetime.now(INDIA) + timedelta(days=3)).date().isoformat()


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def b(fresh_database: TwoShops) -> Shop:
    return fresh_database.b


async def calendar(server: Server, shop: Shop, role: Role = Role.OWNER, query: str = f"date={DAY}") -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/calendar?{query}")
    await tab.open(Calendar.load)
    await tab.send(Calendar.resized, size="desktop")
    return tab


def booked(shop: Shop, time: str, **changes: Any) -> BookingDone:
    done: BookingDone = act_as(shop.actor(), book, wish(shop, time, day=DAY, **changes))
    return done


async def hears(tab: Tab, *bookings: int) -> Answer:
    answer = await tab.send(Calendar.heard, changes=", ".join(f"booking {one}" for one in bookings))
    assert not answer.crashes and not answer.refusals
    return answer


async def patch(tab: Tab) -> tuple[dict[str, str], list[str]]:
    """What the last patch puts (block -> start) and takes off."""
    found = (await tab.state(Calendar)).patch
    return {event["i"]: event["s"][11:] for event in found.get("put", [])}, found.get("drop", [])


async def test_a_new_booking_is_put_on_the_board_and_nothing_else_is_sent(server: Server, a: Shop) -> None:
    booked(a, "9:00")
    tab = await calendar(server, a)
    before = (await tab.state(Calendar)).events
    done = booked(a, "12:00")
    answer = await hears(tab, done.booking_id)
    assert (await patch(tab))[0] == {str(done.item_ids[0]): "12:00"}
    assert (await tab.state(Calendar)).events == before and '"events' not in answer.text
    heads = {head["title"]: head["sub"] for head in (await tab.state(Calendar)).columns}
    assert heads["Plain manager"].startswith("2 bookings")
    assert len(answer.text) < 4_000


async def test_moves_steps_and_ends_are_drawn(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    item = str(done.item_ids[0])
    act_as(a.actor(), move, Move(done.booking_id, 1, item, DAY, "15:00"))
    await hears(tab, done.booking_id)
    assert await patch(tab) == ({item: "15:00"}, [])
    act_as(a.actor(), step, Step(done.booking_id, "confirmed"))
    await hears(tab, done.booking_id)
    assert (await tab.state(Calendar)).patch["put"][0]["k"] == "confirmed"
    act_as(a.actor(), cancel, Cancel(done.booking_id, None, "customer"))
    await hears(tab, done.booking_id)
    assert (await patch(tab)) == ({}, [item])


async def test_what_is_drawn_already_is_not_drawn_again(server: Server, a: Shop) -> None:
    """One's own changes are heard, too."""
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    answer = await hears(tab, done.booking_id)
    assert "put" not in (await tab.state(Calendar)).patch and answer.updates == []


async def test_members_with_their_own_calendar_hear_nothing_of_others(server: Server, a: Shop) -> None:
    tab = await calendar(server, a, Role.STAFF)
    others = booked(a, "10:00")
    answer = await hears(tab, others.booking_id)
    assert answer.updates == [] and "Plain Iyer" not in answer.text
    mine = booked(a, "12:00", services=(BookService(a.service_id, a.members[Role.STAFF]),))
    await hears(tab, mine.booking_id)
    assert list((await patch(tab))[0]) == [str(mine.item_ids[0])]


async def test_another_business_hears_nothing(server: Server, a: Shop, b: Shop) -> None:
    tab = await calendar(server, a)
    theirs = booked(b, "10:00")
    answer = await hears(tab, theirs.booking_id)
    assert answer.updates == [] and CANARY not in answer.text
    at_home = await calendar(server, b)
    newer = booked(b, "12:00")
    await hears(at_home, newer.booking_id)
    assert list((await patch(at_home))[0]) == [str(newer.item_ids[0])]


async def test_a_form_that_is_being_filled_in_is_left_alone(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="new", day=DAY, time="11:00", minutes=0, staff="")
    act_as(a.actor(), step, Step(done.booking_id, "confirmed"))
    answer = await hears(tab, done.booking_id)
    form = await tab.state(NewBooking)
    assert form.is_open and form.wanted.time == "11:00"
    assert not any("new_booking" in name for update in answer.updates for name in (update.delta or {}))


async def test_an_open_card_follows_and_a_form_above_it_keeps_what_its_reader_saw(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    await tab.send(Card.open, item_id=str(done.item_ids[0]))
    act_as(a.actor(), step, Step(done.booking_id, "confirmed"))
    await hears(tab, done.booking_id)
    assert (await tab.state(Card)).card.status == "Confirmed"
    await tab.send(MoveForm.begin)
    act_as(a.actor(), step, Step(done.booking_id, "arrived"))
    answer = await hears(tab, done.booking_id)
    assert (await tab.state(Card)).card.status == "Arrived" and (await tab.state(MoveForm)).is_open
    assert not any("move_form" in name for update in answer.updates for name in (update.delta or {}))


async def test_lists_and_months_are_read_again(server: Server, a: Shop) -> None:
    agenda = await calendar(server, a, query=f"view=agenda&date={DAY}")
    month = await calendar(server, a, query=f"view=month&date={DAY}")
    done = booked(a, "10:00")
    await hears(agenda, done.booking_id)
    assert [row.name for row in (await agenda.state(CalendarLists)).agenda] == ["Plain Iyer"]
    await hears(month, done.booking_id)
    cells = {cell.href: cell.bookings for cell in (await month.state(CalendarLists)).month}
    assert cells[f"/calendar?date={DAY}"] == "1"


@pytest.mark.parametrize("changes", [ALL, "hours 3", "class 1, booking 2", "booking 2"])
async def test_everything_heard_can_be_read(server: Server, a: Shop, changes: str) -> None:
    tab = await calendar(server, a)
    done = booked(a, "10:00")
    answer = await tab.send(Calendar.heard, changes=changes)
    assert not answer.crashes
    is_there = str(done.item_ids[0]) in {event["i"] for event in (await tab.state(Calendar)).events}
    assert is_there == (changes != "booking 2")


async def test_today_follows(server: Server, a: Shop, b: Shop) -> None:
    now = datetime.now(INDIA).date().isoformat()
    tab = server.tab(sign_in(a.users[Role.OWNER], a.business_id), "/today")
    await tab.open(TodayPage.load)
    before = (await tab.state(TodayPage)).figures[0].value
    done = act_as(a.actor(), book, wish(a, "10:00", day=now))
    answer = await tab.send(TodayPage.heard, changes=f"booking {done.booking_id}")
    assert not answer.crashes and int((await tab.state(TodayPage)).figures[0].value) == int(before) + 1
    assert CANARY not in answer.text
