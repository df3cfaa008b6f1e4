"""Customers who may be there twice: pairs found through indexes, scored by ``domain/duplicates.py``; and saying that two are not the
same.

Candidates come from what two of them share: a phone that is marked as shared, an e-mail, a birthday and a sound of the name, or a whole
name where one of them has neither phone nor e-mail. Never are all compared with all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.duplicates import Known, likeness
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.found_by import keys_for
from microcrm.domain.permissions import Permission
from microcrm.domain.search_key import search_key, words_of
from microcrm.models.customers import Customer
from microcrm.models.merging import DistinctCustomers
from microcrm.operations.customer_access import email_for, phone_for, visible_customers
from microcrm.operations.parts.booking_counts import bookings_of
from microcrm.operations.unit_of_work import UnitOfWork

SHOWN = 30
_MOST_CANDIDATES = 400

_CANDIDATES = (
    text("""
SELECT a.id, b.id FROM customers a JOIN customers b ON b.business_id = a.business_id AND b.phone = a.phone AND b.id <> a.id
WHERE a.business_id = :business AND a.archived_at IS NULL AND b.archived_at IS NULL AND a.is_sharing_phone AND a.phone <> ''
LIMIT :most
"""),
    text("""
WITH twice AS (
  SELECT email_key FROM customers WHERE business_id = :business AND archived_at IS NULL AND email_key <> ''
  GROUP BY email_key HAVING count(*) > 1 LIMIT :most
)
SELECT a.id, b.id FROM twice JOIN customers a ON a.email_key = twice.email_key
JOIN customers b ON b.business_id = a.business_id AND b.email_key = a.email_key AND b.id > a.id
WHERE a.business_id = :business AND a.archived_at IS NULL AND b.archived_at IS NULL LIMIT :most
"""),
    text("""
SELECT a.id, b.id FROM customers a JOIN customers b
ON b.business_id = a.business_id AND b.birth_key = a.birth_key AND b.birthday = a.birthday AND b.id > a.id
WHERE a.business_id = :business AND a.archived_at IS NULL AND b.archived_at IS NULL AND a.birth_key IS NOT NULL AND EXISTS (
  SELECT FROM customer_words w JOIN customer_words v ON v.business_id = w.business_id AND v.sound = w.sound
  WHERE w.business_id = a.business_id AND w.customer_id = a.id AND v.customer_id = b.id AND w.sound <> '')
LIMIT :most
"""),
    text("""
SELECT a.id, b.id FROM customers a JOIN customers b
ON b.business_id = a.business_id AND b.name_key = a.name_key AND b.id <> a.id
WHERE a.business_id = :business AND a.archived_at IS NULL AND b.archived_at IS NULL AND a.phone = '' AND a.email_key = ''
LIMIT :most
"""),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two. ``phone`` and ``email`` as this person may see them. ``bookings``: in every state."""

    id: int
    name: str
    phone: str
    email: str
    bookings: int


@dataclass(frozen=True, slots=True)
class Pair:
    """The one with more bookings first: it would be the survivor. ``why``: like "Same phone, similar name"."""

    first: Side
    second: Side
    score: int
    why: str


def duplicates(uow: UnitOfWork) -> tuple[Pair, ...]:
    """The likeliest thirty. Always seven statements."""
    uow.require(Permission.CUSTOMERS_MERGE)
    pairs: set[tuple[int, int]] = set()
    for query in _CANDIDATES:
        rows = uow.session.execute(query, {"business": uow.business_id, "most": _MOST_CANDIDATES})
        pairs |= {(min(one, other), max(one, other)) for one, other in rows}
    pairs -= _told_apart(uow, pairs)
    people = _people(uow, {customer for pair in pairs for customer in pair})
    known = {customer: _known(row) for customer, row in people.items()}
    likely: list[tuple[int, int, int, Sequence[str]]] = []
    for low, high in sorted(pairs):
        if low in known and high in known and (alike := likeness(known[low], known[high])).is_suggested:
            likely.append((low, high, alike.score, alike.reasons))
    shown = sorted(likely, key=lambda pair: -pair[2])[:SHOWN]
    counts = bookings_of(uow, {customer for low, high, *_ in shown for customer in (low, high)})
    return tuple(_pair(uow, [people[low], people[high]], counts, score, reasons) for low, high, score, reasons in shown)


def tell_apart(uow: UnitOfWork, one_id: Any, other_id: Any) -> None:
    """These are two people: they are not suggested again."""
    uow.require(Permission.CUSTOMERS_MERGE)
    reader = Reader()
    one, other = reader.id("one", one_id, "Customer"), reader.id("other", other_id, "Customer")
    if reader.errors or one == other or len(_people(uow, {one, other})) != 2:
        raise NotFound("We could not find that customer.")
    row = {"low_id": min(one, other), "high_id": max(one, other), "member_id": uow.actor.member_id, "at": uow.now}
    statement = insert(DistinctCustomers).values(business_id=uow.business_id, **row).on_conflict_do_nothing()
    uow.session.connection().execute(statement)
    uow.audit("customer.told_apart", "customer_merge", one, other=other)


def _told_apart(uow: UnitOfWork, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    said = DistinctCustomers
    query = select(said.low_id, said.high_id).where(
        said.business_id == uow.business_id, said.low_id.in_({low for low, _ in pairs})
    )
    return {(row.low_id, row.high_id) for row in uow.session.execute(query)}


def _people(uow: UnitOfWork, ids: Iterable[int]) -> dict[int, Customer]:
    query = select(Customer).where(
        Customer.business_id == uow.business_id, Customer.id.in_(set(ids)), visible_customers(uow.actor)
    )
    return {row.id or 0: row for row in uow.session.scalars(query)}


def _known(row: Customer) -> Known:
    return Known(
        words=frozenset(words_of(row.name)),
        sounds=frozenset(key.sound for key in keys_for(row.name) if key.sound),
        phone=row.phone,
        email=row.email_key,
        birthday=row.birthday,
        address=search_key(row.address),
    )


def _pair(
    uow: UnitOfWork, two: Sequence[Customer], counts: Mapping[int, int], score: int, reasons: Sequence[str]
) -> Pair:
    first, second = sorted(two, key=lambda row: (-counts[row.id or 0], row.id))
    words = ", ".join([reasons[0], *(reason[0].lower() + reason[1:] for reason in reasons[1:])])
    return Pair(_side(uow, first, counts), _side(uow, second, counts), score, words)


def _side(uow: UnitOfWork, row: Customer, counts: Mapping[int, int]) -> Side:
    phone, email = phone_for(uow.actor, row.phone), email_for(uow.actor, row.email)
    return Side(row.id or 0, row.name, phone, email, counts[row.id or 0])
