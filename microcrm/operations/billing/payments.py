"""Taking money: one or several ways at once, settled against a bill, the rest kept as the customer's advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.documents import OWED
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.operations.billing.ledger import payment_amounts, post
from microcrm.operations.billing.purposes import purposes_for
from microcrm.operations.billing.settling import OPEN, due_of, settle, settle_anew
from microcrm.operations.billing.till import refuse_if_counted
from microcrm.operations.billing.vouchers import call_off_voucher, write_receipt_voucher
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
    """``request_key``: the form's own key, so that the same press twice takes the money once. ``carries``: what is more
    than this bill pays the customer's earlier ones first."""

    document_id: Any
    parts: Any
    request_key: Any
    carries: Any = False


@dataclass(frozen=True, slots=True)
class PaymentTaken:
    """Paise. ``earlier``: what paid earlier bills; ``advance``: what was paid beyond all that and is the customer's to use."""

    number: str
    state: str
    paid: int
    due: int
    change: int
    advance: int
    earlier: int = 0


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
    parts, key, carries = _read(command)
    if carries:
        _lock_all(uow, command.document_id)
    document = find(uow, Document, command.document_id)
    if _is_known(uow, key):
        return _taken(document, change=_change(parts), advance=0)
    if document.state not in OPEN or document.kind not in OWED:
        raise Conflict("This bill takes no payment.", remedy="Look at how it stands now.")
    bills = [document, *(_earlier(uow, document) if carries else ())]
    left = [due_of(bill) for bill in bills]
    extra = sum(part.paise for part in parts) - sum(left)
    if extra > 0 and document.customer_id is None:
        raise Invalid(fields={"parts": f"Only {format_rupees(left[0])} is due."})
    for place, part in enumerate(parts):
        settled = _spread(part.paise, left)
        left = [due - paise for due, paise in zip(left, settled, strict=True)]
        _store(
            uow,
            document,
            part,
            [(bill, paise) for bill, paise in zip(bills, settled, strict=True) if paise],
            f"{key}:{place}",
        )
    earlier = 0
    for bill, due in zip(bills, left, strict=True):
        paid = due_of(bill) - due
        earlier += paid if bill is not document else 0
        if paid or bill is document:
            settle(uow, bill, paid)
    return _taken(document, change=_change(parts), advance=max(0, extra), earlier=earlier)


def _spread(paise: int, dues: Sequence[int]) -> list[int]:
    """An amount over what is due, the first first."""
    parts = []
    for due in dues:
        part = min(paise, due)
        paise -= part
        parts.append(part)
    return parts


def _earlier(uow: UnitOfWork, document: Document) -> list[Document]:
    """Other bills of the same customer that are open, the oldest first."""
    if document.customer_id is None:
        return []
    query = (
        select(Document)
        .where(
            Document.business_id == uow.business_id,
            Document.customer_id == document.customer_id,
            Document.id != document.id,
            Document.state.in_(OPEN),
            Document.kind.in_(OWED),
        )
        .order_by(Document.issued_on, Document.id)
    )
    return list(uow.session.scalars(query))


def _lock_all(uow: UnitOfWork, document_id: Any) -> None:
    """All open bills of its customer, in the order of their ids: two tills that pay for each other's bills wait in turn."""
    document = find(uow, Document, document_id, is_locked=False)
    query = select(Document.id).where(
        Document.business_id == uow.business_id,
        Document.customer_id == document.customer_id,
        Document.state.in_(OPEN),
    )
    uow.session.execute(query.order_by(Document.id).with_for_update()).all()


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
    if payment.amount_paise < 0:
        raise Conflict(
            "Money that was given back stays given back.", remedy="Take the payment or the advance once more instead."
        )
    refuse_if_counted(uow, payment)
    call_off_voucher(uow, payment, reason)
    payment.voided_at, payment.void_reason = uow.now, reason
    uow.session.flush()
    rows = uow.session.execute(
        select(Allocation).where(Allocation.business_id == uow.business_id, Allocation.payment_id == payment.id)
    ).scalars()
    settled = 0
    for allocation in rows:
        settle_anew(uow, find(uow, Document, allocation.document_id))
        settled += allocation.amount_paise
    _post(uow, payment, settled, is_reversed=True)
    uow.audit("payment.voided", "payment", payment.id, amount=payment.amount_paise)


def _read(command: TakePayment) -> tuple[Sequence[_Part], str, bool]:
    reader = Reader()
    key = reader.text("request_key", command.request_key, "Form", limit=64, least=8)
    raw = command.parts
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_PARTS:
        reader.refuse("parts", f"A bill is paid in 1 to {MOST_PARTS} parts.")
        raw = ()
    parts = [_part(reader, f"parts.{place}", part) for place, part in enumerate(raw)]
    carries = reader.flag("carries", command.carries, "Earlier bills")
    reader.done()
    return parts, key, carries


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


def _store(uow: UnitOfWork, document: Document, part: _Part, settled: Sequence[tuple[Document, int]], key: str) -> None:
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
    uow.session.add_all(
        Allocation(business_id=uow.business_id, payment_id=payment.id, document_id=bill.id, amount_paise=paise)
        for bill, paise in settled
    )
    spent = sum(paise for _, paise in settled)
    _post(uow, payment, spent)
    uow.audit("payment.taken", "payment", payment.id, mode=part.mode, amount=part.paise, document=document.id)
    if part.paise > spent:
        write_receipt_voucher(uow, payment, part.paise - spent, purposes_for(uow))


def _post(uow: UnitOfWork, payment: Payment, settled: int, *, is_reversed: bool = False) -> None:
    sign = -1 if is_reversed else 1
    amounts = payment_amounts(payment.mode, payment.amount_paise, settled)
    day = today_in(zone_of(uow.actor.zone), uow.now)
    post(uow, {account: sign * paise for account, paise in amounts.items()}, day, payment_id=payment.id)


def _taken(document: Document, *, change: int, advance: int, earlier: int = 0) -> PaymentTaken:
    return PaymentTaken(
        document.number or "", document.state, document.paid_paise, max(0, due_of(document)), change, advance, earlier
    )


def _change(parts: Sequence[_Part]) -> int:
    return sum(part.given - part.paise for part in parts if part.given)
