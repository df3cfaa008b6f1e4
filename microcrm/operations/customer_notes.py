"""Notes about a customer: who wrote what when. The pinned ones stand on top. Whoever may change customers changes all of them,
everybody else their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all

from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.permissions import Permission
from microcrm.models.business import Member
from microcrm.models.customer_notes import CustomerNote
from microcrm.models.customers import Customer
from microcrm.models.records import Undo
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import amend, create, same_version, typed
from microcrm.operations.parts.together import Part, read_part
from microcrm.operations.unit_of_work import UnitOfWork

MOST_PINNED = 5
LATEST = 5  # shown beside the pinned ones; the timeline has all of them


@dataclass(frozen=True, slots=True)
class WriteNote:
    customer_id: Any
    words: Any
    is_pinned: Any = False


@dataclass(frozen=True, slots=True)
class EditNote:
    """``version`` is the one the form was filled from."""

    note_id: Any
    version: Any
    words: Any
    is_pinned: Any = False


@dataclass(frozen=True, slots=True)
class SavedNote:
    """``undo`` is the token that takes the change back, or empty."""

    id: int
    undo: str


@dataclass(frozen=True, slots=True)
class NoteLine:
    """``author`` is empty for notes older than authors."""

    id: int
    words: str
    is_pinned: bool
    at: datetime
    edited_at: datetime | None
    author: str
    version: int
    may_change: bool


def notes_of(uow: UnitOfWork, customer_id: Any) -> tuple[NoteLine, ...]:
    """The pinned ones, then the latest others; one statement. Nothing for a customer whom this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    reader = Reader()
    wanted = reader.id("customer_id", customer_id, "Customer")
    return () if reader.errors else read_part(uow, notes_part(uow, wanted))


def notes_part(uow: UnitOfWork, wanted: int) -> Part[tuple[NoteLine, ...]]:
    """For operations that have asked already."""
    pinned = _lines(uow, wanted, CustomerNote.is_pinned).limit(MOST_PINNED)
    others = _lines(uow, wanted, ~CustomerNote.is_pinned).limit(LATEST)
    found = union_all(pinned, others).subquery()
    query = (
        select(found, Member.name)
        .outerjoin(Member, (Member.business_id == uow.business_id) & (Member.id == found.c.member_id))
        .order_by(found.c.is_pinned.desc(), found.c.at.desc(), found.c.id.desc())
    )
    return Part(query, lambda rows: tuple(_line(uow, row) for row in rows))


def write_note(uow: UnitOfWork, command: WriteNote) -> SavedNote:
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    customer_id = reader.id("customer_id", command.customer_id, "Customer")
    if reader.errors:
        raise NotFound("We could not find that customer.")
    words, is_pinned = _read(reader, command)
    _lock_customer(uow, customer_id)
    return add_note(uow, customer_id, words, is_pinned=is_pinned)


def add_note(uow: UnitOfWork, customer_id: int, words: str, *, is_pinned: bool) -> SavedNote:
    """For operations that have asked already and read the words."""
    if is_pinned:
        _check_room(uow, customer_id)
    note = CustomerNote(
        business_id=uow.business_id, customer_id=customer_id, words=words, is_pinned=is_pinned, at=uow.now,
        member_id=uow.actor.member_id,
    )  # fmt: skip
    undo = create(uow, "customer_note", note, "a note")
    return SavedNote(note.id or 0, undo)


def edit_note(uow: UnitOfWork, command: EditNote) -> SavedNote:
    """Raises ``Conflict`` when somebody saved a newer version meanwhile."""
    uow.require(Permission.BOOKINGS_OWN)
    words, is_pinned = _read(Reader(), command)
    note = _changeable(uow, command.note_id, command.version)
    if is_pinned and not note.is_pinned:
        _check_room(uow, note.customer_id)
    values: dict[str, Any] = {"words": words, "is_pinned": is_pinned}
    if words != note.words:
        values["edited_at"] = uow.now
    return SavedNote(note.id or 0, amend(uow, "customer_note", note, values, "a note"))


def pin_note(uow: UnitOfWork, note_id: Any, version: Any, *, is_pinned: bool) -> SavedNote:
    uow.require(Permission.BOOKINGS_OWN)
    note = _changeable(uow, note_id, version)
    if is_pinned and not note.is_pinned:
        _check_room(uow, note.customer_id)
    return SavedNote(note.id or 0, amend(uow, "customer_note", note, {"is_pinned": is_pinned}, "a note"))


