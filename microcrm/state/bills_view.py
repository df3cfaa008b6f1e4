"""One bill in words, for its own screen: what its fields start with, what it comes to, what belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from microcrm.domain.bill import Bill as DomainBill
from microcrm.domain.bill import Line, Worked
from microcrm.domain.bill_page import percent, quantity
from microcrm.domain.documents import CORRECTED, OWED, VOUCHERS, DocumentKind, last_day_for_note
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_day
from microcrm.domain.goods import ONE, format_quantity, parse_quantity, quantity_for_input
from microcrm.domain.money import MINUS, format_rupees, rupees_for_input
from microcrm.domain.taxbook import TaxClass
from microcrm.operations.billing.accounts import CustomerMoney
from microcrm.operations.billing.drafts import SaveDraft
from microcrm.operations.billing.goods import Shelf
from microcrm.operations.billing.offers import Offer
from microcrm.operations.billing.pricing import LineWish, Priced
from microcrm.operations.billing.reading import DocumentView, LineView, Related
from microcrm.state.bill_rows import MODES, Amount, status_of

HEAD_FIELDS = ("day", "buyer_gstin", "performed_in", "discount", "tip", "note")


@dataclass(frozen=True)
class EditLine:
    """One line of the editor: what its fields start with, and what it comes to. ``at`` is its place from 0."""

    at: int
    description: str
    sac: str
    quantity: str
    price: str
    discount: str
    tax_class: str
    rate: str
    is_with_tax: bool
    amount: str
    service_id: str
    member_id: str
    booking_item_id: str
    product_id: str = ""
    shelf: str = ""  # of a product: how many lie there
    is_short: bool = False  # and whether this bill takes more than that


@dataclass(frozen=True)
class PaidLine:
    id: str
    words: str
    amount: str
    when: str
    is_void: bool
    may_void: bool
    voucher: str = ""
    voucher_id: str = ""


@dataclass(frozen=True)
class RelatedLine:
    """Another paper that belongs to the one on the screen, and how."""

    id: str
    how: str
    words: str
    day: str
    amount: str
    is_void: bool


@dataclass(frozen=True)
class BillView:
    """Empty strings where there is nothing to say."""

    id: str = ""
    version: int = 0
    title: str = "New bill"
    number: str = ""
    status: str = "Draft"
    tone: str = "neutral"
    is_draft: bool = True
    takes_money: bool = False
    owes: str = ""  # the customer, on other bills
    due_paise: int = 0
    advance: str = ""
    deposit: str = ""  # of the visit, set off when the draft is issued
    is_estimate: bool = False
    is_voucher: bool = False
    became: str = ""  # of an estimate: "Became INV/2627/0012"
    left: str = ""  # of an advance
    freed: str = ""  # by credit notes: to be given back
    back_input: str = ""  # how much can be given back
    is_repeated: bool = False  # written by a series
    may_repeat: bool = False
    may_share: bool = False
    files: tuple[Amount, ...] = ()  # what each is called and where it is
    may_cancel: bool = False
    may_credit: bool = False
    note_until: str = ""
    day: str = ""
    customer_id: str = ""
    customer: str = ""
    buyer_gstin: str = ""
    discount: str = ""
    tip: str = ""  # as typed
    kept_tip: str = ""  # as it is shown beside what is due
    note: str = ""
    reason: str = ""
    performed_in: str = ""
    is_with_tax: bool = True
    sums: tuple[Amount, ...] = ()
    total: str = "₹0.00"
    due: str = ""
    due_input: str = ""
    paper: str = ""
    booking_id: str = ""
    cancel_reason: str = ""
    related: tuple[RelatedLine, ...] = ()


EMPTY_LINE = EditLine(0, "", "", "1", "", "", TaxClass.STANDARD.value, "", True, "", "", "", "")


def bill_of(view: DocumentView, today: date, *, may_take_e_invoice: bool = False) -> BillView:
    status, tone, _ = status_of(view, today)
    is_draft = view.state == "draft"
    is_open = view.state in ("issued", "part_paid") and view.kind in OWED
    return BillView(
        id=str(view.id),
        version=view.version,
        title=f"{view.title} {view.number}".strip() if view.number else f"Draft: {view.title.lower()}",
        number=view.number,
        status=status,
        tone=tone,
        is_draft=is_draft,
        takes_money=is_open and view.due > 0,
        is_estimate=view.kind is DocumentKind.ESTIMATE,
        is_voucher=view.kind in VOUCHERS,
        is_repeated=view.recurring_id is not None,
        may_repeat=view.kind in CORRECTED
        and view.state != "cancelled"
        and bool(view.customer_id)
        and not view.recurring_id,
        became=("Became a draft" if view.became == "draft" else f"Became {view.became}") if view.became else "",
        **_going_back(view),
        files=_files(view, may_take_e_invoice=may_take_e_invoice),
        may_share=not is_draft and view.state != "cancelled",
        may_cancel=view.state == "issued" and not view.is_sent and not view.paid and view.kind not in VOUCHERS,
        may_credit=not is_draft and view.kind in CORRECTED and view.state != "cancelled",
        note_until=_note_until(view, today),
        day=view.day.isoformat() if is_draft and view.day else format_day(view.day) if view.day else "",
        customer_id=str(view.customer_id or ""),
        customer=str(view.buyer.get("name") or view.customer),
        buyer_gstin=view.buyer_gstin,
        performed_in=view.place_state if is_draft and view.place_state != _home(view) else "",
        is_with_tax=all(line.is_with_tax for line in view.lines),
        discount=rupees_for_input(view.discount) if view.discount else "",
        tip=rupees_for_input(view.tip) if view.tip else "",
        kept_tip=plain(view.tip) if view.tip and not is_draft else "",
        note=view.note,
        reason=view.reason,
        sums=sums_of(view, view.heads, view.discount),
        total=format_rupees(view.total),
        due=format_rupees(view.due) if is_open else "",
        due_input=rupees_for_input(view.due) if is_open else "",
        due_paise=view.due if is_open else 0,
        paper=f"/invoice/{view.id}.svg?v={view.version}",
        booking_id=str(view.booking_id or ""),
        cancel_reason=view.cancel_reason,
        related=tuple(_related(one) for one in view.related),
    )


def _note_until(view: DocumentView, today: date) -> str:
    """Until when a credit note lowers the tax, for who may collect any."""
    if view.day is None or view.heads == "none":
        return ""
    last = last_day_for_note(view.day)
    if today > last:
        return f"Its tax stays as it was: the last day to lower that was {format_day(last)}."
    return f"Its tax is lowered too, until {format_day(last)}."


def _going_back(view: DocumentView) -> dict[str, str]:
    """What is left of an advance, or was freed by credit notes, and how much of it can be given back."""
    is_advance = view.kind is DocumentKind.RECEIPT_VOUCHER and view.state != "cancelled"
    left, freed = view.due if is_advance else 0, view.freed if view.kind in CORRECTED else 0
    return {
        "left": format_rupees(left) if left else "",
        "freed": format_rupees(freed) if freed else "",
        "back_input": rupees_for_input(left or freed) if left or freed else "",
    }


def _files(view: DocumentView, *, may_take_e_invoice: bool) -> tuple[Amount, ...]:
    """Of an issued document: on paper, on the roll, and for the e-invoice portal where that is due."""
    if view.state == "draft":
        return ()
    here = f"/invoice/{view.id}"
    files = (Amount("PDF", f"{here}.pdf"), Amount("80 mm", f"{here}.pdf?size=80mm"))
    is_due = may_take_e_invoice and view.needs_e_invoice
    return (*files, Amount("E-invoice", f"{here}/e-invoice.json")) if is_due else files


HOW = {
    "corrects": "For", "corrected_by": "Corrected by", "estimate": "Estimated in", "became": "Became",
    "advance": "Advance", "used_for": "Used for",
}  # fmt: skip


def _related(one: Related) -> RelatedLine:
    how = "Given back" if one.kind is DocumentKind.REFUND_VOUCHER else HOW[one.how]
    return RelatedLine(
        id=str(one.id),
        how=how,
        words=f"{one.title} {one.number}" if one.number else f"Draft: {one.title.lower()}",
        day=format_day(one.day) if one.day else "",
        amount=format_rupees(one.total),
        is_void=one.state == "cancelled",
    )


def sums_of(sums: DocumentView | DomainBill, heads: str, discount: int = 0) -> tuple[Amount, ...]:
    rows = [
        ("Taxable value" if heads != "none" else "Sum of the lines", sums.taxable),
        ("CGST", sums.cgst),
        ("UTGST" if heads == "cgst_utgst" else "SGST", sums.sgst),
        ("IGST", sums.igst),
        ("Round-off", sums.round_off),
        ("Discount on the bill, taken off above", -discount),
    ]
    kept = [row for place, row in enumerate(rows) if row[1] or place == 0]
    return tuple(Amount(name, plain(paise)) for name, paise in kept)


def price_into(bill: BillView, priced: Priced | None) -> BillView:
    """The bill with what it comes to now; with nothing for an empty one."""
    if priced is None:
        return replace(bill, sums=(), total=format_rupees(0), reason="")
    reason = f"{priced.place.reason} ({priced.place.section})" if priced.place else ""
    discount = sum(line.bill_discount for line in priced.bill.lines)
    return replace(
        bill,
        sums=sums_of(priced.bill, priced.heads, discount),
        total=format_rupees(priced.bill.total),
        reason=reason,
    )


def recalled(bill: BillView, money: CustomerMoney) -> BillView:
    """With what its customer owes on other bills and has paid ahead."""
    owed = money.due - (bill.due_paise if bill.takes_money else 0)
    return replace(
        bill,
        customer=bill.customer or money.name,
        owes=format_rupees(owed) if owed > 0 else "",
        advance=format_rupees(money.advance) if money.advance else "",
        deposit=f"{format_rupees(money.deposit)} deposit of this visit, taken off when you issue it"
        if money.deposit and bill.is_draft
        else "",
    )


def line_from(line: EditLine, typed: Line, worked: Worked) -> EditLine:
    """The line with its rate and what the customer pays for it."""
    amount = worked.net if typed.is_with_tax else worked.total
    return replace(line, rate="Exempt" if typed.is_exempt else percent(typed.rate_bp), amount=plain(amount))


def line_from_offer(offer: Offer) -> EditLine:
    return replace(
        EMPTY_LINE,
        description=offer.name,
        price=rupees_for_input(offer.price_paise),
        sac=offer.sac,
        tax_class=offer.tax_class or TaxClass.STANDARD.value,
        is_with_tax=offer.is_with_tax,
        service_id=str(offer.service_id or ""),
        product_id=str(offer.product_id or ""),
    )


def offer_key(offer: Offer) -> str:
    """By which the picker knows it: the service's id, or the product's after a p."""
    return f"p{offer.product_id}" if offer.product_id else str(offer.service_id)


def one_more(line: EditLine) -> EditLine:
    """The same product again; a quantity that is no number stays as it was typed."""
    many = _quantity_of(line)
    return replace(line, quantity=quantity_for_input(many + ONE)) if many else line


def with_shelves(lines: Sequence[EditLine], shelves: Mapping[int, Shelf]) -> list[EditLine]:
    """Each product's line with what is there, and what this bill would leave of it."""
    wanted: Counter[str] = Counter()
    for line in lines:
        wanted[line.product_id] += _quantity_of(line)
    return [_on_shelf(line, shelves.get(int(line.product_id or 0)), wanted[line.product_id]) for line in lines]


