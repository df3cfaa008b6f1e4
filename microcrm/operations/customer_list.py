"""The list of customers: searched, sorted and paged by the database, 25 rows at a time.

Pages are found by the row they follow (a keyset), not by an offset: page 90 costs what page 1 costs, and a customer who
is added meanwhile neither repeats nor hides another. The address holds only that row's id, never a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Row,
    ScalarSelect,
    Select,
    TextClause,
    bindparam,
    false,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql.base import PGDialect

from microcrm.domain.booking import LIVE
from microcrm.domain.documents import OWED, financial_year
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.formatting import format_day, format_time
from microcrm.domain.found_by import tag_key
from microcrm.domain.money import format_rupees, group_indian
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone, mask_phone
from microcrm.domain.zones import zone_of
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.customer_access import (
    customers_seen,
    may_contact,
    sees_own_only,
    visible_bookings,
    visible_customers,
)
from microcrm.operations.customer_search import Near, cleaned, matching, near_words
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.segment_rules import conditions_of, has_tag
from microcrm.operations.segments import rules_of
from microcrm.operations.unit_of_work import Actor, UnitOfWork

PAGE_SIZE = 25
_NAMED = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it without types
MOST_TAGS = 50
COUNTED, COUNTED_FOUND = 10_000, 1_000  # beyond these the exact number of a list, of a search, is not worth the scan
_KEYS: Mapping[str, Any] = {
    "name": Customer.name_key,
    "visit": Customer.last_visit_key,
    "new": Customer.created_at,
    "billed": Customer.billed_paise,
}


@dataclass(frozen=True, slots=True)
class ListCustomers:
    """``sort`` is name, visit, new or (for those who see bills) billed; ``show`` is active or archived; ``segment`` is the key of
    one (``operations/segments.py``). ``after`` and ``before`` are the id of the row that
    the page follows or precedes. Anything unknown falls back to the first page by name: it comes from the address.
    ``total``: what was counted a moment ago for the same search; empty to count, which costs more than the page."""

    query: Any = ""
    sort: Any = "name"
    is_descending: bool = False
    show: Any = "active"
    tag: Any = ""
    segment: Any = ""
    after: Any = None
    before: Any = None
    total: str = ""


@dataclass(frozen=True)  # no slots: the state that holds rows is pickled, and slots make that several times slower
class CustomerRow:
    """``whatsapp`` is digits for a wa.me link, empty for those who may not see the number; ``billed`` and ``due`` are empty for those
    who may not see bills, and when there is nothing."""

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
    visits: str
    billed: str
    due: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """``total`` like "2,418", "10,000+" or, of a search, "1,000+". ``is_near``: nobody is called what was searched, and
    these are called nearly so."""

    rows: tuple[CustomerRow, ...]
    total: str
    has_previous: bool
    has_next: bool
    is_near: bool = False


def list_page(uow: UnitOfWork, command: ListCustomers) -> CustomerPage:
    uow.require(Permission.CUSTOMERS_VIEW)
    page = _page(uow, command, narrowed(uow, command))
    if page.rows or not (query := cleaned(command.query)) or not (near := near_words(uow, query)):
        return page
    return replace(_page(uow, command, narrowed(uow, command, near)), is_near=True)


def _page(uow: UnitOfWork, command: ListCustomers, narrowed: Sequence[ColumnElement[bool]]) -> CustomerPage:
    after, before = (_boundary(uow, command, raw) for raw in (command.after, command.before))
    has_previous, has_next, rows = (
        True,
        True,
        _fetch(uow, command, narrowed, before, is_backward=True) if before else [],
    )
    if len(rows) > PAGE_SIZE:
        rows = rows[:PAGE_SIZE][::-1]
    else:  # less than a page before it: that is the first page
        after = None if before else after
        rows = _fetch(uow, command, narrowed, after, is_backward=False)
        has_previous, has_next, rows = after is not None, len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    total = group_indian(len(rows)) if not has_previous and not has_next else command.total
    return CustomerPage(_rows(uow.actor, rows), total or _total(uow, command, narrowed), has_previous, has_next)


def tags_in_use(uow: UnitOfWork) -> tuple[str, ...]:
    """The shop's tags for the filter, at most 50, each as one of the customers has it."""
    uow.require(Permission.CUSTOMERS_VIEW)
    if not sees_own_only(uow.actor):
        rows = uow.session.connection().execute(_TAGS, {"business": uow.business_id, "most": MOST_TAGS})
        return tuple(next((tag for tag in tags if tag_key(tag) == word), word[1:]) for word, tags in rows)
    tag = func.unnest(Customer.tags).label("tag")
    query = select(tag).where(
        Customer.business_id == uow.business_id, Customer.archived_at.is_(None), visible_customers(uow.actor)
    )
    return tuple(uow.session.scalars(query.distinct().order_by("tag").limit(MOST_TAGS)))


