"""Debit notes: what was charged too little on a bill, asked for afterwards. CGST Act s.34(3); CGST Rules r.53(1A).

A debit note has no last day of its own: it belongs to the return of the month in which it is written (s.34(4)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.bill import QUANTITY_ONE, Bill, Line, work_out
from microcrm.domain.documents import CORRECTED, DocumentKind
from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.money import parse_rupees
from microcrm.domain.permissions import Permission
from microcrm.domain.supply import Heads
from microcrm.models.billing import Document, DocumentLine
from microcrm.operations.billing.issuing import Issued, give_number
from microcrm.operations.billing.notes import note_about
from microcrm.operations.billing.pricing import DEAREST
from microcrm.operations.billing.terms import read_terms
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DebitNote:
    """``more``: a line's place to the rupees that it was too low, as typed; with or without tax as the line's own price."""

    document_id: Any
    version: Any
    reason: Any
    more: Any


def debit(uow: UnitOfWork, command: DebitNote) -> Issued:
    """A note in its own series, owed like a bill; rates, heads and place of supply are the bill's. ``Invalid`` names the
    lines, ``Conflict`` for what is no issued bill."""
    uow.require(Permission.INVOICES_CORRECT)
    bill = find(uow, Document, command.document_id)
    same_version(command.version, bill.version)
    if bill.kind not in CORRECTED or bill.state in ("draft", "cancelled"):
        raise Conflict("A debit note is written about an issued bill.")
    query = select(DocumentLine).where(DocumentLine.business_id == uow.business_id, DocumentLine.document_id == bill.id)
    lines = list(uow.session.scalars(query.order_by(DocumentLine.place)))
    reason, more = _read(command, lines)
    kept = [line for line in lines if more.get(line.place)]
    worked = work_out([_line(line, more[line.place]) for line in kept], Heads(bill.heads), is_rounded=False)
    note = _note(uow, bill, reason, worked)
    uow.session.add(note)
    uow.session.flush()
    uow.session.add_all(
        DocumentLine(
            business_id=uow.business_id,
            document_id=note.id,
            place=line.place,
            description=line.description,
            sac=line.sac,
            price_paise=more[line.place],
            is_with_tax=line.is_with_tax,
            tax_class=line.tax_class,
            rate_bp=line.rate_bp,
            is_exempt=line.is_exempt,
            service_id=line.service_id,
            product_id=line.product_id,
            unit=line.unit,
            member_id=line.member_id,
            taxable_paise=one.taxable,
            cgst_paise=one.cgst,
            sgst_paise=one.sgst,
            igst_paise=one.igst,
        )
        for line, one in zip(kept, worked.lines, strict=True)
    )
    uow.session.flush()
    issued = give_number(uow, note, read_terms(uow))
    uow.audit("invoice.debited", "document", bill.id, number=bill.number, note=issued.number, total=note.total_paise)
    return issued


def _line(line: DocumentLine, paise: int) -> Line:
    return Line(paise, line.rate_bp, QUANTITY_ONE, is_with_tax=line.is_with_tax, is_exempt=line.is_exempt)


def _read(command: DebitNote, lines: list[DocumentLine]) -> tuple[str, dict[int, int]]:
    """The reason, and paise by place; only what is more than nothing."""
    reader = Reader()
    reason = reader.text("reason", command.reason, "Reason", limit=200)
    raw = command.more if isinstance(command.more, dict) else {}
    places = {line.place for line in lines}
    nothing: int | None = 0
    more = {
        place: reader.by(f"more_{place}", parse_rupees, typed, label="Amount", most=DEAREST, instead=nothing) or 0
        for place, typed in raw.items()
        if type(place) is int and place in places
    }
    if not any(more.values()):
        reader.refuse("more", "Say at one line at least how much more it is.")
    reader.done()
    return reason, {place: paise for place, paise in more.items() if paise}


def _note(uow: UnitOfWork, bill: Document, reason: str, worked: Bill) -> Document:
    return note_about(
        uow,
        bill,
        DocumentKind.DEBIT_NOTE,
        reason,
        taxable_paise=worked.taxable,
        cgst_paise=worked.cgst,
        sgst_paise=worked.sgst,
        igst_paise=worked.igst,
        round_off_paise=worked.round_off,
        total_paise=worked.total,
    )
