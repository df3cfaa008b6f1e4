"""Finding customers: by the beginning of any word of the name in any script, by its sound, in spite of one wrong letter, by the
last digits of the phone, by e-mail, tag and the number of a bill. The palette, the booking and the list all ask here.

Under row-level security only leakproof operators reach an index, so every condition here is a comparison on a
``COLLATE "C"`` column (``LIKE`` would scan the table). Somebody who sees contact details masked could otherwise learn a
number by guessing digit after digit, so for them only what the mask shows can be searched: the last five digits, and
whole e-mail addresses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, and_, exists, false, or_, select, true, union_all

from microcrm.domain.documents import DocumentKind, financial_year
from microcrm.domain.email import email_key
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.found_by import Range, Sought, sought
from microcrm.domain.names import hue_for, initials
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import digits_of, prefix_end, search_key
from microcrm.domain.spelling import is_forgivable, is_near, spellings_of
from microcrm.models.billing import Document
from microcrm.models.customers import Customer, CustomerWord
from microcrm.operations.customer_access import may_contact, phone_for, sees_own_only, visible_customers
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import Actor, UnitOfWork

QUERY_LIMIT = 100
LEAST_DIGITS = 2
MASK_SHOWS = 5
LONGEST_RUNNING = 6  # digits of a bill's number that are searched for without the rest of it
_PHONE_MARKS = frozenset("+-().\u2013/ \u00a0")
_MOST_FOUND = 25

Near = Mapping[str, tuple[str, ...]]  # to a typed word the customers' words that are one letter away from it
_NONE_NEAR: Near = {}


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of a quick search. ``phone`` is masked for those who may not see it."""

    id: int
    name: str
    phone: str
    initials: str
    hue: str


def search(uow: UnitOfWork, query: Any, limit: int = 8) -> tuple[Found, ...]:
    """The first few active customers that match, those who fit best first; nothing for an empty query."""
    uow.require(Permission.CUSTOMERS_VIEW)
    typed, limit = cleaned(query), max(1, min(limit, _MOST_FOUND))
    if not typed:
        return ()
    if not is_about_names(typed) or sees_own_only(uow.actor):
        return _in_order_of_names(uow, typed, limit)
    words = sought(typed)
    if not words:
        return ()
    found = _named(uow, typed, words, _NONE_NEAR, limit)
    if not found and (near := near_words(uow, typed)):
        found = _named(uow, typed, words, near, limit)
    return tuple(found.values())[:limit]


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
    return _found(uow.actor, *row) if row else None


def cleaned(query: Any) -> str:
    """What was typed, without what cannot be searched; "" for anything that is no text."""
    if not isinstance(query, str):
        return ""
    storable = query[:QUERY_LIMIT].encode(errors="ignore").decode().replace("\x00", "")
    return " ".join(storable.split())


def is_about_names(typed: str) -> bool:
    """Whether words are searched, and no phone, e-mail or bill."""
    return not (_is_number(typed) or "@" in typed or _is_bill(typed))


def near_words(uow: UnitOfWork, typed: str) -> Near:
    """The words of the shop's customers that are one letter away from typed ones; empty when there are none."""
    wanted = [one.word for one in sought(typed) if is_forgivable(one.word)] if is_about_names(typed) else []
    if not wanted:
        return {}
    starts = [spelling for word in wanted for spelling in spellings_of(word)]
    values = {"business": uow.business_id, "starts": starts, "ends": [prefix_end(start) for start in starts]}
    known = uow.session.connection().execute(_SPELT_SO, values).scalars().all()
    near = {word: tuple(one for one in known if is_near(word, one)) for word in wanted}
    return {word: words for word, words in near.items() if words}


def matching(
    actor: Actor, business_id: int, query: Any, near: Near = _NONE_NEAR, *, year: int = 0
) -> ColumnElement[bool]:
    """A condition on ``customers`` for what was typed. Everything matches an empty query. ``year``: the financial year whose
    bills are found by their running number alone."""
    typed = cleaned(query)
    if not typed:
        return true()
    if _is_number(typed):
        return _has_number(actor, business_id, typed, year)
    if "@" in typed:
        key = email_key(typed)
        return _begins(Customer.email_key, key) if may_contact(actor) else Customer.email_key == key
    words = sought(typed)
    by_name = _are_called(actor, business_id, words, near) if words else false()
    if not _is_bill(typed) or Permission.INVOICES_VIEW not in actor.permissions:
        return by_name
    by_bill = _billed(business_id, _begins(Document.number, typed.upper()))
    return Customer.id.in_(union_all(by_bill, _those(business_id, by_name)))


