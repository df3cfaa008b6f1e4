"""A customer books on the shop's page: which times are free, and taking one of them with whoever is free then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain.availability import FreeStart
from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import NotFound, SlotTaken
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_time
from microcrm.domain.messages import EXPECTED
from microcrm.domain.notices import NoticeStep
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking
from microcrm.operations.booking_codes import refuse_unproven
from microcrm.operations.free_times import (
    FreeTimes,
    FreeTimesAsked,
    Offer,
    nearest_free,
    planned,
    public_free_times,
    public_start,
)
from microcrm.operations.hold import (
    ConfirmPublic,
    HoldDone,
    PublicHold,
    confirm_public,
    forget_hold,
    hold_public,
    parse_start,
)
from microcrm.operations.links import LINK_LASTS, behind, make_link
from microcrm.operations.notices import notify_phone
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.parts.confirming import (
    Person,
    Typed,
    kind_of,
    made_already,
    read_person,
    read_typed,
    tell_of_request,
)
from microcrm.operations.parts.deposit_rules import Serving, deposit_due
from microcrm.operations.parts.guests import guest_of
from microcrm.operations.parts.visit_sql import Story
from microcrm.operations.parts.visits import NewVisit, Taken, try_to_take
from microcrm.operations.public_shop import enter_shop
from microcrm.operations.unit_of_work import UnitOfWork

NOTICE = 1  # the version of the short notice beside the boxes
_TRIES = 3  # with "anybody free": the one who was free may be lost to another while somebody else still is


class _IsClass(Exception):
    """A class begins at the time that was asked for by its start alone, as the nearest times of a refusal are. Nothing has
    been written yet."""

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id


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

    @property
    def sought(self) -> str:
        """The same for all who want the same. Who gives up a hold for it may be offered other times."""
        return repr((list(self.services), self.start, self.session_id, self.seats, self.instead_of))


@dataclass(frozen=True, slots=True)
class Agreed:
    """The boxes that were ticked: messages about one's bookings, and offers. ``language``: of the notice beside them."""

    updates: bool = False
    offers: bool = False
    language: str = "en"

    @property
    def purposes(self) -> list[str]:
        return [name for name in ("updates", "offers") if getattr(self, name)]


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
    """The time that is kept becomes the visit of whoever typed this. Raises ``HoldLapsed`` and ``CodeNeeded``."""
    uow.require_public()
    enter_shop(uow, slug)
    refuse_unproven(uow, person)
    return _book(uow, person, agreed)


def take_and_book(uow: UnitOfWork, slug: Any, command: TakeTime, person: ConfirmPublic, agreed: Agreed) -> BookingDone:
    """Both at once, for who had typed everything when the hold ran out; ``person.token`` only says which form it was.
    Raises ``SlotTaken`` and ``CodeNeeded``."""
    uow.require_public()
    enter_shop(uow, slug)
    refuse_unproven(uow, person)
    reader = Reader()
    typed = read_typed(reader, person)
    reader.done()
    who = read_person(person.name, person.phone, person.email)
    if (again := made_already(uow, typed.request_key)) is not None:
        return again
    try:
        if command.session_id is None:
            return _book_at_once(uow, command, typed, who, agreed)
    except _IsClass as found:
        command = replace(command, session_id=found.session_id)
    return _book(uow, replace(person, token=_take(uow, command).token), agreed)


def times_near(uow: UnitOfWork, slug: Any, command: TakeTime) -> tuple[FreeStart, ...]:
    """The time itself when it is free, else the three nearest to it."""
    uow.require_public()
    enter_shop(uow, slug)
    start, asked = _asked(uow, command)
    found = public_start(uow, asked, start, command.session_id)
    return (found[0],) if found is not None else nearest_free(uow, asked, start)


def _book(uow: UnitOfWork, person: ConfirmPublic, agreed: Agreed) -> BookingDone:
    done = confirm_public(uow, person)
    own = (Booking.business_id == uow.business_id, Booking.id == done.booking_id)
    if agreed.purposes:
        note_agreement(uow, uow.session.execute(select(Booking.customer_id).where(*own)).scalar_one(), agreed)
    return done


