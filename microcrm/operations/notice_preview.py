"""What a customer would be told, in their language, before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from microcrm.domain.fields import Reader
from microcrm.domain.names import given_name
from microcrm.domain.notices import NoticeFacts, NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.domain.recurrence import MOST
from microcrm.domain.zones import to_instant, zone_of
from microcrm.models.business import Business
from microcrm.models.catalogue import Service
from microcrm.operations.book import own_customer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.customer_access import email_for, phone_for
from microcrm.operations.messages.live import leaving_hint
from microcrm.operations.messaging.templates import words_told
from microcrm.operations.notices import language_of, reach_of
from microcrm.operations.parts.booking_rows import customer_name, open_booking
from microcrm.operations.unit_of_work import UnitOfWork

LINK = "(link)"  # the real one is made when the message leaves: only its hash is kept


@dataclass(frozen=True, slots=True)
class PreviewNotice:
    """``day`` and ``time`` (wall clock) are where a move would go; empty: as it stands. ``dates``: of one message about
    several visits."""

    booking_id: Any
    step: Any
    day: Any = None
    time: Any = None
    reason: Any = ""
    dates: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewBooked:
    """Of a visit that is being typed. ``customer_id`` empty: somebody new, in English. ``dates``: day and time (wall clock)
    of each visit of a series."""

    services: Sequence[Any]
    day: Any
    time: Any
    customer_id: Any = None
    dates: Sequence[tuple[Any, Any]] = ()


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """``to`` is empty when the customer has neither phone nor e-mail. ``is_usual``: by the owner's rules customers are told
    unless the desk says otherwise. ``hint`` says when messages leave."""

    text: str
    language: str
    channel: str
    to: str
    is_usual: bool
    hint: str


def preview_notice(uow: UnitOfWork, command: PreviewNotice) -> NoticePreview:
    """Of a visit there is."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    step = reader.member("step", command.step, "Message", NoticeStep)
    starts_at = read_start(uow, reader, command.day, command.time)
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    reader.done()
    booking, items = open_booking(uow, command.booking_id)
    language = language_of(uow, booking.customer_id, booking.language)
    facts = NoticeFacts(
        shop_name(uow), _names(uow, [item.service_id for item in items]),
        starts_at or next(iter(command.dates), booking.starts_at),
        zone_of(uow.actor.zone), LINK, reason, booking.expires_at, command.dates,
    )  # fmt: skip
    return _preview(uow, step, language, facts, booking.customer_id)


def preview_booked(uow: UnitOfWork, command: PreviewBooked) -> NoticePreview:
    """``Invalid`` while day, time or services are missing."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    starts_at = read_start(uow, reader, command.day, command.time)
    services = [reader.id("service_id", one, "Service") for one in command.services]
    if starts_at is None:
        reader.refuse("time", "Choose a day and a time.")
    dates = tuple(one for day, time in list(command.dates)[:MOST] if (one := read_start(uow, reader, day, time)))
    reader.done()
    customer_id = own_customer(uow, command.customer_id) if command.customer_id else None
    language = language_of(uow, customer_id)
    facts = NoticeFacts(
        shop_name(uow), _names(uow, services), starts_at or uow.now, zone_of(uow.actor.zone), LINK, dates=dates
    )
    step = NoticeStep.BOOKED_ALL if len(dates) > 1 else NoticeStep.BOOKED
    return _preview(uow, step, language, facts, customer_id)


def read_start(uow: UnitOfWork, reader: Reader, raw_day: Any, raw_time: Any) -> datetime | None:
    """Nothing while one of the two is missing."""
    day = reader.optional_day("day", raw_day, "Day")
    minute = None if raw_time in (None, "") else reader.clock("time", raw_time, "Time")
    if day is None or minute is None:
        return None
    return to_instant(day, min(minute, 24 * 60 - 1), zone_of(uow.actor.zone))


def _preview(
    uow: UnitOfWork, step: NoticeStep, language: str, facts: NoticeFacts, customer_id: int | None
) -> NoticePreview:
    channel, address = reach_of(uow, customer_id)
    shown = phone_for(uow.actor, address) if channel == "message" else email_for(uow.actor, address)
    named = facts if customer_id is None else replace(facts, customer=given_name(customer_name(uow, customer_id)))
    words = words_told(uow, step, language, named, by_phone=channel == "message")
    to = shown if address else ""
    return NoticePreview(words, language, channel, to, policy_of(uow).is_telling_usual, leaving_hint(uow))


def shop_name(uow: UnitOfWork) -> str:
    """As customers know it."""
    return uow.session.scalars(select(Business.name).where(Business.id == uow.business_id)).one()


def _names(uow: UnitOfWork, services: Sequence[int]) -> tuple[str, ...]:
    """In this order; what is not there is left out."""
    rows = uow.session.execute(
        select(Service.id, Service.name).where(Service.business_id == uow.business_id, Service.id.in_(set(services)))
    )
    names = {row.id: row.name for row in rows}
    return tuple(names[one] for one in services if one in names)
