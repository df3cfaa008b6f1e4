"""What the page of an import shows, as rows of words."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.customer_file.columns import WORDS, Holds
from microcrm.domain.customer_file.faults import FAULTS
from microcrm.domain.formatting import format_count, format_day
from microcrm.domain.money import group_indian
from microcrm.domain.phone import display_phone
from microcrm.domain.zones import zone_of
from microcrm.operations.customer_imports.looking import PAGE, ColumnView, ImportLine, ImportView, RowView
from microcrm.state.forms import Option

EXPIRED = ("This list was not imported within two days, and is forgotten.", "Choose the file once more.")
_VERDICTS = {
    "n": ("New", "ok"),
    "j": ("Joins", "info"),
    "s": ("Nothing new", "neutral"),
    "d": ("Twice in the file", "warn"),
    "r": ("Left out", "bad"),
}
LOOK = "Worth a look"  # rows of which something is left out, or that share a phone
_TABS = {
    "all": "All rows", "new": "New", "joins": "Join a customer", "same": "Nothing new", "duplicate": "Twice in the file",
    "warned": LOOK, "refused": "Left out",
}  # fmt: skip
_STATES = {
    "reading": ("Being read", "info"),
    "mapping": ("Say what the columns are", "warn"),
    "rehearsing": ("Being checked", "info"),
    "rehearsed": ("Checked, not imported", "warn"),
    "committing": ("Being imported", "info"),
    "done": ("Imported", "ok"),
    "undoing": ("Being undone", "info"),
    "undone": ("Undone", "neutral"),
    "failed": ("Could not be read", "bad"),
}
_WORK = {
    "reading": "Reading the file",
    "rehearsing": "Checking each row",
    "committing": "Importing customers",
    "undoing": "Undoing the import",
}


@dataclass(frozen=True)
class ColumnLine:
    """``options``: what the column may be; ``field``: its name in the form."""

    field: str
    heading: str
    samples: str
    holds: str


@dataclass(frozen=True)
class RowLine:
    number: str
    name: str
    phone: str
    verdict: str
    tone: str
    words: str
    is_warned: bool


@dataclass(frozen=True)
class TabLine:
    show: str
    words: str
    count: str


@dataclass(frozen=True)
class Shown:
    """Which rows are on the screen."""

    tab: str = "all"
    page: int = 1
    has_next: bool = False


@dataclass(frozen=True)
class PastLine:
    id: str
    file: str
    about: str
    state: str
    tone: str
    can_undo: bool


@dataclass(frozen=True)
class KeptLine:
    id: str
    name: str


@dataclass(frozen=True)
class About:
    """``stage`` is the import's state, "" for none. ``work`` with ``done`` of ``total``: what the worker is at. ``asks_order``: nothing
    in the file says how its days are written. ``go``: what the button says, "" when there is nothing to bring in."""

    id: str = ""
    version: int = 0
    stage: str = ""
    file: str = ""
    words: str = ""
    work: str = ""
    done: int = 0
    total: int = 0
    order: str = ""
    asks_order: bool = False
    go: str = ""
    left_out: str = ""
    can_undo: bool = False
    fault: str = ""
    remedy: str = ""


def about_of(view: ImportView) -> About:
    line, counts = view.line, view.line.counts
    coming = counts.get("new", 0) + counts.get("joins", 0)
    out = counts.get("refused", 0) + counts.get("duplicate", 0)
    fault, remedy = fault_words(view.fault) if line.state == "failed" else ("", "")
    has_rows = line.state in ("rehearsed", "done", "undone")
    return About(
        id=str(line.id),
        version=view.version,
        stage=line.state,
        file=line.file_name or "A list",
        words=summary(view),
        work=_WORK.get(line.state, ""),
        done=view.done,
        total=max(view.total, 1),
        order=view.day_order,
        asks_order=any(column.holds is Holds.BIRTHDAY and column.is_unsure for column in view.columns),
        go=f"Import {format_count(coming, 'customer')}" if coming else "",
        left_out=f"/customers/import/{line.id}/left-out.csv" if out and has_rows and view.columns else "",
        can_undo=line.can_undo,
        fault=fault,
        remedy=remedy,
    )


def summary(view: ImportView) -> str:
    """Like "100 rows: 92 new, 3 twice in the file, 5 left out"."""
    counts, state = view.line.counts, view.line.state
    if state == "done":
        return outcome(view.line)
    if state == "undone":
        return _told(counts, ("removed", "removed"), ("restored", "as before"), ("kept", "kept"))
    if state != "rehearsed":
        return format_count(view.total, "row") if view.total else ""
    parts = (
        ("new", "new"), ("joins", "join a customer"), ("same", "with nothing new"),
        ("duplicate", "twice in the file"), ("refused", "left out"),
    )  # fmt: skip
    said = ", ".join(f"{group_indian(counts[name])} {words}" for name, words in parts if counts.get(name))
    return f"{format_count(view.total, 'row')}: {said}"


def outcome(line: ImportLine) -> str:
    """Like "92 customers added, 3 changed"."""
    return _told(line.counts, ("added", "added"), ("changed", "changed"))


def _told(counts: dict[str, int], *parts: tuple[str, str]) -> str:
    """Those that are not 0; the first one says of what."""
    said = [(counts[name], words) for name, words in parts if counts.get(name)]
    if not said:
        return "No customer was changed"
    (first, words), *rest = said
    return ", ".join([f"{format_count(first, 'customer')} {words}", *(f"{group_indian(n)} {w}" for n, w in rest)])


def columns_of(view: ImportView) -> list[ColumnLine]:
    return [
        ColumnLine(f"column_{at}", column.heading or f"Column {at + 1}", _samples(column), column.holds.value)
        for at, column in enumerate(view.columns)
    ]


def options_of(view: ImportView) -> list[Option]:
    return [Option(holds.value, words) for holds, words in WORDS.items() if holds is not Holds.ALLERGY or view.may_seal]


def rows_of(view: ImportView) -> list[RowLine]:
    return [_row(row) for row in view.rows]


def tabs_of(view: ImportView) -> list[TabLine]:
    counts = {**view.line.counts, "all": view.total}
    return [TabLine(show, words, group_indian(counts[show])) for show, words in _TABS.items() if counts.get(show)]


def kept_of(view: ImportView) -> list[KeptLine]:
    return [KeptLine(str(customer_id), name) for customer_id, name in view.kept]


def past_of(line: ImportLine, zone: str) -> PastLine:
    words, tone = _STATES[line.state]
    day = format_day(line.at.astimezone(zone_of(zone)).date())
    about = [day, line.by, outcome(line) if line.state in ("done", "undoing", "undone") else ""]
    return PastLine(
        str(line.id), line.file_name or "A list", " · ".join(one for one in about if one), words, tone, line.can_undo
    )


def fault_words(fault: str) -> tuple[str, str]:
    if fault == "expired":
        return EXPIRED
    return next((words for known, words in FAULTS.items() if known == fault), ("", ""))


def has_more(view: ImportView, page: int) -> bool:
    return view.shown > page * PAGE


def _row(row: RowView) -> RowLine:
    verdict, tone = _VERDICTS[row.verdict.lower()]
    return RowLine(
        str(row.number), row.name or "–", display_phone(row.phone), verdict, tone, row.words, row.verdict.isupper()
    )


def _samples(column: ColumnView) -> str:
    return " · ".join(sample.replace("\n", " ")[:40] for sample in column.samples) or "Nothing in the first rows"
