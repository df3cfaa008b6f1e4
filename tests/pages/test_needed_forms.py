"""A visit that needs a form, on its card: what it says, and starting it without for a reason."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.booking_card import Card
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import form_of


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
