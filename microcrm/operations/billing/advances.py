"""Money that a customer pays ahead, and gives back what of it is left: at the desk, or as a worker hears of it.

Each is a payment with its voucher (``vouchers.py``), made once however often it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.gstin import parse_gstin
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Allocation, Document, Payment
from microcrm.models.customers import Customer
from microcrm.operations.billing.ledger import payment_amounts, post
from microcrm.operations.billing.payments import MODES, MOST
from microcrm.operations.billing.purposes import purposes_for
from microcrm.operations.billing.vouchers import left_of, voucher_of, write_receipt_voucher, write_refund_voucher
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

_LEAST_KEY = 8


@dataclass(frozen=True, slots=True)
class Advance:
    """Money that has come in, in paise. ``request_key``: the same once more is the same advance, not another one.
    ``booking_id`` or ``service_id``: what it is for, where that is known. ``evidence`` and ``proof`` as in ``Payment``."""

    customer_id: int
    paise: int
    mode: str
    request_key: str
    evidence: str = "claimed"
    proof: str = ""
    booking_id: int | None = None
    service_id: int | None = None
    buyer_gstin: str = ""


@dataclass(frozen=True, slots=True)
class AdvanceTaken:
    """``voucher_id`` and ``number`` of the receipt voucher; ``is_new`` is false when it had been taken before."""

    payment_id: int
    voucher_id: int
    number: str
    paise: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class TakeAdvance:
    """As typed at the desk. ``request_key``: the form's own."""

    customer_id: Any
    amount: Any
    mode: Any
    request_key: Any
    proof: Any = ""
    service_id: Any = ""
    buyer_gstin: Any = ""


@dataclass(frozen=True, slots=True)
class GiveBackAdvance:
    """As typed at the desk. ``voucher_id``: of the receipt voucher."""

    voucher_id: Any
    amount: Any
    mode: Any
    reason: Any
    request_key: Any
    proof: Any = ""


@dataclass(frozen=True, slots=True)
class AdvanceGivenBack:
    payment_id: int
    voucher_id: int
    number: str
    paise: int
    left: int


def advance_taken(uow: UnitOfWork, advance: Advance) -> AdvanceTaken:
    """Payment, ledger and receipt voucher in the caller's transaction: for a worker that hears of money, and for the desk.
    Asked again with the same key it changes nothing and answers the same. Raises ``NotFound``, ``ValueError``."""
    uow.require(Permission.PAYMENTS_TAKE)
    if advance.paise <= 0 or len(advance.request_key) < _LEAST_KEY:
        raise ValueError("an advance needs an amount and a key")
    find(uow, Customer, advance.customer_id)  # locked: the same key twice at once waits here
    if (known := _by_key(uow, advance.request_key)) is not None:
        return _taken(uow, known, is_new=False)
    purposes = purposes_for(uow, booking_id=advance.booking_id, service_id=advance.service_id)
    payment = Payment(
        business_id=uow.business_id,
        customer_id=advance.customer_id,
        mode=advance.mode,
        amount_paise=advance.paise,
        evidence=advance.evidence,
        proof=advance.proof,
        received_at=uow.now,
        member_id=uow.actor.member_id,
        request_key=advance.request_key,
    )
    _store(uow, payment)
    uow.audit("payment.advance_taken", "payment", payment.id, mode=advance.mode, amount=advance.paise)
    write_receipt_voucher(
        uow, payment, advance.paise, purposes, booking_id=advance.booking_id, buyer_gstin=advance.buyer_gstin
    )
    return _taken(uow, payment, is_new=True)


def take_advance(uow: UnitOfWork, command: TakeAdvance) -> AdvanceTaken:
    """At the desk. ``Invalid`` names the fields; ``NotFound`` for another business's customer or service."""
    uow.require(Permission.PAYMENTS_TAKE)
    reader = Reader()
    customer_id = reader.id("customer_id", command.customer_id, "Customer")
    read = Advance(
        customer_id=customer_id,
        paise=_amount(reader, command.amount),
        mode=reader.choice("mode", command.mode, "Way of paying", MODES),
        request_key=f"advance:{_key(reader, command.request_key)}",
        proof=reader.text("proof", command.proof, "Reference", limit=60, required=False),
        service_id=None
        if command.service_id in (None, "")
        else reader.id("service_id", command.service_id, "What it is for"),
        buyer_gstin=reader.by("buyer_gstin", parse_gstin, command.buyer_gstin, instead=""),
    )
    reader.done()
    seen = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    if uow.session.execute(seen).scalar() is None:
        raise NotFound("We could not find that customer.")
    return advance_taken(uow, read)


