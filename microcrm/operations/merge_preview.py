"""What two records say, side by side, before they are merged; and which merges of a customer can still be taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_day
from microcrm.domain.merging import FIELDS, Choice, MergeField, default_of, options_of
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.merging import CustomerMerge
from microcrm.operations.customer_access import email_for, may_contact, phone_for, visible_customers
from microcrm.operations.parts.booking_counts import bookings_of
from microcrm.operations.parts.together import Part
from microcrm.operations.unit_of_work import UnitOfWork

MOST_SINCE = 20


@dataclass(frozen=True, slots=True)
class ComparedField:
    """``options`` are what can be chosen; none where both say the same."""

    name: str
    label: str
    kept: str
    gone: str
    options: tuple[Choice, ...]
    default: Choice


@dataclass(frozen=True, slots=True)
class Comparison:
    """``bookings`` and ``bills`` of the record that would go."""

    kept_id: int
    gone_id: int
    kept_version: int
    gone_version: int
    kept: str
    gone: str
    fields: tuple[ComparedField, ...]
    bookings: int
    bills: int


@dataclass(frozen=True, slots=True)
class MergeLine:
    """``since``: id and start of the visits that came after it, the latest first."""

    id: int
    gone: str
    at: datetime
    since: tuple[tuple[int, datetime], ...]


def compare(uow: UnitOfWork, one_id: Any, other_id: Any) -> Comparison:
    """The first would stay. Three statements. Raises: Invalid, NotFound."""
    uow.require(Permission.CUSTOMERS_MERGE)
    kept, gone = _both(uow, one_id, other_id)
    fields = tuple(_compared(uow, field, kept, gone) for field in FIELDS)
    gone_id = gone.id or 0
    own = select(func.count()).where(Document.business_id == uow.business_id, Document.customer_id == gone_id)
    counts = bookings_of(uow, [gone_id])[gone_id], uow.session.scalars(own).one()
    return Comparison(
        kept.id or 0, gone_id, kept.version, gone.version, kept.name, gone.name, fields, counts[0], counts[1]
    )


def merges_part(uow: UnitOfWork, customer_id: int) -> Part[tuple[MergeLine, ...]]:
    """Of the customer's own merges the latest first, for operations that have asked already; empty for those who may not take
    them apart."""
    merge = CustomerMerge
    latest = (
        select(Booking.id, Booking.starts_at)
        .where(
            Booking.business_id == uow.business_id, Booking.customer_id == customer_id, Booking.created_at >= merge.at
        )
        .order_by(Booking.created_at.desc(), Booking.id.desc())
        .limit(MOST_SINCE)
        .correlate(merge)
        .subquery()
    )
    since = select(func.json_agg(func.json_build_array(latest.c.id, latest.c.starts_at))).scalar_subquery()
    query = (
        select(merge.id, Customer.name, merge.at, since.label("since"))
        .join(Customer, (Customer.business_id == merge.business_id) & (Customer.id == merge.gone_id))
        .where(merge.business_id == uow.business_id, merge.kept_id == customer_id, merge.undone_at.is_(None))
        .order_by(merge.id.desc())
    )
    return Part(query if uow.may(Permission.CUSTOMERS_MERGE) else None, lambda rows: tuple(map(_merge_line, rows)))


def _merge_line(row: Any) -> MergeLine:
    since = tuple((visit, datetime.fromisoformat(at)) for visit, at in row.since or ())
    return MergeLine(row.id, row.name, row.at, since)


def _both(uow: UnitOfWork, kept_id: Any, gone_id: Any) -> tuple[Customer, Customer]:
    reader = Reader()
    kept, gone = reader.id("kept_id", kept_id, "Customer"), reader.id("gone_id", gone_id, "Customer")
    if not reader.errors and kept == gone:
        raise Invalid("These are one and the same.", remedy="Choose another customer to merge with.")
    query = select(Customer).where(
        Customer.business_id == uow.business_id, Customer.id.in_([kept, gone]), visible_customers(uow.actor)
    )
    rows = {} if reader.errors else {row.id: row for row in uow.session.scalars(query)}
    if len(rows) != 2:
        raise NotFound("We could not find that customer.")
    return rows[kept], rows[gone]


def _compared(uow: UnitOfWork, field: MergeField, kept: Customer, gone: Customer) -> ComparedField:
    one, other = (getattr(row, field.columns[0]) for row in (kept, gone))
    words = (_words(uow, field, one), _words(uow, field, other))
    return ComparedField(field.name, field.label, *words, options_of(field, one, other), default_of(field, one, other))


def _words(uow: UnitOfWork, field: MergeField, value: Any) -> str:
    if field.name == "phone":
        return phone_for(uow.actor, value)
    if field.name == "email":
        return email_for(uow.actor, value)
    if field.name == "address":
        return value if may_contact(uow.actor) else "Hidden" if value else ""
    if field.name == "birthday":
        return format_day(value) if value else ""
    return ", ".join(value) if isinstance(value, list) else str(value)