# From one tag to the next in the index, whatever the number of customers that have it.
_NEXT_TAG = """
SELECT w.word, c.tags FROM customer_words w JOIN customers c ON c.business_id = :business AND c.id = w.customer_id
WHERE w.business_id = :business AND w.word > {} AND w.word < '$' AND c.archived_at IS NULL ORDER BY w.word LIMIT 1
"""
_TAGS = fixed(f"""
WITH RECURSIVE found AS (
  ({_NEXT_TAG.format("'#'")}) UNION ALL SELECT next.* FROM found, LATERAL ({_NEXT_TAG.format("found.word")}) next
)
SELECT word, tags FROM found LIMIT :most
""")  # noqa: S608 - no value of anybody's in it


def narrowed(uow: UnitOfWork, command: ListCustomers, near: Near = MappingProxyType({})) -> list[ColumnElement[bool]]:
    """What this person, search and tag leave of the shop's customers; usually that is all of them."""
    conditions = []
    if sees_own_only(uow.actor):
        conditions.append(customers_seen(uow.actor) if command.segment else visible_customers(uow.actor))
    if query := cleaned(command.query):
        conditions.append(matching(uow.actor, uow.business_id, query, near, year=financial_year(uow.now)))
    if tag := cleaned(command.tag):
        conditions.append(has_tag(uow.business_id, tag))
    if command.segment:
        rules = rules_of(uow, command.segment)
        conditions += [false()] if rules is None else conditions_of(uow, rules)
    return conditions


def _is_listed(*, is_archived: bool) -> ColumnElement[bool]:
    archived = Customer.archived_at
    shown = archived.is_not(None) if is_archived else archived.is_(None)
    return (Customer.business_id == bindparam("business", type_=BigInteger)) & shown


def _sort_of(uow: UnitOfWork, command: ListCustomers) -> str:
    known = isinstance(command.sort, str) and command.sort in _KEYS
    return command.sort if known and (command.sort != "billed" or sees_money(uow)) else "name"


def sees_money(uow: UnitOfWork) -> bool:
    return Permission.INVOICES_VIEW in uow.actor.permissions


def _boundary(uow: UnitOfWork, command: ListCustomers, raw: Any) -> Row[Any] | None:
    """The sort key and id of the row that a page starts from."""
    try:
        row_id = parse_whole(raw)
    except Invalid:
        return None
    if row_id is None or not 0 < row_id <= BIGINT:
        return None
    query = select(_KEYS[_sort_of(uow, command)], Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == row_id
    )
    return uow.session.execute(query).first()


def _fetch(
    uow: UnitOfWork,
    command: ListCustomers,
    narrowed: Sequence[ColumnElement[bool]],
    boundary: Row[Any] | None,
    *,
    is_backward: bool,
) -> Sequence[tuple[Any, ...]]:
    """One row more than a page, so that one knows whether there is another page."""
    is_falling = bool(command.is_descending) != is_backward
    shape = (_sort_of(uow, command), is_falling, command.show == "archived", boundary is not None)
    values = {"business": uow.business_id, "now": uow.now}
    if boundary is not None:
        values |= {"from_key": boundary[0], "from_id": boundary.id}
    if not narrowed and command.show != "archived":
        return fetch(uow.session.connection(), _usual(*shape), values)
    is_own = sees_own_only(uow.actor)
    statement = _statement(*shape, coming_visit(visible_bookings(uow.actor))) if is_own else _whole(*shape)
    return uow.session.connection().execute(statement.where(*narrowed), values).all()


@cache
def _whole(sort: str, is_falling: bool, is_archived: bool, is_bounded: bool) -> Select[Any]:
    """Built once: putting a statement together takes longer than running it."""
    return _statement(sort, is_falling, is_archived, is_bounded, coming_visit(true()))