def _book_at_once(uow: UnitOfWork, command: TakeTime, typed: Typed, who: Person, agreed: Agreed) -> BookingDone:
    """Without a hold in between: the same rows as when a hold is confirmed."""

    def visit(offer: Offer, items: Sequence[PlannedItem]) -> NewVisit:
        guest, start = guest_of(uow, *who), items[0].start
        due = deposit_due(uow, [Serving(one.service_id, one.price_paise, one.start) for one in items])
        status, until = BookingStatus.BOOKED, None
        if offer.approval is not None:
            status = BookingStatus.PENDING_APPROVAL
            until = min(uow.now + timedelta(hours=offer.approval), start)
        elif due:
            status = BookingStatus.PENDING_PAYMENT
            until = min(uow.now + timedelta(minutes=offer.payment), start)
        return NewVisit(
            status, "online", guest.customer_id, typed.note, guest.guest_name, until,
            language=typed.language, request_key=typed.request_key or None, deposit_paise=due,
        )  # fmt: skip

    items, new, taken = _take_times(uow, command, visit, is_booking=True)
    if new.status not in EXPECTED:  # else it was planned along with the reminders
        kind = NoticeStep(kind_of(new.status))
        notify_phone(uow, taken.booking_id, new.customer_id, items[0].start, typed.language, kind)
    if new.status == BookingStatus.PENDING_APPROVAL:
        tell_of_request(uow, taken.booking_id, taken.item_ids[0], items[0].start)
    token = make_link(uow, booking_id=taken.booking_id, expires_at=items[-1].end + LINK_LASTS)
    note_agreement(uow, new.customer_id, agreed)
    label = f"{who.name}: {format_time(items[0].start, zone_of(uow.actor.zone))}"
    return BookingDone(taken.booking_id, taken.item_ids, taken.number, 1, new.status, label, "", token)


def note_agreement(uow: UnitOfWork, customer_id: int | None, agreed: Agreed) -> None:
    """Into the log, where nothing is ever changed. ``is_proven``: nobody has shown yet that the phone is theirs, so it
    binds the shop less than it looks."""
    if agreed.purposes:
        uow.audit(
            "agree", "customer", customer_id,
            purposes=agreed.purposes, channel="whatsapp", notice=NOTICE, language=agreed.language, is_proven=False,
        )  # fmt: skip


def _take(uow: UnitOfWork, command: TakeTime) -> HoldDone:
    """``hold_public`` for a class; for a time the same without looking again at what the search has just looked at."""
    if command.session_id is not None:
        return _take_seats(uow, command)

    def visit(offer: Offer, _: Sequence[PlannedItem]) -> NewVisit:
        return NewVisit(BookingStatus.HOLD, "online", expires_at=uow.now + timedelta(minutes=offer.hold))

    try:
        items, new, taken = _take_times(uow, command, visit)
    except _IsClass as found:
        return _take_seats(uow, replace(command, session_id=found.session_id))
    return HoldDone(
        taken.booking_id, taken.item_ids, 1, items[0].start, items[-1].end, new.expires_at or uow.now,
        make_link(uow, booking_id=taken.booking_id),
    )  # fmt: skip


def _take_seats(uow: UnitOfWork, command: TakeTime) -> HoldDone:
    start, asked = _asked(uow, command)
    if public_start(uow, asked, start, command.session_id) is not None:
        return hold_public(
            uow, PublicHold(session_id=command.session_id, seats=command.seats, instead_of=command.instead_of)
        )
    raise SlotTaken(nearest=[one.start for one in nearest_free(uow, asked, start)])


def _take_times(
    uow: UnitOfWork,
    command: TakeTime,
    visit: Callable[[Offer, Sequence[PlannedItem]], NewVisit],
    *,
    is_booking: bool = False,
) -> tuple[Sequence[PlannedItem], NewVisit, Taken]:
    """``visit``: what it is to be, by the terms that were found."""
    start, asked = _asked(uow, command)
    for number in range(_TRIES):
        found = public_start(uow, asked, start)
        if found is None:
            break
        if found[0].session_id is not None:
            raise _IsClass(found[0].session_id)
        if number == 0 and command.instead_of:
            forget_hold(uow, command.instead_of)
        items = planned(found[1], [service_id for service_id, _ in command.services], found[0])
        new = visit(found[1], items)
        kind = kind_of(new.status) if is_booking else ""
        story, news = (Story(kind), NoticeStep(kind)) if kind else (None, None)
        if isinstance(taken := try_to_take(uow, items, new, story=story, news=news), Taken):
            return items, new, taken
    raise SlotTaken(nearest=[one.start for one in nearest_free(uow, asked, start)])


def _asked(uow: UnitOfWork, command: TakeTime) -> tuple[datetime, FreeTimesAsked]:
    start = parse_start(command.start)
    replaced = _replaced(uow, command.instead_of)
    day = to_wall(start, zone_of(uow.actor.zone))[0]
    return start, FreeTimesAsked(command.services, day, day, True, command.seats, except_booking=replaced)


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
