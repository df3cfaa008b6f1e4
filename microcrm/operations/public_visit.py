"""One visit, as whoever holds its secret link may see it: no other customer, and of their own details only enough to
recognise them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select

from microcrm.domain.availability import FreeStart
from microcrm.domain.booking import BookingStatus
from microcrm.domain.deposit import DepositMoney
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.phone import mask_phone
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.forms import Form
from microcrm.operations.free_times import FreeTimes, FreeTimesAsked, nearest_free, public_free_times
from microcrm.operations.links import behind
from microcrm.operations.online.deposits import deposit_money
from microcrm.operations.parts.safety import unsafe_days
from microcrm.operations.public_shop import PublicShop, price_shown, shop_inside
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PublicItem:
    """``price_paise`` with tax, for all ``seats``. Of its safety timers, and of the form that it asks for, only what the owner has laid
    down, nothing of the customer."""

    service_id: int
    member_id: int
    session_id: int | None
    service: str
    member: str
    starts_at: datetime
    ends_at: datetime
    seats: int
    price_paise: int
    patch_test_days: int | None = None
    rest_days: int | None = None
    needs_form: bool = False


@dataclass(frozen=True, slots=True)
class PublicVisit:
    """``number`` is 0 and ``first_name`` empty while it is only held. ``fee_paise``: what a late cancellation costs.
    ``base_paise``: the price that fees are shares of."""

    shop: PublicShop
    booking_id: int
    number: int
    version: int
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime | None
    created_at: datetime
    first_name: str
    phone: str
    note: str
    fee_paise: int
    base_paise: int
    deposit: DepositMoney
    items: tuple[PublicItem, ...]

    @property
    def deposit_due(self) -> int:
        """What has to be paid ahead: as it was when it was asked for, of a hold by the rules as they are now."""
        if not self.is_held:
            return self.deposit.asked
        return self.shop.deposit_for([(item.service_id, item.price_paise, item.seats) for item in self.items])

    @property
    def total_paise(self) -> int:
        return sum(item.price_paise for item in self.items)

    @property
    def is_held(self) -> bool:
        """Also a hold that has run out, which may still be good."""
        return self.status is BookingStatus.HOLD or (self.status is BookingStatus.EXPIRED and not self.number)

    @property
    def asked(self) -> tuple[tuple[int, int | None], ...]:
        """As ``free_times`` wants it, with the people who were booked."""
        return tuple((item.service_id, item.member_id) for item in self.items)


def public_visit(uow: UnitOfWork, token: Any) -> PublicVisit:
    """Raises ``NotFound`` for a link that was never made, has run out, or leads to something else."""
    uow.require_public()
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    return visit_inside(uow, found.booking_id)


def times_to_move(uow: UnitOfWork, token: Any, first: date, last: date) -> FreeTimes:
    """When the same people could do the same, the visit's own time counted as free, on days that are safe. Raises
    ``NotFound``."""
    uow.require_public()
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    visit = visit_inside(uow, found.booking_id)
    asked = FreeTimesAsked(visit.asked, first, last, True, except_booking=visit.booking_id)
    times = public_free_times(uow, asked)
    unsafe = unsafe_days(uow, visit.booking_id, [day.day for day in times.days], zone_of(uow.actor.zone))
    return FreeTimes(tuple(day._replace(starts=()) if day.day in unsafe else day for day in times.days))


def visit_inside(uow: UnitOfWork, booking_id: int) -> PublicVisit:
    """A step of operations that have opened the link."""
    whose = and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id)
    row = uow.session.execute(
        select(Booking, Customer.name, Customer.phone)
        .outerjoin(Customer, whose)
        .where(Booking.business_id == uow.business_id, Booking.id == booking_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    booking, name, phone = row
    shop = shop_inside(uow)
    words = (booking.guest_name or name or "").split()
    return PublicVisit(
        shop=shop,
        booking_id=booking_id,
        number=booking.number or 0,
        version=booking.version,
        status=BookingStatus(booking.status),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        expires_at=booking.expires_at,
        created_at=booking.created_at,
        first_name=words[0] if words else "",
        phone=mask_phone(phone or ""),
        note=booking.note,
        fee_paise=0 if booking.fee_waiver else booking.cancel_fee_paise,
        base_paise=_base(uow, booking_id),
        deposit=deposit_money(uow, booking),
        items=_items(uow, booking_id, shop),
    )


def times_instead(uow: UnitOfWork, token: Any) -> tuple[FreeStart, ...]:
    """The three free times nearest to a visit whose time was given up, with the same people. Raises ``NotFound``."""
    uow.require_public()
    found = behind(uow, token)
    if found.booking_id is None:
        raise NotFound
    visit = visit_inside(uow, found.booking_id)
    day = visit.shop.today
    asked = FreeTimesAsked(visit.asked, day, day, True, visit.items[0].seats)
    try:
        return nearest_free(uow, asked, visit.starts_at)
    except (Invalid, NotFound):  # it is not sold any more, or not by them
        return ()


def _base(uow: UnitOfWork, booking_id: int) -> int:
    query = select(func.coalesce(func.sum(BookingItem.price_paise), 0)).where(
        BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking_id
    )
    return int(uow.session.execute(query).scalar_one())


def _items(uow: UnitOfWork, booking_id: int, shop: PublicShop) -> tuple[PublicItem, ...]:
    same = BookingItem.business_id == uow.business_id
    rows = uow.session.execute(
        select(BookingItem, Service, Member.name, Form.id)
        .join(Service, and_(Service.business_id == BookingItem.business_id, Service.id == BookingItem.service_id))
        .join(Member, and_(Member.business_id == BookingItem.business_id, Member.id == BookingItem.member_id))
        .outerjoin(
            Form,
            and_(Form.business_id == Service.business_id, Form.id == Service.needed_form_id, Form.retired_at.is_(None)),
        )
        .where(same, BookingItem.booking_id == booking_id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    )
    zone = zone_of(shop.zone)
    return tuple(
        PublicItem(
            service_id=item.service_id,
            member_id=item.member_id,
            session_id=item.session_id,
            service=service.name,
            member=member,
            starts_at=item.starts_at,
            ends_at=item.ends_at,
            seats=item.seats,
            price_paise=price_shown(service, item.price_paise, shop.taxes, to_wall(item.starts_at, zone)[0]),
            patch_test_days=service.patch_test_days,
            rest_days=service.rest_days,
            needs_form=form is not None,
        )
        for item, service, member, form in rows
    )
