"""When a visit could be instead: the free starts nearest to the one that was wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from microcrm.domain.occupancy import Span

STEP_MINUTES = 15
Busy = Mapping[int, Sequence[Span]]  # by keeper: a member's id, or a resource's id made negative


@dataclass(frozen=True, slots=True)
class Need:
    """One of ``keepers`` has to be free throughout ``spans``: minutes counted from the start of the visit."""

    keepers: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One service of the visit, from minute ``begin`` to ``end`` of it. It must lie inside one of ``openings``."""

    begin: int
    end: int
    openings: tuple[Span, ...]
    needs: tuple[Need, ...]


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def is_possible(start: datetime, parts: Sequence[Part], busy: Busy) -> bool:
    """Whether every part fits its openings and finds what it needs. A keeper serves one need at a time."""
    taken: dict[int, list[Span]] = {}
    for part in parts:
        served = _at(start, (part.begin, part.end))
        if not any(opening.start <= served.start and served.end <= opening.end for opening in part.openings):
            return False
        for need in part.needs:
            spans = [_at(start, span) for span in need.spans]
            keeper = next((k for k in need.keepers if _is_free(k, spans, busy) and _is_free(k, spans, taken)), None)
            if keeper is None:
                return False
            taken.setdefault(keeper, []).extend(spans)
    return True


def nearest_starts(
    wanted: datetime, parts: Sequence[Part], busy: Busy, *, earliest: datetime, count: int = 3
) -> tuple[datetime, ...]:
    """At most ``count`` possible starts from ``earliest`` on, the nearest to ``wanted``, in order of time. Looked for
    every 15 minutes from the beginning of each opening of the first part."""
    step = timedelta(minutes=STEP_MINUTES)
    candidates: list[datetime] = []
    for opening in parts[0].openings:
        start = opening.start - timedelta(minutes=parts[0].begin)
        while start < opening.end:
            if start >= earliest and start != wanted:
                candidates.append(start)
            start += step
    found: list[datetime] = []
    for start in sorted(candidates, key=lambda one: (abs(one - wanted), one)):
        if is_possible(start, parts, busy):
            found.append(start)
            if len(found) == count:
                break
    return tuple(sorted(found))


def _at(start: datetime, minutes: tuple[int, int]) -> Span:
    return Span(start + timedelta(minutes=minutes[0]), start + timedelta(minutes=minutes[1]))


def _is_free(keeper: int, spans: Sequence[Span], busy: Busy) -> bool:
    return not any(overlaps(span, busy.get(keeper, ())) for span in spans)
