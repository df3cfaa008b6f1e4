"""Credit notes: the only way to lower a bill that somebody has. CGST Act s.34(1), CGST Rules r.53(1A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.bill import QUANTITY_ONE
from microcrm.domain.documents import CORRECTED, DocumentKind, last_day_for_note
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.money import half_up
from microcrm.domain.permissions import Permission
from microcrm.domain.supply import Heads
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.billing import Document, DocumentLine
from microcrm.operations.billing.goods import bring_back_goods
from microcrm.operations.billing.notes import note_about
from microcrm.operations.billing.numbering import Issued, give_number
from microcrm.operations.billing.settling import due_of
from microcrm.operations.billing.terms import read_terms
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

WITHOUT_TAX = (
    "Written after the last day on which a credit note lowers the tax (CGST Act s.34(2)): the tax stays as it was."
)
_MONEY = ("taxable_paise", "cgst_paise", "sgst_paise", "igst_paise")


@dataclass(frozen=True, slots=True)
class CreditNote:
    """``quantities``: line's place to how many thousandths of it are given back. ``lines``: places of lines given back as
    far as they still can be. Neither: the whole bill. ``goods_return``: the goods of these lines come back into the stock."""

    document_id: Any
    version: Any
    reason: Any
    quantities: Any = None
    lines: Any = None
    goods_return: Any = False


@dataclass(frozen=True, slots=True)
class Credited:
    """``beyond``: paise that the customer has paid for what is credited now, to be given back."""

    note: Issued
    beyond: int
    is_late: bool  # after the legal day: good between the two, and the tax stays as it was


def credit(uow: UnitOfWork, command: CreditNote) -> Credited:
    """A note in its own series; tax is taken line by line from the bill, the round-off only with the whole bill. After the
    last day of the law the same sum is credited, but none of it is tax any more (CGST Act s.34(2)). ``Invalid`` when more
    would be credited than is left of a line."""
    uow.require(Permission.INVOICES_CORRECT)
    reader = Reader()
    reason = reader.text("reason", command.reason, "Reason", limit=200)
    goods_return = reader.flag("goods_return", command.goods_return, "Goods come back")
    reader.done()
    bill = find(uow, Document, command.document_id)
    same_version(command.version, bill.version)
    if bill.kind not in CORRECTED or bill.state in ("draft", "cancelled"):
        raise Conflict("Only an issued bill can be credited.")
    lines = _lines(uow, bill.id or 0)
    credited = _already(uow, bill.id or 0)
    wanted = _wanted(command, lines, credited)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    is_late = today > last_day_for_note(bill.issued_on or today)
    is_whole = all(wanted.get(line.place) == line.quantity for line in lines) and not credited
    rows = [
        _part(line, wanted[line.place], credited.get(line.place, (0, 0, 0, 0, 0)), is_late=is_late)
        for line in lines
        if wanted.get(line.place)
    ]
    note = _note(uow, bill, reason, rows, round_off=bill.round_off_paise if is_whole else 0)
    if is_late:
        note.heads, note.reason = Heads.NONE, WITHOUT_TAX
    uow.session.add(note)
    uow.session.flush()
    for row in rows:
        row.document_id = note.id or 0
    uow.session.add_all(rows)
    uow.session.flush()
    issued = give_number(uow, note, read_terms(uow))
    if goods_return:
        bring_back_goods(uow, note)
    beyond = max(0, note.total_paise - max(0, due_of(bill)))
    bill.paid_paise += note.total_paise - beyond
    bill.state = "paid" if due_of(bill) <= 0 else "part_paid"
    bill.version += 1
    uow.session.flush()
    uow.audit("invoice.credited", "document", bill.id, number=bill.number, note=issued.number, total=note.total_paise)
    return Credited(issued, beyond, is_late)


def _lines(uow: UnitOfWork, document_id: int) -> list[DocumentLine]:
    query = select(DocumentLine).where(
        DocumentLine.business_id == uow.business_id, DocumentLine.document_id == document_id
    )
    return list(uow.session.scalars(query.order_by(DocumentLine.place)))


def _wanted(
    command: CreditNote, lines: list[DocumentLine], credited: dict[int, tuple[int, int, int, int, int]]
) -> dict[int, int]:
    """How much of which line, in thousandths."""
    raw: Any = command.quantities
    if raw is None:
        places = command.lines if command.lines else [line.place for line in lines]
        left = {line.place: line.quantity - credited.get(line.place, (0,))[0] for line in lines}
        if not isinstance(places, list | tuple) or not all(type(place) is int for place in places):
            raise Invalid("Choose which lines are credited.")
        raw = {place: left[place] for place in places if left.get(place, 0) > 0}
        if not raw:
            raise Invalid("All of that is credited already.", remedy="Look at the credit notes of this bill.")
    known = {line.place for line in lines}
    is_map = (
        isinstance(raw, dict)
        and raw
        and all(type(place) is int and type(many) is int and place in known and many > 0 for place, many in raw.items())
    )
    if not is_map:
        raise Invalid("Choose which lines are credited, and how much of each.")
    return dict(raw)


def _already(uow: UnitOfWork, bill_id: int) -> dict[int, tuple[int, int, int, int, int]]:
    """By the bill's line: quantity, taxable value and taxes that earlier notes have credited."""
    rows = uow.session.execute(
        select(
            DocumentLine.place,
            func.sum(DocumentLine.quantity),
            *(func.sum(getattr(DocumentLine, name)) for name in _MONEY),
        )
        .join(
            Document,
            (Document.business_id == DocumentLine.business_id) & (Document.id == DocumentLine.document_id),
        )
        .where(
            Document.business_id == uow.business_id,
            Document.corrects_id == bill_id,
            Document.kind == DocumentKind.CREDIT_NOTE,
            Document.state != "cancelled",
        )
        .group_by(DocumentLine.place)
    ).all()
    return {place: tuple(int(value) for value in values) for place, *values in rows}  # type: ignore[misc]  # five sums


