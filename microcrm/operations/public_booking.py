"""A customer books on the shop's page: which times are free, and taking one of them with whoever is free then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from microcrm.domain.availability import FreeStart
from microcrm.domain.errors import NotFound, SlotTaken
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking
from microcrm.operations.book import BookService
from microcrm.operations.free_times import FreeTimes, FreeTimesAsked, nearest_free, public_free_times
from microcrm.operations.hold import (
    ConfirmPublic,
    HoldDone,
    PublicHold,
    confirm_public,
    hold_public,
    parse_start,
)
from microcrm.operations.links import behind
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.parts.confirming import made_already
from microcrm.operations.public_shop import enter_shop
from microcrm.operations.unit_of_work import UnitOfWork

NOTICE = 1  # the version of the short notice beside the boxes
_TRIES = 3  # with "anybody free": the one who was free may be lost to another while somebody else still is


@dataclass(frozen=True, slots=True)
class TimesAsked:
    """``services``: (service id, member id or ``None`` for anybody). ``first`` and ``last`` are days of the shop."""

    services: Sequence[tuple[int, int | None]]
    first: date
    last: date
    seats: int = 1


@dataclass(frozen=True, slots=True)
class TakeTime:
    """``start`` is an instant as the free times give it, with ``session_id`` for a class. ``instead_of``: the token of the
    hold that this one replaces."""

    services: Sequence[tuple[int, int | None]]
    start: Any
    session_id: Any = None
    seats: int = 1
    instead_of: Any = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """The boxes that were ticked: messages about one's bookings, and offers. ``language``: of the notice beside them."""

    updates: bool = False
    offers: bool = False
    language: str = "en"


def times_in_shop(uow: UnitOfWork, slug: Any, asked: TimesAsked) -> FreeTimes:
    """Raises ``NotFound`` for a shop or a service that is not there (any more)."""
    uow.require_public()
    enter_shop(uow, slug)
    return public_free_times(uow, FreeTimesAsked(asked.services, asked.first, asked.last, True, asked.seats))


def take_time(uow: UnitOfWork, slug: Any, command: TakeTime) -> HoldDone:
    """Keep the time for as long as the shop says. Raises ``SlotTaken``."""
    uow.require_public()
    enter_shop(uow, slug)
    return _take(uow, command)


def book_held(uow: UnitOfWork, slug: Any, person: ConfirmPublic, agreed: Agreed) -> BookingDone:
    """The time that is kept becomes the visit of whoever typed this. Raises ``HoldLapsed``."""
    uow.require_public()
    enter_shop(uow, slug)
    return _book(uow, person, agreed)


def take_and_book(uow: UnitOfWork, slug: Any, command: TakeTime, person: ConfirmPublic, agreed: Agreed) -> BookingDone:
    """Both at once, for who had typed everything when the hold ran out; ``person.token`` does not matter. Raises
    ``SlotTaken``."""
    uow.require_public()
    enter_shop(uow, slug)
    if (again := made_already(uow, str(person.request_key))) is not None:
        return again
    return _book(uow, replace(person, token=_take(uow, command).token), agreed)


def times_near(uow: UnitOfWork, slug: Any, command: TakeTime) -> tuple[FreeStart, ...]:
    """The time itself when it is free, else the three nearest to it."""
    uow.require_public()
    enter_shop(uow, slug)
    start, asked = _asked(uow, command)
    found = _free_at(uow, asked, start, command.session_id)
    return (found,) if found is not None else nearest_free(uow, asked, start)


def _book(uow: UnitOfWork, person: ConfirmPublic, agreed: Agreed) -> BookingDone:
    """What was agreed to is written into the log, where nothing is ever changed. ``is_proven``: nobody has shown yet that
    the phone is theirs, so it binds the shop less than it looks."""
    done = confirm_public(uow, person)
    purposes = [name for name in ("updates", "offers") if getattr(agreed, name)]
    if purposes:
        own = (Booking.business_id == uow.business_id, Booking.id == done.booking_id)
        customer_id = uow.session.execute(select(Booking.customer_id).where(*own)).scalar_one()
        uow.audit(
            "agree", "customer", customer_id,
            purposes=purposes, channel="whatsapp", notice=NOTICE, language=agreed.language, is_proven=False,
        )  # fmt: skip
    return done


def _take(uow: UnitOfWork, command: TakeTime) -> HoldDone:
    start, asked = _asked(uow, command)
    for _ in range(_TRIES):
        found = _free_at(uow, asked, start, command.session_id)
        if found is None:
            break
        try:
            return hold_public(uow, _hold(command, found))
        except SlotTaken:
            continue
    raise SlotTaken(nearest=[one.start for one in nearest_free(uow, asked, start)])


def _asked(uow: UnitOfWork, command: TakeTime) -> tuple[datetime, FreeTimesAsked]:
    start = parse_start(command.start)
    replaced = _replaced(uow, command.instead_of)
    day = to_wall(start, zone_of(uow.actor.zone))[0]
    return start, FreeTimesAsked(command.services, day, day, True, command.seats, except_booking=replaced)


def _hold(command: TakeTime, found: FreeStart) -> PublicHold:
    if found.session_id is not None:
        return PublicHold(session_id=found.session_id, seats=command.seats, instead_of=command.instead_of)
    services = [
        BookService(service_id, member) for (service_id, _), member in zip(command.services, found.members, strict=True)
    ]
    return PublicHold(services, found.start, instead_of=command.instead_of)


def _free_at(uow: UnitOfWork, asked: FreeTimesAsked, start: datetime, session_id: Any) -> FreeStart | None:
    for one in public_free_times(uow, asked).starts:
        if one.start == start and (session_id is None or str(one.session_id) == str(session_id)):
            return one
    return None


def _replaced(uow: UnitOfWork, token: Any) -> int | None:
    """The hold that gives up its time, if it is one of this shop."""
    if not token:
        return None
    here = uow.business_id
    try:
        found = behind(uow, token)
    except NotFound:
        return None
    if found.business_id != here:
        raise NotFound
    return found.booking_id
