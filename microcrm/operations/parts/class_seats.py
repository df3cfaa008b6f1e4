"""Places in a class as a visit: what it is, and taking it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, insert, select

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.formatting import format_count
from microcrm.domain.messages import EXPECTED
from microcrm.models.bookings import BookingItem
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from microcrm.operations.messages.reminders import Visit, follow
from microcrm.operations.parts.lapse import let_go_of_lapsed_seats
from microcrm.operations.parts.refusal import class_full
from microcrm.operations.parts.seats import take_seats
from microcrm.operations.parts.visits import NewVisit, Taken, store_booking
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Place:
    """``seats`` places in one class. ``price_paise`` is for all of them."""

    session: ClassSession
    service: Service
    seats: int

    @property
    def price_paise(self) -> int:
        return self.service.price_paise * self.seats


def find_place(uow: UnitOfWork, session_id: int, seats: int) -> Place:
    """``NotFound`` for another business's; ``Invalid`` for a class that is off, or smaller than what is asked for."""
    row = uow.session.execute(
        select(ClassSession, Service)
        .join(Service, and_(Service.business_id == ClassSession.business_id, Service.id == ClassSession.service_id))
        .where(ClassSession.business_id == uow.business_id, ClassSession.id == session_id)
    ).first()
    if row is None:
        raise NotFound("That class is not there any more.")
    session, service = row
    if not session.is_live:
        raise Invalid(fields={"session_id": "This class does not take place."})
    if seats > session.seats:
        raise Invalid(fields={"seats": f"The class has {format_count(session.seats, 'seat')}."})
    return Place(session, service, seats)


def take_place(uow: UnitOfWork, place: Place, visit: NewVisit) -> Taken:
    """``SlotTaken`` when fewer seats are left. Seats that holds have kept too long are given back first."""
    session_id = place.session.id or 0
    is_won = take_seats(uow, session_id, place.seats)
    if not is_won and let_go_of_lapsed_seats(uow, session_id):
        is_won = take_seats(uow, session_id, place.seats)
    if not is_won:
        uow.session.refresh(place.session)
        raise class_full(uow, _how_full(place), place.service.id or 0, place.session.starts_at, place.seats)
    start, end = place.session.starts_at, place.session.ends_at
    booking_id = store_booking(uow, start, end, visit)
    item = insert(BookingItem).values(
        business_id=uow.business_id,
        booking_id=booking_id,
        service_id=place.service.id,
        member_id=place.session.member_id,
        starts_at=start,
        ends_at=end,
        duration_min=int((end - start).total_seconds()) // 60,
        price_paise=place.price_paise,
        session_id=session_id,
        seats=place.seats,
        is_live=True,
    )
    taken = Taken(booking_id, (uow.session.execute(item.returning(BookingItem.id)).scalar_one(),))
    if visit.status in EXPECTED and visit.customer_id is not None:
        follow(uow, [Visit(booking_id, start, end, [place.service.id or 0])], is_new=True)
    return taken


def _how_full(place: Place) -> str:
    left = place.session.seats - place.session.taken
    if not place.session.is_live:
        return "This class does not take place."
    return f"Only {format_count(left, 'seat')} left in this class." if left else "This class is full."
