"""Drafts of bills: from a finished visit in one tap, or typed; saved as often as one likes, thrown away at will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, delete, select

from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.booking import OFF, BookingStatus
from microcrm.domain.documents import VOUCHERS, DocumentKind
from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.gstin import parse_gstin
from microcrm.domain.money import parse_rupees, rupees_for_input, split
from microcrm.domain.permissions import Permission
from microcrm.domain.states import STATES
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document, DocumentLine
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.billing.goods import with_goods
from microcrm.operations.billing.pricing import DEAREST, LineWish, Priced, ReadLine, price, read_lines
from microcrm.operations.billing.tax_rates import read_rates
from microcrm.operations.billing.terms import BillingTerms, read_terms
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """As typed. ``document_id`` empty: a new one. ``performed_in``: the State's code when the work was done elsewhere."""

    lines: Any
    document_id: Any = None
    version: Any = None
    day: Any = None
    customer_id: Any = None
    buyer_gstin: Any = ""
    performed_in: Any = ""
    discount: Any = ""
    tip: Any = ""
    note: Any = ""
    is_estimate: Any = False


@dataclass(frozen=True, slots=True)
class DraftSaved:
    document_id: int
    version: int
    kind: DocumentKind
    priced: Priced


@dataclass(frozen=True, slots=True)
class _Read:
    lines: tuple[ReadLine, ...]
    day: date
    customer_id: int | None
    buyer_gstin: str
    performed_in: str
    discount: int
    tip: int
    note: str
    is_estimate: bool


def save_draft(uow: UnitOfWork, command: SaveDraft) -> DraftSaved:
    """``Conflict`` when somebody else saved it meanwhile or it is issued already; errors name their line."""
    uow.require(Permission.INVOICES_EDIT)
    return write_draft(uow, command)


def try_out(uow: UnitOfWork, command: SaveDraft) -> Priced:
    """What it would come to, with nothing stored: the live totals of the editor."""
    uow.require(Permission.INVOICES_EDIT)
    return _priced(uow, _read(uow, command), read_terms(uow))


def bill_of_visit(uow: UnitOfWork, booking_id: Any) -> int:
    """The id of the visit's bill, draft or issued. Without one, a draft of all that was done, at the prices it was booked
    for, or of the fee of a visit that is off; what was typed into an earlier draft stays. ``Conflict`` when there is nothing
    to bill, ``NotFound`` for another business's visit."""
    uow.require(Permission.INVOICES_EDIT)
    booking = find(uow, Booking, booking_id)
    existing = uow.session.execute(
        select(Document.id)
        .where(
            Document.business_id == uow.business_id,
            Document.booking_id == booking.id,
            Document.state != "cancelled",
            Document.corrects_id.is_(None),
            Document.kind.not_in(VOUCHERS),
        )
        .order_by(Document.id)
    ).scalar()
    if existing is not None:
        return int(existing)
    lines = (
        _visit_lines(uow, booking)
        if booking.status not in OFF | {BookingStatus.NO_SHOW}
        else _charge_lines(uow, booking)
    )
    command = SaveDraft(lines=lines, customer_id=booking.customer_id)
    return write_draft(uow, command, booking_id=booking.id).document_id


def bill_of_estimate(uow: UnitOfWork, estimate_id: Any) -> int:
    """A draft with the estimate's lines, at the rates of today; once more, the bill that it became. ``Conflict`` for what is
    no issued estimate."""
    uow.require(Permission.INVOICES_EDIT)
    estimate = find(uow, Document, estimate_id)  # locked: two who press at once get one bill
    if estimate.kind != DocumentKind.ESTIMATE or estimate.state != "issued":
        raise Conflict("Only an issued estimate becomes a bill.")
    became = select(Document.id).where(
        Document.business_id == uow.business_id, Document.estimate_id == estimate.id, Document.state != "cancelled"
    )
    if (known := uow.session.execute(became.order_by(Document.id.desc()).limit(1)).scalar()) is not None:
        return int(known)
    rows = uow.session.scalars(
        select(DocumentLine)
        .where(DocumentLine.business_id == uow.business_id, DocumentLine.document_id == estimate.id)
        .order_by(DocumentLine.place)
    )
    command = SaveDraft(
        lines=[wish_of(row) for row in rows],
        customer_id=estimate.customer_id,
        buyer_gstin=estimate.buyer_gstin,
        performed_in=estimate.place_state if estimate.heads == "igst" else "",
        discount=rupees_for_input(estimate.discount_paise),
        note=f"As estimated in {estimate.number}",
    )
    return write_draft(uow, command, estimate_id=estimate.id).document_id


