"""From what is typed into the form of a move to what is asked for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import Invalid
from microcrm.operations.free_times import FreeTimesAsked
from microcrm.operations.move import Move, MoveVisit
from microcrm.state.booking_card_view import CardView, Option
from microcrm.state.forms import pick

_WALL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class MoveStart:
    """What the form starts with, drawn anew with each ``turn``. ``others`` names the other services of the visit, "" when
    there are none."""

    title: str = ""
    day: str = ""
    time: str = ""
    minutes: str = ""
    member_id: str = ""
    takers: list[Option] = field(default_factory=list)
    others: str = ""
    turn: int = 0


def start_of(card: CardView) -> MoveStart:
    title = f"{card.customer}, {card.when}"
    return MoveStart(title, card.day, card.time, card.minutes, card.member_id, card.takers, card.others)


def move_in(form: Any, card: CardView) -> Move | MoveVisit:
    """This service to another time, person or length, or the visit as a whole."""
    typed = pick(form, "day", "time", "reason", "safety_reason", "tell")
    if not pick(form, "whole")["whole"]:
        return Move(card.booking_id, card.version, card.item_id, **typed, **pick(form, "member_id", "minutes"))
    typed["day"], typed["time"] = visit_start(card, typed["day"], typed["time"])
    return MoveVisit(card.booking_id, card.version, **typed)


def visit_start(card: CardView, day: Any, time: Any) -> tuple[Any, Any]:
    """Where the first service goes when the card's own one goes to ``day`` and ``time``. What cannot be read is left as it
    is: the operation says what is wrong with it."""
    walls = ((day, time), (card.visit_day, card.visit_time), (card.day, card.time))
    try:
        to, first, own = (datetime.strptime(f"{one}T{clock}"[:16], _WALL) for one, clock in walls)  # noqa: DTZ007
    except ValueError:
        return day, time
    start = to - (own - first)
    return start.strftime("%Y-%m-%d"), start.strftime("%H:%M")


def told_start(card: CardView, typed: Mapping[str, str]) -> tuple[Any, Any]:
    """When the visit would begin, as its customer is told."""
    is_first = (card.visit_day, card.visit_time) == (card.day, card.time)
    if typed.get("whole") or is_first:
        return visit_start(card, typed.get("day"), typed.get("time"))
    return card.visit_day, card.visit_time


def wanted_times(card: CardView, typed: Mapping[str, str]) -> FreeTimesAsked:
    """Free times of the typed day for what would move. The other services of the visit keep theirs, unless all move.

    Raises: Invalid, for a day that is none."""
    day, member = parse_day(typed.get("day")), typed.get("member_id", "")
    if day is None or not card.services:
        raise Invalid
    is_alone = bool(typed.get("whole")) or not card.others
    services = [(card.service_id, member)]
    if typed.get("whole"):
        services = card.services
    asked = [(int(service), int(who) if who.isdecimal() else None) for service, who in services]
    return FreeTimesAsked(asked, day, day, is_public=False, except_booking=int(card.booking_id) if is_alone else None)
