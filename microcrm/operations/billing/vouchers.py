"""The papers of an advance: a receipt voucher when it comes in, a refund voucher when it goes back, and how much of it has
been used for which bill. CGST Act s.31(3)(d) and (e); CGST Rules r.50, r.51."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.advance import Purpose, WorkedAdvance, share_of, work_out_advance
from microcrm.domain.documents import DocumentKind
from microcrm.domain.errors import Conflict
from microcrm.domain.states import STATES
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import AdvanceUse, Document, DocumentLine, Payment
from microcrm.models.customers import Customer
from microcrm.operations.billing.filing import locked_through
from microcrm.operations.billing.ledger import advance_amounts, post
from microcrm.operations.billing.numbering import give_number, seller_of
from microcrm.operations.billing.settling import settle
from microcrm.operations.billing.terms import read_seller
from microcrm.operations.unit_of_work import UnitOfWork

TAXES = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")
WAYS = {"cash": "in cash", "upi": "by UPI", "card": "by card", "bank": "by bank transfer", "wallet": "by wallet",
        "razorpay": "through Razorpay"}  # fmt: skip


def write_receipt_voucher(
    uow: UnitOfWork,
    payment: Payment,
    paise: int,
    purposes: Sequence[Purpose],
    *,
    booking_id: int | None = None,
    buyer_gstin: str = "",
) -> Document:
    """For ``paise`` of a payment that are an advance. Its date is today's. Who is not registered gives a receipt without
    tax: the same paper under another name."""
    terms, business = read_seller(uow)
    today = today_in(zone_of(business.zone), uow.now)
    state = business.gstin[:2] or business.state_code
    worked = work_out_advance(paise, purposes, terms.registrations.on(today), state, buyer_gstin[:2])
    document = Document(
        business_id=uow.business_id,
        kind=DocumentKind.RECEIPT_VOUCHER,
        issued_on=today,
        customer_id=payment.customer_id,
        booking_id=booking_id,
        payment_id=payment.id,
        seller=seller_of(business, terms, today),
        buyer=_buyer(uow, payment.customer_id, buyer_gstin),
        buyer_gstin=buyer_gstin,
        place_state=worked.place_state,
        heads=worked.heads,
        reason=worked.reason,
        note=f"Received {_way(payment)}",
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        **voucher_sums(worked),
    )
    _store(uow, document, voucher_lines(worked))
    give_number(uow, document, terms)
    return document


def write_refund_voucher(uow: UnitOfWork, voucher: Document, payment: Payment, paise: int, reason: str) -> Document:
    """``payment`` is the money that goes back, ``voucher`` is locked and has ``paise`` left. Tax and place are the receipt
    voucher's."""
    lines = _lines_of(uow, voucher)
    rows = [_piece(voucher, line, paise) for line in lines]
    sums = {name: sum(getattr(row, name) for row in rows) for name in TAXES}
    terms, _ = read_seller(uow)
    document = Document(
        business_id=uow.business_id,
        kind=DocumentKind.REFUND_VOUCHER,
        issued_on=today_in(zone_of(uow.actor.zone), uow.now),
        customer_id=voucher.customer_id,
        corrects_id=voucher.id,
        payment_id=payment.id,
        seller=voucher.seller,
        buyer={**voucher.buyer, "corrects": voucher.number, "corrects_on": str(voucher.issued_on)},
        buyer_gstin=voucher.buyer_gstin,
        place_state=voucher.place_state,
        heads=voucher.heads,
        reason=voucher.reason,
        note=f"Given back {_way(payment)}. {reason}".strip(),
        round_off_paise=paise - sum(sums.values()),
        total_paise=paise,
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        **sums,
    )
    _store(uow, document, rows)
    give_number(uow, document, terms)
    note_use(uow, voucher, document, paise)
    return document


def voucher_of(uow: UnitOfWork, payment_id: int | None) -> Document | None:
    """The receipt voucher of a payment, locked; none for what was no advance when it came in."""
    query = select(Document).where(
        Document.business_id == uow.business_id,
        Document.payment_id == payment_id,
        Document.kind == DocumentKind.RECEIPT_VOUCHER,
        Document.state != "cancelled",
    )
    return uow.session.scalars(query.with_for_update()).first()


def use_voucher(uow: UnitOfWork, payment_id: int | None, bill: Document, paise: int) -> None:
    """So much of a payment's advance pays a bill now: the bill carries the tax from here on, not the advance."""
    voucher = voucher_of(uow, payment_id)
    if voucher is None:
        return
    gone = note_use(uow, voucher, bill, paise)
    post(uow, advance_amounts(voucher.heads, *(-paise for paise in gone)), _today(uow), document_id=voucher.id)


def note_use(uow: UnitOfWork, voucher: Document, document: Document, paise: int) -> tuple[int, int, int]:
    """Write down what of the voucher went into the document, line by line. CGST, SGST and IGST of it."""
    uses = [
        AdvanceUse(
            business_id=uow.business_id,
            voucher_id=voucher.id,
            document_id=document.id,
            place=line.place,
            on_day=_today(uow),
            rate_bp=line.rate_bp,
            is_exempt=line.is_exempt,
            **dict(zip(TAXES, _share(voucher, line, paise), strict=True)),
        )
        for line in _lines_of(uow, voucher)
    ]
    uow.session.add_all(uses)
    settle(uow, voucher, paise)
    return sum(u.cgst_paise for u in uses), sum(u.sgst_paise for u in uses), sum(u.igst_paise for u in uses)