def discard_draft(uow: UnitOfWork, document_id: Any, version: Any) -> None:
    """Throw a draft away; nothing of it is kept, since it was never a document."""
    uow.require(Permission.INVOICES_EDIT)
    document = open_draft(uow, document_id, version)
    uow.audit("invoice.discarded", "document", document.id)
    uow.session.execute(delete(Document).where(Document.business_id == uow.business_id, Document.id == document.id))


def open_draft(uow: UnitOfWork, document_id: Any, version: Any) -> Document:
    """The draft, locked. ``Conflict`` when it is issued, or newer than ``version``."""
    document = find(uow, Document, document_id)
    if document.state != "draft":
        raise Conflict(f"{document.number} is issued and stays as it is.", remedy="Correct it with a credit note.")
    same_version(version, document.version)
    return document


def write_draft(uow: UnitOfWork, command: SaveDraft, **links: int | None) -> DraftSaved:
    """For operations that have asked already. ``links``: the columns that say where a new draft comes from."""
    read = _read(uow, command)
    terms = read_terms(uow)
    priced = _priced(uow, read, terms)
    if command.document_id is None:
        document = Document(
            business_id=uow.business_id,
            kind=priced.kind,
            **links,
            created_at=uow.now,
            created_by_member_id=uow.actor.member_id,
            version=0,
        )
    else:
        document = open_draft(uow, command.document_id, command.version)
    _fill(document, read, priced)
    document.version += 1
    uow.session.add(document)
    uow.session.flush()
    document_id = document.id or 0
    uow.session.execute(
        delete(DocumentLine).where(DocumentLine.business_id == uow.business_id, DocumentLine.document_id == document_id)
    )
    uow.session.add_all(_rows(uow.business_id, document_id, read, priced))
    uow.session.flush()
    if command.document_id is None:  # saving again and again is typing, not news
        uow.audit("invoice.drafted", "document", document_id, lines=len(read.lines))
    return DraftSaved(document_id, document.version, DocumentKind(document.kind), priced)


def _read(uow: UnitOfWork, command: SaveDraft) -> _Read:
    reader = Reader()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    nothing: int | None = 0
    read = _Read(
        lines=read_lines(reader, command.lines),
        day=reader.optional_day("day", command.day, "Date", earliest=today - BACK, latest=today) or today,
        customer_id=None
        if command.customer_id in (None, "")
        else reader.id("customer_id", command.customer_id, "Customer"),
        buyer_gstin=reader.by("buyer_gstin", parse_gstin, command.buyer_gstin, instead=""),
        performed_in=reader.choice("performed_in", command.performed_in, "Place", STATES, default=""),
        discount=reader.by("discount", parse_rupees, command.discount, label="Discount", most=DEAREST, instead=nothing)
        or 0,
        tip=reader.by("tip", parse_rupees, command.tip, label="Tip", most=DEAREST, instead=nothing) or 0,
        note=reader.note("note", command.note, "Note", limit=NOTE),
        is_estimate=reader.flag("is_estimate", command.is_estimate, "Estimate"),
    )
    reader.done()
    return replace(read, lines=with_goods(uow, read.lines))


def _priced(uow: UnitOfWork, read: _Read, terms: BillingTerms) -> Priced:
    business = uow.session.execute(
        select(Business.state_code, Business.gstin).where(Business.id == uow.business_id)
    ).one()
    _check_customer(uow, read.customer_id)
    state = terms.gstin[:2] or business.state_code
    if state not in STATES:
        raise Invalid("Your business has no State yet.", remedy="Add it in Settings, Business.")
    return price(
        read.lines,
        registration=terms.registrations.on(read.day),
        seller_state=state,
        day=read.day,
        buyer_gstin=read.buyer_gstin,
        performed_in=read.performed_in,
        discount_paise=read.discount,
        is_rounded=terms.is_rounded,
        own_rates=read_rates(uow),
    )


def _check_customer(uow: UnitOfWork, customer_id: int | None) -> None:
    if customer_id is None:
        return
    query = select(Customer.id).where(Customer.business_id == uow.business_id, Customer.id == customer_id)
    if uow.session.execute(query).scalar() is None:
        raise NotFound("That customer is not there any more.", remedy="Search for the customer again.")


