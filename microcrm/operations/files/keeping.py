"""A file comes to a customer in three steps, so that no transaction waits for the store: a row that says it is coming, the sealed
bytes in the store, and the row again. What is cut off between them is swept (`sweeping.py`)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text

from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.errors import ConsentMissing, FileGone, LimitReached, RecordUnreadable, SealBroken
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.person_files import MB, MOST_OF_A_CUSTOMER, MOST_OF_A_SHOP, PDF, Shows
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking
from microcrm.models.person_files import PersonFile
from microcrm.operations.capabilities import Seal, Sealer
from microcrm.operations.parts.consent import has_consent
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.keyring import about_file_key, key_for_writing
from microcrm.operations.vault.records import find_customer

TITLE_LIMIT = 80
STORING_ENDS = timedelta(minutes=30)  # after the row was written; the sweep waits longer
_EARLIEST = date(1950, 1, 1)
_COUNTING = 7_266_204  # with the business's id: two who bring the last that fits come one after the other
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(:key, :business)")


@dataclass(frozen=True, slots=True)
class AboutFile:
    """As typed. ``shows``: photo, before, after or paper; ``before_id``: for an "after", the photo that it stands beside;
    ``booking_id``: the visit, or nothing; ``day``: today when left empty."""

    shows: Any
    title: Any = ""
    day: Any = ""
    before_id: Any = ""
    booking_id: Any = ""


@dataclass(frozen=True, slots=True)
class AddFile:
    """``media_type`` and ``size`` (bytes) of what will be kept."""

    customer_id: Any
    about: AboutFile
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class ComingFile:
    """``seal`` is the file's own: for this request alone, never stored."""

    id: int
    key: str
    seal: Seal = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadAbout:
    shows: Shows
    title: str
    day: date
    before_id: int | None
    booking_id: int | None


def check_room(uow: UnitOfWork, customer_id: Any, shows: Any) -> None:
    """Before anything is sent: may one be added at all? Raises: Forbidden, NotFound, Invalid, ConsentMissing, LimitReached."""
    uow.require(Permission.RECORDS_WRITE)
    customer = find_customer(uow, customer_id)
    reader = Reader()
    kind = reader.member("shows", shows, "What it shows", Shows)
    reader.done()
    _check_consent(uow, customer, kind)
    _check_limits(uow, customer, 0)