def call_off_voucher(uow: UnitOfWork, payment: Payment, reason: str) -> None:
    """Its payment never happened. ``Conflict`` when the customer has the voucher, its month is filed, or something of it was
    given back."""
    voucher = voucher_of(uow, payment.id)
    if voucher is None:
        return
    locked = locked_through(uow)
    given_back = select(func.count()).where(Document.business_id == uow.business_id, Document.corrects_id == voucher.id)
    if uow.session.execute(given_back).scalar_one():
        raise Conflict(f"A part of {voucher.number} was given back, so its payment stands.")
    if voucher.sent_at is not None or (locked and voucher.issued_on and voucher.issued_on <= locked):
        why = "its return is filed" if voucher.sent_at is None else "the customer has it"
        raise Conflict(
            f"{voucher.number} was written for this money, and {why}.",
            remedy="Give the advance back instead: that writes a refund voucher.",
        )
    gone = uow.session.execute(
        select(*(func.coalesce(func.sum(getattr(AdvanceUse, name)), 0) for name in TAXES[1:])).where(
            AdvanceUse.business_id == uow.business_id, AdvanceUse.voucher_id == voucher.id
        )
    ).one()
    whole = (voucher.cgst_paise, voucher.sgst_paise, voucher.igst_paise)
    left = [used - paise for paise, used in zip(whole, map(int, gone), strict=True)]
    voucher.state, voucher.cancel_reason, voucher.cancelled_at = "cancelled", reason, uow.now
    voucher.version += 1
    uow.session.flush()
    post(uow, advance_amounts(voucher.heads, *left), _today(uow), document_id=voucher.id)
    uow.audit("invoice.cancelled", "document", voucher.id, number=voucher.number)


def left_of(voucher: Document) -> int:
    """Paise of the advance that are neither used nor given back."""
    return voucher.total_paise - voucher.paid_paise


def _today(uow: UnitOfWork) -> Any:
    return today_in(zone_of(uow.actor.zone), uow.now)


def _way(payment: Payment) -> str:
    return WAYS[payment.mode] + (f", {payment.proof}" if payment.proof else "")


def _buyer(uow: UnitOfWork, customer_id: int | None, gstin: str) -> dict[str, Any]:
    """The name; with a GSTIN the address too, as far as it is known (r.50(d))."""
    row = uow.session.execute(
        select(Customer.name, Customer.address).where(
            Customer.business_id == uow.business_id, Customer.id == customer_id
        )
    ).first()
    buyer = {"name": row.name if row else "", "gstin": gstin}
    if gstin and row:
        buyer |= {"address": row.address, "state_code": gstin[:2], "state": STATES[gstin[:2]].name}
    return buyer


def voucher_sums(worked: WorkedAdvance) -> dict[str, Any]:
    bill = worked.bill
    return {
        "taxable_paise": bill.taxable, "cgst_paise": bill.cgst, "sgst_paise": bill.sgst, "igst_paise": bill.igst,
        "round_off_paise": bill.round_off, "total_paise": bill.total,
    }  # fmt: skip


def voucher_lines(worked: WorkedAdvance) -> list[DocumentLine]:
    return [
        DocumentLine(
            place=place,
            description=purpose.description,
            sac=purpose.sac,
            price_paise=line.price_paise,
            tax_class=purpose.tax_class,
            rate_bp=line.rate_bp,
            is_exempt=line.is_exempt,
            service_id=purpose.service_id,
            taxable_paise=one.taxable,
            cgst_paise=one.cgst,
            sgst_paise=one.sgst,
            igst_paise=one.igst,
        )
        for place, (purpose, line, one) in enumerate(
            zip(worked.purposes, worked.lines, worked.bill.lines, strict=True), 1
        )
    ]


def _piece(voucher: Document, line: DocumentLine, paise: int) -> DocumentLine:
    """What of a voucher's line goes back with ``paise`` of the whole."""
    [price] = share_of([line.price_paise], voucher.total_paise, voucher.paid_paise, paise)
    same = ("place", "description", "sac", "tax_class", "rate_bp", "is_exempt", "service_id")
    return DocumentLine(
        **{name: getattr(line, name) for name in same},
        **dict(zip(TAXES, _share(voucher, line, paise), strict=True)),
        price_paise=price,
    )


def _share(voucher: Document, line: DocumentLine, paise: int) -> list[int]:
    amounts = [getattr(line, name) for name in TAXES]
    return share_of(amounts, voucher.total_paise, voucher.paid_paise, paise)


def _lines_of(uow: UnitOfWork, document: Document) -> list[DocumentLine]:
    query = select(DocumentLine).where(
        DocumentLine.business_id == uow.business_id, DocumentLine.document_id == document.id
    )
    return list(uow.session.scalars(query.order_by(DocumentLine.place)))


def _store(uow: UnitOfWork, document: Document, lines: Sequence[DocumentLine]) -> None:
    uow.session.add(document)
    uow.session.flush()
    for line in lines:
        line.business_id, line.document_id = uow.business_id, document.id or 0
    uow.session.add_all(lines)
    uow.session.flush()
