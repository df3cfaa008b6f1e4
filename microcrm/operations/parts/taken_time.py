"""What a search for free times has to know: hours, the time of people and rooms that is taken, how full each day is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy import TextClause

from microcrm.domain.availability import Busy, Facts, Question
from microcrm.domain.timeline import Line, minute_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.occupy import LONGEST_SPAN, Claim
from microcrm.operations.parts.working_time import read_working_time
from microcrm.operations.unit_of_work import UnitOfWork

_EPOCH = date(1970, 1, 1)

# Everything that is asked for lies in ix_occupancies_busy. A hold that has lapsed takes no time, swept away or not.
_BUSY = """
SELECT 'busy', keeper_id, array_agg(from_min ORDER BY from_min), array_agg(until_min ORDER BY from_min)
FROM occupancies
WHERE business_id = :business AND keeper_id = ANY(:keepers) AND is_live
  AND from_min > :first - :longest AND from_min < :last AND until_min > :first
  AND (expires_at IS NULL OR expires_at > :now)
GROUP BY keeper_id
"""
_OWN = """
SELECT 'own', keeper_id, array_agg(from_min), array_agg(until_min)
FROM occupancies
WHERE business_id = :business AND is_live AND booking_item_id IN (
  SELECT id FROM booking_items WHERE business_id = :business AND booking_id = :booking)
GROUP BY keeper_id
"""
# What customers have booked themselves. Seats of a class do not count: a class has its own limit.
_VISITS = """
SELECT kind, who, array_agg(day), array_agg(visits) FROM (
  SELECT (ARRAY['member', 'service', 'shop'])[GROUPING(i.member_id, i.service_id)] AS kind,
         coalesce(i.member_id, i.service_id, 0) AS who,
         (i.starts_at AT TIME ZONE :zone)::date - date '1970-01-01' AS day, count(DISTINCT i.booking_id)::int AS visits
  FROM booking_items i JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
  WHERE i.business_id = :business AND i.is_live AND i.session_id IS NULL AND i.booking_id <> :booking
    AND b.source = 'online'
    AND i.starts_at >= to_timestamp(:first * 60.0) AND i.starts_at < to_timestamp(:last * 60.0)
    AND (b.expires_at IS NULL OR b.expires_at > :now)
  GROUP BY GROUPING SETS (
    (day, i.member_id), (day, i.service_id), (day))
) AS counted GROUP BY kind, who
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many visits of a day customers may book themselves; ``None`` and absent: as many as fit."""

    shop: int | None = None
    services: Mapping[int, int | None] = field(default_factory=dict)
    members: Mapping[int, int | None] = field(default_factory=dict)

    @property
    def are_none(self) -> bool:
        return self.shop is None and not any([*self.services.values(), *self.members.values()])


@dataclass(frozen=True, slots=True)
class Taken:
    """``visits``: how many each day has, by ("member", id), ("service", id) and ("shop", 0); read only when asked for."""

    busy: Busy
    visits: Mapping[tuple[str, int], Mapping[date, int]]

    def full_days(self, limits: Limits) -> dict[int | None, frozenset[date]]:
        """Days that have as many visits already as they may: by member, or ``None`` for the visit as a whole."""
        whole = self._full("shop", 0, limits.shop)
        for service_id, most in limits.services.items():
            whole |= self._full("service", service_id, most)
        return {None: whole, **{who: self._full("member", who, most) for who, most in limits.members.items()}}

    def _full(self, what: str, who: int, most: int | None) -> frozenset[date]:
        if most is None:
            return frozenset()
        return frozenset(day for day, visits in self.visits.get((what, who), {}).items() if visits >= most)


NO_LIMITS = Limits()


def read_facts(
    uow: UnitOfWork,
    question: Question,
    limits: Limits = NO_LIMITS,
    *,
    except_booking: int = 0,
    own: Collection[Claim] = (),
) -> Facts:
    """What the answer depends on, in two statements; as if the one booking, and the claims that are one's ``own``, were not
    there."""
    line = question.line
    working = read_working_time(uow, line.days[0], line.days[-1], question.members)
    taken = read_taken_time(uow, line, question.keepers, except_booking=except_booking, is_counting=not limits.are_none)
    busy = _without(taken.busy, [(one.keeper, (minute_of(one.span.start), minute_of(one.span.end))) for one in own])
    hours = {who: working.working_days(who, line.days) for who in question.members}
    return Facts(hours, busy, taken.full_days(limits))


def read_taken_time(
    uow: UnitOfWork,
    line: Line,
    keepers: Collection[int],
    *,
    except_booking: int = 0,
    is_counting: bool = False,
) -> Taken:
    """Of ``keepers``, on the days of ``line``, as if the one booking were not there."""
    found: dict[str, dict[int, tuple[list[int], list[int]]]] = defaultdict(dict)
    statement = _statement(bool(except_booking), is_counting)
    values: dict[str, Any] = {
        "business": uow.business_id, "keepers": list(keepers), "first": line.edges[0], "last": line.edges[-1],
        "longest": LONGEST_SPAN, "now": uow.now,
    }  # fmt: skip
    if except_booking or is_counting:
        values |= {"booking": except_booking, "zone": str(line.zone)}
    for kind, who, ones, others in run(uow.session.connection(), statement, values, tuple_row):
        found[kind][who] = (ones, others)
    own = found.pop("own", {})
    mine = [(keeper, span) for keeper, spans in own.items() for span in zip(*spans, strict=True)]
    busy = _without(found.pop("busy", {}), mine)
    return Taken(busy, {(what, who): _by_day(*row) for what, rows in found.items() for who, row in rows.items()})


def _without(busy: Busy, own: Collection[tuple[int, tuple[int, int]]]) -> Busy:
    """``own``: keepers, each with from and until in minutes."""
    mine: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for keeper, span in own:
        mine[keeper].add(span)
    left = {**busy}
    for keeper in mine.keys() & busy.keys():
        kept = [span for span in zip(*busy[keeper], strict=True) if span not in mine[keeper]]
        left[keeper] = ([start for start, _ in kept], [end for _, end in kept])
    return left


def _by_day(days: list[int], visits: list[int]) -> dict[date, int]:
    return {_EPOCH + timedelta(days=day): count for day, count in zip(days, visits, strict=True)}


@lru_cache
def _statement(is_excepting: bool, is_counting: bool) -> TextClause:
    """SQL that never changes is parsed once."""
    parts = [_BUSY, *([_OWN] if is_excepting else []), *([_VISITS] if is_counting else [])]
    return fixed("UNION ALL".join(parts))