def remove_note(uow: UnitOfWork, note_id: Any, version: Any) -> SavedNote:
    uow.require(Permission.BOOKINGS_OWN)
    note = _changeable(uow, note_id, version)
    gone = {"removed_at": uow.now}
    return SavedNote(note.id or 0, amend(uow, "customer_note", note, gone, "a note", action="remove"))


def put_note_back(uow: UnitOfWork, undo: Undo) -> None:
    """As it was before the change that ``undo`` remembers; one that was added is removed."""
    note = _locked(uow, undo.entity_id)
    if not _may_change(uow, note.member_id):
        raise Forbidden
    if note.version != undo.after_version:
        raise Conflict("The note has changed again since.", remedy="Look at it, and change it by hand.")
    before = undo.before if undo.before is not None else {"removed_at": uow.now.isoformat()}
    values = {name: typed(CustomerNote, name, value) for name, value in before.items()}
    is_back_on_top = values.get("is_pinned", note.is_pinned) and values.get("removed_at", note.removed_at) is None
    if is_back_on_top and not (note.is_pinned and note.removed_at is None):
        _check_room(uow, note.customer_id)
    for name, value in values.items():
        setattr(note, name, value)
    note.version += 1
    uow.session.add(note)


def _read(reader: Reader, command: WriteNote | EditNote) -> tuple[str, bool]:
    words = reader.text("words", command.words, "The note", limit=NOTE, multiline=True)
    is_pinned = reader.flag("is_pinned", command.is_pinned, "Keep on top")
    reader.done()
    return words, is_pinned


def _line(uow: UnitOfWork, row: Any) -> NoteLine:
    return NoteLine(
        row.id, row.words, row.is_pinned, row.at, row.edited_at, row.name or "", row.version,
        _may_change(uow, row.member_id),
    )  # fmt: skip


def _lines(uow: UnitOfWork, customer_id: int, which: ColumnElement[bool] | bool) -> Any:
    note = CustomerNote
    return (
        select(
            note.id, note.words, note.is_pinned, note.at, note.edited_at, note.member_id, note.version,
        )
        .join(Customer, (Customer.business_id == note.business_id) & (Customer.id == note.customer_id))
        .where(
            note.business_id == uow.business_id, note.customer_id == customer_id, note.removed_at.is_(None), which,
            visible_customers(uow.actor),
        )
        .order_by(note.at.desc(), note.id.desc())
    )  # fmt: skip


def _changeable(uow: UnitOfWork, note_id: Any, version: Any) -> CustomerNote:
    note = _locked(uow, note_id)
    if note.removed_at is not None:
        raise NotFound("The note was deleted meanwhile.")
    if not _may_change(uow, note.member_id):
        raise Forbidden("You can change only the notes that you wrote.")
    same_version(version, note.version)
    return note


def _locked(uow: UnitOfWork, raw_id: Any) -> CustomerNote:
    """Of a customer whom this person may see. The customer's row is locked first, as whoever pins a note does."""
    reader = Reader()
    wanted = reader.id("note_id", raw_id, "Note")
    note = CustomerNote
    query = (
        select(note)
        .join(Customer, (Customer.business_id == note.business_id) & (Customer.id == note.customer_id))
        .where(note.business_id == uow.business_id, note.id == wanted, visible_customers(uow.actor))
    )
    found = None if reader.errors else uow.session.scalars(query.with_for_update(of=(note, Customer))).first()
    if found is None:
        raise NotFound("We could not find that note.")
    return found


def _lock_customer(uow: UnitOfWork, customer_id: int) -> None:
    """Two who pin at once are counted one after the other."""
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    if uow.session.scalars(query.with_for_update()).first() is None:
        raise NotFound("We could not find that customer.")


def _may_change(uow: UnitOfWork, author: int | None) -> bool:
    return uow.may(Permission.CUSTOMERS_EDIT) or (uow.may(Permission.BOOKINGS_OWN) and author == uow.actor.member_id)


def _check_room(uow: UnitOfWork, customer_id: int) -> None:
    pinned = select(func.count()).where(
        CustomerNote.business_id == uow.business_id, CustomerNote.customer_id == customer_id, CustomerNote.is_pinned,
        CustomerNote.removed_at.is_(None),
    )  # fmt: skip
    if uow.session.execute(pinned).scalar_one() >= MOST_PINNED:
        raise Conflict(f"{MOST_PINNED} notes are on top already.", remedy="Unpin one of them first.")
