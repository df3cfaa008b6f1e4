"""``hooks``: Razorpay's webhooks at a steady pace, repeated, disordered and forged, with the worker at work; then every bill
is counted.

The load comes from a process of its own by the clock, whether or not the server keeps up; an answer counts from the
moment when its webhook was due.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import multiprocessing
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import delete, func, select

from bench import site
from bench.hooks_load import Shot, fire
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import wiring
from microcrm.domain.gateway import read_told
from microcrm.models.billing import Document, Payment
from microcrm.models.gateway import GatewayPayment, InboxEvent, PayRequest
from microcrm.models.records import OutboxMessage
from microcrm.operations.online.keys import SaveKeys, save_keys, view_account
from microcrm.operations.online.told import take_told
from microcrm.operations.unit_of_work import UnitOfWork, system

_RATE = 500  # webhooks a second
_SHOPS = 20
_REPEATED, _FORGED = 0.2, 0.05  # shares of all webhooks
_WARM = 10  # webhooks a shop
_EACH = 3  # genuine events of a payment
_PAISE = 52_500
_SECRET = "the webhook secret of the bench"
_PATIENCE = 180.0  # seconds for the worker to finish
_GOAL = {
    "sent_per_s": ">= 495", "accepted_p99_ms": "<= 40", "wrong_answers": "<= 0", "lost": "<= 0", "paid_twice": "<= 0",
    "ends_of_all_orders": "<= 1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bill:
    """``order``: Razorpay's id of what was asked."""

    business_id: int
    token: str
    document_id: int
    order: str


def measure(choice: Choice) -> Report:
    seconds = 8.0 if choice.is_quick else 60.0
    dice = Random(5)
    with site.ground(choice), site.product() as served:
        _clear()
        choice.say("bills that wait for their money")
        bills = _bills(int(_RATE * seconds * (1 - _REPEATED - _FORGED) / _EACH))
        shots = _shots(bills, int(_RATE * seconds), dice)
        with site.worker():
            _fired(served.port, _warming(bills))
            choice.say(f"{len(shots)} webhooks, {_RATE} a second")
            before = served.cpu_s()
            answers = _fired(served.port, shots)
            spent = 1000 * (served.cpu_s() - before) / len(shots)
            began = time.perf_counter()
            choice.say("the worker finishes")
            _wait_until_done()
            behind = time.perf_counter() - began
        figures = _judged(shots, answers) | _counted(bills) | {
            "worker_done_after_s": round(behind, 1), "web_cpu_ms_each": round(spent, 2),
        }  # fmt: skip
        choice.say("every order of the events of one payment")
        figures |= _orders(bills[0].business_id, 48 if choice.is_quick else 720)
    return Report("hooks", figures, goal=_GOAL)


def _clear() -> None:
    """What a run that was broken off has left to do is not this one's work."""
    with wiring.unit_of_work(system(), realm="worker") as uow:
        uow.session.execute(delete(InboxEvent).where(InboxEvent.state == "new"))
        uow.session.execute(
            delete(OutboxMessage).where(OutboxMessage.state == "queued", OutboxMessage.kind.like("razorpay%"))
        )


