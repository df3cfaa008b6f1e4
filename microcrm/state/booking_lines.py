"""The services of a new visit as its form shows them. Pure: what may be chosen is what an operation read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from microcrm.domain.formatting import format_duration
from microcrm.domain.money import format_rupees
from microcrm.operations.book import BookService
from microcrm.operations.booking_choices import Provider, ServiceChoice
from microcrm.operations.parts.booking_plan import place
from microcrm.state.booking_card_view import Option

_keys = itertools.count(1)


@dataclass(frozen=True)
class ServiceLine:
    """One service and who does it. ``key`` stays with the line, so that removing another one moves nothing typed."""

    key: str = ""
    service_id: str = ""
    member_id: str = ""
    takers: list[Option] = field(default_factory=list)


def new_line(member_id: str = "") -> ServiceLine:
    return ServiceLine(key=str(next(_keys)), member_id=member_id)


def service_options(choices: Sequence[ServiceChoice]) -> list[Option]:
    return [
        Option(str(one.service_id), f"{one.name} · {format_duration(one.minutes)} · {format_rupees(one.price_paise)}")
        for one in choices
    ]


def with_service(line: ServiceLine, service_id: str, choices: Sequence[ServiceChoice]) -> ServiceLine:
    """Whoever was chosen stays chosen if they do this service; the only one who does it is chosen at once."""
    service = _service(choices, service_id)
    takers = [_taker(who, service) for who in service.providers] if service else []
    known = [taker.value for taker in takers]
    member_id = line.member_id if line.member_id in known or not known else known[0] if len(known) == 1 else ""
    return replace(line, service_id=service_id, member_id=member_id, takers=takers)


def total_words(lines: Sequence[ServiceLine], choices: Sequence[ServiceChoice]) -> str:
    """Like "1 h 15 min · ₹1,050.00", from what is chosen so far; "" while nothing is."""
    minutes = paise = 0
    for line in lines:
        service = _service(choices, line.service_id)
        if service is None:
            continue
        who = next((one for one in service.providers if str(one.member_id) == line.member_id), None)
        minutes += who.minutes if who else service.minutes
        paise += who.price_paise if who else service.price_paise
    return f"{format_duration(minutes)} · {format_rupees(paise)}" if minutes else ""


def typed_services(form: dict[str, Any], count: int) -> tuple[BookService, ...]:
    """What stands in the form's lines, as typed."""
    names = ("service_id", "member_id", "minutes")
    return tuple(BookService(*(form.get(place(name, n)) for name in names)) for n in range(count or 1))


def _service(choices: Sequence[ServiceChoice], service_id: str) -> ServiceChoice | None:
    return next((one for one in choices if str(one.service_id) == service_id), None)


def _taker(who: Provider, service: ServiceChoice) -> Option:
    """The length and price are named only for those who have their own."""
    own = (who.minutes, who.price_paise) != (service.minutes, service.price_paise)
    words = f" · {format_duration(who.minutes)} · {format_rupees(who.price_paise)}" if own else ""
    return Option(str(who.member_id), who.member + words)
