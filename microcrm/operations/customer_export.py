"""Customers as a file to take away: a table with the columns that are wanted, or cards for an address book. Who took how many, how and
of which list is in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from microcrm.domain.customer_file.cards import Contact
from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone, mask_phone
from microcrm.domain.sheet import Cell, Holds, SheetColumn
from microcrm.domain.zones import zone_of
from microcrm.models.customer_notes import CustomerNote
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import email_for, may_contact, visible_bookings
from microcrm.operations.customer_choice import Choice, chosen
from microcrm.operations.customer_list import coming_visit, owed_paise, sees_money
from microcrm.operations.unit_of_work import Actor, UnitOfWork

MOST = 200_000
_AT_ONCE = 2_000


class FileKind(StrEnum):
    """The value is how the file's name ends."""

    CSV = "csv"
    XLSX = "xlsx"
    CARDS = "vcf"


@dataclass(frozen=True, slots=True)
class _Reader:
    """For whom it is written."""

    actor: Actor
    zone: ZoneInfo
    is_open: bool

    def phone(self, value: str) -> Cell:
        return display_phone(value).removeprefix("+91 ") if self.is_open else mask_phone(value)

    def email(self, value: str) -> Cell:
        return email_for(self.actor, value)

    def contact(self, value: str) -> Cell:
        return value if self.is_open else ""

    def day(self, at: datetime | None) -> Cell:
        return at.astimezone(self.zone).date() if at else None

    def tags(self, value: Sequence[str]) -> Cell:
        return ", ".join(value)

    def plain(self, value: Any) -> Cell:
        found: Cell = value
        return found

    def paise(self, value: Any) -> Cell:
        return int(value or 0)


Read = Callable[[_Reader, Any], Cell]
FIELDS: Mapping[str, tuple[SheetColumn, Read]] = {
    "name": (SheetColumn("Name", width=24), _Reader.plain),
    "phone": (SheetColumn("Phone"), _Reader.phone),
    "email": (SheetColumn("Email", width=24), _Reader.email),
    "address": (SheetColumn("Address", width=30), _Reader.contact),
    "birthday": (SheetColumn("Birthday", Holds.DAY), _Reader.plain),
    "tags": (SheetColumn("Tags", width=20), _Reader.tags),
    "notes": (SheetColumn("Notes", width=30), _Reader.contact),
    "added": (SheetColumn("Added", Holds.DAY), _Reader.day),
    "last": (SheetColumn("Last visit", Holds.DAY), _Reader.day),
    "next": (SheetColumn("Next visit", Holds.DAY), _Reader.day),
    "visits": (SheetColumn("Visits", Holds.NUMBER), _Reader.plain),
    "billed": (SheetColumn("Billed", Holds.MONEY), _Reader.paise),
    "due": (SheetColumn("Due", Holds.MONEY), _Reader.paise),
}
ALWAYS = "name"
MONEY = frozenset({"billed", "due"})
_ON_A_CARD = ("phone", "email", "address", "birthday", "tags", "notes")


@dataclass(frozen=True, slots=True)
class ExportAhead:
    """What a file would hold: how many, and which fields may be chosen beside the name. ``is_masked``: without contact details."""

    count: int
    fields: tuple[str, ...]
    is_masked: bool


@dataclass(frozen=True, slots=True)
class CustomerSheet:
    """``rows`` are read from the database as they are asked for, so within the transaction."""

    columns: tuple[SheetColumn, ...]
    rows: Iterator[tuple[Cell, ...]]
    count: int


def look_ahead(uow: UnitOfWork, choice: Choice) -> ExportAhead:
    """Before anything is taken away. Raises: Invalid, for nobody and for more than 200,000."""
    uow.require(Permission.CUSTOMERS_EXPORT)
    count = _count(uow, chosen(uow, choice))
    return ExportAhead(count, tuple(name for name in _seen(uow) if name != ALWAYS), not may_contact(uow.actor))


def export_customers(
    uow: UnitOfWork, choice: Choice, fields: Any = None, kind: FileKind = FileKind.CSV
) -> CustomerSheet:
    """By name; ``fields`` beside it, all when nothing is said. Phone and e-mail are masked, and address and notes left out, for those
    who may not see contact details. Raises: Invalid, for nobody, for more than 200,000 and for fields that there are none of."""
    uow.require(Permission.CUSTOMERS_EXPORT)
    names, conditions, count = _begin(uow, choice, fields, kind)
    return CustomerSheet(tuple(FIELDS[name][0] for name in names), _rows(uow, names, conditions), count)


