"""All that the desk wants to know about one visit, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, select

from microcrm.domain.booking import CANCELLED, MOVABLE, NEXT, TENTATIVE, Action, BookingStatus, all_actions
from microcrm.domain.deposit import DepositMoney
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.needed_forms import NeededForm
from microcrm.domain.permissions import Permission
from microcrm.domain.visit_story import said
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import Booking, BookingEvent, BookingItem, Occupancy
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact, phone_for, visible_bookings
from microcrm.operations.messages.seen import Seen, messages_of_visit
from microcrm.operations.online.deposits import deposit_money
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.needed_forms import needed_forms
from microcrm.operations.parts.series_place import SeriesPlace, series_place
from microcrm.operations.unit_of_work import UnitOfWork

MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class CardItem:
    item_id: int
    service_id: int
    service: str
    hue: str
    member_id: int
    member: str
    start: datetime
    end: datetime
    minutes: int
    price_paise: int
    is_in_class: bool = False


@dataclass(frozen=True, slots=True)
class CardEvent:
    """``who`` is empty for what the system did."""

    at: datetime
    who: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class BookingCard:
    """``item`` is the service whose block was opened; ``items`` are all of the visit. ``whatsapp`` holds digits, and is
    empty for those who may not see phone numbers. ``takers`` are (id, name) of who does the service. ``expires_at``: until
    when a hold or a request keeps its time. ``fee_paise``: of a visit that was cancelled late or missed."""

    booking_id: int
    version: int
    number: int
    status: BookingStatus
    customer_id: int | None
    customer: str
    phone: str
    whatsapp: str
    visits: int
    note: str
    cancel_reason: str
    item: CardItem
    items: tuple[CardItem, ...]
    gap_minutes: int
    takers: tuple[tuple[int, str], ...]
    actions: tuple[Action, ...]
    may_move: bool
    may_cancel: bool
    may_rebook: bool
    may_waive: bool
    fee_paise: int
    fee_waiver: str
    deposit: DepositMoney
    may_give_back: bool
    expires_at: datetime | None
    today: date
    history: tuple[CardEvent, ...]
    series: SeriesPlace | None = None
    forms: tuple[NeededForm, ...] = ()
    messages: tuple[Seen, ...] = ()


def booking_card(uow: UnitOfWork, raw_item_id: Any) -> BookingCard:
    """By the item of the opened block. ``NotFound`` also for a visit that is none of one's own business."""
    uow.require(Permission.CALENDAR_OWN)
    booking, customer, wanted = _find(uow, raw_item_id)
    items = _items(uow, booking.id or 0)
    item = next(one for one in items if one.item_id == wanted)
    status = BookingStatus(booking.status)
    members = {one.member_id for one in items}
    is_class = any(one.is_in_class for one in items)
    is_mine = may_run_calendar(uow) or members == {uow.actor.member_id}
    may_act = uow.may(Permission.BOOKINGS_OWN)
    may_step = may_act and (is_mine or uow.actor.member_id in members)
    return BookingCard(
        booking_id=booking.id or 0,
        version=booking.version,
        number=booking.number or 0,
        status=status,
        customer_id=booking.customer_id,
        customer=customer.name if customer else WALK_IN,
        phone=phone_for(uow.actor, customer.phone) if customer else "",
        whatsapp=customer.phone.removeprefix("+") if customer and may_contact(uow.actor) else "",
        visits=customer.visit_count if customer else 0,
        note=booking.note,
        cancel_reason=booking.cancel_reason,
        item=item,
        items=tuple(items),
        gap_minutes=_gap(uow, item),
        takers=_takers(uow, wanted) if may_run_calendar(uow) else ((item.member_id, item.member),),
        actions=all_actions(status, booking.starts_at, booking.ends_at, uow.now) if may_step else (),
        may_move=may_act and is_mine and status in MOVABLE and not is_class,
        may_cancel=may_act and is_mine and bool(NEXT[status] & CANCELLED),
        may_rebook=may_act and is_mine and not is_class and status not in TENTATIVE,
        may_waive=may_act and may_run_calendar(uow) and bool(booking.cancel_fee_paise),
        fee_paise=booking.cancel_fee_paise,
        fee_waiver=booking.fee_waiver,
        deposit=deposit_money(uow, booking),
        may_give_back=uow.may(Permission.INVOICES_CORRECT),
        expires_at=booking.expires_at if status in TENTATIVE else None,
        today=today_in(zone_of(uow.actor.zone), uow.now),
        history=_history(uow, booking.id or 0),
        series=series_place(uow, booking),
        forms=needed_forms(uow, {one.service_id for one in items}, booking.customer_id),
        messages=messages_of_visit(uow, booking.id or 0),
    )


