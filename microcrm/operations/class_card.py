"""All that the desk wants to know about one class: who gives it where, who comes, and what can be done with each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select

from microcrm.domain.booking import CANCELLED, NEXT, OFF, TENTATIVE, Action, BookingStatus, all_actions
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.business import Member
from microcrm.models.catalogue import Resource, Service, ServiceMember
from microcrm.models.classes import ClassSession
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact, phone_for, sees_own_only
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Attendee:
    """``whatsapp`` holds digits, and is empty for those who may not see phone numbers. ``item_id`` opens the visit."""

    booking_id: int
    item_id: int
    version: int
    number: int
    customer_id: int | None
    customer: str
    phone: str
    whatsapp: str
    seats: int
    price_paise: int
    status: BookingStatus
    note: str
    actions: tuple[Action, ...]
    may_cancel: bool


class SeriesCounts(NamedTuple):
    """``place`` of ``of`` classes that were scheduled together (0 of 0: by itself). A move takes ``moves_following`` or
    ``moves_all`` of them along; ``off_following`` and ``off_all`` go when it is called off."""

    place: int = 0
    of: int = 0
    moves_following: int = 0
    moves_all: int = 0
    off_following: int = 0
    off_all: int = 0


@dataclass(frozen=True, slots=True)
class ClassCard:
    """``series`` says with which others it was scheduled. ``takers`` are (id, name) of who could give it. ``price_paise`` is
    for one seat."""

    session_id: int
    version: int
    service_id: int
    service: str
    hue: str
    price_paise: int
    member_id: int
    member: str
    rooms: tuple[str, ...]
    start: datetime
    end: datetime
    seats: int
    taken: int
    note: str
    is_live: bool
    cancel_reason: str
    series: SeriesCounts
    takers: tuple[tuple[int, str], ...]
    attendees: tuple[Attendee, ...]
    may_change: bool


def class_card(uow: UnitOfWork, raw_id: Any) -> ClassCard:
    """``NotFound`` also for a class that is none of one's own business."""
    uow.require(Permission.CALENDAR_OWN)
    session, service, member = _find(uow, raw_id)
    is_mine = may_run_calendar(uow) or session.member_id == uow.actor.member_id
    may_act = uow.may(Permission.BOOKINGS_OWN) and not uow.actor.is_viewing_as and is_mine
    return ClassCard(
        session_id=session.id or 0,
        version=session.version,
        service_id=session.service_id,
        service=service.name,
        hue=service.colour,
        price_paise=service.price_paise,
        member_id=session.member_id,
        member=member,
        rooms=_rooms(uow, session),
        start=session.starts_at,
        end=session.ends_at,
        seats=session.seats,
        taken=session.taken,
        note=session.note,
        is_live=session.is_live,
        cancel_reason=session.cancel_reason,
        series=_counted(uow, session),
        takers=_takers(uow, session) if may_run_calendar(uow) else ((session.member_id, member),),
        attendees=attendees(uow, session, may_act=may_act),
        may_change=may_act and session.is_live,
    )


def attendees(uow: UnitOfWork, session: ClassSession, *, may_act: bool) -> tuple[Attendee, ...]:
    """Who comes, in the order in which they booked; also who did not come after all, but nobody who cancelled."""
    status = Booking.status
    rows = uow.session.execute(
        select(Booking, BookingItem, Customer)
        .join(BookingItem, and_(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id))
        .outerjoin(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(
            Booking.business_id == uow.business_id,
            BookingItem.session_id == session.id,
            status.not_in(list(OFF)),
            or_(status.not_in(list(TENTATIVE)), Booking.expires_at.is_(None), Booking.expires_at > uow.now),
        )
        .order_by(Booking.id)
    )
    return tuple(_attendee(uow, *row, may_act=may_act) for row in rows)


def _attendee(
    uow: UnitOfWork, booking: Booking, item: BookingItem, customer: Customer | None, *, may_act: bool
) -> Attendee:
    status = BookingStatus(booking.status)
    phone = customer.phone if customer else ""
    return Attendee(
        booking_id=booking.id or 0,
        item_id=item.id or 0,
        version=booking.version,
        number=booking.number or 0,
        customer_id=booking.customer_id,
        customer=booking.guest_name or (customer.name if customer else WALK_IN),
        phone=phone_for(uow.actor, phone) if phone else "",
        whatsapp=phone.removeprefix("+") if may_contact(uow.actor) else "",
        seats=item.seats,
        price_paise=item.price_paise,
        status=status,
        note=booking.note,
        actions=all_actions(status, booking.starts_at, booking.ends_at, uow.now) if may_act else (),
        may_cancel=may_act and bool(NEXT[status] & CANCELLED),
    )


def _find(uow: UnitOfWork, raw: Any) -> tuple[ClassSession, Service, str]:
    reader = Reader()
    session_id = reader.id("session_id", raw, "Class")
    if reader.errors:
        raise NotFound
    own = [ClassSession.member_id == uow.actor.member_id] if sees_own_only(uow.actor) else []
    row = uow.session.execute(
        select(ClassSession, Service, Member.name)
        .join(Service, and_(Service.business_id == ClassSession.business_id, Service.id == ClassSession.service_id))
        .join(Member, and_(Member.business_id == ClassSession.business_id, Member.id == ClassSession.member_id))
        .where(ClassSession.business_id == uow.business_id, ClassSession.id == session_id, *own)
    ).first()
    if row is None:
        raise NotFound("That class is not there any more.")
    return row[0], row[1], row[2]


def _rooms(uow: UnitOfWork, session: ClassSession) -> tuple[str, ...]:
    rows = uow.session.scalars(
        select(Resource.name)
        .join(
            Occupancy,
            and_(Occupancy.business_id == Resource.business_id, Occupancy.resource_id == Resource.id),
        )
        .where(Resource.business_id == uow.business_id, Occupancy.session_id == session.id, Occupancy.is_live)
        .order_by(Resource.position, Resource.id)
    )
    return tuple(rows)


def _counted(uow: UnitOfWork, session: ClassSession) -> SeriesCounts:
    if session.series_id is None:
        return SeriesCounts()
    one = ClassSession
    to_come = and_(one.starts_at > uow.now, one.is_live)
    moving = or_(one.id == session.id, and_(to_come, ~one.is_moved_from_series))
    going = or_(one.id == session.id, to_come)
    counts = (
        func.count().filter(one.series_place <= session.series_place),
        func.count(),
        func.count().filter(moving, one.series_place >= session.series_place),
        func.count().filter(moving),
        func.count().filter(going, one.series_place >= session.series_place),
        func.count().filter(going),
    )
    row = uow.session.execute(
        select(*counts).select_from(one).where(one.business_id == uow.business_id, one.series_id == session.series_id)
    ).one()
    return SeriesCounts(*row)


def _takers(uow: UnitOfWork, session: ClassSession) -> tuple[tuple[int, str], ...]:
    rows = uow.session.execute(
        select(Member.id, Member.name)
        .join(
            ServiceMember, and_(ServiceMember.business_id == Member.business_id, ServiceMember.member_id == Member.id)
        )
        .where(
            Member.business_id == uow.business_id,
            ServiceMember.service_id == session.service_id,
            Member.deactivated_at.is_(None),
            Member.is_bookable,
        )
        .order_by(Member.position, Member.id)
    )
    return tuple((int(member_id), name) for member_id, name in rows)
