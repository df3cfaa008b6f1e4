"""Sending a form to the customer on the screen, through the gate."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from microcrm.domain.permissions import Role
from microcrm.models.form_links import FormLink
from microcrm.operations.forms.asking import public_form
from microcrm.operations.unit_of_work import VISITOR
from microcrm.state.customer_form_link import FormLinks
from microcrm.state.customer_records import CustomerRecords
from tests.conftest import act_as
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.vault import form_of


@pytest.fixture
def a(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def records(server: Server, shop: Shop, role: Role = Role.FRONT_DESK, customer: int | None = None) -> Tab:
    path = f"/customer/records?id={customer or shop.customer_id}"
    tab = server.tab(sign_in(shop.users[role], shop.business_id), path)
    assert not (await tab.open(CustomerRecords.load)).crashes
    return tab


def links(shop: Shop) -> int:
    return len(act_as(shop.actor(), lambda uow: uow.session.scalars(select(FormLink)).all()))


async def test_the_desk_gets_a_link_a_code_and_a_message(server: Server, a: Shop) -> None:
    tab = await records(server, a)
    sendable = [one.label for one in (await tab.state(CustomerRecords)).sendable]
    assert "Consent to a chemical treatment" in sendable and "Patch test" not in sendable
    form = act_as(a.actor(), form_of, "consent")
    assert not (await tab.send(FormLinks.send, form_id=str(form))).refusals
    sent = await tab.state(FormLinks)
    token = sent.address.rpartition("/form/")[2]
    assert act_as(VISITOR, public_form, token).text.title == sent.title == "Consent to a chemical treatment"
    assert sent.whatsapp.startswith("https://wa.me/919845112345?text=") and token in sent.whatsapp
    assert sent.code.startswith("data:image/svg+xml") and sent.until
    await tab.send(FormLinks.close)
    assert (await tab.state(FormLinks)).address == ""


async def test_a_form_or_a_customer_of_somebody_else_gets_none(
    server: Server, a: Shop, fresh_database: TwoShops
) -> None:
    form = act_as(a.actor(), form_of, "consent")
    theirs = await records(server, a, customer=fresh_database.b.customer_id)
    assert (await theirs.send(FormLinks.send, form_id=str(form))).codes == ["not_found"]
    tab = await records(server, a)
    for raw in ("", "x", str(10**9), "-1", str(act_as(a.actor(), form_of, "patch_test"))):
        answer = await tab.send(FormLinks.send, form_id=raw)
        assert not answer.crashes and len(answer.refusals) == 1
    assert links(a) == 0
