"""A visit that needs a form, on its card: what it says, and starting it without for a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.records import AddRecord, add_record
from microcrm.state.base import AppState
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.start_ask import StartAsk
from microcrm.state.to_fill import NOTHING
from microcrm.state.today import TodayPage
from tests.conftest import act_as
from tests.support.desk import INDIA
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import form_of, note

DAY, LATER = ((datetime.now(INDIA) + timedelta(days=days)).date().isoformat() for days in (3, 45))


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    """Its haircut needs a consent."""
    shop = fresh_database.a

    def need(uow: UnitOfWork) -> None:
        values = {"form": form_of(uow, "consent"), "service": shop.service_id}
        uow.session.execute(text("UPDATE services SET needed_form_id = :form WHERE id = :service"), values)

    act_as(shop.actor(), need)
    return shop


async def card_of(server: Server, shop: Shop, role: Role) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), "/calendar")
    await tab.send(Card.open, item_id=str(shop.booking_item_id))
    return tab


def status_of(shop: Shop) -> tuple[str, str]:
    """Of the visit, and what its story says last."""
    found = text(
        "SELECT b.status, e.reason FROM bookings b LEFT JOIN booking_events e ON e.booking_id = b.id WHERE b.id = :id "
        "ORDER BY e.id DESC LIMIT 1"
    )
    row = act_as(shop.actor(), lambda uow: uow.session.execute(found, {"id": shop.booking_id}).one())
    return row.status, row.reason or ""


async def by_card(tab: Tab, shop: Shop, status: str) -> Any:
    await tab.send(Card.open, item_id=str(shop.booking_item_id))
    return await tab.send(Card.step, status=status)


async def by_today(tab: Tab, shop: Shop, status: str) -> Any:
    return await tab.send(TodayPage.step, booking_id=str(shop.booking_id), status=status)


WAYS = pytest.mark.parametrize("way", [by_card, by_today])


def at(server: Server, shop: Shop, role: Role, way: Any) -> Tab:
    path = "/today" if way is by_today else "/calendar"
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


@WAYS
@pytest.mark.parametrize("status", ["started", "finished"])
async def test_it_says_what_is_missing_and_asks_for_a_reason(server: Server, shop: Shop, status: str, way: Any) -> None:
    tab = at(server, shop, Role.MANAGER, way)
    answer = await way(tab, shop, status)
    assert not answer.codes and not answer.crashes
    asked = await tab.state(StartAsk)
    assert asked.missing.startswith("Before it starts: Consent")
    assert (asked.records, asked.against) == (f"/customer/records?id={shop.customer_id}", "")
    for reason in ({"reason": " "}, {}, {"reason": ["a"]}, {"reason": "x" * 500}):
        assert (await tab.send(StartAsk.anyway, form=reason)).codes == ["invalid"]
        assert "reason" in (await tab.state(AppState)).errors and (await tab.state(StartAsk)).missing
    assert not (await tab.send(StartAsk.anyway, form={"reason": "Signed on paper"})).codes
    assert (await tab.state(StartAsk)).missing == ""
    now, why = status_of(shop)
    assert now == status and why.startswith("Signed on paper (Before it starts")
    again = await tab.send(StartAsk.anyway, form={"reason": "Twice"})
    assert not again.codes and not again.crashes


@WAYS
async def test_whose_reason_counts_for_nothing_is_told_what_to_do(server: Server, shop: Shop, way: Any) -> None:
    act_as(shop.actor(), change_policy, ChangePolicy(0, is_override_allowed=False))
    tab = at(server, shop, Role.MANAGER, way)
    assert (await way(tab, shop, "started")).codes == ["form_missing"]
    assert (await tab.state(StartAsk)).missing == ""
    await tab.send(StartAsk.anyway, form={"reason": "All the same"})
    assert status_of(shop)[0] == "confirmed"


async def test_the_question_can_be_left_and_somebody_faster_closes_it(server: Server, shop: Shop) -> None:
    tab = await card_of(server, shop, Role.OWNER)
    await tab.send(Card.step, status="started")
    await tab.send(StartAsk.leave)
    assert (await tab.state(StartAsk)).missing == "" and status_of(shop)[0] == "confirmed"
    await tab.send(Card.step, status="started")
    away = text("UPDATE bookings SET status = 'cancelled_by_business', version = version + 1 WHERE id = :id")
    act_as(shop.actor(), lambda uow: uow.session.execute(away, {"id": shop.booking_id}))
    assert (await tab.send(StartAsk.anyway, form={"reason": "Late"})).codes == ["conflict"]
    assert (await tab.state(StartAsk)).missing == ""


async def test_an_allergy_opens_beside_the_question(server: Server, shop: Shop) -> None:
    def allergic(uow: UnitOfWork) -> int:
        uow.session.execute(text("UPDATE services SET needed_form_id = NULL, substances = 'PPD'"))
        return note(uow, shop.customer_id, "allergy", wiring.sealer(), substance="PPD", severity="severe")

    record = act_as(shop.actor(), allergic)
    tab = await card_of(server, shop, Role.OWNER)
    await tab.send(Card.step, status="started")
    asked = await tab.state(StartAsk)
    assert "speaks against" in asked.missing and asked.against == str(record)


MISSING = "Consent to a chemical treatment: not signed yet."


async def begun(server: Server, shop: Shop, role: Role = Role.FRONT_DESK) -> Tab:
    tab = server.tab(sign_in(shop.users[role], shop.business_id), "/calendar")
    await tab.send(NewBooking.begin, who="known", day=DAY, time="10:00", minutes=0, staff="")
    await tab.send(NewBooking.pick_service, line=0, service_id=str(shop.service_id))
    return tab


async def test_the_form_of_a_new_booking_says_what_is_missing_and_where_it_is_filled_in(
    server: Server, shop: Shop
) -> None:
    tab = await begun(server, shop)
    note = (await tab.state(NewTimes)).to_fill
    assert note.words.startswith(MISSING) and "under a name" in note.words and note.href == ""
    await tab.send(NewTimes.typed, name="customer_id", value=str(shop.customer_id))
    note = (await tab.state(NewTimes)).to_fill
    assert note.words.startswith(MISSING) and "Send the form" in note.words
    assert note.href == f"/customer/records?id={shop.customer_id}"
    await tab.send(NewBooking.pick_who, who="walk_in")
    assert (await tab.state(NewTimes)).to_fill.href == "", "who comes now is not the one who was chosen before"
    services = {"service_id": str(shop.service_id), "member_id": str(shop.members[Role.MANAGER])}
    form = {"who": "walk_in", "day": DAY, "time": "10:00", **services}
    answer = await tab.send(NewBooking.save, form=form)
    assert not answer.refusals and not answer.crashes, "it warns and refuses nothing"


async def test_nothing_is_said_once_it_is_signed_but_for_a_day_after_it_has_run_out(server: Server, shop: Shop) -> None:
    def sign(uow: UnitOfWork) -> None:
        uow.session.execute(text("UPDATE services SET needed_form_months = 1"))
        answers = {"reacted": "no", "agreed": {"name": "Asha Rao", "how": "typed"}}
        today = uow.now.astimezone(INDIA).date().isoformat()
        add_record(uow, AddRecord(shop.customer_id, form_of(uow, "consent"), 1, today, answers), wiring.sealer())

    act_as(shop.actor(), sign)
    tab = await begun(server, shop)
    await tab.send(NewTimes.typed, name="customer_id", value=str(shop.customer_id))
    assert (await tab.state(NewTimes)).to_fill == NOTHING
    await tab.send(NewTimes.typed, name="day", value=LATER)
    assert "runs out on" in (await tab.state(NewTimes)).to_fill.words
    await tab.send(NewTimes.typed, name="day", value=DAY)
    assert (await tab.state(NewTimes)).to_fill == NOTHING
    await tab.send(NewTimes.list_dates, dates=[[DAY, "10:00"], [LATER, "10:00"]])
    assert "runs out on" in (await tab.state(NewTimes)).to_fill.words, "one of the dates of a series is enough"


async def test_moving_and_booking_again_say_it_too(server: Server, shop: Shop) -> None:
    tab = await card_of(server, shop, Role.OWNER)
    for form in (MoveForm, AgainForm):
        await tab.send(form.begin)
        assert (await tab.state(form)).to_fill.words.startswith(MISSING)
    await tab.send(AgainForm.take, day="half", time="")
    assert (await tab.state(AgainForm)).to_fill == NOTHING
