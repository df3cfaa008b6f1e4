"""A booking's card in display words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from microcrm.domain.booking import LABELS, LEADS_TO, BookingStatus
from microcrm.domain.errors import NotFound
from microcrm.domain.formatting import (
    clock_for_input,
    format_count,
    format_duration,
    format_range,
    format_time,
    format_weekday,
    format_weekday_short,
)
from microcrm.domain.money import format_rupees
from microcrm.domain.needed_forms import NeededForm, Standing
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.booking_card import BookingCard
from microcrm.operations.messages.seen import Seen
from microcrm.state.deposit_words import NO_DEPOSIT, DepositLine, deposit_line
from microcrm.state.series_line import NO_SERIES, SeriesLine, series_line

_S = BookingStatus
_TONES = {
    _S.CONFIRMED: "info",
    _S.ARRIVED: "info",
    _S.STARTED: "ok",
    _S.FINISHED: "ok",
    _S.NO_SHOW: "bad",
    _S.CANCELLED_BY_CUSTOMER: "bad",
    _S.CANCELLED_BY_BUSINESS: "bad",
    _S.LATE_CANCELLED: "bad",
}
_BILLED = {_S.ARRIVED, _S.STARTED, _S.FINISHED}  # a bill before the customer is there would be an advance
_COMING = {_S.BOOKED, _S.CONFIRMED}
MOST_BUTTONS = 3


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Line:
    """One step of the visit's story."""

    when: str
    what: str


@dataclass(frozen=True)
class MessageLine:
    """A message about the visit: what it was, and how far it has come."""

    key: str
    what: str
    when: str
    icon: str


@dataclass(frozen=True)
class FormLine:
    """A form that the visit needs before it starts."""

    words: str
    is_good: bool


@dataclass(frozen=True)
class TimeChoice:
    """A free time that is offered: what it says, and what it puts into the form."""

    label: str
    day: str
    time: str


@dataclass(frozen=True)
class CardView:
    """``steps`` are (status, words) of the buttons, the likeliest first; ``more_steps`` wait behind the menu.
    ``rebook`` says where "Book again" stands: "button", "menu" or nowhere. ``visit_day`` and ``visit_time`` are the first
    service's, ``services`` (service, member) pairs of all of them."""

    item_id: str = ""
    booking_id: str = ""
    version: int = 0
    number: str = ""
    customer_id: str = ""
    customer_href: str = ""
    customer: str = ""
    status: str = ""
    tone: str = "neutral"
    hue: str = "slate"
    service: str = ""
    when: str = ""
    where: str = ""
    others: str = ""
    phone: str = ""
    whatsapp: str = ""
    visits: str = ""
    note: str = ""
    service_id: str = ""
    cancel_reason: str = ""
    day: str = ""
    time: str = ""
    minutes: str = ""
    member_id: str = ""
    takers: list[Option] = field(default_factory=list)
    steps: list[Option] = field(default_factory=list)
    more_steps: list[Option] = field(default_factory=list)
    may_move: bool = False
    may_cancel: bool = False
    rebook: str = ""
    may_waive: bool = False
    is_request: bool = False
    is_waived: bool = False
    fee: str = ""
    kept: str = ""
    today: str = ""
    visit_day: str = ""
    visit_time: str = ""
    services: list[tuple[str, str]] = field(default_factory=list)
    bill_href: str = ""
    deposit: DepositLine = NO_DEPOSIT
    history: list[Line] = field(default_factory=list)
    series: SeriesLine = NO_SERIES
    forms: list[FormLine] = field(default_factory=list)
    messages: list[MessageLine] = field(default_factory=list)
    has_bad_message: bool = False


NO_CARD = CardView()


def _form(needed: NeededForm, card: BookingCard, day: date) -> FormLine:
    """As it will stand on the ``day`` of the visit; of one that is over, or should be, as it stands today."""
    then = max(day, card.today)
    return FormLine(needed.in_words(then, card.today), needed.standing(then) is Standing.GOOD)


def _message(one: Seen) -> MessageLine:
    said = one.ticks
    words = " ".join(part for part in (said.why, said.to_do) if part)
    when = "" if said.icon == "clock" else f"{one.when}. "
    return MessageLine(str(one.id), f"{one.title}, {one.channel}: {said.status}", f"{when}{words}".strip(), said.icon)


def card_view(card: BookingCard, zone_name: str) -> CardView:
    """With the messages about it, of which one that did not arrive is not folded away."""
    return replace(
        _visit_view(card, zone_name),
        messages=[_message(one) for one in card.messages],
        has_bad_message=any(one.ticks.tone == "bad" for one in card.messages),
    )