def _part(
    line: DocumentLine, quantity: int, gone: tuple[int, int, int, int, int], *, is_late: bool = False
) -> DocumentLine:
    """What is credited of one line. The last of it takes all that is left, so that nothing is lost to rounding."""
    left = line.quantity - gone[0]
    if quantity > left:
        raise Invalid(fields={f"lines.{line.place}": f"At most {left / QUANTITY_ONE:g} of this line can be credited."})
    billed = dict(zip(_MONEY, (getattr(line, name) for name in _MONEY), strict=True))
    taken = dict(zip(_MONEY, gone[1:], strict=True))
    if is_late:
        billed, taken = _without_tax(billed), _without_tax(taken)
    worth = {
        name: billed[name] - taken[name] if quantity == left else half_up(billed[name] * quantity, line.quantity)
        for name in _MONEY
    }
    kept = (
        "place",
        "description",
        "sac",
        "price_paise",
        "is_with_tax",
        "discount_bp",
        "tax_class",
        "rate_bp",
        "is_exempt",
    )
    return DocumentLine(
        business_id=line.business_id,
        document_id=line.document_id,
        quantity=quantity,
        service_id=line.service_id,
        product_id=line.product_id,
        unit=line.unit,
        **{name: getattr(line, name) for name in kept},
        **worth,
    )


def _without_tax(amounts: dict[str, int]) -> dict[str, int]:
    """The same sum with nothing of it as tax."""
    return dict.fromkeys(_MONEY, 0) | {"taxable_paise": sum(amounts.values())}


def _note(uow: UnitOfWork, bill: Document, reason: str, rows: list[DocumentLine], *, round_off: int) -> Document:
    sums = {name: sum(getattr(row, name) for row in rows) for name in _MONEY}
    total = sum(sums.values()) + round_off
    return note_about(uow, bill, DocumentKind.CREDIT_NOTE, reason, round_off_paise=round_off, total_paise=total, **sums)
