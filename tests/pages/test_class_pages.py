"""The panel of a class, event by event through the gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService
from microcrm.operations.catalogue import SaveService, save_service
from microcrm.operations.class_card import class_card
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import ClassDone, JoinClass, ScheduleClass, join, schedule
from microcrm.operations.series import SeriesWish
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.class_guest import ClassGuest
from microcrm.state.class_move import ClassMove
from microcrm.state.class_panel import ClassPanel
from microcrm.state.start_ask import StartAsk
from tests.conftest import act_as
from tests.support.desk import INDIA
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import form_of

DAY = (datetime.now(INDIA) + timedelta(days=3)).date().isoformat()


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def yoga(a: Shop) -> ClassDone:
    return made(a)


def class_service(shop: Shop, name: str = "Yoga") -> int:
    """Three seats, given by the manager."""
    members = [(shop.members[Role.MANAGER], None, None)]
    service, _ = act_as(shop.actor(), save_service, SaveService(name, 60, "200", seats=3, members=members))
    return int(service)


def made(shop: Shop) -> ClassDone:
    command = ScheduleClass(class_service(shop), shop.members[Role.MANAGER], DAY, "10:00")
    done: ClassDone = act_as(shop.actor(), schedule, command)
    return done


async def calendar(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), f"/calendar?date={DAY}")
    assert not (await tab.open(Calendar.load)).crashes
    return tab


async def opened(server: Server, shop: Shop, done: ClassDone) -> Tab:
    tab = await calendar(server, shop)
    answer = await tab.send(Calendar.opened, change={"id": f"class{done.session_id}"})
    assert not answer.refusals and not answer.crashes
    return tab


async def notices(tab: Tab) -> list[Any]:
    return list((await tab.state(AppState)).notices)


async def test_a_class_on_the_board_opens_its_panel(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, 2, customer_id=a.customer_id))
    tab = await opened(server, a, yoga)
    panel = await tab.state(ClassPanel)
    card = panel.card
    assert panel.is_open and (card.service, card.seats, card.left) == ("Yoga", "2 of 3 seats taken", "1 left")
    assert [(row.name, row.seats, row.step.label) for row in card.attendees] == [("Plain Iyer", "2 seats", "Confirm")]
    await tab.send(Calendar.resized, size="phone")
    [row] = (await tab.state(CalendarLists)).agenda
    assert (row.item_id, row.is_class, row.status) == (f"class{yoga.session_id}", True, "2 of 3 seats")
    await tab.send(ClassPanel.open, session_id=f"{row.item_id}-5")  # as a block is named by room
    assert (await tab.state(ClassPanel)).card.id == str(yoga.session_id)


async def test_somebody_joins_takes_a_step_and_leaves_again(server: Server, a: Shop, yoga: ClassDone) -> None:
    tab = await opened(server, a, yoga)
    await tab.send(ClassGuest.begin)
    await tab.send(ClassGuest.find, words="iyer")
    assert [one.name for one in (await tab.state(ClassGuest)).people] == ["Plain Iyer"]
    await tab.send(ClassGuest.save, form={"seats": "4", "customer_id": str(a.customer_id)})
    assert "seats" in (await tab.state(AppState)).errors and (await tab.state(ClassPanel)).form == "add"
    await tab.send(ClassGuest.save, form={"seats": "2", "customer_id": str(a.customer_id)})
    panel = await tab.state(ClassPanel)
    [row] = panel.card.attendees
    assert (panel.form, row.name, panel.card.left) == ("", "Plain Iyer", "1 left")
    await tab.send(ClassPanel.step, booking_id=row.booking_id, status="confirmed")
    await tab.send(ClassPanel.refresh)
    assert (await tab.state(ClassPanel)).card.attendees[0].status == "Confirmed"
    await tab.send(ClassPanel.ask_leave, booking_id=row.booking_id)
    await tab.send(ClassPanel.save_leave, form={"who": "customer", "reason": "Fever"})
    await tab.send(ClassPanel.refresh)
    assert (await tab.state(ClassPanel)).card.attendees == []
    await tab.send(AppState.undo, token=(await notices(tab))[-1].undo)
    await tab.send(ClassPanel.refresh)
    assert len((await tab.state(ClassPanel)).card.attendees) == 1


async def test_more_seats_than_are_left_are_refused_at_their_field(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, 2, who="walk_in"))
    tab = await opened(server, a, yoga)
    await tab.send(ClassGuest.begin)
    await tab.send(ClassGuest.pick_who, who="walk_in")
    await tab.send(ClassGuest.save, form={"seats": "2"})
    assert (await tab.state(AppState)).errors["seats"].startswith("Only 1 seat left in this class.")
    assert not (await tab.send(ClassGuest.save, form={"seats": "1"})).refusals
    assert (await tab.state(ClassPanel)).card.is_full


async def test_a_new_customer_joins_and_a_shared_phone_is_asked_about(server: Server, a: Shop, yoga: ClassDone) -> None:
    tab = await opened(server, a, yoga)
    await tab.send(ClassGuest.begin)
    await tab.send(ClassGuest.pick_who, who="new")
    form = {"seats": "1", "name": "Little Iyer", "phone": "98451 12345"}
    assert (await tab.send(ClassGuest.save, form=form)).codes == ["phone_taken"]
    assert (await tab.state(ClassGuest)).offers_family
    await tab.send(ClassGuest.save, form=form | {"is_family": "on"})
    assert [row.name for row in (await tab.state(ClassPanel)).card.attendees] == ["Little Iyer"]


async def test_a_class_moves_with_everybody_or_says_why_not(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, customer_id=a.customer_id))
    other = ScheduleClass(class_service(a, "Zumba"), a.members[Role.MANAGER], DAY, "12:00")
    act_as(a.actor(), schedule, other)
    tab = await opened(server, a, yoga)
    await tab.send(ClassMove.begin)
    form = {"day": DAY, "time": "12:30", "member_id": str(a.members[Role.MANAGER]), "minutes": "60", "tell": "on"}
    await tab.send(ClassMove.save, form=form)
    move = await tab.state(ClassMove)
    assert move.is_open and len(move.nearest) == 3 and "time" in (await tab.state(AppState)).errors
    offered = move.nearest[0]
    await tab.send(ClassMove.take, day=offered.day, time=offered.time)
    assert (await tab.state(ClassMove)).start.time == offered.time
    assert not (await tab.send(ClassMove.save, form=form | {"time": "15:00"})).refusals
    assert (await tab.state(ClassPanel)).card.time == "15:00"
    await tab.send(AppState.undo, token=(await notices(tab))[-1].undo)
    await tab.send(ClassPanel.refresh)
    assert (await tab.state(ClassPanel)).card.time == "10:00"


async def test_seats_and_note_are_changed_in_the_panel(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, 2, who="walk_in"))
    tab = await opened(server, a, yoga)
    await tab.send(ClassPanel.ask, form="change")
    await tab.send(ClassPanel.save_change, form={"seats": "1", "note": "Bring a mat"})
    assert (await tab.state(AppState)).errors["seats"].startswith("2 seats are taken already")
    assert (await tab.state(ClassPanel)).form == "change"
    await tab.send(ClassPanel.save_change, form={"seats": "8", "note": "Bring a mat"})
    panel = await tab.state(ClassPanel)
    assert (panel.form, panel.card.seats, panel.card.note) == ("", "2 of 8 seats taken", "Bring a mat")
    await tab.send(AppState.undo, token=(await notices(tab))[-1].undo)
    assert (await tab.state(ClassPanel)).card.seats == "2 of 3 seats taken"


async def test_calling_a_class_off_and_taking_that_back(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, customer_id=a.customer_id))
    tab = await opened(server, a, yoga)
    await tab.send(ClassPanel.save_cancel, form={"reason": "Teacher is ill", "tell": "on"})
    assert not (await tab.state(ClassPanel)).is_open
    assert not act_as(a.actor(), class_card, yoga.session_id).is_live
    await tab.send(AppState.undo, token=(await notices(tab))[-1].undo)
    after = act_as(a.actor(), class_card, yoga.session_id)
    assert after.is_live and [one.customer for one in after.attendees] == ["Plain Iyer"]


async def test_a_class_is_called_off_with_those_that_follow(server: Server, a: Shop) -> None:
    teacher = BookService(class_service(a), a.members[Role.MANAGER])
    ids = act_as(a.actor(), schedule_all, ScheduleClasses(SeriesWish((teacher,), DAY, "10:00", count=3))).session_ids
    for one in ids[1:]:
        act_as(a.actor(), join, JoinClass(one, customer_id=a.customer_id))
    tab = await calendar(server, a)
    await tab.send(ClassPanel.open, session_id=str(ids[1]))
    await tab.send(ClassPanel.ask, form="cancel")
    panel = await tab.state(ClassPanel)
    assert (panel.card.off_following, panel.card.off_all) == ("2 classes", "3 classes")
    assert (panel.off, panel.off_visits) == ("1 booking will be cancelled by you. The time becomes free.", "1 booking")
    await tab.send(ClassPanel.pick_scope, scope="all")
    panel = await tab.state(ClassPanel)
    assert panel.off == "3 classes with 2 bookings will be cancelled by you. Their time becomes free."
    assert (await tab.send(ClassPanel.pick_scope, scope="some")).codes == ["invalid"]
    await tab.send(ClassPanel.save_cancel, form={"reason": "Ill", "scope": "following", "tell": "on"})
    assert [act_as(a.actor(), class_card, one).is_live for one in ids] == [True, False, False]
    last = (await notices(tab))[-1]
    assert last.text == "2 classes cancelled"
    await tab.send(AppState.undo, token=last.undo)
    assert [act_as(a.actor(), class_card, one).taken for one in ids] == [0, 1, 1]


async def test_what_happens_elsewhere_shows_unless_a_form_is_open(server: Server, a: Shop, yoga: ClassDone) -> None:
    tab = await opened(server, a, yoga)
    act_as(a.actor(), join, JoinClass(yoga.session_id, who="walk_in"))
    await tab.send(ClassPanel.heard, changes=f"class {yoga.session_id}")
    assert len((await tab.state(ClassPanel)).card.attendees) == 1
    await tab.send(ClassPanel.ask, form="change")
    act_as(a.actor(), join, JoinClass(yoga.session_id, who="walk_in"))
    await tab.send(ClassPanel.heard, changes=f"class {yoga.session_id}")
    assert len((await tab.state(ClassPanel)).card.attendees) == 1


async def test_nobody_else_s_class_opens(server: Server, a: Shop, fresh_database: TwoShops, yoga: ClassDone) -> None:
    theirs = made(fresh_database.b)
    tab = await calendar(server, a)
    for wrong in (str(theirs.session_id), "class", "", "x" * 500):
        assert (await tab.send(ClassPanel.open, session_id=wrong)).codes == ["not_found"]
        assert not (await tab.state(ClassPanel)).is_open
    staff = await calendar(server, a, Role.STAFF)
    assert (await staff.send(ClassPanel.open, session_id=str(yoga.session_id))).codes == ["not_found"]
    assert not (await tab.send(ClassPanel.open, session_id=str(yoga.session_id))).refusals
    assert (await tab.send(ClassPanel.step, booking_id="1", status="arrived")).codes == ["not_found"]


async def test_opening_a_visit_of_the_class_shows_its_own_card(server: Server, a: Shop, yoga: ClassDone) -> None:
    done = act_as(a.actor(), join, JoinClass(yoga.session_id, customer_id=a.customer_id))
    tab = await opened(server, a, yoga)
    await tab.send(Card.open, item_id=str(done.item_ids[0]))
    card = (await tab.state(Card)).card
    assert (card.customer, card.may_move, card.may_cancel) == ("Plain Iyer", False, True)


async def test_what_speaks_against_a_place_is_said_before_it_is_taken(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), lambda uow: uow.session.execute(text("UPDATE services SET patch_test_days = 180")))

    def need(uow: UnitOfWork) -> None:
        uow.session.execute(text("UPDATE services SET needed_form_id = :form"), {"form": form_of(uow, "consent")})

    act_as(a.actor(), need)
    tab = await opened(server, a, yoga)
    await tab.send(ClassGuest.begin)
    await tab.send(ClassGuest.choose, customer_id=str(a.customer_id))
    guest = await tab.state(ClassGuest)
    assert "Yoga needs a patch test" in guest.unsafe and not guest.asks_safety
    assert guest.to_fill.href == f"/customer/records?id={a.customer_id}" and "not signed yet" in guest.to_fill.words
    form = {"seats": "1", "customer_id": str(a.customer_id)}
    assert (await tab.send(ClassGuest.save, form=form)).codes == ["not_safe"]
    assert (await tab.state(ClassGuest)).asks_safety and "day" in (await tab.state(AppState)).errors
    await tab.send(ClassGuest.pick_who, who="walk_in")
    assert (await tab.state(ClassGuest)).to_fill.href == ""
    for strange in ("x", "0", str(10**15)):
        await tab.send(ClassGuest.choose, customer_id=strange)
        assert (await tab.state(ClassGuest)).unsafe == ""
    assert not (await tab.send(ClassGuest.save, form=form | {"safety_reason": "Tested elsewhere"})).refusals
    assert (await tab.state(ClassPanel)).form == ""


async def test_a_step_of_somebody_who_comes_asks_before_it_starts(server: Server, a: Shop, yoga: ClassDone) -> None:
    act_as(a.actor(), join, JoinClass(yoga.session_id, 1, customer_id=a.customer_id))

    def need(uow: UnitOfWork) -> None:
        uow.session.execute(text("UPDATE services SET needed_form_id = :form"), {"form": form_of(uow, "consent")})

    act_as(a.actor(), need)
    tab = await opened(server, a, yoga)
    [row] = (await tab.state(ClassPanel)).card.attendees
    assert not (await tab.send(ClassPanel.step, booking_id=row.booking_id, status="started")).codes
    assert "not signed yet" in (await tab.state(StartAsk)).missing
    assert not (await tab.send(StartAsk.anyway, form={"reason": "Signed on paper"})).codes
    await tab.send(ClassPanel.refresh)
    assert (await tab.state(ClassPanel)).card.attendees[0].status == "Started"
