"""Minutes of some days in a row, and sets of them as whole numbers: bit ``n`` stands for the line's minute ``n``.

A month is 40,000 bits. Python shifts and combines that many in a microsecond, which no loop over times comes near.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from operator import le
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.hours import Window, Windows, merge
from microcrm.domain.zones import to_instant

Bits = int
_BIT = tuple(1 << place for place in range(8))


def minute_of(instant: datetime) -> int:
    """Whole minutes since 1970, UTC; seconds are dropped."""
    return int(instant.timestamp()) // 60


def instant_of(minute: int) -> datetime:
    """The UTC instant that ``minute`` minutes since 1970 are."""
    return datetime.fromtimestamp(minute * 60, UTC)


class Line:
    """The days ``first``..``last`` of a zone. ``edges`` are their midnights in minutes since 1970: a day has 23, 24 or 25
    hours as it really has."""

    __slots__ = ("bounds", "days", "edges", "zone")

    def __init__(self, first: date, last: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self.days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
        self.edges = tuple(minute_of(to_instant(day, 0, zone)) for day in (*self.days, last + timedelta(days=1)))
        self.bounds = tuple(pairwise(edge - self.edges[0] for edge in self.edges))  # of each day, from the line's start

    @property
    def origin(self) -> int:
        return self.edges[0]

    @property
    def length(self) -> int:
        return self.edges[-1] - self.edges[0]

    def hours(self, days: Sequence[Windows], step: int = 1) -> Bits:
        """The windows of each day, or every ``step``-th minute from the beginning of each window."""
        lengths = tuple(end - start for start, end in self.bounds)
        real = tuple(
            windows if length == DAY_MINUTES else self._real(n, windows)
            for n, (windows, length) in enumerate(zip(days, lengths, strict=True))
        )
        return _hours(real, lengths, step)

    def again(self, n: int) -> Bits:
        """The minutes of day ``n`` whose wall clock was shown before: the second pass when clocks are set back."""
        start, end = self.bounds[n]
        extra = end - start - DAY_MINUTES
        if extra <= 0:
            return 0
        before = self._offset(start)
        turned = bisect_left(range(start, end), True, key=lambda minute: self._offset(minute) != before)
        return full(extra) << start + turned

    def _real(self, n: int, windows: Windows) -> Windows:
        """In minutes since day ``n`` began, where these are not what its wall clock shows."""
        return merge(Window(self._at(n, one.start), self._at(n, one.end)) for one in windows)

    def _at(self, n: int, minute: int) -> int:
        return minute_of(to_instant(self.days[n], minute, self.zone)) - self.edges[n]

    def _offset(self, minute: int) -> timedelta | None:
        return instant_of(self.origin + minute).astimezone(self.zone).utcoffset()


def bits_of(starts: Sequence[int], ends: Sequence[int], line: Line) -> Bits:
    """The minutes of half-open stretches, given as minutes since 1970 in order; the part of them that lies on the line.

    Stretches that do not touch are the sum of two to the power of each end, less that of each start.
    """
    if not all(map(le, ends, islice(starts, 1, None))):
        starts, ends = _merged(starts, ends)
    if not starts:
        return 0
    base = min(line.origin, starts[0])
    size = (ends[-1] - base >> 3) + 1
    begins, finishes = bytearray(size), bytearray(size)
    for start, end in zip(starts, ends, strict=True):
        first, after = start - base, end - base
        begins[first >> 3] |= _BIT[first & 7]
        finishes[after >> 3] |= _BIT[after & 7]
    bits = int.from_bytes(finishes, "little") - int.from_bytes(begins, "little")
    return bits >> line.origin - base & full(line.length)


def _merged(starts: Sequence[int], ends: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    merged = merge(map(Window, starts, ends))
    return [one.start for one in merged], [one.end for one in merged]


@lru_cache(maxsize=512)  # people keep their hours for weeks, and a month is asked for often
def _hours(days: tuple[Windows, ...], lengths: tuple[int, ...], step: int) -> Bits:
    """Pairs of days first, then pairs of pairs: long numbers are joined seldom."""
    parts = [(_day(windows, step), length) for windows, length in zip(days, lengths, strict=True)]
    while len(parts) > 1:
        pairs = [(a | b << n, n + m) for (a, n), (b, m) in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, parts[-1]] if len(parts) % 2 else pairs
    return parts[0][0]


@lru_cache(maxsize=4096)
def _day(windows: Windows, step: int) -> Bits:
    bits = 0
    for start, end in windows:
        bits |= sum(1 << minute for minute in range(0, end - start, step)) << start
    return bits


@lru_cache(maxsize=64)
def full(length: int) -> Bits:
    """Every minute of a line."""
    return (1 << length) - 1


def runs(bits: Bits, length: int) -> Bits:
    """The minutes from which ``length`` minutes in a row are in the set."""
    done = 1
    while done < length and bits:
        more = min(done, length - done)
        bits &= bits >> more
        done += more
    return bits


def shifted(bits: Bits, minutes: int) -> Bits:
    """Each minute of the set, that many minutes earlier."""
    return bits >> minutes if minutes >= 0 else bits << -minutes


def of_day(bits: Bits, day: tuple[int, int]) -> Bits:
    """The part of the set that lies in one stretch of the line, counted from the stretch's first minute."""
    return bits >> day[0] & full(day[1] - day[0])


def minutes_in(bits: Bits) -> Iterator[int]:
    """The members of a small set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