@cache
def _usual(sort: str, is_falling: bool, is_archived: bool, is_bounded: bool) -> TextClause:
    """Everybody, in an order that has its index. Only who stands on the page is read, so that one plan serves shops of any size; and
    a text is found among what was compiled without walking through its parts."""
    return fixed(str(_whole(sort, is_falling, is_archived, is_bounded).compile(dialect=_NAMED)))


def _statement(
    sort: str, is_falling: bool, is_archived: bool, is_bounded: bool, next_visit: ScalarSelect[datetime | None]
) -> Select[Any]:
    """Parameters: business, now, and for a page that follows a row from_key and from_id."""
    key = _KEYS[sort]
    query: Select[Any] = select(
        Customer.id,
        Customer.name,
        Customer.phone,
        Customer.last_visit_at,
        Customer.created_at,
        Customer.tags,
        Customer.visit_count,
        Customer.billed_paise,
        next_visit.label("next_visit_at"),
        owed_paise().label("due_paise"),
    ).where(_is_listed(is_archived=is_archived))
    if is_bounded:
        here = tuple_(key, Customer.id)
        there = tuple_(bindparam("from_key", type_=key.type), bindparam("from_id", type_=BigInteger))
        query = query.where(here < there if is_falling else here > there)
    order = (key.desc(), Customer.id.desc()) if is_falling else (key, Customer.id)
    return query.order_by(*order).limit(literal_column(str(PAGE_SIZE + 1)))


def _total(uow: UnitOfWork, command: ListCustomers, narrowed: Sequence[ColumnElement[bool]]) -> str:
    most = COUNTED_FOUND if cleaned(command.query) else COUNTED
    listed = select(Customer.id).where(_is_listed(is_archived=command.show == "archived"), *narrowed)
    query = select(func.count()).select_from(listed.limit(most + 1).subquery())
    count = uow.session.connection().execute(query, {"business": uow.business_id}).scalar_one()
    return f"{group_indian(most)}+" if count > most else group_indian(count)


def coming_visit(visible: ColumnElement[bool]) -> ScalarSelect[datetime | None]:
    """When the customer comes next, looked up for the rows of one page only: PostgreSQL does it after LIMIT."""
    return (
        select(func.min(Booking.starts_at))
        .where(
            Booking.business_id == Customer.business_id,
            Booking.customer_id == Customer.id,
            Booking.starts_at > bindparam("now", type_=DateTime(timezone=True)),
            Booking.status.in_([literal_column(f"'{status}'") for status in sorted(LIVE)]),
            visible,
        )
        .correlate(Customer)
        .scalar_subquery()
    )


def owed_paise() -> ScalarSelect[int]:
    """What the customer owes, looked up like the next visit."""
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    return (
        select(func.sum(due))
        .where(
            Document.business_id == Customer.business_id,
            Document.customer_id == Customer.id,
            Document.state.in_([literal_column(f"'{state}'") for state in OPEN]),
            Document.kind.in_([literal_column(f"'{kind}'") for kind in sorted(OWED)]),
        )
        .correlate(Customer)
        .scalar_subquery()
    )


def _rows(actor: Actor, found: Sequence[tuple[Any, ...]]) -> tuple[CustomerRow, ...]:
    """Unpacked, a row costs half of what it does by the names of its columns."""
    zone, is_open, has_money = zone_of(actor.zone), may_contact(actor), Permission.INVOICES_VIEW in actor.permissions
    return tuple(
        CustomerRow(
            id=str(row_id),
            name=name,
            initials=initials(name),
            hue=hue_for(row_id),
            phone=display_phone(phone) if is_open else mask_phone(phone),
            whatsapp=phone.lstrip("+") if is_open else "",
            last_visit=format_day(last_visit.astimezone(zone).date()) if last_visit else "",
            next_visit=format_day(next_visit.astimezone(zone).date()) if next_visit else "",
            next_time=format_time(next_visit, zone) if next_visit else "",
            added=format_day(added.astimezone(zone).date()),
            visits=group_indian(visits),
            billed=format_rupees(billed) if has_money and billed else "",
            due=format_rupees(int(due)) if has_money and due else "",
            tags=tuple(tags),
        )
        for row_id, name, phone, last_visit, added, tags, visits, billed, next_visit, due in found
    )
