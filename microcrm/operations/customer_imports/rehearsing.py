"""The rehearsal: a verdict on each row, and nothing of it written to customers."""

from __future__ import annotations

from dataclasses import dataclass, field

from microcrm.domain.customer_file.alike import is_alike
from microcrm.domain.customer_file.person import Person, read_person
from microcrm.domain.email import email_key
from microcrm.domain.permissions import Permission
from microcrm.domain.search_key import search_key
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.matching import Customers, Verdict, added_to, find_customers
from microcrm.operations.customer_imports.store import (
    Batch,
    find_import,
    lock_in_state,
    note_progress,
    open_batch,
    piece_at,
    pieces_of,
    without_waiting,
)
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Seen:
    """Who stood in the rows before: row and name, by phone, by e-mail, by name."""

    phones: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    emails: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)

    def same(self, person: Person) -> int:
        """The row of the same person, or 0."""
        if person.phone:
            for row, name in self.phones.get(person.phone, ()):
                if is_alike(name, person.name):
                    return row
        if person.email:
            for row, name in self.emails.get(email_key(person.email), ()):
                if is_alike(name, person.name):
                    return row
        return 0 if person.phone or person.email else self.names.get(_bare(person), 0)

    def add(self, row: int, person: Person) -> None:
        if person.phone:
            self.phones.setdefault(person.phone, []).append((row, person.name))
        if person.email:
            self.emails.setdefault(email_key(person.email), []).append((row, person.name))
        if not person.phone and not person.email:
            self.names.setdefault(_bare(person), row)


@dataclass(slots=True)
class Rehearsal:
    """One run, from the first piece on. ``counts`` by verdict."""

    batch: Batch
    places: list[int]
    seen: Seen = field(default_factory=Seen)
    counts: dict[str, int] = field(default_factory=dict)
    done: int = 0


def begin_rehearsal(uow: UnitOfWork, import_id: int, sealer: Sealer) -> Rehearsal:
    """Raises: Conflict, when it is not (or no more) to be rehearsed."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "rehearsing")
    return Rehearsal(open_batch(uow, row, sealer), pieces_of(uow, import_id))


def rehearse_piece(uow: UnitOfWork, run: Rehearsal, place: int) -> None:
    """Raises: Conflict, when the mapping was chosen anew or the list thrown away meanwhile."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    lock_in_state(uow, run.batch.id, "rehearsing")
    without_waiting(uow)
    piece = piece_at(uow, run.batch.id, place)
    rows = run.batch.opened_json("cells", place, piece.cells or b"")
    people = [read_person(cells, run.batch.layout) if cells else None for cells in rows]
    known = find_customers(uow, (one for one in people if one is not None and not one.fault))
    verdicts: list[str] = []
    told = []
    for number, person in enumerate(people, start=piece.first_row):
        verdict, words = (Verdict.EMPTY, "") if person is None else _judge(number, person, known, run.seen)
        is_warned = bool(person and person.warnings) and verdict in (Verdict.NEW, Verdict.JOINS, Verdict.SAME)
        verdicts.append(verdict.upper() if is_warned else verdict.value)
        told.append(
            [
                person.as_list() if person else None,
                " ".join(one for one in (*(person.warnings if is_warned and person else ()), words) if one),
            ]
        )
    piece.verdicts = "".join(verdicts)
    piece.people = run.batch.sealed_json("people", place, told)
    uow.session.flush()
    uow.session.expunge(piece)
    for letter in verdicts:
        if letter != Verdict.EMPTY:
            run.counts[letter] = run.counts.get(letter, 0) + 1
            run.done += 1
    note_progress(uow, run.batch.id, run.done)


def end_rehearsal(uow: UnitOfWork, run: Rehearsal) -> None:
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, run.batch.id, "rehearsing")
    row.state, row.counts, row.version = "rehearsed", counts_of(run.counts), row.version + 1
    uow.session.flush()


def counts_of(letters: dict[str, int]) -> dict[str, int]:
    """By name, as an import keeps them."""
    both = {one: letters.get(one.value, 0) + letters.get(one.upper(), 0) for one in Verdict}
    return {
        "new": both[Verdict.NEW],
        "joins": both[Verdict.JOINS],
        "same": both[Verdict.SAME],
        "duplicate": both[Verdict.DUPLICATE],
        "refused": both[Verdict.REFUSED],
        "warned": sum(letters.get(one.upper(), 0) for one in (Verdict.NEW, Verdict.JOINS, Verdict.SAME)),
    }


def is_rehearsing(uow: UnitOfWork, import_id: int) -> bool:
    uow.require(Permission.CUSTOMERS_IMPORT)
    return find_import(uow, import_id).state == "rehearsing"


def _judge(number: int, person: Person, known: Customers, seen: Seen) -> tuple[Verdict, str]:
    if person.fault:
        return Verdict.REFUSED, person.fault
    if row := seen.same(person):
        return Verdict.DUPLICATE, f"Row {row} is the same person."
    sharing = _shares_with(person, known, seen)
    seen.add(number, person)
    found = known.meant_by(person)
    if found is None:
        if sharing:
            person.warnings.append(f"{sharing} has the same phone; they will share it.")
        return Verdict.NEW, ""
    whole = f"{found.gone} was merged with {found.name}." if found.gone else ""
    where = f"{found.name} is in the archive and stays there." if found.is_archived else ""
    changes = added_to(found, person)
    if not changes and not person.allergy:
        return Verdict.SAME, f"{whole} {where}".strip() or f"{found.name} is here already."
    return Verdict.JOINS, " ".join(one for one in (whole, f"Joins {found.name}.", where) if one)


def _shares_with(person: Person, known: Customers, seen: Seen) -> str:
    """Somebody with the same phone and another name."""
    if not person.phone:
        return ""
    others = [one.name for one in known.with_phone(person.phone)]
    return next(iter([*others, *(name for _, name in seen.phones.get(person.phone, ()))]), "")


def _bare(person: Person) -> str:
    return f"{search_key(person.name)} {person.birthday or ''}"
