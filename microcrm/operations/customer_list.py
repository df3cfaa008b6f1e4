"""The list of customers: searched, sorted and paged by the database, 25 rows at a time.

Pages are found by the row they follow (a keyset), not by an offset: page 90 costs what page 1 costs, and a customer who
is added meanwhile neither repeats nor hides another. The address holds only that row's id, never a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, literal_column, select, tuple_

from microcrm.domain.booking import LIVE
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.formatting import format_day, format_time
from microcrm.domain.money import group_indian
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact, phone_for, visible_bookings, visible_customers
from microcrm.operations.customer_search import cleaned, matching
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 25
COUNTED = 10_000  # beyond that the exact number is not worth the scan
_KEYS: Mapping[str, Any] = {
    "name": Customer.name_key,
    "visit": func.coalesce(Customer.last_visit_at, literal_column("'1970-01-01 00:00:00+00'::timestamptz")),
    "new": Customer.created_at,
}


@dataclass(frozen=True, slots=True)
class ListCustomers:
    """``sort`` is name, visit or new; ``show`` is active or archived. ``after`` and ``before`` are the id of the row that
    the page follows or precedes. Anything unknown falls back to the first page by name: it comes from the address."""

    query: Any = ""
    sort: Any = "name"
    is_descending: bool = False
    show: Any = "active"
    tag: Any = ""
    after: Any = None
    before: Any = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """``whatsapp`` is digits for a wa.me link, empty for those who may not see the number."""

    id: str
    name: str
    initials: str
    hue: str
    phone: str
    whatsapp: str
    last_visit: str
    next_visit: str
    next_time: str
    added: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """``total`` like "2,418" or "10,000+"."""

    rows: tuple[CustomerRow, ...]
    total: str
    has_previous: bool
    has_next: bool


def list_page(uow: UnitOfWork, command: ListCustomers) -> CustomerPage:
    uow.require(Permission.CUSTOMERS_VIEW)
    where = _conditions(uow, command)
    after, before = (_boundary(uow, command, raw) for raw in (command.after, command.before))
    if before is not None:
        rows = _fetch(uow, command, where, before, is_backward=True)
        if len(rows) > PAGE_SIZE:
            return _page(uow, where, rows[:PAGE_SIZE][::-1], has_previous=True, has_next=True)
        after = None  # less than a page before it: that is the first page
    rows = _fetch(uow, command, where, after, is_backward=False)
    return _page(uow, where, rows[:PAGE_SIZE], has_previous=after is not None, has_next=len(rows) > PAGE_SIZE)


def tags_in_use(uow: UnitOfWork) -> tuple[str, ...]:
    """The shop's tags for the filter, at most 50."""
    uow.require(Permission.CUSTOMERS_VIEW)
    tag = func.unnest(Customer.tags).label("tag")
    query = select(tag).where(
        Customer.business_id == uow.business_id, Customer.archived_at.is_(None), visible_customers(uow.actor)
    )
    return tuple(uow.session.scalars(query.distinct().order_by("tag").limit(50)))


def _conditions(uow: UnitOfWork, command: ListCustomers) -> list[ColumnElement[bool]]:
    archived = Customer.archived_at
    where = [
        Customer.business_id == uow.business_id,
        archived.is_not(None) if command.show == "archived" else archived.is_(None),
        visible_customers(uow.actor),
        matching(uow.actor, uow.business_id, command.query),
    ]
    if tag := cleaned(command.tag):
        where.append(Customer.tags.contains([tag]))
    return where


def _key(command: ListCustomers) -> Any:
    return _KEYS.get(command.sort if isinstance(command.sort, str) else "", Customer.name_key)


def _boundary(uow: UnitOfWork, command: ListCustomers, raw: Any) -> Row[Any] | None:
    """The sort key and id of the row that a page starts from."""
    try:
        row_id = parse_whole(raw)
    except Invalid:
        return None
    if row_id is None or not 0 < row_id <= BIGINT:
        return None
    query = select(_key(command), Customer.id).where(Customer.business_id == uow.business_id, Customer.id == row_id)
    return uow.session.execute(query).first()


def _fetch(
    uow: UnitOfWork,
    command: ListCustomers,
    where: Sequence[ColumnElement[bool]],
    boundary: Row[Any] | None,
    *,
    is_backward: bool,
) -> Sequence[Row[Any]]:
    """One row more than a page, so that one knows whether there is another page."""
    key = _key(command)
    is_falling = bool(command.is_descending) != is_backward
    query: Select[Any] = select(
        Customer.id,
        Customer.name,
        Customer.phone,
        Customer.last_visit_at,
        Customer.created_at,
        Customer.tags,
        _next_visit(uow).label("next_visit_at"),
    ).where(*where)
    if boundary is not None:
        here, there = tuple_(key, Customer.id), tuple_(*boundary)
        query = query.where(here < there if is_falling else here > there)
    order = (key.desc(), Customer.id.desc()) if is_falling else (key, Customer.id)
    return uow.session.execute(query.order_by(*order).limit(PAGE_SIZE + 1)).all()


def _page(
    uow: UnitOfWork,
    where: Sequence[ColumnElement[bool]],
    found: Sequence[Row[Any]],
    *,
    has_previous: bool,
    has_next: bool,
) -> CustomerPage:
    return CustomerPage(tuple(_row(uow, row) for row in found), _total(uow, where), has_previous, has_next)


def _total(uow: UnitOfWork, where: Sequence[ColumnElement[bool]]) -> str:
    some = select(Customer.id).where(*where).limit(COUNTED + 1).subquery()
    count = uow.session.execute(select(func.count()).select_from(some)).scalar_one()
    return f"{group_indian(COUNTED)}+" if count > COUNTED else group_indian(count)


def _next_visit(uow: UnitOfWork) -> ScalarSelect[datetime | None]:
    """When the customer comes next, looked up for the rows of one page only: PostgreSQL does it after LIMIT."""
    return (
        select(func.min(Booking.starts_at))
        .where(
            Booking.business_id == Customer.business_id,
            Booking.customer_id == Customer.id,
            Booking.starts_at > uow.now,
            Booking.status.in_(LIVE),
            visible_bookings(uow.actor),
        )
        .correlate(Customer)
        .scalar_subquery()
    )


def _row(uow: UnitOfWork, row: Row[Any]) -> CustomerRow:
    zone, coming = zone_of(uow.actor.zone), row.next_visit_at
    return CustomerRow(
        id=str(row.id),
        name=row.name,
        initials=initials(row.name),
        hue=hue_for(row.id),
        phone=phone_for(uow.actor, row.phone),
        whatsapp=row.phone.lstrip("+") if may_contact(uow.actor) else "",
        last_visit=format_day(to_wall(row.last_visit_at, zone)[0]) if row.last_visit_at else "",
        next_visit=format_day(to_wall(coming, zone)[0]) if coming else "",
        next_time=format_time(coming, zone) if coming else "",
        added=format_day(to_wall(row.created_at, zone)[0]),
        tags=tuple(row.tags),
    )