def _on_shelf(line: EditLine, shelf: Shelf | None, wanted: int) -> EditLine:
    if shelf is None:
        return replace(line, shelf="", is_short=False)
    after = shelf.stock - wanted
    words = f"{format_quantity(shelf.stock)} in stock"
    if after < 0:
        words += f", {format_quantity(after)} after this bill"
    return replace(line, shelf=words, is_short=after < 0)


def _quantity_of(line: EditLine) -> int:
    try:
        return parse_quantity(line.quantity or "1") or 0
    except Invalid:
        return 0


def command_of(bill: BillView, lines: Sequence[EditLine]) -> SaveDraft:
    """What the editor holds, to be saved or tried out."""
    return SaveDraft(
        **{name: getattr(bill, name) for name in HEAD_FIELDS},
        customer_id=bill.customer_id,
        is_estimate=bill.is_estimate,
        lines=[wish_of(line) for line in lines],
        document_id=bill.id or None,
        version=bill.version or None,
    )


def wish_of(line: EditLine) -> LineWish:
    return LineWish(
        description=line.description,
        price=line.price,
        quantity=line.quantity,
        discount=line.discount,
        tax_class=line.tax_class,
        sac=line.sac,
        is_with_tax=line.is_with_tax,
        service_id=line.service_id,
        member_id=line.member_id,
        booking_item_id=line.booking_item_id,
        product_id=line.product_id,
    )


