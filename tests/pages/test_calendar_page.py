"""The calendar and Today, event by event through the gate, as a browser or anybody else's script would send them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.calendar_drop import Drops
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.desk import INDIA, wish
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Answer, Server, Tab, sign_in

ARRIVAL = "reflex___state____state.hydrate_and_load"
CALENDAR = Calendar.get_full_name()
DAY = (datetime.now(INDIA) + timedelta(days=3)).date().isoformat()


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def b(fresh_database: TwoShops) -> Shop:
    return fresh_database.b


async def calendar(server: Server, shop: Shop, role: Role = Role.OWNER, query: str = f"date={DAY}") -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/calendar?{query}")
    answer = await tab.open(Calendar.load)
    assert not answer.crashes, answer.crashes
    return tab


def booked(shop: Shop, time: str, **changes: Any) -> BookingDone:
    done: BookingDone = act_as(shop.actor(), book, wish(shop, time, day=DAY, **changes))
    return done


async def blocks(tab: Tab) -> dict[str, tuple[str, str, str]]:
    """Bookings on the board: item -> start, end, column; what was read, with the last patch on it."""
    state = await tab.state(Calendar)
    events = {e["i"]: e for e in (*state.events, *state.patch.get("put", []))}
    gone = state.patch.get("drop", [])
    return {uid: (e["s"][11:], end_of(e), e["c"]) for uid, e in events.items() if "o" not in e and uid not in gone}


def end_of(event: dict[str, Any]) -> str:
    return (datetime.fromisoformat(event["s"]) + timedelta(minutes=event["m"])).strftime("%H:%M")


async def notices(tab: Tab) -> list[str]:
    return [notice.text for notice in (await tab.state(AppState)).notices]


def dragged(item: int, start: str, end: str, staff: int, old: tuple[str, str] = ("10:00", "10:45")) -> dict[str, Any]:
    place = {"id": str(item), "start": f"{DAY}T{start}", "end": f"{DAY}T{end}", "staff": [str(staff)]}
    return {**place, "old": {**place, "start": f"{DAY}T{old[0]}", "end": f"{DAY}T{old[1]}"}, "via": "mouse"}


async def test_the_day_opens_with_its_own_shop_s_bookings(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    assert await blocks(tab) == {str(done.item_ids[0]): ("10:00", "10:45", str(a.members[Role.MANAGER]))}
    state = await tab.state(Calendar)
    assert [column["title"] for column in state.columns] == [f"Plain {role.value}" for role in Role]
    assert state.head.date == DAY and len((await tab.state(CalendarLists)).strip) == 7


async def test_nothing_of_another_shop_is_sent(server: Server, a: Shop) -> None:
    tab = server.tab(sign_in(a.users[Role.OWNER], a.business_id), "/calendar?date=2026-11-25&booking=1")
    answer = await tab.open(Calendar.load)
    assert CANARY not in answer.text and "Plain Iyer" in answer.text


async def test_a_drag_moves_and_can_be_undone(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    item, owner = done.item_ids[0], a.members[Role.OWNER]
    answer = await tab.send(Drops.moved, change=dragged(item, "14:00", "14:45", owner))
    assert not answer.crashes and not answer.refusals
    assert (await blocks(tab))[str(item)] == ("14:00", "14:45", str(owner))
    notice = (await tab.state(AppState)).notices[-1]
    assert "moved to" in notice.text and notice.undo
    await tab.send(AppState.undo, token=notice.undo)
    await tab.send(Calendar.refresh)
    assert (await blocks(tab))[str(item)] == ("10:00", "10:45", str(a.members[Role.MANAGER]))


async def test_a_block_that_is_stretched_gets_longer(server: Server, a: Shop) -> None:
    item = booked(a, "10:00").item_ids[0]
    tab = await calendar(server, a)
    await tab.send(Drops.moved, change=dragged(item, "10:00", "11:30", a.members[Role.MANAGER]))
    assert (await blocks(tab))[str(item)][:2] == ("10:00", "11:30")


async def test_a_refused_drag_goes_back_with_the_reason_and_free_times(server: Server, a: Shop) -> None:
    item = booked(a, "10:00").item_ids[0]
    booked(a, "12:00")
    tab = await calendar(server, a)
    manager = a.members[Role.MANAGER]
    await tab.send(Drops.moved, change=dragged(item, "12:15", "13:00", manager))
    state = await tab.state(Calendar)
    assert state.patch["seq"] == 1
    [back] = state.patch["put"]
    assert (back["i"], back["s"]) == (str(item), f"{DAY}T10:00")
    assert "Plain manager is not free at 12:15 pm. Nearest free:" in (await notices(tab))[-1]
    await tab.send(Drops.moved, change=dragged(item, "7:00", "7:45", manager))
    assert "The shop is open 9:00 am – 8:00 pm" in (await notices(tab))[-1]
    assert (await tab.state(Calendar)).patch["seq"] == 2


async def test_a_drag_of_what_somebody_else_just_changed_is_refused(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    act_as(a.actor(), step, Step(done.booking_id, "confirmed"))
    answer = await tab.send(Drops.moved, change=dragged(done.item_ids[0], "11:00", "11:45", a.members[Role.MANAGER]))
    assert answer.codes == ["conflict"]
    assert (await blocks(tab))[str(done.item_ids[0])][0] == "10:00"


@pytest.mark.parametrize(
    "change", [{}, {"id": "1"}, {"id": 7, "start": 1}, {"id": "x" * 9999}, {"id": "1", "old": None}, {"id": ["1"]}]
)
async def test_payloads_that_no_board_sends_are_refused(server: Server, a: Shop, change: dict[str, Any]) -> None:
    tab = await calendar(server, a)
    answer = await tab.send(Drops.moved, change=change)
    assert not answer.crashes and len(answer.refusals) == 1
    slot = await tab.send(Calendar.chosen, slot=change)
    assert not slot.crashes and not (await tab.state(NewBooking)).is_open


async def test_foreign_blocks_cannot_be_moved_or_opened(server: Server, a: Shop, b: Shop) -> None:
    tab = await calendar(server, a)
    move = await tab.send(Drops.moved, change=dragged(b.booking_item_id, "11:00", "11:45", b.members[Role.STAFF]))
    assert move.codes == ["not_found"]
    opened = await tab.send(Card.open, item_id=str(b.booking_item_id))
    assert opened.codes == ["not_found"] and not (await tab.state(Card)).is_open
    assert not (await tab.send(Card.open, item_id=str(a.booking_item_id))).refusals
    assert (await tab.state(Card)).is_open


async def new_booking(tab: Tab, shop: Shop, **changes: str) -> Answer:
    form = {
        "customer_id": str(shop.customer_id),
        "service_id": str(shop.service_id),
        "member_id": str(shop.members[Role.MANAGER]),
        "day": DAY,
        "time": "10:00",
    }
    return await tab.send(NewBooking.save, form=form | changes)


async def test_an_empty_place_opens_the_form_and_saving_shows_the_block(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    place = {"start": f"{DAY}T10:00", "end": "", "staff": str(a.members[Role.MANAGER])}
    await tab.send(Calendar.chosen, slot=place)
    form = await tab.state(NewBooking)
    assert form.is_open and (form.wanted.day, form.wanted.time) == (DAY, "10:00")
    await tab.send(NewBooking.pick_service, line=0, service_id=str(a.service_id))
    [line] = (await tab.state(NewBooking)).lines
    assert len(line.takers) == 5 and line.member_id == str(a.members[Role.MANAGER])
    await tab.send(NewBooking.find, words="iyer")
    assert [person.name for person in (await tab.state(NewBooking)).people] == ["Plain Iyer"]
    answer = await new_booking(tab, a)
    assert not answer.crashes and not answer.refusals
    assert not (await tab.state(NewBooking)).is_open
    await tab.send(Calendar.refresh)
    assert list((await blocks(tab)).values()) == [("10:00", "10:45", str(a.members[Role.MANAGER]))]


async def test_a_taken_time_keeps_the_form_open_and_offers_three(server: Server, a: Shop) -> None:
    booked(a, "10:00")
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="", minutes=0, staff="")
    await new_booking(tab, a)
    form = await tab.state(NewBooking)
    assert form.is_open and len(form.nearest) == 3
    assert "time" in (await tab.state(AppState)).errors
    choice = form.nearest[0]
    await tab.send(NewBooking.take, day=choice.day, time=choice.time)
    assert (await tab.state(NewBooking)).wanted.time == choice.time
    assert not (await new_booking(tab, a, time=choice.time)).refusals


async def test_mistakes_stay_at_their_fields(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="", minutes=0, staff="")
    await new_booking(tab, a, time="", customer_id="", service_id="<b>")
    assert {"time", "customer_id", "service_id"} <= set((await tab.state(AppState)).errors)
    await new_booking(tab, a, time="6:00")
    assert (await tab.state(NewBooking)).asks_reason
    assert not (await new_booking(tab, a, time="6:00", reason="Early flight")).refusals


async def test_a_safety_timer_is_told_before_it_refuses_and_a_reason_goes_past_it(server: Server, a: Shop) -> None:
    act_as(a.actor(), lambda uow: uow.session.execute(text("UPDATE services SET patch_test_days = 180")))
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff="")
    await tab.send(NewBooking.pick_service, line=0, service_id=str(a.service_id))
    await tab.send(NewTimes.typed, name="customer_id", value=str(a.customer_id))
    assert "needs a patch test" in (await tab.state(NewTimes)).unsafe
    assert (await new_booking(tab, a)).codes == ["not_safe"]
    form = await tab.state(NewBooking)
    assert form.is_open and form.asks_safety and "day" in (await tab.state(AppState)).errors
    assert not (await new_booking(tab, a, safety_reason="Tested elsewhere")).refusals


async def test_the_card_steps_and_moves(server: Server, a: Shop) -> None:
    done = booked(a, "10:00")
    tab = await calendar(server, a)
    await tab.send(Card.open, item_id=str(done.item_ids[0]))
    card = (await tab.state(Card)).card
    assert card.phone == "+91 98451 12345" and card.steps[0].label == "Confirm"
    await tab.send(Card.shift, minutes=15)
    await tab.send(Card.refresh)
    assert (await tab.state(Card)).card.time == "10:15"
    await tab.send(Card.step, status="confirmed")
    await tab.send(Card.refresh)
    assert (await tab.state(Card)).card.status == "Confirmed"


async def test_each_role_has_its_calendar(server: Server, a: Shop) -> None:
    other = booked(a, "10:00")
    mine = booked(a, "10:00", services=(BookService(a.service_id, a.members[Role.STAFF]),))
    staff = await calendar(server, a, Role.STAFF)
    assert list(await blocks(staff)) == [str(mine.item_ids[0])]
    refused = await staff.send(Card.open, item_id=str(other.item_ids[0]))
    assert refused.codes == ["not_found"]
    accountant = server.tab(sign_in(a.users[Role.ACCOUNTANT], a.business_id), "/calendar")
    assert (await accountant.open(Calendar.load)).codes == ["forbidden"]
    visitor = server.tab("", "/calendar")
    assert "signed_out" in (await visitor.open(Calendar.load)).codes
    assert (await visitor.state(Calendar)).events == []


async def test_phones_get_the_list_and_wide_screens_the_board(server: Server, a: Shop) -> None:
    booked(a, "10:00")
    tab = await calendar(server, a)
    await tab.send(Calendar.resized, size="phone")
    lists = await tab.state(CalendarLists)
    assert [(row.time, row.name, row.status) for row in lists.agenda] == [("10:00 am", "Plain Iyer", "Booked")]
    await tab.send(Calendar.resized, size="desktop")
    assert (await tab.state(CalendarLists)).agenda == []
    await tab.send(Calendar.resized, size="a billboard")
    assert len((await tab.state(Calendar)).columns) == 5


async def test_what_is_pressed_while_the_page_comes_up_stays_open(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff="")
    new = {"who": "walk_in", "day": DAY, "time": "11:00", "minutes": 0, "staff": ""}
    await asyncio.gather(tab.send(Calendar.resized, size="desktop"), tab.send(NewBooking.begin, **new))
    form = await tab.state(NewBooking)
    assert (form.is_open, form.who) == (True, "walk_in")
    await tab.send(Calendar.resized, size="desktop")
    assert not (await tab.state(NewBooking)).is_open


async def test_today_shows_its_facts_and_takes_a_step(server: Server, a: Shop) -> None:
    now = datetime.now(INDIA)
    day = now.date().isoformat()
    done = act_as(a.actor(), book, wish(a, "10:00", day=day))
    tab = server.tab(sign_in(a.users[Role.OWNER], a.business_id), "/today")
    answer = await tab.open(TodayPage.load)
    assert not answer.crashes and CANARY not in answer.text
    state = await tab.state(TodayPage)
    assert state.head.greeting.startswith("Good ") and state.figures[0].name == "Bookings"
    answer = await tab.send(TodayPage.step, booking_id=str(done.booking_id), status="finished")
    assert not answer.refusals
    assert (await tab.state(TodayPage)).figures[2].note == "1 visit finished"
    again = await tab.send(TodayPage.step, booking_id=str(done.booking_id), status="finished")
    assert again.codes == ["conflict"]


async def test_today_steps_only_for_those_who_may(server: Server, a: Shop, b: Shop) -> None:
    tab = server.tab(sign_in(a.users[Role.OWNER], a.business_id), "/today")
    await tab.open(TodayPage.load)
    foreign = await tab.send(TodayPage.step, booking_id=str(b.booking_id), status="arrived")
    assert foreign.codes == ["not_found"]
    books = server.tab(sign_in(a.users[Role.ACCOUNTANT], a.business_id), "/today")
    assert not (await books.open(TodayPage.load)).refusals
    assert not (await books.state(TodayPage)).has_calendar
    assert (await books.send(TodayPage.step, booking_id=str(a.booking_id), status="arrived")).codes == ["forbidden"]


async def test_what_is_marked_stays_marked_while_the_day_reads_itself_again(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff="")
    await tab.send(NewBooking.save, form={"day": DAY, "time": "10:00"})
    marked = (await tab.state(AppState)).errors
    assert "service_id" in marked
    await tab.send(Calendar.refresh)
    await tab.send(NewBooking.find, words="iyer")
    assert (await tab.state(AppState)).errors == marked
    assert len(await notices(tab)) == 1
    await new_booking(tab, a)
    assert (await tab.state(AppState)).errors == {}
    assert ["needs" in text for text in await notices(tab)] == [False]  # the refusal went with its errors


async def test_a_page_that_is_not_allowed_says_so_once(server: Server, a: Shop) -> None:
    tab = server.tab(sign_in(a.users[Role.ACCOUNTANT], a.business_id), "/calendar")
    await tab.open(Calendar.load)
    assert (await tab.state(AppState)).no_permission
    answer = await tab.send(Calendar.resized, size="desktop")
    assert answer.codes == ["forbidden"] and await notices(tab) == []
    elsewhere = server.tab(tab.session, "/today")
    await elsewhere.open(TodayPage.load)
    await elsewhere.send("reflex___state____state.set_is_hydrated", value=True)
    await elsewhere.send(Calendar.resized, size="desktop")
    assert len(await notices(elsewhere)) == 1


async def test_several_services_become_one_visit_and_mistakes_stand_at_their_own(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    manager, service = str(a.members[Role.MANAGER]), str(a.service_id)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff=manager)
    await tab.send(NewBooking.drop_line, line=0)
    assert len((await tab.state(NewBooking)).lines) == 1  # a visit has a service
    await tab.send(NewBooking.pick_service, line=0, service_id=service)
    await tab.send(NewBooking.add_line)
    first, second = (await tab.state(NewBooking)).lines
    assert (first.member_id, second.member_id) == (manager, manager)
    await new_booking(tab, a, service_id_2="", member_id_2="")
    assert list((await tab.state(AppState)).errors) == ["service_id_2"]
    await tab.send(NewBooking.pick_service, line=1, service_id=service)
    assert (await tab.state(NewBooking)).total == "1 h 30 min · ₹1,200.00"
    await tab.send(NewBooking.pick_member, line=1, member_id=str(a.members[Role.STAFF]))
    await new_booking(tab, a, service_id_2=service, member_id_2=str(a.members[Role.STAFF]))
    assert (await tab.state(AppState)).errors == {}
    await tab.send(Calendar.refresh)
    staff = str(a.members[Role.STAFF])
    assert sorted((await blocks(tab)).values()) == [("10:00", "10:45", manager), ("10:45", "11:30", staff)]


async def test_lines_are_at_most_six_and_each_can_go(server: Server, a: Shop) -> None:
    tab = await calendar(server, a)
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff="")
    for _ in range(8):
        await tab.send(NewBooking.add_line)
    lines = (await tab.state(NewBooking)).lines
    assert len(lines) == len({line.key for line in lines}) == 6
    await tab.send(NewBooking.drop_line, line=2)
    await tab.send(NewBooking.drop_line, line=99)
    assert [line.key for line in (await tab.state(NewBooking)).lines] == [
        line.key for n, line in enumerate(lines) if n != 2
    ]


async def test_book_on_a_customer_s_page_brings_that_customer(server: Server, a: Shop, b: Shop) -> None:
    tab = await calendar(server, a, query=f"date={DAY}&new=1&customer={a.customer_id}")
    form = await tab.state(NewBooking)
    assert form.is_open and [person.name for person in form.people] == ["Plain Iyer"]
    assert form.wanted.customer_id == str(a.customer_id)
    for other in (b.customer_id, "x", 10**30, ""):
        form = await (await calendar(server, a, query=f"date={DAY}&new=1&customer={other}")).state(NewBooking)
        assert form.is_open and (form.people, form.wanted.customer_id) == ([], "")


async def test_whoever_comes_back_sees_no_other_day_before_the_asked_one(server: Server, a: Shop) -> None:
    """The browser gets the remembered state before the page is read: then as a skeleton, not as the day of last time."""
    tab, other = await calendar(server, a), (datetime.fromisoformat(DAY) + timedelta(days=1)).date().isoformat()
    tab.path = f"/calendar?date={other}"
    arrived = await tab.send(ARRIVAL, hashes=["x"])
    seen = [one["is_read_rx_state_"] for one in drawn(arrived) if "is_read_rx_state_" in one]
    assert seen[0] is False
    await tab.send(Calendar.load)
    state = await tab.state(Calendar)
    assert (state.is_read, state.head.date) == (True, other)
    again = await tab.send(ARRIVAL)
    assert (await tab.state(Calendar)).is_read and not again.crashes, "a connection that comes back draws on"
    tab.path = "/today"
    await tab.send(AppState.enter)
    assert not (await tab.state(Calendar)).is_read, "another page was looked at meanwhile"


def drawn(answer: Answer) -> list[dict[str, Any]]:
    """What was sent of the calendar, in order."""
    return [update.delta[CALENDAR] for update in answer.updates if CALENDAR in update.delta]
