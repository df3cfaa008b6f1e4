"""Finding customers: by the beginning of any word of the name in any script, by e-mail, by the last digits of the phone.

Under row-level security only leakproof operators reach an index, so every condition here is a comparison on a
``COLLATE "C"`` column (``LIKE`` would scan the table). Somebody who sees contact details masked could otherwise learn a
number by guessing digit after digit, so for them only what the mask shows can be searched: the last five digits, and
whole e-mail addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from microcrm.domain.email import email_key
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import digits_of, prefix_end, search_key
from microcrm.models.customers import Customer, CustomerWord
from microcrm.operations.customer_access import may_contact, phone_for, visible_customers
from microcrm.operations.unit_of_work import Actor, UnitOfWork

QUERY_LIMIT = 100
LEAST_DIGITS = 4
MASK_SHOWS = 5
MOST_WORDS = 6
_PHONE_MARKS = frozenset("+-().\u2013/ \u00a0")


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of a quick search. ``phone`` is masked for those who may not see it."""

    id: int
    name: str
    phone: str
    initials: str
    hue: str


def search(uow: UnitOfWork, query: Any, limit: int = 8) -> tuple[Found, ...]:
    """The first few active customers that match, by name; nothing for an empty query."""
    uow.require(Permission.CUSTOMERS_VIEW)
    if not cleaned(query):
        return ()
    statement = (
        select(Customer.id, Customer.name, Customer.phone)
        .where(
            Customer.business_id == uow.business_id,
            Customer.archived_at.is_(None),
            visible_customers(uow.actor),
            matching(uow.actor, uow.business_id, query),
        )
        .order_by(Customer.name_key, Customer.id)
        .limit(max(1, min(limit, 25)))
    )
    return tuple(
        Found(row.id, row.name, phone_for(uow.actor, row.phone), initials(row.name), hue_for(row.id))
        for row in uow.session.execute(statement)
    )


def find_active(uow: UnitOfWork, customer_id: Any) -> Found | None:
    """One active customer whom the person may see, by id; ``None`` for anything else."""
    uow.require(Permission.CUSTOMERS_VIEW)
    try:
        number = parse_whole(customer_id)
    except Invalid:
        number = None
    if number is None or not 0 < number <= BIGINT:
        return None
    row = uow.session.execute(
        select(Customer.id, Customer.name, Customer.phone).where(
            Customer.business_id == uow.business_id,
            Customer.id == number,
            Customer.archived_at.is_(None),
            visible_customers(uow.actor),
        )
    ).first()
    return (
        Found(row.id, row.name, phone_for(uow.actor, row.phone), initials(row.name), hue_for(row.id)) if row else None
    )


def cleaned(query: Any) -> str:
    """What was typed, without what cannot be searched; "" for anything that is no text."""
    if not isinstance(query, str):
        return ""
    storable = query[:QUERY_LIMIT].encode(errors="ignore").decode().replace("\x00", "")
    return " ".join(storable.split())


def matching(actor: Actor, business_id: int, query: Any) -> ColumnElement[bool]:
    """A condition on ``customers`` for what was typed. Everything matches an empty query."""
    typed = cleaned(query)
    if not typed:
        return true()
    digits = digits_of(typed)
    if len(digits) >= LEAST_DIGITS and all(mark.isdecimal() or mark in _PHONE_MARKS for mark in typed):
        return _phone_is(actor, typed, digits)
    if "@" in typed:
        key = email_key(typed)
        return _begins(Customer.email_key, key) if may_contact(actor) else Customer.email_key == key
    words = search_key(typed).split()[:MOST_WORDS]
    if not words:
        return false()
    return and_(*[_is_named(actor, business_id, word) for word in words])


def _phone_is(actor: Actor, typed: str, digits: str) -> ColumnElement[bool]:
    """The last digits; for those who see whole numbers also a whole number in any spelling, or its first digits."""
    if not may_contact(actor):
        return _begins(Customer.phone_reversed, digits[-MASK_SHOWS:][::-1])
    try:
        return Customer.phone == parse_phone(typed)
    except Invalid:
        first = "+" + digits if typed.startswith("+") else "+91" + digits.lstrip("0")
        return or_(_begins(Customer.phone_reversed, digits[::-1]), _begins(Customer.phone, first))


def _is_named(actor: Actor, business_id: int, word: str) -> ColumnElement[bool]:
    """The customers with a word that begins like this, or (for those who see them) an e-mail address."""
    by_name: Select[Any] = select(CustomerWord.customer_id).where(
        CustomerWord.business_id == business_id, _begins(CustomerWord.word, word)
    )
    if not may_contact(actor):
        return Customer.id.in_(by_name)
    by_email = select(Customer.id).where(Customer.business_id == business_id, _begins(Customer.email_key, word))
    return Customer.id.in_(by_name.union(by_email))


def _begins(column: Any, key: str) -> ColumnElement[bool]:
    return and_(column >= key, column < prefix_end(key))
