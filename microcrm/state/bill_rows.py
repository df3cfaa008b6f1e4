"""Bills as rows of words: the list, its tabs, and what came in by way of paying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from microcrm.domain.documents import DocumentKind
from microcrm.domain.formatting import format_day
from microcrm.domain.money import format_rupees, group_indian
from microcrm.operations.billing.listing import DocumentPage, DocumentRow
from microcrm.operations.billing.reading import DocumentView

MODES = {"cash": "Cash", "upi": "UPI", "card": "Card", "bank": "Bank", "wallet": "Wallet", "razorpay": "Razorpay"}


MODE_HUES = {"cash": "amber", "upi": "teal", "card": "indigo", "bank": "sky", "wallet": "violet", "razorpay": "rose"}


TABS = {
    "all": "All", "draft": "Draft", "due": "Due", "overdue": "Overdue", "paid": "Paid", "credit_notes": "Credit notes",
    "estimates": "Estimates", "vouchers": "Advances",
}  # fmt: skip


@dataclass(frozen=True)
class Tab:
    value: str
    words: str
    count: str
    amount: str


@dataclass(frozen=True)
class Share:
    """A way of paying in the bar above the list; ``width`` in hundredths."""

    words: str
    amount: str
    hue: str
    width: str


@dataclass(frozen=True)
class BillRow:
    id: str
    number: str
    day: str
    customer: str
    total: str
    due: str
    modes: str
    status: str
    tone: str
    icon: str
    about: str
    is_business: bool
    is_void: bool


@dataclass(frozen=True)
class Amount:
    name: str
    value: str


def status_of(row: DocumentRow | DocumentView, today: date) -> tuple[str, str, str]:
    """Word, tone and icon."""
    if row.state == "draft":
        return "Draft", "neutral", "pencil"
    if row.state == "cancelled":
        return "Cancelled", "neutral", "ban"
    if row.kind is DocumentKind.CREDIT_NOTE:
        return "Credit note", "neutral", "undo_2"
    if row.kind is DocumentKind.ESTIMATE:
        return ("Became a bill", "ok", "circle_check") if row.became else ("Estimate", "info", "pencil")
    if row.kind is DocumentKind.REFUND_VOUCHER:
        return "Given back", "neutral", "undo_2"
    if row.kind is DocumentKind.RECEIPT_VOUCHER:
        return ("Advance used", "neutral", "circle_check") if row.state == "paid" else ("Advance", "info", "wallet")
    if row.state == "paid":
        return "Paid", "ok", "circle_check"
    late = (today - row.due_on).days if row.due_on else 0
    if late > 0:
        return f"Overdue {late} day{'' if late == 1 else 's'}", "bad", "circle_alert"
    if row.state == "part_paid":
        return "Part paid", "warn", "clock"
    return (
        ("Due", "warn", "clock")
        if not row.due_on or row.due_on == row.day
        else (f"Due {format_day(row.due_on)}", "warn", "clock")
    )


def rows_of(page: DocumentPage, today: date) -> list[BillRow]:
    return [row_of(row, today) for row in page.rows]


def tabs_of(page: DocumentPage) -> list[Tab]:
    return [
        Tab(value, words, group_indian(page.tallies[value].count), format_rupees(page.tallies[value].paise))
        for value, words in TABS.items()
    ]


def shares_of(collected: Mapping[str, int]) -> list[Share]:
    whole = sum(paise for paise in collected.values() if paise > 0) or 1
    return [
        Share(MODES[mode], format_rupees(paise), MODE_HUES[mode], f"{max(0, round(100 * paise / whole))}%")
        for mode, paise in collected.items()
    ]


def row_of(row: DocumentRow, today: date) -> BillRow:
    status, tone, icon = status_of(row, today)
    return BillRow(
        id=str(row.id),
        number=row.number or "No number yet",
        day=format_day(row.day) if row.day else "",
        customer=row.customer,
        total=format_rupees(row.total),
        due=format_rupees(row.due) if row.due else "–",
        modes=", ".join(MODES[mode] for mode in row.modes) or "–",
        status=status,
        tone=tone,
        icon=icon,
        about=_about(row),
        is_business=row.is_business,
        is_void=row.state == "cancelled",
    )


def _about(row: DocumentRow) -> str:
    """What else there is to know of it in a few words."""
    if row.became:
        return "Became a draft" if row.became == "draft" else f"Became {row.became}"
    if row.left and row.left < row.total:
        return f"{format_rupees(row.left)} of it left"
    return f"For {row.corrects}" if row.corrects else ""
