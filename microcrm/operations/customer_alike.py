"""Customers who may be the one that somebody is just typing in: the same phone, the same e-mail, a name that sounds alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import parse_whole
from microcrm.domain.name_sound import romanised, sound_of
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import words_of
from microcrm.models.customers import Customer, CustomerWord
from microcrm.operations.customer_access import phone_for, visible_customers
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 3
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Typing:
    """What stands in the form so far, as typed. ``customer_id``: whom the form is about, if there is one already."""

    name: Any = ""
    phone: Any = ""
    email: Any = ""
    customer_id: Any = None


@dataclass(frozen=True, slots=True)
class Alike:
    """``why``: "Same phone", "Same email" or "Similar name"."""

    id: int
    name: str
    phone: str
    is_archived: bool
    why: str


def customers_alike(uow: UnitOfWork, typing: Typing) -> tuple[Alike, ...]:
    """At most three whom this person may see, the surest first; half-typed and wrong fields say nothing yet."""
    uow.require(Permission.CUSTOMERS_VIEW)
    found: dict[int, Alike] = {}
    own_id = None
    with suppress(Invalid):
        own_id = parse_whole(typing.customer_id)
    for why, condition in _ways(uow, typing):
        query = (
            select(Customer.id, Customer.name, Customer.phone, Customer.archived_at)
            .where(Customer.business_id == uow.business_id, visible_customers(uow.actor), *condition)
            .order_by(Customer.archived_at.is_not(None), Customer.id)
            .limit(MOST + 1)
        )
        for row in uow.session.execute(query):
            if row.id != own_id:
                is_archived = row.archived_at is not None
                found.setdefault(row.id, Alike(row.id, row.name, phone_for(uow.actor, row.phone), is_archived, why))
    return tuple(found.values())[:MOST]


def _ways(uow: UnitOfWork, typing: Typing) -> Iterator[tuple[str, list[Any]]]:
    with suppress(Invalid):
        if phone := parse_phone(typing.phone):
            yield "Same phone", [Customer.phone == phone]
    with suppress(Invalid):
        if email := parse_email(typing.email):
            yield "Same email", [Customer.email_key == email_key(email)]
    words = words_of(typing.name[:200])[:_MOST_WORDS] if isinstance(typing.name, str) else ()
    if len(words) > 1:
        yield "Similar name", [_sounds(uow.business_id, word) for word in words if len(word) > 1]


def _sounds(business_id: int, word: str) -> ColumnElement[bool]:
    sound = sound_of(romanised(word) or word)
    key = (CustomerWord.sound, sound) if sound else (CustomerWord.word, word)
    return Customer.id.in_(
        select(CustomerWord.customer_id).where(CustomerWord.business_id == business_id, key[0] == key[1])
    )
