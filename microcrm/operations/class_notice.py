"""What those who come to a class would be told, before it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from microcrm.domain.booking import MOVABLE, BookingStatus
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.notices import NoticeFacts, NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from microcrm.models.customers import Customer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.messages.live import leaving_hint
from microcrm.operations.messaging.templates import words_told
from microcrm.operations.notice_preview import LINK, NoticePreview, read_start, shop_name
from microcrm.operations.notices import language_of
from microcrm.operations.parts.booking_rows import check_columns
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PreviewClassNotice:
    """``day`` and ``time`` (wall clock) are where a move would go; empty: as it stands."""

    session_id: Any
    step: Any
    day: Any = None
    time: Any = None
    reason: Any = ""


def preview_class_notice(uow: UnitOfWork, command: PreviewClassNotice) -> NoticePreview:
    """The words that whoever booked first would get, in their language; everybody gets them in their own. ``to`` says how
    many it reaches, and is empty when it reaches nobody."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    step = reader.member("step", command.step, "Message", NoticeStep)
    starts_at = read_start(uow, reader, command.day, command.time)
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    reader.done()
    session = find(uow, ClassSession, command.session_id, is_locked=False)
    check_columns(uow, {session.member_id})
    guests = _guests(uow, session)
    first = next(iter(guests), None)
    language = language_of(uow, first.customer_id, first.language) if first else "en"
    service = uow.session.get_one(Service, session.service_id).name
    facts = NoticeFacts(
        shop_name(uow), (service,), starts_at or session.starts_at, zone_of(uow.actor.zone), LINK, reason
    )
    reached = sum(one.is_reached for one in guests)
    to = format_count(reached, "customer") if reached else ""
    if reached and reached < len(guests):
        to += f"; {len(guests) - reached} without phone and e-mail"
    words, is_usual = words_told(uow, step, language, facts, by_phone=True), policy_of(uow).is_telling_usual
    return NoticePreview(words, language, "message", to, is_usual, leaving_hint(uow))


def _guests(uow: UnitOfWork, session: ClassSession) -> Sequence[Any]:
    """Each customer once, in the order in which they booked; walk-ins cannot be told."""
    has_way = or_(func.coalesce(Customer.phone, "") != "", func.coalesce(Customer.email, "") != "")
    return uow.session.execute(
        select(
            Booking.customer_id,
            func.min(Booking.language).label("language"),
            func.bool_or(case((has_way, True), else_=False)).label("is_reached"),
        )
        .join(BookingItem, and_(BookingItem.business_id == Booking.business_id, BookingItem.booking_id == Booking.id))
        .join(Customer, and_(Customer.business_id == Booking.business_id, Customer.id == Booking.customer_id))
        .where(
            Booking.business_id == uow.business_id,
            BookingItem.session_id == session.id,
            Booking.status.in_(list(MOVABLE - {BookingStatus.HOLD})),
        )
        .group_by(Booking.customer_id)
        .order_by(func.min(Booking.id))
    ).all()