def _home(view: DocumentView) -> str:
    """The State in which the bill would count if it were written at the shop."""
    return view.place_state if view.heads in ("cgst_sgst", "cgst_utgst") else ""


def plain(paise: int) -> str:
    return f"{MINUS if paise < 0 else ''}{format_rupees(abs(paise)).removeprefix('₹')}"


def edit_line(at: int, line: LineView) -> EditLine:
    discount = percent(line.discount_bp).replace(" ", "") if line.discount_bp else rupees_for_input(line.discount)
    return EditLine(
        at=at,
        description=line.description,
        sac=line.sac,
        quantity=quantity(line.quantity),
        price=rupees_for_input(line.price),
        discount="" if discount == "0" else discount,
        tax_class=line.tax_class or "standard",
        rate="Exempt" if line.is_exempt else percent(line.rate_bp),
        is_with_tax=line.is_with_tax,
        amount=plain(line.amount),
        service_id=str(line.service_id or ""),
        member_id=str(line.member_id or ""),
        booking_item_id=str(line.booking_item_id or ""),
        product_id=str(line.product_id or ""),
    )


def paid_lines(view: DocumentView, *, may_void: bool) -> list[PaidLine]:
    return [
        PaidLine(
            id=str(one.id),
            words=MODES[one.mode] + (f" · {one.proof}" if one.proof else ""),
            amount=format_rupees(one.amount),
            when="Void" if one.is_void else {"claimed": "As the desk says"}.get(one.evidence, "Confirmed"),
            is_void=one.is_void,
            may_void=may_void and not one.is_void and one.evidence == "claimed" and one.amount > 0,
            voucher=f"Advance {one.voucher}" if one.voucher else "",
            voucher_id=str(one.voucher_id or ""),
        )
        for one in view.payments
    ]


def creditable_lines(view: DocumentView) -> list[Amount]:
    """Place and words of each line, for the choice of what is given back."""
    return [Amount(str(line.place), f"{line.description}: {plain(line.amount)}") for line in view.lines]