def _visit_view(card: BookingCard, zone_name: str) -> CardView:
    zone = zone_of(zone_name)
    (day, minute), (visit_day, visit_minute) = (to_wall(one.start, zone) for one in (card.item, card.items[0]))
    steps = [Option(LEADS_TO[action].value, action.value) for action in card.actions]
    return CardView(
        item_id=str(card.item.item_id),
        booking_id=str(card.booking_id),
        version=card.version,
        number=f"No. {card.number}",
        customer_id=str(card.customer_id or ""),
        customer_href=f"/customer?id={card.customer_id}" if card.customer_id else "",
        customer=card.customer,
        status=LABELS[card.status],
        tone=tone_of(card.status),
        hue=card.item.hue,
        service=f"{card.item.service} · {format_rupees(card.item.price_paise)}",
        when=f"{format_weekday_short(day)}, {format_range(card.item.start, card.item.end, zone)}",
        where=_where(card),
        others=_others(card, zone_name),
        phone=card.phone,
        whatsapp=card.whatsapp,
        visits=format_count(card.visits, "visit") if card.customer_id else "",
        note=card.note,
        service_id=str(card.item.service_id),
        cancel_reason=card.cancel_reason,
        day=day.isoformat(),
        time=clock_for_input(minute),
        minutes=str(card.item.minutes),
        member_id=str(card.item.member_id),
        takers=[Option(str(member_id), name) for member_id, name in card.takers],
        steps=steps[:MOST_BUTTONS],
        more_steps=steps[MOST_BUTTONS:],
        may_move=card.may_move,
        may_cancel=card.may_cancel,
        rebook=("menu" if card.status in _COMING else "button") if card.may_rebook else "",
        may_waive=card.may_waive,
        is_request=card.status is _S.PENDING_APPROVAL,
        is_waived=bool(card.fee_waiver),
        fee=_fee(card),
        kept=kept_words(card.status, card.expires_at, zone_name),
        today=card.today.isoformat(),
        visit_day=visit_day.isoformat(),
        visit_time=clock_for_input(visit_minute),
        services=[(str(one.service_id), str(one.member_id)) for one in card.items],
        bill_href=f"/invoice?booking={card.booking_id}" if _is_billed(card) else "",
        deposit=deposit_line(card.deposit, zone_name, may_give_back=card.may_give_back),
        series=series_line(card.series),
        forms=[_form(one, card, visit_day) for one in card.forms],
        history=[_line(event.at, event.who, event.what, event.reason, zone_name) for event in card.history],
    )


def _is_billed(card: BookingCard) -> bool:
    """What was done, or the fee of a visit that is off."""
    return card.status in _BILLED or (card.fee_paise > 0 and not card.fee_waiver)


def tone_of(status: BookingStatus) -> str:
    """Of its chip."""
    return _TONES.get(status, "neutral")


def time_choices(starts: Sequence[datetime], zone_name: str, wanted: datetime | None = None) -> list[TimeChoice]:
    """Days are named when the free times do not all lie on one, the one that was ``wanted``."""
    zone = zone_of(zone_name)
    walls = [to_wall(start, zone) for start in starts]
    days = {day for day, _ in walls} | ({to_wall(wanted, zone)[0]} if wanted else set())
    is_one_day = len(days) <= 1
    return [
        TimeChoice(
            format_time(start, zone) if is_one_day else f"{format_weekday_short(day)}, {format_time(start, zone)}",
            day.isoformat(),
            clock_for_input(minute),
        )
        for start, (day, minute) in zip(starts, walls, strict=True)
    ]


def shifted(card: CardView, minutes: int) -> tuple[str, str]:
    """Day and time of the card's visit a little earlier or later; odd requests move it by nothing.

    Raises: NotFound, when no visit is open."""
    if not card.day:
        raise NotFound
    step = minutes if minutes in (-15, 15) else 0
    start = datetime.strptime(f"{card.day}T{card.time}", "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (wall clock)
    moved = start + timedelta(minutes=step)
    return moved.strftime("%Y-%m-%d"), moved.strftime("%H:%M")


def kept_words(status: BookingStatus, until: datetime | None, zone_name: str) -> str:
    """Until when a hold or a request keeps its time, and what happens then; "" for everything else."""
    if until is None:
        return ""
    zone = zone_of(zone_name)
    when = f"{format_time(until, zone)}, {format_weekday_short(to_wall(until, zone)[0])}"
    if status is _S.PENDING_APPROVAL:
        return f"Answer before {when}, or the request lapses."
    if status is _S.PENDING_PAYMENT:
        return f"To be paid before {when}, or the time is free again."
    return f"Kept until {when}."


def _fee(card: BookingCard) -> str:
    if not card.fee_paise:
        return ""
    if card.fee_waiver:
        return f"Fee of {format_rupees(card.fee_paise)} waived: {card.fee_waiver}"
    kept = min(card.fee_paise, card.deposit.stays)
    if kept == card.fee_paise:
        return f"Fee of {format_rupees(kept)}, kept of the deposit"
    if kept:
        return f"Fee of {format_rupees(card.fee_paise)}: {format_rupees(kept)} kept of the deposit, the rest to be paid"
    return f"Fee to be paid: {format_rupees(card.fee_paise)}"


def _where(card: BookingCard) -> str:
    gap = f" · {format_duration(card.gap_minutes)} processing inside" if card.gap_minutes else ""
    return f"{card.item.member} · {format_duration(card.item.minutes)}{gap}"


def _others(card: BookingCard, zone_name: str) -> str:
    """The other services of the same visit."""
    others = [item for item in card.items if item.item_id != card.item.item_id]
    words = [f"{item.service} {format_time(item.start, zone_of(zone_name))} with {item.member}" for item in others]
    return "Also: " + ", ".join(words) if words else ""


def _line(at: datetime, who: str, what: str, reason: str, zone_name: str) -> Line:
    zone = zone_of(zone_name)
    by = f" by {who}" if who else ""
    why = f": {reason}" if reason else ""
    return Line(f"{format_weekday(to_wall(at, zone)[0])}, {format_time(at, zone)}", f"{what}{by}{why}")