def _is_number(typed: str) -> bool:
    return len(digits_of(typed)) >= LEAST_DIGITS and all(mark.isdecimal() or mark in _PHONE_MARKS for mark in typed)


def _is_bill(typed: str) -> bool:
    """Like "SLN/2627/0012", or its beginning: letters, a digit, no second word."""
    return (
        any(mark.isdigit() for mark in typed)
        and ("/" in typed or "-" in typed)
        and typed.isascii()
        and " " not in typed
    )


def _has_number(actor: Actor, business_id: int, typed: str, year: int) -> ColumnElement[bool]:
    """The last digits of a phone; for those who see whole numbers also a whole number in any spelling, or its first digits; for
    those who see bills the running number of one."""
    digits = digits_of(typed)
    if may_contact(actor):
        with contextlib.suppress(Invalid):
            return Customer.phone == parse_phone(typed)
        first = "+" + digits if typed.startswith("+") else "+91" + digits.lstrip("0")
        ways = [_begins(Customer.phone_reversed, digits[::-1]), _begins(Customer.phone, first)]
    else:
        ways = [_begins(Customer.phone_reversed, digits[-MASK_SHOWS:][::-1])]
    found = [_those(business_id, way) for way in ways]
    if year and digits == typed and len(digits) <= LONGEST_RUNNING and Permission.INVOICES_VIEW in actor.permissions:
        running = (Document.kind.in_(list(DocumentKind)), Document.began == year, Document.running == int(digits))
        found.append(_billed(business_id, *running))
    return Customer.id.in_(union_all(*found))


def _those(business_id: int, condition: ColumnElement[bool]) -> Select[Any]:
    """As a list of its own: an OR over several indexes would read the whole shop."""
    return select(Customer.id).where(Customer.business_id == business_id, condition).correlate(None)


