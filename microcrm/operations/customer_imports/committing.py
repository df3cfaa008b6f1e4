"""Taking a rehearsed list over, piece by piece: each piece is one transaction with what it has changed, so that whatever stops the
worker, the next one goes on after the last piece, and taking back knows all that was done (ADR 25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text

from microcrm.domain.bell import BellKind
from microcrm.domain.customer_file.person import Person, person_of
from microcrm.domain.errors import Conflict
from microcrm.domain.permissions import Permission
from microcrm.models.imports import ImportPiece
from microcrm.operations.bell.ringing import ring
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.matching import (
    Customers,
    Known,
    Verdict,
    added_to,
    find_customers,
    noted_anew,
)
from microcrm.operations.customer_imports.store import (
    Batch,
    lock_in_state,
    open_batch,
    piece_at,
    planned_anew,
    without_waiting,
)
from microcrm.operations.customer_imports.writing import (
    NewRow,
    change_customers,
    insert_customers,
    insert_notes,
    insert_words,
    seal_allergies,
)
from microcrm.operations.unit_of_work import UnitOfWork

_TAKEN = frozenset(letter for one in (Verdict.NEW, Verdict.JOINS, Verdict.SAME) for letter in (one.value, one.upper()))
_ANALYSE = text("SELECT analyse_customers()")
_TRIES = 4  # when others add or change the same customers in the same moment


@dataclass(slots=True)
class _Done:
    """What a piece has done; ``before``: customers who were joined, as they were, and their version since."""

    added: list[int]
    before: list[list[Any]]
    allergies: list[tuple[int, str]]
    new_allergies: list[tuple[int, str]]


def begin_commit(uow: UnitOfWork, import_id: int, sealer: Sealer) -> tuple[Batch, list[int]]:
    """The pieces that are still to be done. Raises: Conflict."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "committing")
    return open_batch(uow, row, sealer), _open_pieces(uow, import_id, is_done=False)


def commit_piece(uow: UnitOfWork, batch: Batch, place: int, sealer: Sealer) -> None:
    """Once: a piece that was done stays as it is. Raises: Conflict, when another worker is at it."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, batch.id, "committing")
    without_waiting(uow)
    planned_anew(uow)
    uow.actor = replace(uow.actor, member_id=row.member_id)
    piece = piece_at(uow, batch.id, place)
    if piece.is_done:
        return
    told = batch.opened_json("people", place, piece.people or b"")
    people = [
        person_of(stored)
        for (stored, _), letter in zip(told, piece.verdicts, strict=True)
        if stored and letter in _TAKEN
    ]
    done = _take(uow, people)
    seal_allergies(uow, done.new_allergies, done.allergies, sealer)
    piece.added, piece.is_done = done.added, True
    piece.before = batch.sealed_json("before", place, done.before) if done.before else None
    row.done += sum(letter != Verdict.EMPTY for letter in piece.verdicts)
    counts = dict(row.counts)
    counts["added"] = counts.get("added", 0) + len(done.added)
    counts["changed"] = counts.get("changed", 0) + len(done.before)
    row.counts = counts
    uow.session.flush()
    uow.session.expunge(piece)


def analyse(uow: UnitOfWork) -> None:
    """After the first of several pieces: have PostgreSQL look at how many customers there are by now."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    uow.session.execute(_ANALYSE)


def end_commit(uow: UnitOfWork, import_id: int) -> None:
    """One line in the log for the whole list, and how to take it back. Raises: Conflict."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "committing")
    if _open_pieces(uow, import_id, is_done=False):
        raise Conflict
    uow.actor = replace(uow.actor, member_id=row.member_id)
    row.state, row.committed_at, row.version = "done", uow.now, row.version + 1
    uow.session.flush()
    facts = {name: row.counts.get(name, 0) for name in ("added", "changed", "duplicate", "refused")}
    event = uow.audit("customers.brought_in", "customer_import", import_id, **facts)
    uow.undoable("Imported customers", "customer_import", import_id, before={}, audit_event_id=event)
    whose = () if row.member_id is None else (row.member_id,)
    ring(uow, BellKind.IMPORT, f"{import_id}:{row.version}", to=whose, **{"import": import_id}, added=facts["added"])


def _open_pieces(uow: UnitOfWork, import_id: int, *, is_done: bool) -> list[int]:
    query = select(ImportPiece.place).where(
        ImportPiece.business_id == uow.business_id,
        ImportPiece.import_id == import_id,
        ImportPiece.part == "rows",
        ImportPiece.is_done.is_(is_done),
    )
    return list(uow.session.scalars(query.order_by(ImportPiece.place)))


def _take(uow: UnitOfWork, people: Sequence[Person]) -> _Done:
    """Whoever lost a race for a phone or a row is looked at again: by then it is clear whom they mean."""
    done = _Done([], [], [], [])
    left = list(people)
    for _ in range(_TRIES):
        if not left:
            return done
        left = _take_once(uow, left, done)
    if left:
        raise Conflict
    return done


def _take_once(uow: UnitOfWork, people: Sequence[Person], done: _Done) -> list[Person]:
    """Returns who is to be looked at again."""
    customers = find_customers(uow, people)
    new: list[NewRow] = []
    joined: dict[int, tuple[Known, Known, list[Person]]] = {}
    phones: set[str] = set()
    for person in people:
        known = customers.meant_by(person)
        if known is None:
            owners = customers.with_phone(person.phone)
            is_sharing = person.phone in phones or any(not one.is_sharing_phone for one in owners)
            phones |= {person.phone} - {""}
            new.append(NewRow(person, is_sharing=is_sharing))
            continue
        first, now, who = joined.get(known.id, (known, known, []))
        joined[known.id] = (first, replace(now, **_allowed(added_to(now, person), customers)), [*who, person])
    stored = insert_customers(uow, new) if new else set()
    changed = change_customers(uow, [now for first, now, _ in joined.values() if now != first])
    _note(uow, done, new, stored, joined, changed)
    again = [row.person for row in new if row.id not in stored]
    for first, now, who in joined.values():
        if now != first and first.id not in changed:
            again += who
    return again


def _allowed(changes: dict[str, Any], customers: Customers) -> dict[str, Any]:
    """A phone that another customer has is not given to a second one."""
    if changes.get("phone") and customers.with_phone(changes["phone"]):
        changes.pop("phone")
    return changes


def _note(
    uow: UnitOfWork, done: _Done, new: Sequence[NewRow], stored: set[int], joined: dict[int, Any], changed: set[int]
) -> None:
    done.added += [row.id for row in new if row.id in stored]
    done.new_allergies += [(row.id, row.person.allergy) for row in new if row.id in stored and row.person.allergy]
    words = []
    joins = [(first, now) for first, now, _ in joined.values() if first.id in changed]
    notes = insert_notes(uow, [(first.id, noted_anew(first, now)) for first, now in joins])
    for first, now, who in joined.values():
        if now != first and first.id not in changed:
            continue
        done.allergies += [(first.id, person.allergy) for person in who if person.allergy][:1]
        if now != first:
            done.before.append(as_stored(first, first.version + 1, notes.get(first.id, 0)))
            if now.tags != first.tags:
                words.append((now.id, now.name, now.tags))
    insert_words(uow, words)


def as_stored(known: Known, version: int, note_id: int) -> list[Any]:
    """For taking back; ``version``: the one that it has since; ``note_id``: the note that was added, or 0."""
    day = known.birthday.isoformat() if known.birthday else None
    return [known.id, known.phone, known.email, known.address, day, known.tags, note_id, version]