def export_cards(uow: UnitOfWork, choice: Choice, fields: Any = None) -> Iterator[Contact]:
    """The same people as cards, with what a card holds of the fields. Nothing that would be masked is on one. Raises: Invalid."""
    uow.require(Permission.CUSTOMERS_EXPORT)
    names, conditions, _ = _begin(uow, choice, fields, FileKind.CARDS)
    return _cards(uow, [name for name in names if name in _ON_A_CARD], conditions)


def _begin(uow: UnitOfWork, choice: Choice, fields: Any, kind: FileKind) -> tuple[tuple[str, ...], list[Any], int]:
    """Which fields and who, written down."""
    names = _wanted(uow, fields)
    conditions = chosen(uow, choice)
    count = _count(uow, conditions)
    uow.audit("export", "customers", None, count=count, file=kind.value, fields=list(names), **_narrowed(choice))
    return names, conditions, count


def _count(uow: UnitOfWork, conditions: list[Any]) -> int:
    count: int = uow.session.execute(select(func.count()).select_from(Customer).where(*conditions)).scalar_one()
    if not 0 < count <= MOST:
        raise Invalid("There is nobody to export." if not count else f"At most {MOST:,} customers at once.")
    return count


def _seen(uow: UnitOfWork) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if name not in MONEY or sees_money(uow))


def _wanted(uow: UnitOfWork, fields: Any) -> tuple[str, ...]:
    seen = _seen(uow)
    if fields is None:
        return seen
    if not isinstance(fields, list | tuple) or not all(isinstance(one, str) and one in FIELDS for one in fields):
        raise Invalid("Choose columns from the list.")
    return tuple(name for name in seen if name == ALWAYS or name in fields)


def _narrowed(choice: Choice) -> dict[str, Any]:
    """Which list it was, for the log, which keeps no words of a search: they may be somebody's name."""
    listed = choice.listed
    if listed is None or choice.ids:
        return {"whole": False}
    narrowed = {
        "archived": listed.show == "archived", "searched": bool(listed.query), "tagged": bool(listed.tag),
        "segment": str(listed.segment or "")[:20],
    }  # fmt: skip
    return {"whole": True} | {name: value for name, value in narrowed.items() if value}


def _pinned_notes() -> ScalarSelect[str]:
    """Those that stand on top, the oldest first."""
    note = CustomerNote
    return (
        select(func.coalesce(func.string_agg(note.words, aggregate_order_by("\n\n", note.at, note.id)), ""))
        .where(
            note.business_id == Customer.business_id, note.customer_id == Customer.id, note.is_pinned,
            note.removed_at.is_(None),
        )
        .correlate(Customer)
        .scalar_subquery()
    )  # fmt: skip


def _sources(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "name": Customer.name, "phone": Customer.phone, "email": Customer.email, "address": Customer.address,
        "birthday": Customer.birthday, "tags": Customer.tags, "notes": _pinned_notes(), "added": Customer.created_at,
        "last": Customer.last_visit_at, "next": coming_visit(visible_bookings(uow.actor)), "visits": Customer.visit_count,
        "billed": Customer.billed_paise, "due": owed_paise(),
    }  # fmt: skip


def _found(uow: UnitOfWork, names: Sequence[str], conditions: list[Any]) -> Iterator[Any]:
    sources = _sources(uow)
    query = (
        select(*(sources[name].label(f"field_{name}") for name in names))
        .where(*conditions)
        .order_by(Customer.name_key, Customer.id)
    )
    yield from uow.session.connection().execute(query, {"now": uow.now}, execution_options={"yield_per": _AT_ONCE})


def _rows(uow: UnitOfWork, names: Sequence[str], conditions: list[Any]) -> Iterator[tuple[Cell, ...]]:
    reader = _Reader(uow.actor, zone_of(uow.actor.zone), may_contact(uow.actor))
    reads = [FIELDS[name][1] for name in names]
    for found in _found(uow, names, conditions):
        yield tuple(read(reader, value) for read, value in zip(reads, found, strict=True))


def _cards(uow: UnitOfWork, names: Sequence[str], conditions: list[Any]) -> Iterator[Contact]:
    hidden = () if may_contact(uow.actor) else ("phone", "email", "address", "notes")
    on_it = [name for name in names if name not in hidden]
    for name, *values in _found(uow, (ALWAYS, *on_it), conditions):
        said: dict[str, Any] = dict(zip(on_it, values, strict=True))
        birthday: date | None = said.get("birthday")
        yield Contact(
            name, said.get("phone", ""), said.get("email", ""), said.get("address", ""), birthday,
            tuple(said.get("tags", ())), said.get("notes", ""),
        )  # fmt: skip
