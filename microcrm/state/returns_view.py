"""A return as words: cards of tables, codes, numbers and warnings, and what stands behind a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.gstin import display_gstin
from microcrm.domain.gstr1 import TABLES, Amounts
from microcrm.domain.gstr1_json import DOCUMENT_TYPES
from microcrm.domain.money import format_rupees, group_indian
from microcrm.domain.return_period import ReturnPeriod
from microcrm.domain.states import STATES
from microcrm.operations.billing.reading import LineView
from microcrm.operations.returns.behind import BehindPage, BehindRow, Explained
from microcrm.operations.returns.overview import Footing, ReturnView, TableSum

WHY = "/returns/why"
_HEADS = ("Taxable value", "IGST", "CGST", "SGST or UTGST")
_ONLY = {
    "no_code": "Without HSN or SAC",
    "no_place": "Without place of supply",
    "wrong_heads": "With the wrong kind of tax",
}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Figure:
    name: str
    value: str


@dataclass(frozen=True)
class TableCard:
    """``href``: the documents behind it. ``file``: its CSV."""

    key: str
    section: str
    title: str
    holds: str
    count: str
    figures: tuple[Figure, ...]
    href: str
    file: str
    is_empty: bool


@dataclass(frozen=True)
class CodeLine:
    key: str
    side: str
    code: str
    words: str
    quantity: str
    rate: str
    taxable: str
    tax: str
    href: str


@dataclass(frozen=True)
class RunLine:
    key: str
    title: str
    first: str
    last: str
    count: str
    cancelled: str
    net: str


@dataclass(frozen=True)
class GapLine:
    id: str
    number: str
    why: str


@dataclass(frozen=True)
class WarningLine:
    title: str
    text: str
    href: str
    way: str
    tone: str


@dataclass(frozen=True)
class ReturnHead:
    """``gstin`` "": the shop files none. ``foots`` is only said once something is there."""

    period: str = ""
    words: str = ""
    sub: str = ""
    gstin: str = ""
    is_quarterly: bool = False
    is_quarter: bool = False
    is_open: bool = False  # over, and not marked as filed
    documents: int = 0
    foots: bool = True
    footing: str = ""
    figures: tuple[Figure, ...] = ()
    folder: str = ""  # where its files are
    whose: str = ""  # what follows the name of a file: the GSTIN, where it has to be said
    former: str = ""  # why the sums are not those of the shop's GSTIN of today


@dataclass(frozen=True)
class BehindLine:
    id: str
    number: str
    title: str
    day: str
    customer: str
    gstin: str
    place: str
    taxable: str
    igst: str
    cgst: str
    sgst: str


@dataclass(frozen=True)
class WhyStep:
    """A line of a document, its steps from price to tax."""

    at: str
    description: str
    code: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class WhyHead:
    title: str = ""
    sub: str = ""
    back: str = "/returns"
    figures: tuple[Figure, ...] = ()
    summary: str = ""


def head_of(view: ReturnView) -> ReturnHead:
    period = view.period
    is_filed = view.filed_through is not None and view.filed_through >= period.last
    due = "Filed" if is_filed else f"To be filed by {format_day(period.due_on)}"
    tax = view.footing.documents.tax
    return ReturnHead(
        period=period.key,
        words=period.words,
        sub=f"{display_gstin(view.gstin)} · {due}" if view.gstin else "",
        gstin=view.gstin,
        is_quarterly=view.is_quarterly,
        is_quarter=period.is_quarter,
        is_open=view.is_over and not is_filed,
        documents=view.documents,
        foots=view.footing.holds,
        footing=footing_words(view.footing),
        figures=(
            Figure("Documents", group_indian(view.documents)),
            Figure("Taxable value", format_rupees(view.footing.documents.taxable)),
            Figure("Tax", format_rupees(tax)),
            Figure("With tax and round-off", format_rupees(view.value)),
        ),
        folder=f"/returns/{period.key}",
        whose=f"?{urlencode(asked)}" if (asked := _said_gstin(view)) else "",
        former=_former_words(view),
    )


def _said_gstin(view: ReturnView) -> dict[str, str]:
    """For addresses: nothing where the shop has one GSTIN only."""
    return {"gstin": view.gstin} if view.gstin and view.gstins != (view.own_gstin,) else {}


def _former_words(view: ReturnView) -> str:
    if not view.gstin or view.gstin == view.own_gstin:
        return ""
    now = f"bills under {display_gstin(view.own_gstin)} today" if view.own_gstin else "has no GSTIN today"
    return f"This is the return of {display_gstin(view.gstin)}, a registration of before: the shop {now}."


def gstin_choices(view: ReturnView) -> list[Choice]:
    """Only where there is something to choose."""
    if len(view.gstins) < 2:
        return []
    return [
        Choice(one, display_gstin(one) + (" (today)" if one == view.own_gstin else " (before)")) for one in view.gstins
    ]


def footing_words(footing: Footing) -> str:
    """What agrees with what, or by how much it does not."""
    if footing.holds:
        return "Tables, HSN summary, documents and ledger agree to the paisa."
    parts = [
        f"{name} {format_rupees(amounts.taxable)} and tax {format_rupees(amounts.tax)}"
        for name, amounts in (
            ("Tables say", footing.tables), ("HSN summary", footing.codes), ("documents", footing.documents),
        )
    ]  # fmt: skip
    return ", ".join(parts) + "."


def card_lines(view: ReturnView) -> list[TableCard]:
    return [_card(one, view.period.key, _said_gstin(view)) for one in view.tables]


def _card(one: TableSum, period: str, whose: dict[str, str]) -> TableCard:
    words = TABLES[one.table]
    return TableCard(
        key=one.table.value,
        section=words.section,
        title=words.title,
        holds=words.holds,
        count=group_indian(one.count),
        figures=figures_of(one.amounts),
        href=why_href(period, table=one.table.value, **whose),
        file=f"/returns/{period}/{one.table.value}.csv" + (f"?{urlencode(whose)}" if whose else ""),
        is_empty=not one.count,
    )


def figures_of(amounts: Amounts) -> tuple[Figure, ...]:
    values = (amounts.taxable, amounts.igst, amounts.cgst, amounts.sgst)
    return tuple(Figure(name, format_rupees(paise)) for name, paise in zip(_HEADS, values, strict=True))


def why_href(period: str, **asked: Any) -> str:
    return f"{WHY}?{urlencode({'period': period} | asked)}"


def code_lines(view: ReturnView) -> list[CodeLine]:
    return [_code(is_registered, row, view.period.key, _said_gstin(view)) for is_registered, row in view.codes]


def _code(is_registered: bool, row: dict[str, Any], period: str, whose: dict[str, str]) -> CodeLine:
    side = "b2b" if is_registered else "b2c"
    tax = sum(_paise(row[name]) for name in ("iamt", "camt", "samt"))
    code = row["hsn_sc"]
    asked = {"sac": code} if code else {"only": "no_code"}
    return CodeLine(
        key=f"{side} {code} {row['uqc']} {row['rt']}",
        side="With GSTIN" if is_registered else "Others",
        code=code or "No code",
        words=row["desc"],
        quantity=f"{row['qty']:g} {row['uqc']}" if row["uqc"] != "NA" else "–",
        rate=f"{row['rt']:g} %",
        taxable=format_rupees(_paise(row["txval"])),
        tax=format_rupees(tax),
        href=why_href(period, side=side, rate=round(row["rt"] * 100), **asked, **whose),
    )


def _paise(rupees: float) -> int:
    return round(rupees * 100)


def run_lines(view: ReturnView) -> list[RunLine]:
    """In the order of the form."""
    return [
        RunLine(
            key=f"{run.kind} {run.began} {run.low}",
            title=DOCUMENT_TYPES[run.kind][1],
            first=run.first,
            last=run.last,
            count=format_count(run.count, "number"),
            cancelled=f"{group_indian(run.cancelled)} cancelled" if run.cancelled else "None cancelled",
            net=group_indian(run.count - run.cancelled),
        )
        for run in sorted(view.runs, key=lambda run: (DOCUMENT_TYPES[run.kind], run.kind, run.began, run.low))
    ]


def gap_lines(view: ReturnView) -> list[GapLine]:
    return [GapLine(str(gap.document_id), gap.number, gap.why) for gap in view.gaps]


def different_lines(view: ReturnView) -> list[GapLine]:
    return [GapLine(str(id_), number, "") for id_, number in view.footing.different]


def warning_lines(view: ReturnView) -> list[WarningLine]:
    more = urlencode(_said_gstin(view))
    return [
        WarningLine(
            one.title,
            one.text,
            f"{one.href}&{more}" if more and one.href.startswith(WHY) else one.href,
            one.way,
            "bad" if one.is_grave else "warn",
        )
        for one in view.warnings
    ]


def choices_of(periods: Sequence[ReturnPeriod], chosen: ReturnPeriod) -> list[Choice]:
    known = [*periods] if chosen in periods else [chosen, *periods]
    return [Choice(one.key, one.words) for one in known]


def why_head(page: BehindPage, asked: dict[str, str]) -> WhyHead:
    """What the documents have in common, as a title."""
    words = [] if page.table is None else [f"Table {TABLES[page.table].section}: {TABLES[page.table].title}"]
    if sac := asked.get("sac"):
        words.append(f"HSN or SAC {sac}")
    if (rate := asked.get("rate", "")).isdecimal():
        words.append(f"{int(rate) / 100:g} %")
    if (place := asked.get("place", "")) in STATES:
        words.append(STATES[place].name)
    words += [
        {"b2b": "with GSTIN", "b2c": "without GSTIN"}.get(asked.get("side", ""), ""),
        _ONLY.get(asked.get("only", ""), ""),
    ]
    return WhyHead(
        title=", ".join(word for word in words if word) or "All documents",
        sub=f"{page.period.words}: {format_count(page.count, 'document')}",
        back=f"/returns?period={page.period.key}"
        + (f"&gstin={whose}" if (whose := asked.get("gstin", "")).isalnum() else ""),
        figures=figures_of(page.total),
        summary=f"{len(page.rows)} of {format_count(page.count, 'document')}",
    )


def behind_line(row: BehindRow) -> BehindLine:
    return BehindLine(
        id=str(row.id),
        number=row.number,
        title=row.title,
        day=format_day(row.day),
        customer=row.customer,
        gstin=display_gstin(row.gstin),
        place=STATES[row.place].name if row.place in STATES else row.place,
        taxable=format_rupees(row.amounts.taxable),
        igst=_or_dash(row.amounts.igst),
        cgst=_or_dash(row.amounts.cgst),
        sgst=_or_dash(row.amounts.sgst),
    )


def why_steps(found: Explained) -> list[WhyStep]:
    return [_step(line, words) for line, words in found.lines]


def _step(line: LineView, words: Sequence[str]) -> WhyStep:
    code = f"{'SAC' if line.sac.startswith('99') else 'HSN'} {line.sac}" if line.sac else "No HSN or SAC"
    return WhyStep(str(line.place), line.description, code, tuple(words))


def _or_dash(paise: int) -> str:
    return format_rupees(paise) if paise else "–"