def _billed(business_id: int, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(Document.customer_id).where(
        Document.business_id == business_id, Document.customer_id.is_not(None), *conditions
    )


def _are_called(actor: Actor, business_id: int, words: Sequence[Sought], near: Near) -> ColumnElement[bool]:
    """The first word is looked up; the others are looked for among the words of those whom it found. As lists of their own they
    would be joined by an estimate that is wrong: of a narrow range PostgreSQL believes that it holds one row. A single letter is
    how the whole name begins: half of all customers have a word with it."""
    lead, *others = words
    parts: list[Select[Any]] = [
        select(CustomerWord.customer_id).where(CustomerWord.business_id == business_id, way)
        for way in _ways(lead, near)
    ]
    if may_contact(actor):
        parts.append(_those(business_id, _begins(Customer.email_key, lead.as_typed.first)))
    is_letter = len(lead.as_typed.first) == 1
    found = [_begins(Customer.name_key, lead.as_typed.first) if is_letter else Customer.id.in_(union_all(*parts))]
    for one in others:
        has_word = exists(
            select(CustomerWord.word)
            .where(
                CustomerWord.business_id == business_id, CustomerWord.customer_id == Customer.id, or_(*_ways(one, near))
            )
            .correlate(Customer)
        )
        is_mailed = [_begins(Customer.email_key, one.as_typed.first)] if may_contact(actor) else []
        found.append(or_(has_word, *is_mailed))
    return and_(*found)


def _ways(one: Sought, near: Near) -> list[ColumnElement[bool]]:
    """Conditions on ``customer_words``: a word begins like this, sounds so, is of a tag, or is close to it."""
    ranges = [(CustomerWord.word, these) for these in (one.as_typed, one.as_latin, one.as_tag)]
    ranges.append((CustomerWord.sound, one.as_heard))
    ways = [and_(column >= these.first, column < these.end) for column, these in ranges if these.first]
    if words := near.get(one.word):
        ways.append(CustomerWord.word.in_(words))
    return ways


def _begins(column: Any, key: str) -> ColumnElement[bool]:
    return and_(column >= key, column < prefix_end(key))


def _in_order_of_names(uow: UnitOfWork, typed: str, limit: int) -> tuple[Found, ...]:
    """Those who match, by name; for questions that few answer, and for people who see few customers."""
    year = financial_year(uow.now)

    def read(near: Near) -> tuple[Found, ...]:
        query = (
            select(Customer.id, Customer.name, Customer.phone)
            .where(
                Customer.business_id == uow.business_id,
                Customer.archived_at.is_(None),
                visible_customers(uow.actor),
                matching(uow.actor, uow.business_id, typed, near, year=year),
            )
            .order_by(Customer.name_key, Customer.id)
            .limit(limit)
        )
        return tuple(_found(uow.actor, *row) for row in uow.session.execute(query))

    return read(_NONE_NEAR) or (read(near) if (near := near_words(uow, typed)) else ())


_SPELT_SO = fixed("""
SELECT DISTINCT s.word FROM unnest(cast(:starts AS text[]), cast(:ends AS text[])) AS asked (first, last)
JOIN name_spellings s ON s.business_id = :business
 AND s.spelling >= asked.first COLLATE "C" AND s.spelling < asked.last COLLATE "C"
""")
_IS_WORD = {
    "typed": "w.word >= :typed{n} AND w.word < :typed{n}_end",
    "latin": "w.word >= :latin{n} AND w.word < :latin{n}_end",
    "heard": "w.sound >= :heard{n} AND w.sound < :heard{n}_end",
    "tag": "w.word >= :tag{n} AND w.word < :tag{n}_end",
    "near": "w.word = ANY(:near{n})",
}
_BY_NAME = """
(SELECT id, name, phone FROM customers WHERE business_id = :business AND archived_at IS NULL
   AND name_key >= :name AND name_key < :name_end ORDER BY name_key, id LIMIT :limit)
"""
_BY_WORD = """
(SELECT c.id, c.name, c.phone FROM customer_words w JOIN customers c ON c.business_id = :business AND c.id = w.customer_id
 WHERE w.business_id = :business AND {condition} AND c.archived_at IS NULL{others} ORDER BY {order}, w.customer_id LIMIT :more)
"""
_BY_EMAIL = """
(SELECT id, name, phone FROM customers WHERE business_id = :business AND archived_at IS NULL
   AND email_key >= :typed0 AND email_key < :typed0_end ORDER BY email_key, id LIMIT :limit)
"""


@cache
def _statement(count: int, is_open: bool) -> TextClause:
    """Each way of matching reads a few rows in the order of its own index, so that it costs the same whatever the shop has. The
    first of ``count`` words leads; the others are looked for among its customers' words. ``is_open``: e-mails too."""
    others = "".join(f" AND EXISTS ({_has_word(n)})" for n in range(1, count))
    ways = [_BY_NAME]
    for way, condition in _IS_WORD.items():
        order = "w.sound" if way == "heard" else "w.word"
        ways.append(_BY_WORD.format(condition=condition.format(n=0), others=others, order=order))
    if is_open and count == 1:
        ways.append(_BY_EMAIL)
    return fixed(" UNION ALL ".join(ways))


def _has_word(n: int) -> str:
    either = " OR ".join(f"({condition.format(n=n).replace('w.', 'v.')})" for condition in _IS_WORD.values())
    return (
        f"SELECT FROM customer_words v WHERE v.business_id = :business AND v.customer_id = w.customer_id AND ({either})"
    )


def _named(uow: UnitOfWork, typed: str, words: Sequence[Sought], near: Near, limit: int) -> dict[int, Found]:
    """By id, in the order in which they fit: the name begins so, a word begins so, sounds so, is a tag, is close to it."""
    key = search_key(typed)
    values: dict[str, Any] = {"business": uow.business_id, "name": key, "name_end": prefix_end(key)}
    for n, one in enumerate(words):
        values |= _range(f"typed{n}", one.as_typed) | _range(f"latin{n}", one.as_latin)
        values |= _range(f"heard{n}", one.as_heard) | _range(f"tag{n}", one.as_tag)
        values[f"near{n}"] = list(near.get(one.word, ()))
    values |= {"limit": limit, "more": 3 * limit}
    statement = _statement(len(words), may_contact(uow.actor))
    found: dict[int, Found] = {}
    for row in uow.session.connection().execute(statement, values):
        found.setdefault(row[0], _found(uow.actor, *row))
    return found


def _range(name: str, these: Range) -> dict[str, str]:
    return {name: these.first, f"{name}_end": these.end}


def _found(actor: Actor, customer_id: int, name: str, phone: str) -> Found:
    return Found(customer_id, name, phone_for(actor, phone), initials(name), hue_for(customer_id))
