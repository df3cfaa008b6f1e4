"""Which time a booking takes from the person who serves and from the room or chair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

LONGEST_SERVICE = 12 * 60
LONGEST_BUFFER = 4 * 60


class Gap(NamedTuple):
    """Processing time in which the staff member is free (colour that works in): ``minutes``, ``after`` the start."""

    after: int
    minutes: int


class Span(NamedTuple):
    """A half-open stretch of time: ``start`` belongs to it, ``end`` does not."""

    start: datetime
    end: datetime


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def timing_errors(duration: int, before: int, after: int, gap: Gap | None) -> dict[str, str]:
    """What is wrong with a service's minutes, by field: duration, buffer_before, buffer_after, gap."""
    errors = {}
    if not 5 <= duration <= LONGEST_SERVICE:
        errors["duration"] = "A service takes from 5 minutes to 12 hours."
    if not 0 <= before <= LONGEST_BUFFER:
        errors["buffer_before"] = "Time before is from 0 minutes to 4 hours."
    if not 0 <= after <= LONGEST_BUFFER:
        errors["buffer_after"] = "Time after is from 0 minutes to 4 hours."
    if gap and not (gap.after > 0 and gap.minutes > 0 and gap.after + gap.minutes < duration):
        errors["gap"] = "The processing gap must begin and end inside the service."
    return errors


def whole_span(start: datetime, duration: int, buffer_before: int = 0, buffer_after: int = 0) -> Span:
    """The visit with its buffers: what a room, a chair or equipment is taken for."""
    return Span(
        start - timedelta(minutes=buffer_before),
        start + timedelta(minutes=duration + buffer_after),
    )


def occupied_spans(
    start: datetime, duration: int, buffer_before: int = 0, buffer_after: int = 0, gap: Gap | None = None
) -> tuple[Span, ...]:
    """What the staff member is taken for: one span, or two when a processing gap frees them in the middle.

    ``start`` is aware and is when the customer is served; adding minutes to it must not cross a change of clocks, so
    give it in UTC. ``ValueError`` when ``timing_errors`` would have something to say.
    """
    if start.utcoffset() != timedelta(0):
        raise ValueError("start must be in UTC")
    if errors := timing_errors(duration, buffer_before, buffer_after, gap):
        raise ValueError("; ".join(errors.values()))
    whole = whole_span(start, duration, buffer_before, buffer_after)
    if gap is None:
        return (whole,)
    free_from = start + timedelta(minutes=gap.after)
    free_until = free_from + timedelta(minutes=gap.minutes)
    return (Span(whole.start, free_from), Span(free_until, whole.end))
