"""Which rows of a list are customers that the shop has, and what such a row adds to them. What the shop has is never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import TextClause, text

from microcrm.domain.customer_file.alike import is_alike
from microcrm.domain.customer_file.person import ADDRESS_LIMIT, MOST_TAGS, Person
from microcrm.domain.email import email_key
from microcrm.domain.fields import NOTE
from microcrm.domain.phone import display_phone
from microcrm.domain.search_key import search_key
from microcrm.operations.customer_imports.bulk import BETWEEN, array, numbers
from microcrm.operations.fixed_sql import fetch
from microcrm.operations.unit_of_work import UnitOfWork

# Searches, each by its own index; not planned once, because the arrays differ in size.
_KNOWN = """
SELECT id, name, phone, email, address, birthday, tags,
  (SELECT coalesce(string_agg(n.words, E'\\n' ORDER BY n.at, n.id), '') FROM customer_notes n
   WHERE n.business_id = c.business_id AND n.customer_id = c.id AND n.removed_at IS NULL),
  is_sharing_phone, archived_at IS NOT NULL, version, '', coalesce(merged_into_id, 0), {}
FROM customers c WHERE business_id = :business AND {} ORDER BY id
"""
_IS_ONE = f"= ANY({array('values', 'text')})"
_BY_PHONE = text(_KNOWN.format("phone", f"phone {_IS_ONE}"))
_BY_EMAIL = text(_KNOWN.format("email_key", f"email_key {_IS_ONE}"))
_BY_NAME = text(_KNOWN.format("name_key", f"name_key {_IS_ONE} AND phone = '' AND email = ''"))
_BY_ID = text(_KNOWN.format("''", f"id = ANY({array('values')})"))


class Verdict(StrEnum):
    """Capital letters: something of the row is left out."""

    NEW = "n"
    JOINS = "j"
    SAME = "s"
    DUPLICATE = "d"
    REFUSED = "r"
    EMPTY = "-"


@dataclass(frozen=True, slots=True)
class Known:
    """A customer that the shop has. ``notes``: all that is noted about them, a line each or several. ``gone``: the name of the record
    by which they were found, if that was merged into theirs."""

    id: int
    name: str
    phone: str
    email: str
    address: str
    birthday: date | None
    tags: list[str]
    notes: str
    is_sharing_phone: bool
    is_archived: bool
    version: int
    gone: str = ""


@dataclass(slots=True)
class Customers:
    """Those that rows of one piece may mean."""

    by_phone: dict[str, list[Known]]
    by_email: dict[str, list[Known]]
    by_name: dict[str, list[Known]]

    def meant_by(self, person: Person) -> Known | None:
        """The same phone or e-mail under a name that may be the same; of people without either, the same name and birthday."""
        for known in self.by_phone.get(person.phone, ()) if person.phone else ():
            if _may_be(known, person):
                return known
        for known in self.by_email.get(email_key(person.email), ()) if person.email else ():
            if _may_be(known, person):
                return known
        if person.phone or person.email:
            return None
        same = self.by_name.get(search_key(person.name), ())
        return next((known for known in same if person.birthday in (None, known.birthday)), None)

    def with_phone(self, phone: str) -> list[Known]:
        """Whose number it is: not those to whom a record that was merged away leads."""
        return [known for known in self.by_phone.get(phone, ()) if not known.gone] if phone else []


def _may_be(known: Known, person: Person) -> bool:
    return is_alike(known.name, person.name) or bool(known.gone and is_alike(known.gone, person.name))


def find_customers(uow: UnitOfWork, people: Iterable[Person]) -> Customers:
    phones: set[str] = set()
    emails: set[str] = set()
    names: set[str] = set()
    for person in people:
        if person.phone:
            phones.add(person.phone)
        if person.email:
            emails.add(email_key(person.email))
        if not person.phone and not person.email:
            names.add(search_key(person.name))
    rows = [_rows(uow, _BY_PHONE, phones), _rows(uow, _BY_EMAIL, emails), _rows(uow, _BY_NAME, names)]
    kept = _kept(uow, {row[-2] for found in rows for row in found if row[-2]})
    return Customers(*(_by_value(found, kept) for found in rows))


def added_to(known: Known, person: Person) -> dict[str, Any]:
    """The columns that change when the row joins the customer: what was empty, further tags, further lines of notes."""
    changes: dict[str, Any] = {}
    lines = [line for line in person.notes.split("\n") if line]
    if person.phone and not known.phone:
        changes["phone"] = person.phone
    elif person.phone and person.phone != known.phone:
        lines.append(f"Another phone: {display_phone(person.phone)}")
    if person.email and not known.email:
        changes["email"] = person.email
    if person.address and not known.address:
        changes["address"] = person.address[:ADDRESS_LIMIT]
    if person.birthday and not known.birthday:
        changes["birthday"] = person.birthday
    tags = _tags(known.tags, person.tags)
    if len(tags) > len(known.tags):
        changes["tags"] = tags
    stored = set(known.notes.split("\n"))
    more = "\n".join(line for line in lines if line not in stored)
    if more and len(more) <= NOTE:
        changes["notes"] = f"{known.notes}\n{more}" if known.notes else more
    return changes


def noted_anew(before: Known, now: Known) -> str:
    """The lines that were added to the notes."""
    return now.notes.removeprefix(before.notes).removeprefix("\n")


def _tags(has: Sequence[str], more: Sequence[str]) -> list[str]:
    known = {tag.casefold() for tag in has}
    return [*has, *(tag for tag in more if tag.casefold() not in known)][: max(MOST_TAGS, len(has))]


def _rows(uow: UnitOfWork, statement: TextClause, values: Iterable[str]) -> list[tuple[Any, ...]]:
    """What ``Known`` has, into whom the record was merged, and by which value it was found."""
    sought = BETWEEN.join(value for value in values if value)
    mine = {"business": uow.business_id, "values": sought}
    return fetch(uow.session.connection(), statement, mine) if sought else []


def _kept(uow: UnitOfWork, ids: set[int]) -> dict[int, Known]:
    """Those into whom others were merged (ADR 29)."""
    if not ids:
        return {}
    mine = {"business": uow.business_id, "values": numbers(ids)}
    return {row[0]: Known(*row[:-2]) for row in fetch(uow.session.connection(), _BY_ID, mine)}


def _by_value(rows: Iterable[tuple[Any, ...]], kept: Mapping[int, Known]) -> dict[str, list[Known]]:
    """Whoever has it themselves comes first; a record that was merged away leads to who was kept."""
    found: dict[str, list[Known]] = {}
    for *known, merged_into, value in sorted(rows, key=lambda row: row[-2] != 0):
        if not merged_into:
            found.setdefault(value, []).append(Known(*known))
        elif merged_into in kept:
            found.setdefault(value, []).append(replace(kept[merged_into], gone=known[1]))
    return found