def give_back_advance(uow: UnitOfWork, command: GiveBackAdvance) -> AdvanceGivenBack:
    """What of an advance is not used goes back to the customer, with a refund voucher. ``Invalid`` beyond what is left,
    ``Conflict`` for money that came through Razorpay: that goes back the same way."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    paise = _amount(reader, command.amount)
    mode = reader.choice("mode", command.mode, "How it is given back", MODES)
    proof = reader.text("proof", command.proof, "Reference", limit=60, required=False)
    reason = reader.text("reason", command.reason, "Reason", limit=200)
    key = f"advance-back:{_key(reader, command.request_key)}"
    reader.done()
    payment, voucher = _locked(uow, command.voucher_id)
    if (known := _by_key(uow, key)) is not None:
        return _given_back(uow, known, voucher)
    if payment.mode == "razorpay":
        raise Conflict(
            "This money came through Razorpay.", remedy="Give it back through Razorpay, so that it goes the same way."
        )
    if paise > left_of(voucher):
        raise Invalid(fields={"amount": f"At most {format_rupees(left_of(voucher))} of it is left."})
    refund = Payment(
        business_id=uow.business_id,
        customer_id=voucher.customer_id,
        mode=mode,
        amount_paise=-paise,
        proof=proof,
        received_at=uow.now,
        member_id=uow.actor.member_id,
        request_key=key,
    )
    _store(uow, refund)
    uow.audit("payment.advance_given_back", "payment", refund.id, mode=mode, amount=paise)
    return advance_given_back(uow, payment, refund, paise, reason)


def advance_given_back(uow: UnitOfWork, payment: Payment, refund: Payment, paise: int, reason: str) -> AdvanceGivenBack:
    """For operations that have stored and posted ``refund`` (a payment below nothing) already: the refund voucher over
    ``paise`` of it, and so much less of ``payment`` is left. ``Conflict`` when it has no receipt voucher, or less is left."""
    voucher = voucher_of(uow, payment.id)
    if voucher is None or not 0 < paise <= left_of(voucher):
        raise Conflict("So much of this advance is not left.", remedy="Look at how it stands now.")
    paper = write_refund_voucher(uow, voucher, refund, paise, reason)
    for one, part in ((payment, paise), (refund, -paise)):
        uow.session.add(
            Allocation(business_id=uow.business_id, payment_id=one.id, document_id=paper.id, amount_paise=part)
        )
    uow.session.flush()
    return AdvanceGivenBack(refund.id or 0, paper.id or 0, paper.number or "", paise, left_of(voucher))


def unused_of(uow: UnitOfWork, payment: Payment) -> int:
    """Paise of a payment that settle nothing yet."""
    settled = select(func.coalesce(func.sum(Allocation.amount_paise), 0)).where(
        Allocation.business_id == uow.business_id, Allocation.payment_id == payment.id
    )
    return payment.amount_paise - int(uow.session.execute(settled).scalar_one())


def _locked(uow: UnitOfWork, voucher_id: Any) -> tuple[Payment, Document]:
    """The payment before its voucher, as everybody does who uses an advance: nobody waits for each other for ever."""
    voucher = find(uow, Document, voucher_id, is_locked=False)
    if voucher.kind != "receipt_voucher" or voucher.state == "cancelled":
        raise Conflict("Only an advance that was taken can be given back.")
    return find(uow, Payment, voucher.payment_id), find(uow, Document, voucher_id)


def _amount(reader: Reader, raw: Any) -> int:
    nothing: int | None = 0
    paise = reader.by("amount", parse_rupees, raw, label="Amount", most=MOST, instead=nothing) or 0
    if not paise:
        reader.refuse("amount", "How much is it?")
    return paise


def _key(reader: Reader, raw: Any) -> str:
    return reader.text("request_key", raw, "Form", limit=64, least=_LEAST_KEY)


def _by_key(uow: UnitOfWork, key: str) -> Payment | None:
    query = select(Payment).where(Payment.business_id == uow.business_id, Payment.request_key == key)
    return uow.session.scalars(query).first()


def _store(uow: UnitOfWork, payment: Payment) -> None:
    uow.session.add(payment)
    uow.session.flush()
    day = today_in(zone_of(uow.actor.zone), uow.now)
    amounts = payment_amounts(payment.mode, payment.amount_paise, 0)
    post(uow, amounts, day, payment_id=payment.id)


def _paper_of(uow: UnitOfWork, payment: Payment) -> tuple[int, str]:
    row = uow.session.execute(
        select(Document.id, Document.number).where(
            Document.business_id == uow.business_id, Document.payment_id == payment.id
        )
    ).first()
    return (row.id, row.number or "") if row else (0, "")


def _taken(uow: UnitOfWork, payment: Payment, *, is_new: bool) -> AdvanceTaken:
    return AdvanceTaken(payment.id or 0, *_paper_of(uow, payment), payment.amount_paise, is_new)


def _given_back(uow: UnitOfWork, refund: Payment, voucher: Document) -> AdvanceGivenBack:
    return AdvanceGivenBack(refund.id or 0, *_paper_of(uow, refund), -refund.amount_paise, left_of(voucher))
