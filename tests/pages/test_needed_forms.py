"""A visit that needs a form, on its card: what it says, and starting it without for a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.records import AddRecord, add_record
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_move import MoveForm
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.to_fill import NOTHING
from tests.conftest import act_as
from tests.support.desk import INDIA
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import form_of

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


@pytest.mark.parametrize("status", ["started", "finished"])
async def test_the_card_says_what_is_missing_and_asks_for_a_reason(server: Server, shop: Shop, status: str) -> None:
    tab = await card_of(server, shop, Role.MANAGER)
    [line] = (await tab.state(Card)).card.forms
    assert (line.words, line.is_good) == ("Consent to a chemical treatment: not signed yet", False)
    assert (await tab.send(Card.step, status=status)).codes == []
    assert (await tab.state(Card)).missing.startswith("Before it starts: Consent")
    assert (await tab.send(Card.start_anyway, form={"reason": " "})).codes == ["form_missing"]
    assert (await tab.send(Card.start_anyway, form={})).codes == ["invalid"]
    assert "reason" in (await tab.state(Card)).errors
    assert (await tab.send(Card.start_anyway, form={"reason": "Signed on paper"})).codes == []
    state = await tab.state(Card)
    assert state.missing == "" and any("Signed on paper" in line.what for line in state.card.history)


async def test_whose_reason_counts_for_nothing_is_told_what_to_do(server: Server, shop: Shop) -> None:
    tab = await card_of(server, shop, Role.STAFF)
    answer = await tab.send(Card.step, status="started")
    assert answer.codes == ["form_missing"] and (await tab.state(Card)).missing == ""


async def test_the_question_can_be_left(server: Server, shop: Shop) -> None:
    tab = await card_of(server, shop, Role.OWNER)
    await tab.send(Card.step, status="started")
    await tab.send(Card.leave_missing)
    state = await tab.state(Card)
    assert (state.missing, state.card.status) == ("", "Confirmed")


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