def begin_file(uow: UnitOfWork, command: AddFile, sealer: Sealer) -> ComingFile:
    """Raises: what `check_room` does, and RecordUnreadable."""
    uow.require(Permission.RECORDS_WRITE)
    customer = find_customer(uow, command.customer_id, is_kept=True)
    about = read_about(uow, customer, command.about, is_paper=command.media_type == PDF)
    _check_consent(uow, customer, about.shows)
    uow.session.execute(_ONE_BY_ONE, {"key": _COUNTING, "business": uow.business_id % 2**31})
    _check_limits(uow, customer, command.size)
    try:
        owner = key_for_writing(uow, customer, sealer)
    except SealBroken:
        raise RecordUnreadable("Nothing can be sealed for this customer: the key does not open.") from None
    token, key = secrets.token_urlsafe(18), sealer.new_key()
    row = PersonFile(
        business_id=uow.business_id, customer_id=customer, shows=about.shows.value, title=about.title, day=about.day,
        media_type=command.media_type, size=command.size, token=token, generation=owner.generation,
        sealed_key=owner.seal.seal(key, about_file_key(uow.business_id, customer, token)), before_id=about.before_id,
        booking_id=about.booking_id, member_id=uow.actor.member_id, created_at=uow.now,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return ComingFile(row.id or 0, store_key(uow.business_id, token), sealer.keyed(key))


def finish_file(uow: UnitOfWork, file_id: int, width: int, height: int) -> str:
    """The bytes are in the store. Returns the undo token. Raises: FileGone, when that took so long that it was given up."""
    uow.require(Permission.RECORDS_WRITE)
    row = uow.session.scalars(_coming(uow, file_id).with_for_update()).first()
    if row is None or row.created_at < uow.now - STORING_ENDS:
        raise FileGone("That took too long, and was given up.", remedy="Send the file again.")
    row.width, row.height, row.stored_at = width, height, uow.now
    uow.session.add(row)
    event = uow.audit("file.added", "person_file", row.id, customer=row.customer_id, shows=row.shows)
    label = f"{Shows(row.shows).label} added"
    return str(
        uow.undoable(label, "person_file", row.id or 0, before=None, after_version=row.version, audit_event_id=event)
    )


def give_up_file(uow: UnitOfWork, file_id: int) -> None:
    """Its bytes did not get into the store."""
    uow.require(Permission.RECORDS_WRITE)
    row = uow.session.scalars(_coming(uow, file_id).with_for_update()).first()
    if row is not None:
        uow.session.delete(row)


def _coming(uow: UnitOfWork, file_id: int) -> Any:
    return select(PersonFile).where(
        PersonFile.business_id == uow.business_id,
        PersonFile.id == file_id,
        PersonFile.stored_at.is_(None),
        PersonFile.member_id == uow.actor.member_id,
    )


def store_key(business_id: int, token: str) -> str:
    return f"{business_id}/{token}"


def read_about(uow: UnitOfWork, customer_id: int, typed: AboutFile, *, is_paper: bool) -> ReadAbout:
    """``is_paper``: it is no picture, whatever was chosen. Raises: Invalid."""
    reader = Reader()
    shows = reader.member("shows", typed.shows, "What it shows", Shows)
    if is_paper:
        shows = Shows.PAPER
    today = today_in(zone_of(uow.actor.zone), uow.now)
    day = reader.optional_day("day", typed.day, "Day", earliest=_EARLIEST, latest=today) or today
    title = reader.text("title", typed.title, "Title", limit=TITLE_LIMIT, required=False)
    before = reader.id("before_id", typed.before_id, "Photo") if typed.before_id not in ("", None) else None
    booking = reader.id("booking_id", typed.booking_id, "Visit") if typed.booking_id not in ("", None) else None
    if before is not None and shows is not Shows.AFTER:
        before = None
    if before and not _is_before_of(uow, customer_id, before):
        reader.refuse("before_id", "That photo is no “before” of this customer any more. Choose another one.")
    if booking and not _is_visit_of(uow, customer_id, booking):
        reader.refuse("booking_id", "That visit is none of this customer. Choose another one.")
    reader.done()
    return ReadAbout(shows, title, day, before, booking)


def check_consent_for(uow: UnitOfWork, customer_id: int, shows: Shows) -> None:
    """Raises: ConsentMissing."""
    _check_consent(uow, customer_id, shows)


def _check_consent(uow: UnitOfWork, customer_id: int, shows: Shows) -> None:
    if shows is not Shows.PAPER and not has_consent(uow, customer_id, ConsentPurpose.PHOTOS):
        raise ConsentMissing("The customer has not agreed to photos.", purpose=ConsentPurpose.PHOTOS.value)


def _check_limits(uow: UnitOfWork, customer_id: int, more: int) -> None:
    """What was thrown away counts until it is forgotten: it can come back."""
    mine = PersonFile.business_id == uow.business_id
    query = select(func.coalesce(func.sum(PersonFile.size), 0)).where(mine)
    if uow.session.execute(query).scalar_one() + more > MOST_OF_A_SHOP:
        raise LimitReached(
            f"The shop keeps files of {MOST_OF_A_SHOP // MB:,} MB, and that is full.",
            remedy="Remove files that nobody needs any more; seven days later there is room again.",
        )
    own = select(func.count()).select_from(PersonFile).where(mine, PersonFile.customer_id == customer_id)
    if uow.session.execute(own).scalar_one() >= MOST_OF_A_CUSTOMER:
        raise LimitReached(
            f"A customer can have {MOST_OF_A_CUSTOMER} files, and this one has.",
            remedy="Remove files that nobody needs any more; seven days later there is room again.",
        )


def _is_before_of(uow: UnitOfWork, customer_id: int, file_id: int) -> bool:
    query = select(PersonFile.id).where(
        PersonFile.business_id == uow.business_id, PersonFile.id == file_id, PersonFile.customer_id == customer_id,
        PersonFile.shows == Shows.BEFORE.value, PersonFile.stored_at.is_not(None), PersonFile.removed_at.is_(None),
    )  # fmt: skip
    return uow.session.scalars(query).first() is not None


def _is_visit_of(uow: UnitOfWork, customer_id: int, booking_id: int) -> bool:
    query = select(Booking.id).where(
        Booking.business_id == uow.business_id, Booking.id == booking_id, Booking.customer_id == customer_id
    )
    return uow.session.scalars(query).first() is not None
