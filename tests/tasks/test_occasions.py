"""Messages that are no news of a visit, on their way to the stand-in for Twilio: what they speak of is as it is when they leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from microcrm.adapters import queue
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.waiting import QueueTicket
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.billing.sharing import business_of_bill
from microcrm.operations.consents import RecordConsent, record_consent
from microcrm.operations.messages.own_secrets import token_of
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.messaging.steps import ChangePlan, change_plan
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.settings import Settings, settings
from tasks import messages
from tests.conftest import act_as
from tests.support.messages import Outbox, outbox_of
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops
from tests.support.till import document_of, issued, paying, register


@pytest.fixture
def outbox(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    queue.client().flushdb()
    yield outbox_of(fresh_database.a, sandbox)


def say(outbox: Outbox, step: str, subject: str, details: dict[str, Any] | None = None) -> int:
    shop = outbox.shop

    def write(uow: UnitOfWork) -> None:
        told = Plan(
            subject, step, True, uow.now, uow.now + timedelta(hours=1), customer_id=shop.customer_id, details=details or {},
            language="en", channel="whatsapp",
        )  # fmt: skip
        plan(uow, told)

    outbox.do(write)
    return outbox.rows()[-1].id or 0


def owner(outbox: Outbox, operation: Any, *args: Any) -> Any:
    return act_as(outbox.shop.actor(Role.OWNER), operation, *args)


def agree(outbox: Outbox) -> None:
    owner(outbox, record_consent, RecordConsent(outbox.shop.customer_id, "whatsapp_offers", "given", "paper"))
    outbox.do(lambda uow: uow.session.execute(update(Customer).values(birthday=None)))


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run at night too; the hours have tests of their own."""
    monkeypatch.setattr("microcrm.domain.send_gate.HOURS", ())


def test_money_due_is_said_as_it_stands_with_the_bill_behind_a_link(outbox: Outbox) -> None:
    def bill(uow: UnitOfWork) -> int:
        register(uow, outbox.shop)
        return issued(uow, outbox.shop).document_id

    document = owner(outbox, bill)
    owner(outbox, take_payment, paying(document, PaidPart("cash", "25")))
    sent = say(outbox, "dues", f"dues:{document}", {"document_id": document})
    assert messages.sweep() == 1
    [there] = outbox.there()
    assert "₹500.00 of your bill is not paid yet" in there["body"]
    token = token_of(settings().link_key, outbox.shop.business_id, sent)
    assert f"{settings().public_url}/i/{token}" in there["body"] and token not in outbox.rows()[-1].text
    assert act_as(VISITOR, business_of_bill, token) == outbox.shop.business_id


def test_what_has_been_paid_meanwhile_is_not_asked_for(outbox: Outbox) -> None:
    def bill(uow: UnitOfWork) -> int:
        register(uow, outbox.shop)
        return issued(uow, outbox.shop).document_id

    document = owner(outbox, bill)
    say(outbox, "dues", f"dues:{document}", {"document_id": document})
    total = outbox.do(lambda uow: document_of(uow.session, document).total_paise)
    owner(outbox, take_payment, paying(document, PaidPart("cash", f"{total / 100:.2f}")))
    assert messages.sweep() == 0 and outbox.there() == []
    assert outbox.states()[-1] == ("whatsapp", "suppressed", "off")


def test_a_turn_that_is_near_leads_to_the_ticket_until_it_has_come(outbox: Outbox) -> None:
    shop = outbox.shop

    def ticket(uow: UnitOfWork, number: int, state: str) -> int:
        row = QueueTicket(
            business_id=shop.business_id, day=uow.now.date(), number=number, service_id=shop.service_id,
            customer_id=shop.customer_id, state=state, created_at=uow.now,
        )  # fmt: skip
        uow.session.add(row)
        uow.session.flush()
        return row.id or 0

    served, waiting = outbox.do(ticket, 1, "serving"), outbox.do(ticket, 2, "waiting")
    for one, left in ((served, 0), (waiting, 1)):
        say(outbox, "queue_near", f"ticket:{one}", {"ticket_id": one, "people": 2})
        assert messages.sweep() == left
    [there] = outbox.there()
    assert "Before you: 2." in there["body"] and f"{settings().public_url}/q/" in there["body"]
    assert [(state, reason) for _, state, reason in outbox.states()] == [("suppressed", "off"), ("handed", "")]


def test_who_agreed_is_called_back_to_the_booking_page_unless_they_have_booked(outbox: Outbox) -> None:
    say(outbox, "rebook", "rebook:1", {"services": "Haircut + Facial"})
    assert messages.sweep() == 0
    assert outbox.states()[-1][1] == "suppressed", "they have a visit tomorrow"
    agree(outbox)
    outbox.set("bookings", status="no_show")
    say(outbox, "rebook", "rebook:2", {"services": "Haircut + Facial"})
    assert messages.sweep() == 1
    [there] = outbox.there()
    assert "next visit: Haircut + Facial" in there["body"] and f"{settings().public_url}/b/" in there["body"]
    assert "Reply STOP" in there["body"]


def test_thanks_lead_to_the_page_of_reviews(outbox: Outbox) -> None:
    agree(outbox)
    owner(outbox, change_plan, ChangePlan(0, ["whatsapp"], "https://g.page/r/lotus/review"))
    outbox.set("bookings", status="finished")
    outbox.plan("thanks")
    assert messages.sweep() == 1
    [there] = outbox.there()
    assert "https://g.page/r/lotus/review" in there["body"] and "/m/" not in there["body"]


def test_thanks_without_a_page_do_not_leave(outbox: Outbox) -> None:
    agree(outbox)
    outbox.set("bookings", status="finished")
    outbox.plan("thanks")
    assert messages.sweep() == 0
    assert outbox.rows()[0].reason in ("unfit", "no_consent") and outbox.there() == []


def test_a_birthday_needs_no_page(outbox: Outbox) -> None:
    agree(outbox)
    say(outbox, "birthday", "birthday:1")
    assert messages.sweep() == 1
    assert "happy birthday" in outbox.there()[0]["body"]
