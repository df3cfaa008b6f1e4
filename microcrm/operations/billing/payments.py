"""Taking money: one or several ways at once, settled against a bill, the rest kept as the customer's advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.operations.billing.ledger import payment_amounts, post
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

MODES = ("cash", "upi", "card", "bank", "wallet")  # razorpay comes by its webhook only
MOST_PARTS = 6
MOST = 10**11


@dataclass(frozen=True, slots=True)
class PaidPart:
    """``given``: what the customer handed over in cash, to work out the change; never less than the amount."""

    mode: Any
    amount: Any
    proof: Any = ""
    given: Any = ""


@dataclass(frozen=True, slots=True)
class TakePayment:
    """``request_key``: the form's own key, so that the same press twice takes the money once."""

    document_id: Any
    parts: Any
    request_key: Any


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """Paise. ``advance`` is what was paid beyond the bill and is the customer's to use."""

    number: str
    state: str
    paid: int
    due: int
    change: int
    advance: int


@dataclass(frozen=True, slots=True)
class _Part:
    mode: str
    paise: int
    proof: str
    given: int


def take_payment(uow: UnitOfWork, command: TakePayment) -> PaymentTaken:
    """``Conflict`` for a draft, a cancelled or a paid bill; ``Invalid`` when a walk-in pays more than is due: there is
    nobody to keep the advance for."""
    uow.require(Permission.PAYMENTS_TAKE)
    parts, key = _read(command)
    document = find(uow, Document, command.document_id)
    if _is_known(uow, key):
        return _taken(document, change=_change(parts), advance=0)
    due = due_of(document)
    if document.state not in ("issued", "part_paid"):
        raise Conflict("This bill takes no payment.", remedy="Look at how it stands now.")
    extra = sum(part.paise for part in parts) - due
    if extra > 0 and document.customer_id is None:
        raise Invalid(fields={"parts": f"Only {format_rupees(due)} is due."})
    left = due
    for place, part in enumerate(parts):
        settled = min(part.paise, left)
        left -= settled
        _store(uow, document, part, settled, f"{key}:{place}")
    _settle(uow, document, due - left)
    return _taken(document, change=_change(parts), advance=max(0, extra))


def void_payment(uow: UnitOfWork, payment_id: Any, raw_reason: Any) -> None:
    """A payment that was typed by mistake never happened: what it settled is due again."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    reason = reader.text("reason", raw_reason, "Reason", limit=200)
    reader.done()
    payment = find(uow, Payment, payment_id)
    if payment.voided_at is not None:
        raise Conflict("This payment is void already.")
    if payment.evidence != "claimed":
        raise Conflict("The bank or Razorpay says this money arrived.", remedy="Give it back with a refund instead.")
    payment.voided_at, payment.void_reason = uow.now, reason
    rows = uow.session.execute(
        select(Allocation).where(Allocation.business_id == uow.business_id, Allocation.payment_id == payment.id)
    ).scalars()
    settled = 0
    for allocation in rows:
        document = find(uow, Document, allocation.document_id)
        _settle(uow, document, -allocation.amount_paise)
        settled += allocation.amount_paise
    _post(uow, payment, settled, is_reversed=True)
    uow.audit("payment.voided", "payment", payment.id, amount=payment.amount_paise)


def due_of(document: Document) -> int:
    return document.total_paise + document.tip_paise - document.paid_paise


def _read(command: TakePayment) -> tuple[Sequence[_Part], str]:
    reader = Reader()
    key = reader.text("request_key", command.request_key, "Form", limit=64, least=8)
    raw = command.parts
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_PARTS:
        reader.refuse("parts", f"A bill is paid in 1 to {MOST_PARTS} parts.")
        raw = ()
    parts = [_part(reader, f"parts.{place}", part) for place, part in enumerate(raw)]
    reader.done()
    return parts, key


def _part(reader: Reader, name: str, part: PaidPart) -> _Part:
    nothing: int | None = 0
    paise = reader.by(f"{name}.amount", parse_rupees, part.amount, label="Amount", most=MOST, instead=nothing) or 0
    if not paise:
        reader.refuse(f"{name}.amount", "How much was paid?")
    given = reader.by(f"{name}.given", parse_rupees, part.given, label="Cash given", most=MOST, instead=nothing) or 0
    if given and given < paise:
        reader.refuse(f"{name}.given", "The cash given is less than the amount.")
    return _Part(
        mode=reader.choice(f"{name}.mode", part.mode, "Way of paying", MODES),
        paise=paise,
        proof=reader.text(f"{name}.proof", part.proof, "Reference", limit=60, required=False),
        given=given,
    )


def _is_known(uow: UnitOfWork, key: str) -> bool:
    query = select(func.count()).where(Payment.business_id == uow.business_id, Payment.request_key == f"{key}:0")
    return bool(uow.session.execute(query).scalar_one())


def _store(uow: UnitOfWork, document: Document, part: _Part, settled: int, key: str) -> None:
    payment = Payment(
        business_id=uow.business_id,
        customer_id=document.customer_id,
        mode=part.mode,
        amount_paise=part.paise,
        proof=part.proof,
        received_at=uow.now,
        member_id=uow.actor.member_id,
        request_key=key,
    )
    uow.session.add(payment)
    uow.session.flush()
    if settled:
        uow.session.add(
            Allocation(
                business_id=uow.business_id,
                payment_id=payment.id,
                document_id=document.id,
                amount_paise=settled,
            )
        )
    _post(uow, payment, settled)
    uow.audit("payment.taken", "payment", payment.id, mode=part.mode, amount=part.paise, document=document.id)


def _post(uow: UnitOfWork, payment: Payment, settled: int, *, is_reversed: bool = False) -> None:
    sign = -1 if is_reversed else 1
    amounts = payment_amounts(payment.mode, payment.amount_paise, settled)
    day = today_in(zone_of(uow.actor.zone), uow.now)
    post(uow, {account: sign * paise for account, paise in amounts.items()}, day, payment_id=payment.id)


def _settle(uow: UnitOfWork, document: Document, paise: int) -> None:
    document.paid_paise += paise
    if document.state != "cancelled":
        document.state = "paid" if due_of(document) <= 0 else "part_paid" if document.paid_paise else "issued"
    document.version += 1
    uow.session.add(document)
    uow.session.flush()


def _taken(document: Document, *, change: int, advance: int) -> PaymentTaken:
    return PaymentTaken(
        document.number or "", document.state, document.paid_paise, max(0, due_of(document)), change, advance
    )


def _change(parts: Sequence[_Part]) -> int:
    return sum(part.given - part.paise for part in parts if part.given)