def _fill(document: Document, read: _Read, priced: Priced) -> None:
    bill = priced.bill
    document.kind = DocumentKind.ESTIMATE if read.is_estimate else priced.kind
    document.issued_on = read.day
    document.customer_id = read.customer_id
    document.buyer_gstin = read.buyer_gstin
    document.place_state = priced.place.state_code if priced.place else ""
    document.heads = priced.heads
    document.reason = f"{priced.place.reason} ({priced.place.section})" if priced.place else ""
    document.discount_paise, document.tip_paise, document.note = read.discount, read.tip, read.note
    document.taxable_paise, document.round_off_paise, document.total_paise = bill.taxable, bill.round_off, bill.total
    document.cgst_paise, document.sgst_paise, document.igst_paise = bill.cgst, bill.sgst, bill.igst


def _rows(business_id: int, document_id: int, read: _Read, priced: Priced) -> list[DocumentLine]:
    return [
        DocumentLine(
            business_id=business_id,
            document_id=document_id,
            place=place,
            description=line.description,
            sac=line.sac,
            quantity=line.quantity,
            price_paise=line.price_paise,
            is_with_tax=line.is_with_tax,
            discount_bp=line.discount_bp,
            discount_paise=line.discount_paise,
            tax_class=line.tax_class,
            rate_bp=typed.rate_bp,
            is_exempt=typed.is_exempt,
            service_id=line.service_id,
            member_id=line.member_id,
            booking_item_id=line.booking_item_id,
            product_id=line.product_id,
            unit=line.unit,
            bill_discount_paise=worked.bill_discount,
            taxable_paise=worked.taxable,
            cgst_paise=worked.cgst,
            sgst_paise=worked.sgst,
            igst_paise=worked.igst,
        )
        for place, (line, typed, worked) in enumerate(zip(read.lines, priced.lines, priced.bill.lines, strict=True), 1)
    ]


def _charge_lines(uow: UnitOfWork, booking: Booking) -> list[LineWish]:
    """What cancelling or not coming costs, as a charge with tax in it: it is taxed as the service would have been, with its code
    and its rate. Nothing that we have read of the Act or the rules says so; see "What is not certain" in
    docs/adr/0012-bills.md."""
    if not booking.cancel_fee_paise or booking.fee_waiver:
        raise Conflict("There is nothing to bill for this visit.", remedy="It is off, and costs nothing.")
    rows = _served(uow, booking)
    parts = split(booking.cancel_fee_paise, [item.price_paise for item, _, _ in rows])
    words = "Charge for not coming" if booking.status == BookingStatus.NO_SHOW else "Cancellation charge"
    return [
        LineWish(
            description=f"{words}: {service.name}",
            price=rupees_for_input(part),
            tax_class=service.tax_class or "standard",
            sac=service.sac,
            is_with_tax=True,
            service_id=service.id,
            member_id=item.member_id,
            booking_item_id=item.id,
        )
        for (item, service, _), part in zip(rows, parts, strict=True)
        if part
    ]


def _served(uow: UnitOfWork, booking: Booking) -> Sequence[Any]:
    """Each service of a visit with the name of who does it."""
    return uow.session.execute(
        select(BookingItem, Service, Member.name)
        .join(Service, and_(Service.business_id == BookingItem.business_id, Service.id == BookingItem.service_id))
        .join(Member, and_(Member.business_id == BookingItem.business_id, Member.id == BookingItem.member_id))
        .where(BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking.id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    ).all()


def _visit_lines(uow: UnitOfWork, booking: Booking) -> list[LineWish]:
    return [
        LineWish(
            description=f"{service.name}, {member}",
            price=rupees_for_input(item.price_paise // seats),
            tax_class=service.tax_class or "standard",
            sac=service.sac,
            is_with_tax=service.is_price_with_tax,
            quantity=str(seats),
            service_id=service.id,
            member_id=item.member_id,
            booking_item_id=item.id,
        )
        for item, service, member in _served(uow, booking)
        if (
            seats := item.seats if item.price_paise % item.seats == 0 else 1
        )  # the price of an item is for all its seats
    ]


def wish_of(row: DocumentLine) -> LineWish:
    """A line as somebody would type it again."""
    percent = f"{row.discount_bp / 100:g}%" if row.discount_bp else rupees_for_input(row.discount_paise)
    return LineWish(
        description=row.description,
        price=rupees_for_input(row.price_paise),
        quantity=f"{row.quantity / QUANTITY_ONE:g}",
        discount=percent,
        tax_class=row.tax_class or "standard",
        sac=row.sac,
        is_with_tax=row.is_with_tax,
        service_id=row.service_id,
        member_id=row.member_id,
        product_id=row.product_id,
    )
