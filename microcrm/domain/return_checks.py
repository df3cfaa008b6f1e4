"""What to look at before a return is filed, each with where it is mended. A warning says what the portal or the law would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.gstin import check_gstin
from microcrm.domain.gstr1 import Amounts, Group, supply_of, table_of
from microcrm.domain.gstr1_json import Run

SIX_DIGITS = 6  # of a HSN or SAC, above a turnover of Rs 5 crore; four below it (notification 78/2020-CT)


@dataclass(frozen=True, slots=True)
class Warning:
    """``href``: where it is mended or looked at; ``way``: the words of that link. ``is_grave``: the portal would refuse."""

    title: str
    text: str
    href: str = ""
    way: str = ""
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks of a period go by. ``gstins``: of its customers, with how many documents each."""

    key: str
    is_over: bool
    groups: Sequence[Group]
    gstins: Sequence[tuple[str, int, str]]
    placeless: int
    wrong_heads: int
    drafts: int
    outside: int
    missing: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A number inside the series of a period that its tables do not have, and why."""

    number: str
    document_id: int
    why: str


def warnings(seen: Seen) -> list[Warning]:
    """The gravest first."""
    found = [*_gstins(seen), *_codes(seen), *_places(seen), *_numbers(seen), *_others(seen)]
    return sorted(found, key=lambda one: not one.is_grave)


def holes(runs: Iterable[Run]) -> list[tuple[str, int, int, int]]:
    """Kind, financial year, first and last place of what is missing between the runs of a series."""
    by_series: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        by_series.setdefault((run.kind.value, run.began), []).append(run)
    return [
        (kind, began, before.high + 1, after.low - 1)
        for (kind, began), found in by_series.items()
        for ordered in [sorted(found, key=lambda run: run.low)]
        for before, after in pairwise(ordered)
        if after.low > before.high + 1
    ]


def why_not_here(day: date, *, is_cancelled: bool, reason: str) -> str:
    """Why a number that was given is no part of the tables of a period."""
    if is_cancelled:
        return f"Cancelled: {reason}" if reason else "Cancelled"
    return f"Dated {format_day(day)}, in another return"


def _gstins(seen: Seen) -> list[Warning]:
    return [
        Warning(
            f"{gstin} is no good GSTIN",
            f"{verdict.reason} It stands on {format_count(many, 'document')}, as {number}. Credit them and bill again.",
            f"/invoices?q={number}", "Open the bill", is_grave=True,
        )
        for gstin, many, number in seen.gstins
        if (verdict := check_gstin(gstin)).reason
    ]  # fmt: skip


def _codes(seen: Seen) -> list[Warning]:
    worth: dict[bool, Amounts] = {}
    for group in seen.groups:
        if table_of(group.facts, supply_of(group.rate_bp, is_exempt=group.is_exempt)) and len(group.sac) < SIX_DIGITS:
            is_missing = len(group.sac) < 4
            worth[is_missing] = worth.get(is_missing, Amounts()) + group.amounts
    found = []
    if True in worth:
        found.append(
            Warning(
                "Lines without HSN or SAC", "Table 12 needs a code for each line. Give the services theirs; credit and bill "
                "again what is issued.", f"/returns/why?period={seen.key}&only=no_code", "See the bills", is_grave=True,
            )
        )  # fmt: skip
    if False in worth:
        found.append(
            Warning(
                "Codes shorter than six digits", "Enough up to a turnover of ₹5 crore a year. Give the services their whole "
                "code to be on the safe side.", "/settings/services", "Services and prices",
            )
        )  # fmt: skip
    return found


def _places(seen: Seen) -> list[Warning]:
    found = []
    if seen.placeless:
        found.append(
            Warning(
                f"{format_count(seen.placeless, 'document')} without place of supply",
                "They are reported in your own State. Credit and bill again what belongs elsewhere.",
                f"/returns/why?period={seen.key}&only=no_place", "See the bills",
            )
        )  # fmt: skip
    if seen.wrong_heads:
        found.append(
            Warning(
                f"{format_count(seen.wrong_heads, 'document')} with the wrong kind of tax",
                "IGST within the State, or CGST and SGST to another one. Credit them and bill again.",
                f"/returns/why?period={seen.key}&only=wrong_heads", "See the bills", is_grave=True,
            )
        )  # fmt: skip
    return found


def _numbers(seen: Seen) -> list[Warning]:
    if not seen.missing:
        return []
    text = "They were never given to a document, which cannot happen by itself. Ask your accountant before you file."
    return [Warning(f"{format_count(seen.missing, 'number')} missing", text, is_grave=True)]


def _others(seen: Seen) -> list[Warning]:
    found = []
    if seen.drafts:
        found.append(
            Warning(
                f"{format_count(seen.drafts, 'draft')} not issued",
                "They are dated in this period and are not in the return.", "/invoices?tab=draft&period=year", "See the drafts",
            )
        )  # fmt: skip
    if seen.outside:
        found.append(
            Warning(
                f"{format_count(seen.outside, 'document')} outside this return",
                "Bills without GSTIN, of a composition dealer or under another GSTIN, and credit notes written too late for the tax. "
                "The sales register has them.",
            )
        )
    if not seen.is_over:
        found.append(Warning("This period is not over", "What is issued until its last day is still to come."))
    return found
