"""A class in display words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from microcrm.domain.booking import LABELS, LEADS_TO, BookingStatus
from microcrm.domain.formatting import (
    clock_for_input,
    format_count,
    format_duration,
    format_range,
    format_weekday_short,
)
from microcrm.domain.money import format_rupees
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.class_card import Attendee, ClassCard
from microcrm.state.booking_card_view import Option, tone_of

_WAITING = (BookingStatus.HOLD, BookingStatus.PENDING_APPROVAL, BookingStatus.PENDING_PAYMENT)

NO_STEP = Option("", "")


@dataclass(frozen=True)
class AttendeeRow:
    """``step`` is the likeliest next one, with no value when there is none; ``more`` are the others."""

    booking_id: str = ""
    item_id: str = ""
    version: int = 0
    name: str = ""
    href: str = ""
    phone: str = ""
    whatsapp: str = ""
    seats: str = ""
    note: str = ""
    status: str = ""
    tone: str = "neutral"
    step: Option = NO_STEP
    more: list[Option] = field(default_factory=list)
    may_cancel: bool = False
    has_more: bool = False


@dataclass(frozen=True)
class ClassView:
    """``seats_now`` is how many it has, ``least`` how few it may have: those that are taken. ``moves_following`` and
    ``moves_all`` say how many a move of its series takes along, ``off_following`` and ``off_all`` how many are called off."""

    id: str = ""
    version: int = 0
    service: str = ""
    service_id: str = ""
    hue: str = "slate"
    price: str = ""
    when: str = ""
    where: str = ""
    seats: str = ""
    left: str = ""
    is_full: bool = False
    share: str = "0"
    series: str = ""
    note: str = ""
    off: str = ""
    in_series: bool = False
    moves_following: str = ""
    moves_all: str = ""
    off_following: str = ""
    off_all: str = ""
    seats_now: str = ""
    least: str = ""
    day: str = ""
    time: str = ""
    minutes: str = ""
    member_id: str = ""
    takers: list[Option] = field(default_factory=list)
    attendees: list[AttendeeRow] = field(default_factory=list)
    told: str = ""
    may_change: bool = False


NO_CLASS = ClassView()
NO_ATTENDEE = AttendeeRow()


def class_view(card: ClassCard, zone_name: str) -> ClassView:
    zone = zone_of(zone_name)
    day, minute = to_wall(card.start, zone)
    left, series = card.seats - card.taken, card.series
    return ClassView(
        id=str(card.session_id),
        version=card.version,
        service=card.service,
        service_id=str(card.service_id),
        hue=card.hue,
        price=f"{format_rupees(card.price_paise)} a seat",
        when=f"{format_weekday_short(day)}, {format_range(card.start, card.end, zone)}",
        where=" · ".join(
            (card.member, *card.rooms, format_duration(int((card.end - card.start).total_seconds()) // 60))
        ),
        seats=f"{card.taken} of {format_count(card.seats, 'seat')} taken",
        left="Full" if left <= 0 else f"{left} left",
        is_full=left <= 0,
        share=str(round(100 * card.taken / card.seats)),
        series=f"Class {series.place} of {series.of} scheduled together" if series.of > 1 else "",
        note=card.note,
        in_series=series.of > 1,
        moves_following=format_count(series.moves_following, "class", "classes"),
        moves_all=format_count(series.moves_all, "class", "classes"),
        off_following=format_count(series.off_following, "class", "classes"),
        off_all=format_count(series.off_all, "class", "classes"),
        seats_now=str(card.seats),
        least=str(max(card.taken, 1)),
        off="" if card.is_live else f"This class does not take place. {card.cancel_reason}".strip(),
        day=day.isoformat(),
        time=clock_for_input(minute),
        minutes=str(int((card.end - card.start).total_seconds()) // 60),
        member_id=str(card.member_id),
        takers=[Option(str(member_id), name) for member_id, name in card.takers],
        attendees=[_row(one) for one in card.attendees],
        told=format_count(sum(1 for one in card.attendees if one.status is not BookingStatus.HOLD), "booking"),
        may_change=card.may_change,
    )


def _row(one: Attendee) -> AttendeeRow:
    steps = [Option(LEADS_TO[action].value, action.value) for action in one.actions]
    return AttendeeRow(
        booking_id=str(one.booking_id),
        item_id=str(one.item_id),
        version=one.version,
        name="Somebody is booking online" if one.status is BookingStatus.HOLD else one.customer,
        href=f"/customer?id={one.customer_id}" if one.customer_id else "",
        phone=one.phone,
        whatsapp=one.whatsapp,
        seats=format_count(one.seats, "seat") if one.seats > 1 else "",
        note=one.note,
        status=LABELS[one.status],
        tone="warn" if one.status in _WAITING else tone_of(one.status),
        step=steps[0] if steps else NO_STEP,
        more=steps[1:],
        may_cancel=one.may_cancel,
        has_more=bool(steps[1:]) or one.may_cancel,
    )
