"""A list of customers as a table to take away. Who took how many is in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone, mask_phone
from microcrm.domain.sheet import Cell, Holds, SheetColumn
from microcrm.domain.zones import zone_of
from microcrm.models.customer_notes import CustomerNote
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import email_for, may_contact
from microcrm.operations.customer_choice import Choice, chosen
from microcrm.operations.customer_list import sees_money
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 200_000
_AT_ONCE = 2_000
_COLUMNS = (
    SheetColumn("Name", width=24),
    SheetColumn("Phone"),
    SheetColumn("Email", width=24),
    SheetColumn("Address", width=30),
    SheetColumn("Birthday", Holds.DAY),
    SheetColumn("Tags", width=20),
    SheetColumn("Notes", width=30),
    SheetColumn("Added", Holds.DAY),
    SheetColumn("Last visit", Holds.DAY),
    SheetColumn("Visits", Holds.NUMBER),
)
_BILLED = SheetColumn("Billed", Holds.MONEY)


@dataclass(frozen=True, slots=True)
class CustomerSheet:
    """``rows`` are read from the database as they are asked for, so within the transaction."""

    columns: tuple[SheetColumn, ...]
    rows: Iterator[tuple[Cell, ...]]
    count: int


def export_customers(uow: UnitOfWork, choice: Choice) -> CustomerSheet:
    """By name. Phone and e-mail are masked, and address and notes left out, for those who may not see contact details. Raises:
    Invalid, for nobody and for more than 200,000."""
    uow.require(Permission.CUSTOMERS_EXPORT)
    conditions = chosen(uow, choice)
    count = uow.session.execute(select(func.count()).select_from(Customer).where(*conditions)).scalar_one()
    if not 0 < count <= MOST:
        raise Invalid("There is nobody to export." if not count else f"At most {MOST:,} customers at once.")
    uow.audit("export", "customers", None, count=count, whole=not choice.ids)
    columns = (*_COLUMNS, _BILLED) if sees_money(uow) else _COLUMNS
    return CustomerSheet(columns, _rows(uow, conditions), count)


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


def _rows(uow: UnitOfWork, conditions: list[Any]) -> Iterator[tuple[Cell, ...]]:
    query = select(
        Customer.name, Customer.phone, Customer.email, Customer.address, Customer.birthday, Customer.tags, _pinned_notes(),
        Customer.created_at, Customer.last_visit_at, Customer.visit_count, Customer.billed_paise,
    ).where(*conditions).order_by(Customer.name_key, Customer.id)  # fmt: skip
    zone, is_open, has_money = zone_of(uow.actor.zone), may_contact(uow.actor), sees_money(uow)
    found = uow.session.connection().execute(query, execution_options={"yield_per": _AT_ONCE})
    for name, phone, email, address, birthday, tags, notes, added, last, visits, billed in found:
        row: tuple[Cell, ...] = (
            name,
            display_phone(phone).removeprefix("+91 ") if is_open else mask_phone(phone),
            email_for(uow.actor, email),
            address if is_open else "",
            birthday,
            ", ".join(tags),
            notes if is_open else "",
            added.astimezone(zone).date(),
            last.astimezone(zone).date() if last else None,
            visits,
        )
        yield (*row, billed) if has_money else row
