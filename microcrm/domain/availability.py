"""When a visit can begin: one or several services, each by somebody who does it, with the rooms and equipment it needs.

The one search for free times: the month on the public page, the times of a day, the calendar, and the three alternatives
of a refusal. It knows nothing of tables; what it is told is what it uses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.hours import Windows
from microcrm.domain.occupancy import Gap
from microcrm.domain.timeline import Bits, Line, bits_of, full, instant_of, minutes_in, of_day, runs, shifted

# By keeper, which is a member or -(a resource): the starts and the ends of taken time in order, in minutes since 1970.
Busy = Mapping[int, tuple[Sequence[int], Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Way:
    """One member doing one service, in minutes. Of each of ``choices`` one keeper must be free: resource ids made
    negative, each in one choice only."""

    member_id: int
    duration: int
    before: int = 0
    after: int = 0
    gap: Gap | None = None
    choices: tuple[tuple[int, ...], ...] = ()

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """When the member is kept, counted from the start of the service."""
        whole = (-self.before, self.duration + self.after)
        if self.gap is None:
            return (whole,)
        return (whole[0], self.gap.after), (self.gap.after + self.gap.minutes, whole[1])


STEP = 15  # minutes from one start that is offered to the next, where nobody has said otherwise
Visit = Sequence[Sequence[Way]]  # the ways to do each service, one service after the other


class FreeStart(NamedTuple):
    """``members``: who does each service. ``session_id`` and ``seats_left`` belong to a class."""

    start: datetime
    members: tuple[int, ...]
    session_id: int | None = None
    seats_left: int | None = None


class FreeDay(NamedTuple):
    """``is_open``: somebody who could begin the visit works that day, so a day without starts is full, not closed."""

    day: date
    is_open: bool
    starts: tuple[FreeStart, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Asked about ``first``..``last``. Starts lie every ``step`` minutes from the beginning of each window of whoever does
    the first service, not before ``earliest`` and not after the day ``latest``."""

    visit: Visit
    first: date
    last: date
    zone: ZoneInfo
    earliest: datetime
    latest: date = date.max
    step: int = STEP

    @property
    def line(self) -> Line:
        """The days whose hours and taken time can matter."""
        longest = sum(max((way.before + way.duration + way.after for way in ways), default=0) for ways in self.visit)
        beyond = timedelta(days=1 + longest // DAY_MINUTES)
        return Line(self.first - timedelta(days=1), self.last + beyond, self.zone)

    @property
    def members(self) -> frozenset[int]:
        return frozenset(way.member_id for ways in self.visit for way in ways)

    @property
    def keepers(self) -> frozenset[int]:
        """Members, and resources as negative numbers."""
        ways = [way for ways in self.visit for way in ways]
        return self.members | {keeper for way in ways for choice in way.choices for keeper in choice}

    def days_of(self, line: Line) -> range:
        """The days asked about, as days of a longer line."""
        lead = (self.first - line.days[0]).days
        return range(lead, lead + (self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class Facts:
    """``hours``: a member's windows on each day of the question's line. ``full_days`` have no place left whatever is free:
    by member, or ``None`` for the visit as a whole."""

    hours: Mapping[int, Sequence[Windows]]
    busy: Busy
    full_days: Mapping[int | None, Collection[date]] = field(default_factory=dict)


_Held = tuple[tuple[int, int], ...]


class _State(NamedTuple):
    """How far a visit has come: ``offset`` minutes after its start ``place`` services are done. ``last`` is who did the
    latest and the time they need after it; ``held`` are keepers that cannot serve again before some minute."""

    place: int = 0
    offset: int = 0
    last: tuple[int, int] | None = None
    held: _Held = ()


class _Later(NamedTuple):
    """What the services that are still to come may want: whom, and how long before they begin. ``next_members``: who may
    do the very next one."""

    keepers: frozenset[int]
    before: int
    next_members: frozenset[int]


_Step = tuple[Bits, _State]  # from these starts on it can be done, and how far the visit has come then


class Search:
    """The starts of one question. What several days, members or services share is worked out once."""

    def __init__(self, question: Question, facts: Facts) -> None:
        self.question, self.facts, self.line = question, facts, question.line
        self._busy = {keeper: bits_of(*taken, self.line) for keeper, taken in facts.busy.items()}
        self._working: dict[int, Bits] = {}
        self._begins: dict[int, Bits] = {}
        self._read_hours()
        self._later = tuple(_later(question.visit[n + 1 :]) for n in range(len(question.visit)))
        self._runs: dict[tuple[int, int], Bits] = {}
        self._rests: dict[_State, Bits] = {}
        self._steps: dict[tuple[_State, int], list[_Step]] = {}

    def starts(self) -> Bits:
        """Every minute of the line at which the visit can begin."""
        return self._rest(_State()) & self._allowed() if self.question.visit else 0

    def share(self, starts: Bits, day: tuple[int, int]) -> list[tuple[Bits, tuple[int, ...]]]:
        """Who serves at which of a day's starts, counted from the day's first minute: of those who are free the one who
        is taken for the fewest minutes that day, and of equals the first in order."""
        order = [self._by_load(ways, day) for ways in self.question.visit]
        found: list[tuple[Bits, tuple[int, ...]]] = []

        def hand_out(left: Bits, state: _State, members: tuple[int, ...]) -> None:
            if state.place == len(order):
                found.append((left, members))
                return
            for way in order[state.place]:
                for good, after in self._after(state, way):
                    if mine := left & of_day(good, day):
                        hand_out(mine, after, (*members, self.question.visit[state.place][way].member_id))
                        if not (left := left ^ mine):
                            return

        hand_out(starts, _State(), ())
        return found

    def _by_load(self, ways: Sequence[Way], day: tuple[int, int]) -> Sequence[int]:
        if len(ways) == 1:
            return (0,)
        loads = [of_day(self._busy.get(way.member_id, 0), day).bit_count() for way in ways]
        return sorted(range(len(ways)), key=loads.__getitem__)

    def _read_hours(self) -> None:
        line, step = self.line, self.question.step
        for member_id, windows in self.facts.hours.items():
            full_days = self.facts.full_days.get(member_id, ())
            days = [() if full_days and line.days[n] in full_days else day for n, day in enumerate(windows)]
            self._working[member_id] = line.hours(days)
            self._begins[member_id] = line.hours(days, step)

    def _allowed(self) -> Bits:
        """The minutes of the days asked about, without full days, the past, and wall clock times that come again: a clock
        time names the first of two."""
        line, question = self.line, self.question
        full_days = self.facts.full_days.get(None, ())
        bits = 0
        for n in question.days_of(line):
            if line.days[n] <= question.latest and line.days[n] not in full_days:
                start, end = line.bounds[n]
                bits |= full(end - start) << start & ~line.again(n)
        early = max(ceil(question.earliest.timestamp() / 60) - line.origin, 0)
        return bits & ~full(early)

    def _rest(self, state: _State) -> Bits:
        """The starts of the visit from which all that is still to do can be done."""
        if state.place == len(self.question.visit):
            return full(self.line.length)
        if state not in self._rests:
            bits = 0
            for way in range(len(self.question.visit[state.place])):
                for good, _ in self._after(state, way):
                    bits |= good
            self._rests[state] = bits
        return self._rests[state]

    def _after(self, state: _State, n: int) -> list[_Step]:
        """The next service done in its way ``n``, and all that follows: once for each keeper whose choice matters later."""
        if (state, n) not in self._steps:
            way = self.question.visit[state.place][n]
            begin = state.offset
            if state.last and state.last[0] == way.member_id:
                begin += state.last[1] + way.before
            steps = [self._by_member(state, way, begin)]
            for choice in way.choices:
                steps = [step for one in steps for step in self._with_one_of(choice, way, begin, state.held, one)]
            whole = [(here & self._rest(after), after) for here, after in steps if here]
            self._steps[state, n] = [step for step in whole if step[0]]
        return self._steps[state, n]

    def _by_member(self, state: _State, way: Way, begin: int) -> _Step:
        """The member works throughout the service and is not taken, buffers included."""
        end, later = begin + way.duration, self._later[state.place]
        spans = [(begin + a, begin + b) for a, b in way.spans]
        bits = shifted(runs(self._working.get(way.member_id, 0), way.duration), begin)
        if state.place == 0:
            bits &= self._begins.get(way.member_id, 0)
        bits &= self._free(way.member_id, spans, state.held)
        last = (way.member_id, way.after) if way.member_id in later.next_members else None
        held = tuple(one for one in state.held if one[0] in later.keepers and one[1] > end - later.before)
        after = _State(state.place + 1, end, last, held)
        return bits, self._hold(after, way.member_id, spans[-1][1])

    def _with_one_of(self, choice: tuple[int, ...], way: Way, begin: int, held: _Held, step: _Step) -> list[_Step]:
        """Those that nothing later could want are as good as one another; each of the others is a case of its own."""
        bits, after = step
        span = (begin - way.before, begin + way.duration + way.after)
        any_of, cases = 0, []
        for keeper in choice:
            free = bits & self._free(keeper, [span], held)
            then = self._hold(after, keeper, span[1])
            if then == after:
                any_of |= free
            else:
                cases.append((free, then))
        return [(any_of, after), *cases]

    def _hold(self, state: _State, keeper: int, until: int) -> _State:
        later = self._later[state.place - 1]
        if keeper not in later.keepers or until <= state.offset - later.before:
            return state
        return state._replace(held=tuple(sorted({**dict(state.held), keeper: until}.items())))

    def _free(self, keeper: int, spans: Sequence[tuple[int, int]], held: _Held) -> Bits:
        """The starts of the visit for which the keeper is free throughout ``spans``, which count from that start."""
        if spans[0][0] < dict(held).get(keeper, spans[0][0]):
            return 0
        bits = full(self.line.length)
        if keeper in self._busy:
            for start, end in spans:
                bits &= shifted(self._free_runs(keeper, end - start), start)
        return bits

    def _free_runs(self, keeper: int, length: int) -> Bits:
        if (keeper, length) not in self._runs:
            free = full(self.line.length) & ~self._busy[keeper]
            self._runs[keeper, length] = runs(free, length)
        return self._runs[keeper, length]


def _later(visit: Visit) -> _Later:
    ways = [way for one in visit for way in one]
    keepers = {way.member_id for way in ways} | {keeper for way in ways for choice in way.choices for keeper in choice}
    next_members = {way.member_id for way in visit[0]} if visit else set()
    return _Later(frozenset(keepers), max((way.before for way in ways), default=0), frozenset(next_members))


def free_days(question: Question, facts: Facts) -> tuple[FreeDay, ...]:
    """Each day from ``first`` to ``last`` with every start of the visit, in order of time."""
    search = Search(question, facts)
    starts = search.starts()
    return tuple(_free_day(search, starts, n) for n in question.days_of(search.line))


def _free_day(search: Search, starts: Bits, n: int) -> FreeDay:
    line, bounds = search.line, search.line.bounds[n]
    is_open = any(search.facts.hours[way.member_id][n] for ways in search.question.visit[:1] for way in ways)
    found: list[FreeStart] = []
    if bits := of_day(starts, bounds):
        for part, members in search.share(bits, bounds):
            found += [FreeStart(instant_of(line.edges[n] + minute), members) for minute in minutes_in(part)]
    return FreeDay(line.days[n], is_open, tuple(sorted(found)))


def nearest(days: Sequence[FreeDay], wanted: datetime, count: int) -> tuple[FreeStart, ...]:
    """The starts nearest to ``wanted``, which is none of them, in order of time."""
    others = [start for day in days for start in day.starts if start.start != wanted]
    return tuple(sorted(sorted(others, key=lambda one: (abs(one.start - wanted), one.start))[:count]))
