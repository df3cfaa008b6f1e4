"""What is known of a customer's files without opening them, and opening one, which is written down first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.errors import NotFound, RecordErased, RecordUnreadable, SealBroken
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.person_files import Shows
from microcrm.models.bookings import Booking
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.models.person_files import FileOpening, PersonFile
from microcrm.models.vault import CustomerKey
from microcrm.operations.capabilities import Seal, Sealer
from microcrm.operations.customer_access import visible_bookings, visible_customers
from microcrm.operations.files.keeping import store_key
from microcrm.operations.parts.consent import has_consent
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_file_key, key_for_reading
from microcrm.operations.vault.records import find_customer

_SHOWN_LOOKS, _SHOWN_VISITS = 20, 12
_AGAIN = timedelta(minutes=10)  # a picture that is drawn again is no further reading
SMALL = ".small"  # after the key of a file: its small picture


@dataclass(frozen=True, slots=True)
class FileLine:
    """``author`` has added it; ``is_erased``: its key was destroyed. ``visit``: when the visit was that it belongs to."""

    id: int
    shows: Shows
    title: str
    day: date
    media_type: str
    width: int
    height: int
    size: int
    before_id: int | None
    booking_id: int | None
    visit_at: datetime | None
    author: str
    version: int
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Look:
    """How many files of the customer somebody opened on one day; ``at`` is the last time. Of UTC."""

    who: str
    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class VisitChoice:
    id: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class FileList:
    """The newest first. ``looks`` are for those who may see the activity log."""

    lines: tuple[FileLine, ...]
    may_take_photos: bool
    visits: tuple[VisitChoice, ...]
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """``key`` names the bytes in the store, which ``seal`` opens with ``about``."""

    key: str
    about: str
    media_type: str
    name: str
    seal: Seal = field(repr=False)


def list_files(uow: UnitOfWork, customer_id: Any) -> FileList:
    """Five statements at most, however many files."""
    uow.require(Permission.RECORDS_OPEN)
    customer = find_customer(uow, customer_id)
    lines = tuple(_line(row) for row in uow.session.execute(_lines(uow, customer)))
    visits = _visits(uow, customer) if uow.may(Permission.RECORDS_WRITE) else ()
    return FileList(lines, has_consent(uow, customer, ConsentPurpose.PHOTOS), visits, _looks(uow, customer))


def open_file(uow: UnitOfWork, file_id: Any, sealer: Sealer, *, is_small: bool = False) -> OpenedFile:
    """What cannot be logged is not opened. Raises: NotFound, RecordErased, RecordUnreadable."""
    uow.require(Permission.RECORDS_OPEN)
    row = find_file(uow, file_id)
    if is_small and not row.width:
        raise NotFound("We could not find that file.")
    try:
        key = key_for_reading(uow, row.customer_id, row.generation, sealer)
        if key is None:
            raise RecordErased("This file was erased: its key was destroyed.")
        own = key.seal.open(row.sealed_key, about_file_key(uow.business_id, row.customer_id, row.token))
    except SealBroken:
        raise RecordUnreadable("This file can’t be read: it does not fit its key.") from None
    _note_opening(uow, row, is_small)
    name = store_key(uow.business_id, row.token) + (SMALL if is_small else "")
    ending = "pdf" if row.media_type == "application/pdf" else "jpg"
    return OpenedFile(name, f"file:{name}", row.media_type, f"{row.shows}-{row.day}.{ending}", sealer.keyed(own))


def find_file(uow: UnitOfWork, raw_id: Any, *, is_locked: bool = False) -> PersonFile:
    """One that is there, of a customer whom this person may see. Raises: NotFound."""
    reader = Reader()
    wanted = reader.id("file_id", raw_id, "File")
    query = (
        select(PersonFile)
        .join(Customer, (Customer.business_id == PersonFile.business_id) & (Customer.id == PersonFile.customer_id))
        .where(
            PersonFile.business_id == uow.business_id, PersonFile.id == wanted, PersonFile.stored_at.is_not(None),
            PersonFile.removed_at.is_(None), visible_customers(uow.actor),
        )
    )  # fmt: skip
    if is_locked:
        query = query.with_for_update(of=PersonFile)
    found = None if reader.errors else uow.session.scalars(query).first()
    if found is None:
        raise NotFound("We could not find that file.")
    return found


def _note_opening(uow: UnitOfWork, row: PersonFile, is_small: bool) -> None:
    opening = FileOpening
    lately = select(opening.id).where(
        opening.business_id == uow.business_id, opening.file_id == row.id, opening.is_small == is_small,
        opening.member_id == uow.actor.member_id, opening.at > uow.now - _AGAIN,
    )  # fmt: skip
    if uow.session.scalars(lately.limit(1)).first() is not None:
        return
    uow.session.add(
        FileOpening(
            business_id=uow.business_id, customer_id=row.customer_id, file_id=row.id or 0, shows=row.shows,
            is_small=is_small, member_id=uow.actor.member_id, at=uow.now,
        )
    )  # fmt: skip
    uow.session.flush()
    if not is_small:
        uow.audit("file.opened", "person_file", row.id, customer=row.customer_id, shows=row.shows)


def _lines(uow: UnitOfWork, customer_id: int) -> Any:
    file, key = PersonFile, CustomerKey
    visit = (
        select(Booking.starts_at)
        .where(Booking.business_id == file.business_id, Booking.id == file.booking_id, visible_bookings(uow.actor))
        .scalar_subquery()
    )
    return (
        select(
            file.id, file.shows, file.title, file.day, file.media_type, file.width, file.height, file.size, file.before_id,
            file.booking_id, visit.label("visit_at"), Member.name.label("author"), file.version, key.destroyed_at,
        )
        .outerjoin(Member, (Member.business_id == file.business_id) & (Member.id == file.member_id))
        .outerjoin(
            key,
            (key.business_id == file.business_id)
            & (key.customer_id == file.customer_id)
            & (key.generation == file.generation),
        )
        .where(
            file.business_id == uow.business_id, file.customer_id == customer_id, file.stored_at.is_not(None),
            file.removed_at.is_(None),
        )
        .order_by(file.day.desc(), file.id.desc())
    )  # fmt: skip


def _line(row: Row[Any]) -> FileLine:
    return FileLine(
        row.id, Shows(row.shows), row.title, row.day, row.media_type, row.width, row.height, row.size, row.before_id,
        row.booking_id, row.visit_at, row.author or "MicroCRM", row.version, row.destroyed_at is not None,
    )  # fmt: skip


def _visits(uow: UnitOfWork, customer_id: int) -> tuple[VisitChoice, ...]:
    """Those that have begun, the latest first: one of them is what a new photo belongs to."""
    query = (
        select(Booking.id, Booking.starts_at)
        .where(
            Booking.business_id == uow.business_id, Booking.customer_id == customer_id,
            Booking.starts_at < uow.now + timedelta(hours=12), visible_bookings(uow.actor),
        )
        .order_by(Booking.starts_at.desc())
        .limit(_SHOWN_VISITS)
    )  # fmt: skip
    return tuple(VisitChoice(row.id, row.starts_at) for row in uow.session.execute(query))


def _looks(uow: UnitOfWork, customer_id: int) -> tuple[Look, ...]:
    if not uow.may(Permission.ACTIVITY_VIEW):
        return ()
    opening, day = FileOpening, func.date_trunc("day", FileOpening.at)
    query = (
        select(Member.name, func.max(opening.at).label("at"), func.count(func.distinct(opening.file_id)).label("many"))
        .outerjoin(Member, (Member.business_id == opening.business_id) & (Member.id == opening.member_id))
        .where(opening.business_id == uow.business_id, opening.customer_id == customer_id)
        .group_by(opening.member_id, Member.name, day)
        .order_by(func.max(opening.at).desc())
        .limit(_SHOWN_LOOKS)
    )
    return tuple(Look(row.name or "MicroCRM", row.at, row.many) for row in uow.session.execute(query))
