"""Money that a credit note has freed goes back to the customer at the desk, and leaves the till or the bank of the shop."""

from __future__ import annotations

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
from microcrm.operations.billing.payments import MODES, MOST
from microcrm.operations.billing.settling import freed_of, settle_anew
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class GiveBackCredited:
    """As typed; why is said on the credit note. ``request_key``: the form's own, so that the same press twice gives back
    once."""

    document_id: Any
    amount: Any
    mode: Any
    request_key: Any
    proof: Any = ""


@dataclass(frozen=True, slots=True)
class CreditedGivenBack:
    """Paise. ``left`` can still be given back."""

    number: str
    paise: int
    left: int


def give_back_credited(uow: UnitOfWork, command: GiveBackCredited) -> CreditedGivenBack:
    """What a bill was paid beyond what is left of it after its credit notes; what came through Razorpay goes back the same way
    and not here. ``Invalid`` for more than that, ``Conflict`` when there is nothing."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    nothing: int | None = 0
    paise = reader.by("amount", parse_rupees, command.amount, label="Amount", most=MOST, instead=nothing) or 0
    if not paise:
        reader.refuse("amount", "How much is it?")
    mode = reader.choice("mode", command.mode, "How it is given back", MODES)
    proof = reader.text("proof", command.proof, "Reference", limit=60, required=False)
    key = f"credited-back:{reader.text('request_key', command.request_key, 'Form', limit=64, least=8)}"
    reader.done()
    bill = find(uow, Document, command.document_id)
    query = select(Payment).where(Payment.business_id == uow.business_id, Payment.request_key == key)
    if (known := uow.session.scalars(query).first()) is not None:
        return CreditedGivenBack(bill.number or "", -known.amount_paise, _left_at_desk(uow, bill))
    left = _left_at_desk(uow, bill)
    if left <= 0:
        raise Conflict(
            "Nothing of this bill is to be given back at the desk.",
            remedy="Write a credit note first. What came through Razorpay goes back under Online.",
        )
    if paise > left:
        raise Invalid(fields={"amount": f"At most {format_rupees(left)} is to be given back."})
    refund = Payment(
        business_id=uow.business_id,
        customer_id=bill.customer_id,
        mode=mode,
        amount_paise=-paise,
        proof=proof,
        received_at=uow.now,
        member_id=uow.actor.member_id,
        request_key=key,
    )
    uow.session.add(refund)
    uow.session.flush()
    uow.session.add(
        Allocation(business_id=uow.business_id, payment_id=refund.id, document_id=bill.id, amount_paise=-paise)
    )
    uow.session.flush()
    day = today_in(zone_of(uow.actor.zone), uow.now)
    post(uow, payment_amounts(mode, -paise, -paise), day, payment_id=refund.id)
    settle_anew(uow, bill)
    uow.audit("payment.credited_given_back", "payment", refund.id, mode=mode, amount=paise)
    return CreditedGivenBack(bill.number or "", paise, left - paise)


def _left_at_desk(uow: UnitOfWork, bill: Document) -> int:
    paid = uow.session.execute(
        select(func.coalesce(func.sum(Allocation.amount_paise), 0))
        .join(Payment, (Payment.business_id == Allocation.business_id) & (Payment.id == Allocation.payment_id))
        .where(
            Allocation.business_id == uow.business_id,
            Allocation.document_id == bill.id,
            Payment.voided_at.is_(None),
            Payment.mode.in_(MODES),
        )
    ).scalar_one()
    return min(freed_of(uow, bill), max(0, int(paid)))
