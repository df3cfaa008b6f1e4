"""The drawers beside the calendar: the address opens them, they count, and what is done there is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking
from microcrm.models.waiting import QueueTicket, WaitlistEntry
from microcrm.operations import queue
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.queue import DrawTicket
from microcrm.operations.waitlist import AddWaiting, WishedTime, add
from microcrm.state.base import AppState
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drawer import CalendarDrawer
from microcrm.state.place_panel import PlacePanel
from microcrm.state.queue import QueuePage
from microcrm.state.waitlist import WaitlistPage
from tests.conftest import act_as
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in

DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def b(fresh_database: TwoShops) -> Shop:
    return fresh_database.b


async def calendar(server: Server, shop: Shop, drawer: str = "", role: Role = Role.FRONT_DESK) -> Tab:
    query = f"date={DAY}&drawer={drawer}" if drawer else f"date={DAY}"
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/calendar?{query}")
    answer = await tab.open(Calendar.load)
    assert not answer.crashes, answer.crashes
    await tab.send(Calendar.resized, size="desktop")
    return tab


def listed(shop: Shop, **changes: Any) -> str:
    values = {"service_id": shop.service_id, "wishes": (WishedTime(DAY),), "customer_id": shop.customer_id} | changes
    return str(act_as(shop.actor(), add, AddWaiting(**values)).entry_id)


def drawn(shop: Shop, name: str = "Kavya") -> str:
    act_as(shop.actor(), change_policy, ChangePolicy(version=0, is_queue_on=True))
    return str(act_as(shop.actor(), queue.draw, DrawTicket(shop.service_id, name=name)).ticket_id)


def slot(shop: Shop, time: str, role: Role = Role.MANAGER) -> dict[str, Any]:
    end = f"{int(time[:2]) + 1:02d}{time[2:]}"
    return {"start": f"{DAY}T{time}", "end": f"{DAY}T{end}", "staff": str(shop.members[role])}


def rows_of(shop: Shop, table: Any) -> list[Any]:
    return list(act_as(shop.actor(), lambda uow: uow.session.scalars(select(table).order_by(table.id)).all()))


async def test_the_toolbar_counts_who_waits_in_this_shop(server: Server, a: Shop, b: Shop) -> None:
    listed(a)
    drawn(a)
    listed(b)
    tab = await calendar(server, a)
    state = await tab.state(CalendarDrawer)
    assert (state.listed, state.queued, state.has_queue) == (1, 1, True)
    act_as(a.actor(), queue.draw, DrawTicket(a.service_id))
    await tab.send(Calendar.heard, changes="queue 2")
    assert (await tab.state(CalendarDrawer)).queued == 2
    staff = await calendar(server, a, role=Role.STAFF)
    assert (await staff.state(CalendarDrawer)).listed == 0


async def test_the_address_opens_a_drawer_and_every_way_keeps_it_open(server: Server, a: Shop) -> None:
    listed(a)
    tab = await calendar(server, a, "waitlist")
    head = (await tab.state(Calendar)).head
    assert head.drawer == "waitlist" and "drawer=waitlist" in head.next and "drawer=waitlist" in head.views[1].href
    assert "drawer" not in head.drawers["waitlist"] and head.drawers["queue"].endswith("drawer=queue")
    assert [row.name for row in (await tab.state(WaitlistPage)).rows] == ["Plain Iyer"]
    closed = await calendar(server, a, "nonsense")
    assert (await closed.state(Calendar)).head.drawer == "" and (await closed.state(WaitlistPage)).rows == []


async def test_a_wish_is_put_on_a_free_place_and_offered(server: Server, a: Shop) -> None:
    entry = listed(a)
    tab = await calendar(server, a, "waitlist")
    await tab.send(PlacePanel.choose_wish, entry=entry)
    assert (await tab.state(PlacePanel)).is_choosing
    await tab.send(Calendar.chosen, slot=slot(a, "11:00"))
    panel = await tab.state(PlacePanel)
    assert (panel.is_open, panel.is_choosing, panel.day, panel.time) == (True, False, DAY, "11:00")
    assert panel.subject.member_id == str(a.members[Role.MANAGER]) and not (await tab.state(NewBooking)).is_open
    form = {"day": DAY, "time": "11:00", "member_id": panel.subject.member_id}
    assert (await tab.send(PlacePanel.save_wish, form=form)).codes == []
    assert "11:00 am with Plain manager" in (await tab.state(WaitlistPage)).rows[0].offer
    await tab.send(Calendar.chosen, slot=slot(a, "15:00"))
    assert (await tab.state(NewBooking)).is_open, "the next free place is for a new booking again"


async def test_a_yes_at_the_desk_books_at_once_and_asks_nobody(server: Server, a: Shop, b: Shop) -> None:
    entry = listed(a)
    theirs = listed(b)
    tab = await calendar(server, a, "waitlist")
    assert (await tab.send(PlacePanel.begin_wish, entry=theirs)).codes == ["not_found"]
    await tab.send(PlacePanel.begin_wish, entry=entry)
    form = {"day": DAY, "time": "11:00", "member_id": str(a.members[Role.MANAGER]), "is_agreed": "on"}
    assert (await tab.send(PlacePanel.save_wish, form=form)).codes == []
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text.startswith("Plain Iyer is booked:") and notice.undo
    kept = rows_of(a, WaitlistEntry)[0]
    assert kept.state == "booked" and rows_of(a, Booking)[-1].id == kept.booking_id
    assert (await tab.state(CalendarDrawer)).listed == 0


async def test_a_time_that_is_taken_offers_the_nearest_and_keeps_the_form(server: Server, a: Shop) -> None:
    form = {"day": DAY, "time": "11:00", "member_id": str(a.members[Role.MANAGER])}
    tab = await calendar(server, a, "waitlist")
    await tab.send(PlacePanel.begin_wish, entry=listed(a))
    await tab.send(PlacePanel.save_wish, form=form)
    queued = await calendar(server, a, "queue")
    await queued.send(PlacePanel.begin_ticket, ticket=drawn(a))
    assert (await queued.send(PlacePanel.save_ticket, form=form)).crashes == []
    panel = await queued.state(PlacePanel)
    assert panel.is_open and not panel.is_saving and len(panel.nearest) == 3
    assert "Plain manager is not free at 11:00 am" in panel.errors["time"]
    await queued.send(PlacePanel.take, day=DAY, time="15:00")
    panel = await queued.state(PlacePanel)
    assert (panel.time, panel.nearest, panel.errors) == ("15:00", [], {})


async def test_a_number_is_booked_for_later_and_one_undo_brings_it_back(server: Server, a: Shop) -> None:
    ticket = drawn(a)
    tab = await calendar(server, a, "queue")
    assert [row.name for row in (await tab.state(QueuePage)).waiting] == ["Kavya"]
    await tab.send(PlacePanel.choose_ticket, ticket=ticket)
    await tab.send(Calendar.chosen, slot=slot(a, "16:00"))
    form = {"day": DAY, "time": "16:00", "member_id": str(a.members[Role.MANAGER])}
    assert (await tab.send(PlacePanel.save_ticket, form=form)).codes == []
    assert (await tab.state(QueuePage)).waiting == []
    assert rows_of(a, Booking)[-1].status == "booked" and rows_of(a, QueueTicket)[0].state == "left"
    notice = (await tab.state(AppState)).notices[-1]
    assert notice.text.startswith("Number 1: Walk-in is booked:")
    await tab.send(AppState.undo, token=notice.undo)
    assert rows_of(a, Booking)[-1].status == "cancelled_by_business" and rows_of(a, QueueTicket)[0].state == "waiting"
    assert [row.name for row in (await tab.state(QueuePage)).waiting] == ["Kavya"]


async def test_a_drawer_changes_live_while_the_calendar_is_looked_at(server: Server, a: Shop, b: Shop) -> None:
    tab = await calendar(server, a, "waitlist")
    listed(a)
    listed(b)
    answer = await tab.send(Calendar.heard, changes="waitlist 1")
    assert [row.name for row in (await tab.state(WaitlistPage)).rows] == ["Plain Iyer"] and CANARY not in answer.text
