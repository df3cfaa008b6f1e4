"""Who has asked for a time online and waits for an answer: some of the visits that are still to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from microcrm.demo.diary import Visit
from microcrm.demo.outline import Outline
from microcrm.domain.booking import BookingStatus
from microcrm.domain.booking_policy import PolicyTerms

_SOON, _LATE = timedelta(hours=18), timedelta(days=9)
_COMING = (BookingStatus.BOOKED, BookingStatus.CONFIRMED)
_APART = timedelta(hours=20)  # not all for one day


def with_requests(outline: Outline, visits: Sequence[Visit], now: datetime) -> list[Visit]:
    """The same visits, a few of them not answered yet."""
    asked = dict(zip(map(id, _chosen(outline, visits, now)), outline.facts["requests"], strict=False))
    return [_request(visit, asked[id(visit)], now) if id(visit) in asked else visit for visit in visits]


def _chosen(outline: Outline, visits: Sequence[Visit], now: datetime) -> Iterator[Visit]:
    """Those of services that the owner wants to be asked about come before others."""
    by_request = outline.facts["by_request"]
    names = [service.name for service in outline.template.services]
    coming = [
        one for one in visits
        if one.turn is None and one.status in _COMING and now + _SOON < one.starts_at < now + _LATE and len(one.items) == 1
    ]  # fmt: skip
    coming.sort(key=lambda one: (names[one.items[0].service] not in by_request, one.starts_at))
    taken: list[datetime] = []
    for one in coming:
        if all(abs(one.starts_at - other) > _APART for other in taken):
            taken.append(one.starts_at)
            yield one


def _request(visit: Visit, asked: dict[str, str | int], now: datetime) -> Visit:
    booked_at = now - timedelta(minutes=int(asked["minutes_ago"]))
    return replace(
        visit,
        status=BookingStatus.PENDING_APPROVAL,
        is_online=True,
        booked_at=booked_at,
        note=str(asked.get("note", "")),
        expires_at=min(booked_at + timedelta(hours=PolicyTerms().approval_hours), visit.starts_at),
    )
