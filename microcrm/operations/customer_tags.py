"""Tagging many customers at once, and taking a tag from many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader, parse_flag, parse_text
from microcrm.domain.found_by import keys_for, tag_key
from microcrm.domain.permissions import Permission
from microcrm.domain.segments import MOST_TAGS, TAG_LIMIT
from microcrm.models.customers import Customer
from microcrm.models.records import Undo
from microcrm.operations.customer_choice import Choice, chosen
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 5_000

_WRITE = fixed("""
UPDATE customers c SET tags = cast(string_to_array(new.tags, chr(31)) AS text[]), version = c.version + 1
FROM unnest(cast(:ids AS bigint[]), cast(:tags AS text[])) AS new (id, tags)
WHERE c.business_id = :business AND c.id = new.id
""")
_ADD_WORDS = fixed("""
INSERT INTO customer_words (business_id, word, sound, customer_id)
SELECT :business, word, '', id FROM unnest(cast(:ids AS bigint[]), cast(:words AS text[])) AS new (id, word)
ON CONFLICT DO NOTHING
""")
_REMOVE_WORDS = fixed("""
DELETE FROM customer_words w USING unnest(cast(:ids AS bigint[]), cast(:words AS text[])) AS old (id, word)
WHERE w.business_id = :business AND w.customer_id = old.id AND w.word = old.word
""")


@dataclass(frozen=True, slots=True)
class TagMany:
    """``is_removed``: take the tag from them instead."""

    choice: Choice
    tag: Any
    is_removed: Any = False


@dataclass(frozen=True, slots=True)
class TaggedMany:
    """``changed`` customers; ``full``: how many have as many tags as they may. ``undo`` is a token, or empty."""

    tag: str
    changed: int
    full: int
    undo: str
    is_removed: bool = False


def tag_many(uow: UnitOfWork, command: TagMany) -> TaggedMany:
    """Those who have the tag already (or do not have it) stay as they are. Raises: Invalid, for more than 5,000 customers."""
    uow.require(Permission.CUSTOMERS_EDIT)
    reader = Reader()
    tag = reader.by("tag", parse_text, command.tag, "A tag", limit=TAG_LIMIT, instead="")
    if not reader.errors and (not tag_key(tag) or "," in tag):
        reader.refuse("tag", "Type one tag, with letters.")
    reader.done()
    rows = _locked(uow, command.choice)
    if parse_flag(command.is_removed, "Removing"):
        return _done(uow, tag, _taken(uow, rows, tag), 0, is_removed=True)
    lacking = [(one, tags) for one, tags in rows if tag_key(tag) not in map(tag_key, tags)]
    fitting = [(one, [*tags, tag]) for one, tags in lacking if len(tags) < MOST_TAGS]
    _write(uow, fitting)
    _add(uow, [(one, tag) for one, _ in fitting])
    return _done(uow, tag, [(one, tag) for one, _ in fitting], len(lacking) - len(fitting), is_removed=False)


def put_tags_back(uow: UnitOfWork, undo: Undo) -> None:
    """For undo. Of customers who were changed since, only the tag itself comes or goes."""
    before = undo.before or {}
    spelt = {int(one): str(tag) for one, tag in before["changed"]}
    query = select(Customer.id, Customer.tags).where(Customer.business_id == uow.business_id, Customer.id.in_(spelt))
    rows = [(row.id, list(row.tags)) for row in uow.session.execute(query.order_by(Customer.id).with_for_update())]
    if not before["is_removed"]:
        if not _taken(uow, rows, str(before["tag"])):
            raise Conflict("It has changed again since.", remedy="Nobody of them has the tag any more.")
        return
    lacking = [(one, [*tags, spelt[one]]) for one, tags in rows if tag_key(spelt[one]) not in map(tag_key, tags)]
    fitting = [(one, tags) for one, tags in lacking if len(tags) <= MOST_TAGS]
    if not fitting:
        raise Conflict("It has changed again since.", remedy="All of them have the tag again.")
    _write(uow, fitting)
    _add(uow, [(one, spelt[one]) for one, _ in fitting])


def _locked(uow: UnitOfWork, choice: Choice) -> list[tuple[int, list[str]]]:
    query = select(Customer.id, Customer.tags).where(*chosen(uow, choice)).order_by(Customer.id).limit(MOST + 1)
    rows = [(row.id, list(row.tags)) for row in uow.session.execute(query.with_for_update(of=Customer))]
    if len(rows) > MOST:
        raise Invalid(f"At most {MOST:,} customers at once.", remedy="Choose fewer, by a search or a segment.")
    return rows


def _taken(uow: UnitOfWork, rows: Sequence[tuple[int, list[str]]], tag: str) -> list[tuple[int, str]]:
    """Take the tag from those who have it. Returns who that is, and how they had it spelt."""
    key = tag_key(tag)
    had = [
        (one, tags, next(kept for kept in tags if tag_key(kept) == key))
        for one, tags in rows
        if key in map(tag_key, tags)
    ]
    _write(uow, [(one, [kept for kept in tags if tag_key(kept) != key]) for one, tags, _ in had])
    stay = {
        one: {word.word for word in keys_for("", [kept for kept in tags if tag_key(kept) != key])}
        for one, tags, _ in had
    }
    gone = {word.word for word in keys_for("", [tag])}
    _remove(uow, [(one, word) for one in stay for word in sorted(gone - stay[one])])
    return [(one, spelt) for one, _, spelt in had]


def _write(uow: UnitOfWork, rows: Sequence[tuple[int, list[str]]]) -> None:
    values = {"ids": [one for one, _ in rows], "tags": ["\x1f".join(tags) for _, tags in rows]}
    if rows:
        uow.session.connection().execute(_WRITE, values | {"business": uow.business_id})


def _add(uow: UnitOfWork, rows: Sequence[tuple[int, str]]) -> None:
    """Have them found by the tag."""
    if rows:
        pairs = [(one, key.word) for one, tag in rows for key in keys_for("", [tag])]
        uow.session.connection().execute(_ADD_WORDS, _pairs(uow, pairs))


def _remove(uow: UnitOfWork, pairs: Sequence[tuple[int, str]]) -> None:
    if pairs:
        uow.session.connection().execute(_REMOVE_WORDS, _pairs(uow, pairs))


def _pairs(uow: UnitOfWork, pairs: Sequence[tuple[int, str]]) -> dict[str, Any]:
    return {"business": uow.business_id, "ids": [one for one, _ in pairs], "words": [word for _, word in pairs]}


def _done(uow: UnitOfWork, tag: str, changed: Sequence[tuple[int, str]], full: int, *, is_removed: bool) -> TaggedMany:
    if not changed:
        return TaggedMany(tag, 0, full, "", is_removed)
    event = uow.audit("untag" if is_removed else "tag", "customers", None, count=len(changed))
    before = {"tag": tag, "is_removed": is_removed, "changed": [list(pair) for pair in changed]}
    undo = uow.undoable(tag, "customer_tags", changed[0][0], before=before, audit_event_id=event)
    return TaggedMany(tag, len(changed), full, str(undo), is_removed)
