"""Deposits with the real worker and the stand-in: what is never told, told twice, told to the wrong shop, or charged wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from microcrm import wiring
from microcrm.adapters.inbox import Event
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, Occupancy
from microcrm.models.business import Member
from microcrm.models.gateway import Dispute, GatewayPayment, GatewayRefund, PayRequest
from microcrm.models.records import OutboxMessage
from microcrm.operations.manage import CustomerCancel, customer_cancel, own_visit
from microcrm.operations.online.deposits import ask_for_deposit
from microcrm.operations.online.keys import use_sandbox
from microcrm.operations.online.refunds import open_concerns
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from microcrm.settings import Settings, settings
from tasks import holds, inbox, outbox
from tasks import razorpay as tasks_razorpay
from tests.conftest import act_as
from tests.support.deposits import DEPOSIT, ask_ahead, book_online, cash_of, days_ahead, money_of, order_for, paid
from tests.support.online import connected_shop, dispute, webhook
from tests.support.sandbox import SEED, Merchant, Sandbox
from tests.support.shops import Shop, TwoShops
from tests.support.till import register

LONG_AGO = wiring.now().replace(year=2020)


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
        ask_ahead(uow)
        uow.session.execute(update(Member).values(is_bookable=Member.id == shop.members[Role.MANAGER]))
        keys, _ = use_sandbox(uow, SEED, wiring.sealer())
        return Merchant(sandbox.url, keys.key_id, keys.key_secret)

    made = act_as(shop.actor(), ready)
    made.act("knobs", settles_after=0)
    return made


def act(shop: Shop, operation: Callable[..., Any], *args: Any) -> Any:
    return act_as(system(shop.business_id), operation, *args)


def waiting(shop: Shop, time: str = "10:00") -> tuple[BookingDone, str]:
    """A visit that waits for its deposit, and its order at the stand-in."""
    done = act_as(VISITOR, book_online, shop, time, days_ahead())
    wanted = act_as(VISITOR, ask_for_deposit, done.token)
    made = tasks_razorpay._gateway(shop.business_id).create_order(wanted.reference, wanted.amount)
    act(shop, order_for, done.token, made.id)
    return done, made.id


def look(shop: Shop) -> None:
    """As beat does, some minutes later."""
    act(shop, lambda uow: uow.session.execute(update(PayRequest).values(looked_at=LONG_AGO)))
    act(shop, lambda uow: uow.session.execute(update(GatewayRefund).values(at=GatewayRefund.at - timedelta(minutes=5))))
    tasks_razorpay.sweep()


def send(*, due: bool = False) -> int:
    if due:
        with wiring.unit_of_work(system(), realm="worker") as uow:
            uow.session.execute(update(OutboxMessage).values(due_at=LONG_AGO))
    return outbox.sweep()


def run_out(shop: Shop) -> None:
    past = wiring.now() - timedelta(minutes=1)

    def turn(uow: UnitOfWork) -> None:
        uow.session.execute(update(Booking).where(Booking.status == "pending_payment").values(expires_at=past))
        uow.session.execute(update(Occupancy).where(Occupancy.expires_at.is_not(None)).values(expires_at=past))

    act(shop, turn)
    holds.sweep()


def status_of(shop: Shop, done: BookingDone) -> str:
    query = select(Booking.status).where(Booking.id == done.booking_id)
    return str(act(shop, lambda uow: uow.session.execute(query).scalar_one()))


def concerns(shop: Shop) -> list[str]:
    return [one.why for one in act_as(shop.actor(), open_concerns)]


def told(shop: Shop, body: Any) -> str:
    """Worked off as what came to this shop's address."""
    return inbox.work_off(Event(1, shop.business_id, body if isinstance(body, str) else json.dumps(body), 1))


