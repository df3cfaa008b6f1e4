"""Which rows of a list are customers that the shop has, and what such a row adds to them. What the shop has is never overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from microcrm.domain.customer_file.alike import is_alike
from microcrm.domain.customer_file.person import ADDRESS_LIMIT, MOST_TAGS, Person
from microcrm.domain.email import email_key
from microcrm.domain.fields import NOTE
from microcrm.domain.phone import display_phone
from microcrm.domain.search_key import search_key
from microcrm.operations.fixed_sql import fetch
from microcrm.operations.unit_of_work import UnitOfWork

# Three searches, each by its own index; not planned once, because the arrays differ in size.
_KNOWN = """
SELECT id, name, phone, email, address, birthday, tags,
  (SELECT coalesce(string_agg(n.words, E'\\n' ORDER BY n.at, n.id), '') FROM customer_notes n
   WHERE n.business_id = c.business_id AND n.customer_id = c.id AND n.removed_at IS NULL),
  is_sharing_phone, archived_at IS NOT NULL, version, name_key
FROM customers c WHERE business_id = :business AND merged_into_id IS NULL AND {}
"""
_BY_PHONE = text(_KNOWN.format("phone = ANY(CAST(:values AS text[]))"))
_BY_EMAIL = text(_KNOWN.format("email_key = ANY(CAST(:values AS text[]))"))
_BY_NAME = text(_KNOWN.format("name_key = ANY(CAST(:values AS text[])) AND phone = '' AND email = ''"))


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
    """A customer that the shop has. ``notes``: all that is noted about them, a line each or several."""

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
    name_key: str


@dataclass(slots=True)
class Customers:
    """Those that rows of one piece may mean."""

    by_phone: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_email: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))

    def meant_by(self, person: Person) -> Known | None:
        """The same phone or e-mail under a name that may be the same; of people without either, the same name and birthday."""
        for known in self.by_phone.get(person.phone, ()) if person.phone else ():
            if is_alike(known.name, person.name):
                return known
        for known in self.by_email.get(email_key(person.email), ()) if person.email else ():
            if is_alike(known.name, person.name):
                return known
        if person.phone or person.email:
            return None
        same = self.by_name.get(search_key(person.name), ())
        return next((known for known in same if person.birthday in (None, known.birthday)), None)


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
    found = Customers()
    for known in _found(uow, _BY_PHONE, phones):
        found.by_phone[known.phone].append(known)
    for known in _found(uow, _BY_EMAIL, emails):
        found.by_email[email_key(known.email)].append(known)
    for known in _found(uow, _BY_NAME, names):
        found.by_name[known.name_key].append(known)
    return found


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


def _found(uow: UnitOfWork, statement: Any, values: set[str]) -> list[Known]:
    if not values:
        return []
    rows = fetch(uow.session.connection(), statement, {"business": uow.business_id, "values": list(values)})
    return [Known(*row) for row in rows]
