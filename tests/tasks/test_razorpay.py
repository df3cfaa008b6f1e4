"""The worker against the stand-in: webhooks that never come, answers that get lost, refunds, late banks. Nothing is paid twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.adapters import inbox
from microcrm.adapters.inbox import Arrival
from microcrm.domain.errors import Invalid, OutcomeUnknown
from microcrm.models.gateway import GatewayPayment, GatewayRefund, PayRequest
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.online.asking import ask_by_link, note_made
from microcrm.operations.online.keys import use_sandbox
from microcrm.operations.online.refunds import GiveBack, give_back, online_payments
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from microcrm.wiring import unit_of_work
from tasks import inbox as worker_inbox
from tasks import outbox
from tasks import razorpay as tasks_razorpay
from tests.conftest import act_as
from tests.support.sandbox import SEED, Merchant, Sandbox
from tests.support.shops import Shop, TwoShops
from tests.support.till import cut, document_of, issued, paying, register


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    return fresh_database.a


@pytest.fixture
def merchant(shop: Shop, sandbox: Sandbox) -> Merchant:
    def ready(uow: UnitOfWork) -> Merchant:
        register(uow, shop)
        keys, _ = use_sandbox(uow, SEED, wiring.sealer())
        return Merchant(sandbox.url, keys.key_id, keys.key_secret)

    made = act_as(shop.actor(), ready)
    made.act("knobs", settles_after=0)
    return made


def gateway(shop: Shop) -> Any:
    return tasks_razorpay._gateway(shop.business_id)


def linked(shop: Shop) -> tuple[int, str]:
    """A bill of Rs 525 and the link at the stand-in."""
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    wanted = act_as(shop.actor(), ask_by_link, bill)
    made = gateway(shop).create_link(wanted.reference, wanted.amount, "Bill", wanted.ends_at, "http://127.0.0.1/back")
    act_as(shop.actor(), note_made, wanted.id, made.id, made.url)
    return bill, made.id


def look(shop: Shop) -> int:
    """As beat does, some minutes later."""
    act_as(system(shop.business_id), lambda uow: uow.session.execute(update(PayRequest).values(looked_at=LONG_AGO)))
    return int(tasks_razorpay.sweep())


LONG_AGO = wiring.now().replace(year=2020)


def standing(shop: Shop, bill: int) -> tuple[str, int]:
    def read(uow: UnitOfWork) -> tuple[str, int]:
        document = document_of(uow.session, bill)
        return document.state, document.paid_paise

    return act_as(shop.actor(), read)


def requests_of(shop: Shop) -> list[str]:
    return act_as(system(shop.business_id), lambda uow: list(uow.session.scalars(select(PayRequest.state))))


def test_a_payment_whose_webhook_never_came_is_found(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    assert look(shop) == 1
    assert standing(shop, bill) == ("issued", 0)
    merchant.act("pay", link_id=link)
    look(shop)
    assert standing(shop, bill) == ("paid", 52_500)
    assert requests_of(shop) == ["paid"]
    assert tasks_razorpay.sweep() == 0


def test_a_link_made_in_a_request_that_got_no_answer_is_found_and_not_made_again(
    shop: Shop, merchant: Merchant
) -> None:
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    wanted = act_as(shop.actor(), ask_by_link, bill)
    merchant.act("fault", kind="reset_after")
    with pytest.raises(OutcomeUnknown):
        gateway(shop).create_link(wanted.reference, wanted.amount, "Bill", wanted.ends_at, "http://127.0.0.1/back")
    look(shop)
    again = act_as(shop.actor(), ask_by_link, bill)
    assert again.id == wanted.id and again.remote_id.startswith("plink_") and again.url
    made = merchant.get(f"/v1/payment_links?reference_id={wanted.reference}")["payment_links"]
    assert [one["id"] for one in made] == [again.remote_id]


def test_a_link_of_a_bill_paid_in_cash_is_taken_back(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "525")))
    look(shop)
    assert merchant.get(f"/v1/payment_links/{link}")["status"] == "cancelled"
    assert requests_of(shop) == ["ended"]


def test_a_bank_that_was_late_is_captured(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    payment = merchant.act("pay", link_id=link, outcome="failed")
    look(shop)
    merchant.act("authorise", payment_id=payment["id"])
    look(shop)
    assert standing(shop, bill) == ("issued", 0)
    assert outbox.sweep() == 1
    assert standing(shop, bill) == ("paid", 52_500)
    [shown] = act_as(shop.actor(), online_payments, bill)
    assert (shown.status, shown.is_late, shown.concern) == ("captured", True, "")


def test_nothing_is_captured_while_much_of_what_was_told_is_unread(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    payment = merchant.act("pay", link_id=link, outcome="failed")
    look(shop)
    merchant.act("authorise", payment_id=payment["id"])
    look(shop)
    with unit_of_work(system(), realm="worker") as uow:
        unread = Arrival(shop.business_id, "evt_old", "{}")
        inbox.store(uow.session, [unread], uow.now - timedelta(seconds=11))
    assert outbox.sweep() == 0
    assert merchant.get(f"/v1/payments/{payment['id']}")["status"] == "authorized"
    worker_inbox.sweep()
    assert outbox.sweep() == 1
    assert standing(shop, bill) == ("paid", 52_500)


def test_a_late_payment_of_a_bill_that_is_paid_is_left_to_go_back(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    payment = merchant.act("pay", link_id=link, outcome="failed")
    look(shop)
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "525")))
    merchant.act("authorise", payment_id=payment["id"])
    look(shop)
    outbox.sweep()
    assert standing(shop, bill) == ("paid", 52_500)
    assert merchant.get(f"/v1/payments/{payment['id']}")["status"] == "authorized"
    [shown] = act_as(shop.actor(), online_payments, bill)
    assert shown.concern == "uncaptured"


def test_money_goes_back_once_whatever_the_answers(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    merchant.act("pay", link_id=link)
    look(shop)
    ledger_id = act_as(shop.actor(), online_payments, bill)[0].ledger_id
    asked = GiveBack(ledger_id, "200", "Not satisfied", "a-key-of-the-form")
    assert act_as(shop.actor(), give_back, asked) == 20_000
    assert act_as(shop.actor(), give_back, asked) == 20_000  # the second press
    with pytest.raises(Invalid) as caught:
        act_as(shop.actor(), give_back, GiveBack(ledger_id, "325.01", "More", "another-key-of-it"))
    assert "amount" in caught.value.fields
    merchant.act("fault", kind="reset_after")
    assert outbox.sweep() == 0  # nobody knows: it is tried again, with the same key
    _due_again()
    assert outbox.sweep() == 1
    [refund] = merchant.get(f"/v1/payments/{_remote(shop)}/refunds")["items"]
    assert (refund["amount"], refund["status"]) == (20_000, "pending")
    assert standing(shop, bill) == ("paid", 52_500)
    merchant.act("settle", refund_id=refund["id"])
    act_as(system(shop.business_id), lambda uow: uow.session.execute(update(GatewayRefund).values(at=LONG_AGO)))
    tasks_razorpay.sweep()
    assert standing(shop, bill) == ("part_paid", 32_500)
    [shown] = act_as(shop.actor(), online_payments, bill)
    assert (shown.left, shown.pending) == (32_500, 0)


def test_a_refund_that_razorpay_refuses_can_be_asked_for_again(shop: Shop, merchant: Merchant) -> None:
    bill, link = linked(shop)
    merchant.act("pay", link_id=link)
    look(shop)
    ledger_id = act_as(shop.actor(), online_payments, bill)[0].ledger_id
    act_as(shop.actor(), give_back, GiveBack(ledger_id, "525", "All of it", "a-key-of-the-form"))
    refused = {"error": {"code": "BAD_REQUEST_ERROR", "description": "Your account does not have enough balance"}}
    merchant.act("fault", kind="status", status=400, body=refused)
    assert outbox.sweep() == 1
    [shown] = act_as(shop.actor(), online_payments, bill)
    assert (shown.left, shown.pending) == (52_500, 0)
    assert standing(shop, bill) == ("paid", 52_500)


def test_keys_that_no_longer_work_hold_up_no_other_shop(
    shop: Shop, merchant: Merchant, fresh_database: TwoShops
) -> None:
    bill, link = linked(shop)
    merchant.act("pay", link_id=link)
    from microcrm.models.gateway import GatewayAccount

    def spoil(uow: UnitOfWork) -> None:
        seal = wiring.sealer().seal(b"wrong", f"gateway:{uow.business_id}:key_secret")
        uow.session.execute(update(GatewayAccount).values(key_secret=seal))

    act_as(system(shop.business_id), spoil)
    assert look(shop) == 0
    assert standing(shop, bill) == ("issued", 0)
    assert requests_of(shop) == ["open"]


def _remote(shop: Shop) -> str:
    return act_as(system(shop.business_id), lambda uow: uow.session.scalars(select(GatewayPayment.remote_id)).one())


def _due_again() -> None:
    from microcrm.models.records import OutboxMessage

    with wiring.unit_of_work(system(), realm="worker") as uow:
        uow.session.execute(update(OutboxMessage).values(due_at=LONG_AGO))