def test_a_payment_of_which_nobody_told_us_is_found(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    look(shop)
    assert status_of(shop, done) == "pending_payment"
    merchant.act("pay", order_id=order)
    look(shop)
    assert status_of(shop, done) == "booked"
    assert act(shop, money_of, done.booking_id) == (DEPOSIT, 0, 0)


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_bank_that_was_late(shop: Shop, merchant: Merchant, is_taken: bool) -> None:
    """Let in as long as the time can still be had; otherwise it is not taken at all, and Razorpay gives it back."""
    done, order = waiting(shop)
    payment = merchant.act("pay", order_id=order, outcome="failed")
    look(shop)
    run_out(shop)
    assert status_of(shop, done) == "expired"
    if is_taken:
        waiting(shop)
    merchant.act("authorise", payment_id=payment["id"])
    look(shop)
    send()
    there = merchant.get(f"/v1/payments/{payment['id']}")["status"]
    assert (status_of(shop, done), there) == (("expired", "authorized") if is_taken else ("booked", "captured"))
    assert concerns(shop) == (["uncaptured"] if is_taken else [])


def test_what_goes_back_goes_once_whatever_the_answers(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    merchant.act("pay", order_id=order)
    look(shop)
    own = act_as(VISITOR, own_visit, done.token)
    act_as(VISITOR, customer_cancel, CustomerCancel(done.token, own.version))
    for fault in ({"kind": "reset_after"}, {"kind": "html"}, {"kind": "status", "status": 500}):
        merchant.act("fault", **fault)
        send(due=True)
    send(due=True)
    [row] = act(shop, lambda uow: uow.session.scalars(select(GatewayPayment.remote_id)).all())
    [refund] = merchant.get(f"/v1/payments/{row}/refunds")["items"]
    assert refund["amount"] == DEPOSIT
    merchant.act("settle", refund_id=refund["id"])
    look(shop)
    assert act(shop, money_of, done.booking_id) == (DEPOSIT, DEPOSIT, 0)
    assert act(shop, lambda uow: cash_of(uow, shop)) == {}


def test_what_the_outbox_gave_up_is_sent_all_the_same(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    merchant.act("pay", order_id=order)
    look(shop)
    own = act_as(VISITOR, own_visit, done.token)
    act_as(VISITOR, customer_cancel, CustomerCancel(done.token, own.version))
    with wiring.unit_of_work(system(), realm="worker") as uow:
        uow.session.execute(update(OutboxMessage).values(state="failed"))
    act(shop, lambda uow: uow.session.execute(update(GatewayRefund).values(at=LONG_AGO)))
    look(shop)
    assert act(shop, lambda uow: uow.session.scalars(select(GatewayRefund.status)).all()) == ["pending"]


@pytest.mark.parametrize(("wrong", "why"), [({"amount": 100}, "amount"), ({"currency": "USD"}, "currency")])
def test_what_was_charged_wrongly_books_nothing(
    shop: Shop, merchant: Merchant, wrong: dict[str, Any], why: str
) -> None:
    done, order = waiting(shop)
    merchant.act("pay", order_id=order, **wrong)
    look(shop)
    assert (status_of(shop, done), concerns(shop)) == ("pending_payment", [why])
    run_out(shop)
    assert (status_of(shop, done), concerns(shop)) == ("expired", [why])


def test_what_is_told_to_another_shop_touches_nobody(shop: Shop, merchant: Merchant, fresh_database: TwoShops) -> None:
    """Signed with that shop's own secret, about our order and our payment."""
    other = fresh_database.b
    connected_shop(other)
    done, order = waiting(shop)
    event = webhook("payment.captured", payment=paid(order_id=order))
    assert told(other, event) == "unused"
    assert status_of(shop, done) == "pending_payment"
    assert told(shop, event) == "used"
    stolen = webhook("refund.processed", refund={
        "id": "rfnd_A", "entity": "refund", "amount": DEPOSIT, "currency": "INR", "payment_id": "pay_A", "status": "processed",
        "receipt": None, "created_at": event["created_at"],
    })  # fmt: skip
    assert told(other, stolen) == "unused"
    assert act(shop, money_of, done.booking_id) == (DEPOSIT, 0, 0)


def test_replays_unknown_events_and_nonsense_change_nothing(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    event = webhook("payment.captured", payment=paid(order_id=order))
    assert [told(shop, event) for _ in range(3)] == ["used"] * 3
    before = act(shop, lambda uow: cash_of(uow, shop))
    for body in (
        "<html><body>502 Bad Gateway</body></html>",
        "",
        "[]",
        webhook("payment.teleported", payment=paid(order_id=order)),
        webhook("payment.captured", payment=paid(order_id=order, amount="20000")),
        webhook("payment.captured", payment=paid(order_id=order, amount=-1)),
        webhook("payment.captured", payment=paid(order_id=order, status="teleported")),
        webhook("payment.captured", payment=paid(order_id="order_unknown", id="pay_X")),
        webhook("payment.downtime.started"),
    ):
        told(shop, body)
    assert status_of(shop, done) == "booked"
    assert act(shop, lambda uow: cash_of(uow, shop)) == before
    assert act(shop, money_of, done.booking_id) == (DEPOSIT, 0, 0)


def letters(shop: Shop) -> int:
    """That wait: a dispute rings, and those who may see money get it by mail too."""
    waiting = (OutboxMessage.kind == "mail", OutboxMessage.state == "queued")
    query = select(func.count()).select_from(OutboxMessage).where(*waiting)
    return int(act(shop, lambda uow: uow.session.scalar(query)))


def test_a_dispute_of_a_payment_whose_webhook_never_came_makes_us_ask_for_it(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    payment = merchant.act("pay", order_id=order)
    told(
        shop,
        webhook("payment.dispute.created", dispute=merchant.act("dispute", payment_id=payment["id"], amount=5_000)),
    )
    assert (status_of(shop, done), letters(shop)) == ("pending_payment", 3)
    assert outbox.sweep() == 1 + 3
    assert status_of(shop, done) == "booked"
    assert act(shop, lambda uow: cash_of(uow, shop)) == {"razorpay": 15_000, "disputed": 5_000, "advances": -DEPOSIT}
    # One that Razorpay does not know, made up by whoever has the secret: asked for once, and left.
    told(shop, webhook("payment.dispute.created", dispute=dispute("open") | {"payment_id": "pay_unknown"}))
    waiting_letters = letters(shop)
    assert outbox.sweep() == 1 + waiting_letters
    assert outbox.sweep() == 0


def test_a_dispute_from_the_stand_in(shop: Shop, merchant: Merchant) -> None:
    done, order = waiting(shop)
    payment = merchant.act("pay", order_id=order)
    look(shop)
    for status in ("open", "under_review", "action_required", "lost"):
        entity = merchant.act("dispute", payment_id=payment["id"], status=status, amount=5_000)
        name = "created" if status == "open" else status
        now = merchant.get(f"/v1/payments/{payment['id']}")
        told(shop, webhook(f"payment.dispute.{name}", payment=now, dispute=entity))
    assert act(shop, lambda uow: uow.session.scalars(select(Dispute.status)).all()) == ["lost"]
    assert act(shop, money_of, done.booking_id) == (DEPOSIT, 5_000, 0)
    assert act(shop, lambda uow: cash_of(uow, shop)) == {"razorpay": 15_000, "advances": -15_000}
