"""Telling customers about their visits: what is to be sent is written down with the change itself, and goes out later.

A message is due a minute after the change, so that a slip of the hand that is taken back at once tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, select

from microcrm.domain.fields import Reader
from microcrm.domain.notices import LANGUAGES, NOT_SENT_YET, NoticeFacts, NoticeStep, notice
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_instant, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Business
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.records import OutboxMessage
from microcrm.operations.customer_access import email_for, phone_for
from microcrm.operations.parts.booking_rows import open_booking
from microcrm.operations.unit_of_work import UnitOfWork

KIND = "booking_notice"
DELAY = timedelta(seconds=60)
_LINK = "(link)"  # the real one is made when the message leaves: only its hash is kept


@dataclass(frozen=True, slots=True)
class PreviewNotice:
    """``day`` and ``time`` (wall clock) are where a move would go; empty: as it stands."""

    booking_id: Any
    step: Any
    day: Any = None
    time: Any = None
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """``to`` is empty when the customer has neither phone nor e-mail. ``hint`` says when messages leave."""

    text: str
    language: str
    channel: str
    to: str
    hint: str = NOT_SENT_YET


class Offered(NamedTuple):
    """Who is asked whether they want a time. Several may be asked for the same one."""

    offer_id: int
    customer_id: int
    language: str


def preview_notice(uow: UnitOfWork, command: PreviewNotice) -> NoticePreview:
    """What the customer would be told."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    step = reader.member("step", command.step, "Message", NoticeStep)
    day = reader.optional_day("day", command.day, "Day")
    minute = None if command.time in (None, "") else reader.clock("time", command.time, "Time")
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    reader.done()
    booking, items = open_booking(uow, command.booking_id)
    zone = zone_of(uow.actor.zone)
    starts_at = booking.starts_at
    if day is not None and minute is not None:
        starts_at = to_instant(day, min(minute, 24 * 60 - 1), zone)
    shop = uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()
    facts = NoticeFacts(shop, _services(uow, items), starts_at, zone, _LINK, reason, booking.expires_at)
    language = booking.language if booking.language in LANGUAGES else "en"
    channel, address = _reach(uow, booking.customer_id)
    shown = phone_for(uow.actor, address) if channel == "message" else email_for(uow.actor, address)
    return NoticePreview(notice(step, language, facts), language, channel, shown if address else "")


def notify(
    uow: UnitOfWork, booking: Booking, step: NoticeStep, *, tell: bool = True, offered: Offered | None = None
) -> bool:
    """Whether a message waits now. None does when nobody wants it or the customer cannot be reached. ``offered``: to whom
    the booking's time is offered, while it is nobody's visit yet."""
    if not tell:
        return False
    channel, address = _reach(uow, offered.customer_id if offered else booking.customer_id)
    if not address:
        return False
    facts = {"booking_id": booking.id, "language": booking.language}
    if offered is None:
        _enqueue(uow, f"booking:{booking.id}:{booking.version}", step, channel, facts)
    else:
        facts |= {"offer_id": offered.offer_id, "language": offered.language}
        _enqueue(uow, f"offer:{offered.offer_id}", step, channel, facts)
    return True


def notify_phone(uow: UnitOfWork, booking_id: int, language: str, step: NoticeStep) -> None:
    """Of a visit that has just been made, by whoever typed the phone for it."""
    _enqueue(uow, f"booking:{booking_id}:1", step, "message", {"booking_id": booking_id, "language": language})


def _enqueue(uow: UnitOfWork, about: str, step: NoticeStep, channel: str, facts: dict[str, Any]) -> None:
    payload = {**facts, "step": step.value, "channel": channel}
    uow.enqueue(KIND, f"{about}:{step}:{channel}", payload, due_at=uow.now + DELAY)


def withdraw_notices(uow: UnitOfWork, booking_id: int, version: int | None) -> bool:
    """Of the change that made this version. Whether the customer knows of it already and must hear that it was taken
    back."""
    mine = (
        OutboxMessage.business_id == uow.business_id,
        OutboxMessage.key.like(f"booking:{booking_id}:{version}:%"),
    )
    uow.session.execute(
        delete(OutboxMessage).where(*mine, OutboxMessage.state == "queued", OutboxMessage.leased_until.is_(None)),
        execution_options={"synchronize_session": False},
    )
    return uow.session.scalars(select(OutboxMessage.id).where(*mine).limit(1)).first() is not None


def _reach(uow: UnitOfWork, customer_id: int | None) -> tuple[str, str]:
    """How the customer is told: by message to the phone, else by mail."""
    if customer_id is None:
        return "message", ""
    row = uow.session.execute(
        select(Customer.phone, Customer.email).where(
            Customer.business_id == uow.business_id, Customer.id == customer_id
        )
    ).one()
    return ("message", row.phone) if row.phone or not row.email else ("email", row.email)


def _services(uow: UnitOfWork, items: Sequence[BookingItem]) -> tuple[str, ...]:
    rows = uow.session.execute(
        select(BookingItem.id, Service.name)
        .join(Service, and_(Service.business_id == BookingItem.business_id, Service.id == BookingItem.service_id))
        .where(BookingItem.business_id == uow.business_id, BookingItem.id.in_([item.id for item in items]))
    )
    names = {row.id: row.name for row in rows}
    return tuple(names[item.id or 0] for item in items)