def _bills(number: int) -> list[Bill]:
    run = secrets.token_hex(3)
    return [bill for shop in range(1, _SHOPS + 1) for bill in _bills_of(shop, number // _SHOPS + 1, run)]


def _bills_of(business_id: int, number: int, run: str) -> list[Bill]:
    with wiring.unit_of_work(system(business_id)) as uow:
        keys = SaveKeys(
            view_account(uow, wiring.sealer()).version, "rzp_test_BenchBench12", "a key secret of bench", _SECRET
        )
        save_keys(uow, keys, wiring.sealer())
        token = view_account(uow, wiring.sealer()).hook_token
        return [Bill(business_id, token, *_asked(uow, f"{run}-{place}")) for place in range(number)]


def _asked(uow: UnitOfWork, name: str) -> tuple[int, str]:
    """A bill that is due, and the order that was made for it."""
    document = Document(
        business_id=uow.business_id, kind="plain_bill", state="issued", number=f"B{name}"[:16], began=2026,
        issued_on=uow.now.date(), issued_at=uow.now, created_at=uow.now, taxable_paise=_PAISE, total_paise=_PAISE,
    )  # fmt: skip
    uow.session.add(document)
    uow.session.flush()
    order = f"order_{secrets.token_hex(7)}"
    uow.session.add(
        PayRequest(
            business_id=uow.business_id, document_id=document.id, kind="order", reference=name, amount_paise=_PAISE,
            state="open", remote_id=order, created_at=uow.now, ends_at=uow.now, looked_at=uow.now,
        )
    )  # fmt: skip
    return document.id or 0, order


def _events(order: str, payment: str) -> list[dict[str, Any]]:
    def paid(status: str) -> dict[str, Any]:
        return {
            "id": payment, "entity": "payment", "amount": _PAISE, "currency": "INR", "status": status, "order_id": order,
            "method": "upi", "amount_refunded": 0, "created_at": int(time.time()), "email": "a@example.com",
        }  # fmt: skip

    whole = {"id": order, "entity": "order", "amount": _PAISE, "currency": "INR", "status": "paid", "receipt": None}
    return [
        _told("payment.authorized", payment=paid("authorized")),
        _told("payment.captured", payment=paid("captured")),
        _told("order.paid", payment=paid("captured"), order=whole),
    ]


def _told(event: str, **entities: dict[str, Any]) -> dict[str, Any]:
    return {"entity": "event", "event": event, "payload": {name: {"entity": body} for name, body in entities.items()}}


def _shots(bills: list[Bill], number: int, dice: Random) -> list[Shot]:
    """Genuine ones, some of them again, and forged ones, in no order."""
    shots = []
    for bill in bills:
        for event in _events(bill.order, f"pay_{secrets.token_hex(7)}"):
            body = json.dumps(event).encode()
            shots.append(Shot(f"/hooks/razorpay/{bill.token}", body, _sign(body), f"evt_{secrets.token_hex(7)}", 200))
    genuine = len(shots)
    shots += [shots[dice.randrange(genuine)] for _ in range(int(number * _REPEATED))]
    for _ in range(max(0, number - len(shots))):
        copied = shots[dice.randrange(genuine)]
        forged = copied.body.replace(b"captured", b"refunded", 1) + b" "
        shots.append(Shot(copied.path, forged, copied.signature, f"evt_{secrets.token_hex(7)}", 400))
    dice.shuffle(shots)
    return shots


def _warming(bills: list[Bill]) -> list[Shot]:
    """Of something that we do not use, to each shop: connections are open before it counts."""
    body = json.dumps(_told("invoice.expired")).encode()
    tokens = {bill.token for bill in bills}
    return [
        Shot(f"/hooks/razorpay/{token}", body, _sign(body), f"evt_{secrets.token_hex(7)}", 200)
        for token in tokens
        for _ in range(_WARM)
    ]


def _sign(body: bytes) -> str:
    return hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()


def _fired(port: int, shots: list[Shot]) -> list[tuple[int, float, float]]:
    """Status, milliseconds since it was due, and when it was answered; in the order of the shots."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return list(pool.apply(fire, (port, shots, _RATE)))


def _wait_until_done() -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and _waiting():
        time.sleep(0.2)


def _waiting() -> int:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        query = select(func.count()).select_from(InboxEvent).where(InboxEvent.state == "new")
        return int(uow.session.execute(query).scalar_one())


def _judged(shots: list[Shot], answers: list[tuple[int, float, float]]) -> dict[str, Any]:
    accepted = [ms for status, ms, _ in answers if status == 200]
    spent = max(at for *_, at in answers)
    wrong = sum(1 for shot, (status, *_) in zip(shots, answers, strict=True) if status != shot.expected)
    return {
        "webhooks": len(shots),
        "sent_per_s": round(len(shots) / spent, 1),
        "accepted_p50_ms": quantiles(accepted)["p50"],
        "accepted_p99_ms": quantiles(accepted)["p99"],
        "wrong_answers": wrong,
        "answers": {str(status): count for status, count in sorted(Counter(one[0] for one in answers).items())},
    }


def _counted(bills: list[Bill]) -> dict[str, int]:
    """What the bills and the ledger say, each asked apart from the other."""
    lost = twice = 0
    for business_id, group in itertools.groupby(bills, lambda bill: bill.business_id):
        wanted = [bill.document_id for bill in group]
        with wiring.unit_of_work(system(business_id)) as uow:
            paid = select(Document.id).where(
                Document.id.in_(wanted), Document.paid_paise == _PAISE, Document.state == "paid"
            )
            lost += len(wanted) - len(uow.session.scalars(paid).all())
            orders = [bill.order for bill in bills if bill.business_id == business_id]
            came = (
                select(func.count())
                .select_from(Payment)
                .join(
                    GatewayPayment,
                    (GatewayPayment.business_id == Payment.business_id) & (GatewayPayment.payment_id == Payment.id),
                )
                .join(PayRequest, PayRequest.id == GatewayPayment.pay_request_id)
                .where(PayRequest.remote_id.in_(orders))
            )
            twice += max(0, int(uow.session.execute(came).scalar_one()) - len(wanted))
    return {"bills": len(bills), "lost": lost, "paid_twice": twice}


def _orders(business_id: int, most: int) -> dict[str, int]:
    """Failed, authorised, captured, order paid, refund made and refund through, in every order (``most`` of them), each rolled
    back; how many different ends there are."""
    ends: Counter[str] = Counter()
    with wiring.unit_of_work(system(business_id)) as uow:
        document_id, order = _asked(uow, f"o-{secrets.token_hex(4)}")
        told = [read_told(one) for one in _story(order)]
        for events in itertools.islice(itertools.permutations(told), 0, None, max(1, 720 // most)):
            with uow.session.begin_nested() as savepoint:
                for one in events:
                    take_told(uow, one)
                ends[_end(uow, document_id)] += 1
                savepoint.rollback()
            uow.session.expire_all()
    return {"orders_tried": sum(ends.values()), "ends_of_all_orders": len(ends)}


def _story(order: str) -> list[dict[str, Any]]:
    authorized, captured, whole = _events(order, "pay_story")
    paid = captured["payload"]["payment"]["entity"]
    back = {
        "id": "rfnd_story",
        "amount": 20_000,
        "currency": "INR",
        "payment_id": "pay_story",
        "created_at": 1_790_000_000,
    }
    part = paid | {"amount_refunded": 20_000}
    return [
        _told("payment.failed", payment=paid | {"status": "failed", "error_description": "No answer"}),
        authorized, captured, whole,
        _told("refund.created", refund=back | {"status": "pending"}, payment=part),
        _told("refund.processed", refund=back | {"status": "processed"}, payment=part),
    ]  # fmt: skip


def _end(uow: UnitOfWork, document_id: int) -> str:
    uow.session.flush()
    bill = uow.session.execute(select(Document.state, Document.paid_paise).where(Document.id == document_id)).one()
    row = uow.session.scalars(select(GatewayPayment).where(GatewayPayment.remote_id == "pay_story")).one()
    ledger = uow.session.execute(
        select(func.count(), func.sum(Payment.amount_paise)).where(Payment.proof.in_(("pay_story", "rfnd_story")))
    ).one()
    return str((tuple(bill), row.status, row.is_late, row.error, row.refunded_paise, row.concern, tuple(ledger)))