def _find(uow: UnitOfWork, raw: Any) -> tuple[Booking, Customer | None, int]:
    reader = Reader()
    wanted = reader.id("item_id", raw, "Booking")
    if reader.errors:
        raise NotFound
    row = uow.session.execute(
        select(Booking, Customer)
        .join(BookingItem, and_(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id))
        .outerjoin(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(Booking.business_id == uow.business_id, BookingItem.id == wanted, visible_bookings(uow.actor))
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1], wanted


def _items(uow: UnitOfWork, booking_id: int) -> list[CardItem]:
    rows = uow.session.execute(
        select(BookingItem, Service.name, Service.colour, Member.name)
        .join(Service, and_(Service.business_id == BookingItem.business_id, Service.id == BookingItem.service_id))
        .join(Member, and_(Member.business_id == BookingItem.business_id, Member.id == BookingItem.member_id))
        .where(BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking_id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    )
    return [
        CardItem(
            item.id, item.service_id, service, hue, item.member_id, member, item.starts_at, item.ends_at,
            item.duration_min, item.price_paise, item.session_id is not None,
        )
        for item, service, hue, member in rows
    ]  # fmt: skip


def _gap(uow: UnitOfWork, item: CardItem) -> int:
    """Minutes inside the visit in which the member is free for somebody else."""
    spans = uow.session.scalars(
        select(Occupancy.span).where(
            Occupancy.business_id == uow.business_id,
            Occupancy.booking_item_id == item.item_id,
            Occupancy.member_id.is_not(None),
        )
    ).all()
    if len(spans) != 2:
        return 0
    first, second = sorted(spans, key=lambda span: span.lower)
    return int((second.lower - first.upper).total_seconds()) // 60


def _takers(uow: UnitOfWork, item_id: int) -> tuple[tuple[int, str], ...]:
    rows = uow.session.execute(
        select(Member.id, Member.name)
        .join(
            ServiceMember,
            and_(ServiceMember.business_id == Member.business_id, ServiceMember.member_id == Member.id),
        )
        .join(
            BookingItem,
            and_(BookingItem.business_id == Member.business_id, BookingItem.service_id == ServiceMember.service_id),
        )
        .where(
            Member.business_id == uow.business_id,
            BookingItem.id == item_id,
            Member.deactivated_at.is_(None),
            Member.is_bookable,
        )
        .order_by(Member.position, Member.id)
    )
    return tuple((int(member_id), name) for member_id, name in rows)


def _history(uow: UnitOfWork, booking_id: int) -> tuple[CardEvent, ...]:
    rows: Sequence[Any] = uow.session.execute(
        select(BookingEvent, Member.name)
        .outerjoin(Member, and_(Member.business_id == BookingEvent.business_id, Member.id == BookingEvent.member_id))
        .where(BookingEvent.business_id == uow.business_id, BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.id.desc())
        .limit(MOST_EVENTS)
    ).all()
    return tuple(
        CardEvent(event.at, name or "", said(event.kind, event.to_status), event.reason) for event, name in rows
    )
