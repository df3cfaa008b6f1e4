"""The till of a demo shop: counted each evening; now and then something is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from microcrm.demo.rows import Row
from microcrm.domain.till import DENOMINATIONS
from microcrm.domain.zones import INDIA, to_instant, to_wall, zone_of

_EVENING = 21 * 60 + 30  # minutes after midnight
_FLOAT = 2_000_00  # paise that stay in the drawer
_SHORT_EVERY, _SHORT = 9, 50_00  # days, paise


@dataclass(frozen=True, slots=True)
class Taken:
    mode: str
    paise: int
    at: datetime


def closings(taken: Sequence[Taken], now: datetime) -> Iterator[Row]:
    """One for each evening on which there was money, up to yesterday; without ids."""
    zone, left = zone_of(INDIA), sorted(taken, key=lambda one: one.at)
    days = sorted({to_wall(one.at, zone)[0] for one in left})
    since: datetime | None = None
    opening = 0
    for number, day in enumerate(days, 1):
        closed_at = to_instant(day, _EVENING, zone)
        if closed_at >= now:
            return
        part = [one for one in left if one.at <= closed_at and (since is None or one.at > since)]
        yield _closing(number, day, since, closed_at, opening, part)
        opening, since = _kept(opening, part, number), closed_at


def _closing(
    number: int, day: date, since: datetime | None, closed_at: datetime, opening: int, part: Sequence[Taken]
) -> Row:
    expected, counted = opening + _cash(part), _counted(opening, part, number)
    return {
        "number": number,
        "day": day,
        "since": since,
        "closed_at": closed_at,
        "opening_paise": opening,
        "expected_paise": expected,
        "counted_paise": counted,
        "kept_paise": _kept(opening, part, number),
        "counts": {str(rupees): many for rupees, many in _in_notes(counted) if many},
        "taken": {
            mode: sum(one.paise for one in part if one.mode == mode) for mode in sorted({one.mode for one in part})
        },
        "reason": "" if counted == expected else "One note of 50 short, counted twice",
    }


def _cash(part: Sequence[Taken]) -> int:
    return sum(one.paise for one in part if one.mode == "cash")


def _counted(opening: int, part: Sequence[Taken], number: int) -> int:
    expected = opening + _cash(part)
    return expected - _SHORT if number % _SHORT_EVERY == 0 and expected > _SHORT else expected


def _kept(opening: int, part: Sequence[Taken], number: int) -> int:
    return min(_FLOAT, _counted(opening, part, number))


def _in_notes(paise: int) -> Iterator[tuple[int, int]]:
    rupees = paise // 100
    for worth in DENOMINATIONS:
        yield worth, rupees // worth
        rupees %= worth
