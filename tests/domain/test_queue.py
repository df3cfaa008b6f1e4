"""How long it will take: cases by hand, properties, and simulated days that state how far off the estimate is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.hours import Window, merge
from microcrm.domain.queue import (
    GRAIN,
    NEXT,
    PLANNED,
    QUICK,
    SLOW,
    Chair,
    Estimate,
    Ticket,
    Turn,
    estimate,
    may_serve_now,
    next_turn,
    play,
)

ALL_DAY = (Window(0, 600),)
MEERA, RAVI = 1, 2


def chair(member: int = MEERA, **changes: object) -> Chair:
    return replace(Chair(member, ALL_DAY), **changes)


def turn(number: int, minutes: int = 30, *members: int) -> Turn:
    return Turn(number, dict.fromkeys(members or (MEERA, RAVI), minutes))


@pytest.mark.parametrize(
    ("name", "chairs", "line", "starts"),
    [
        ("a free chair", [chair()], [turn(1)], [0]),
        ("one chair, in order", [chair()], [turn(1), turn(2), turn(3)], [0, 30, 60]),
        ("two chairs share the line", [chair(), chair(RAVI)], [turn(1), turn(2, 20), turn(3)], [0, 0, 20]),
        ("somebody is in the chair", [chair(elapsed=10, planned=45)], [turn(1)], [35]),
        ("a visit that takes longer than planned", [chair(elapsed=50, planned=45)], [turn(1)], [0]),
        ("a booked visit comes first", [chair(booked=(Window(20, 65),))], [turn(1)], [65]),
        ("a short service fits before it", [chair(booked=(Window(20, 65),))], [turn(1), turn(2, 20)], [65, 0]),
        ("they want one person only", [chair(), chair(RAVI, elapsed=0, planned=60)], [turn(1, 30, RAVI)], [60]),
        ("nobody does it", [chair()], [turn(1, 30, 99)], [None]),
        ("the shop closes before", [chair(works=(Window(0, 40),))], [turn(1), turn(2)], [0, None]),
        ("the shop opens later", [chair(works=(Window(25, 600),))], [turn(1)], [25]),
        ("the day began hours ago", [chair(works=(Window(-300, 600),))], [turn(1)], [0]),
        ("no chairs", [], [turn(1)], [None]),
    ],
)
def test_when_the_turn_comes(name: str, chairs: list[Chair], line: list[Turn], starts: list[int | None]) -> None:
    assert play(chairs, line) == starts, name


def test_what_people_are_told_is_a_range() -> None:
    assert estimate([chair(elapsed=10, planned=45)], [turn(7), turn(8)]) == [Estimate(7, 25, 50), Estimate(8, 50, 90)]
    assert next_turn([chair()], [], {MEERA: 30}) == Estimate(0, 0, 0)
    assert next_turn([chair(works=())], [], {MEERA: 30}) == Estimate(0, None, None)


def test_a_visit_that_overruns_shows_in_the_later_end_of_the_range() -> None:
    assert estimate([chair(elapsed=50, planned=45)], [turn(1)]) == [Estimate(1, 0, 10)]


def test_whether_somebody_can_sit_down_now() -> None:
    assert may_serve_now(chair(booked=(Window(30, 60),)), 30)
    assert not may_serve_now(chair(booked=(Window(30, 60),)), 31)
    assert not may_serve_now(chair(elapsed=5, planned=30), 10)


def test_every_state_says_what_may_follow() -> None:
    assert NEXT.keys() == set(Ticket)
    assert Ticket.MISSED not in NEXT[Ticket.WAITING], "only those who were called can miss their turn"


lengths = st.integers(5, 120)
spans = st.tuples(st.integers(-60, 400), lengths).map(lambda pair: Window(pair[0], pair[0] + pair[1]))
chairs = st.lists(
    st.builds(
        Chair, st.integers(1, 5), st.lists(spans, max_size=3).map(merge), st.lists(spans, max_size=4).map(merge),
        st.integers(0, 90), st.integers(0, 90),
    ),
    max_size=4, unique_by=lambda one: one.member_id,
)  # fmt: skip
lines = st.lists(st.dictionaries(st.integers(1, 5), lengths, max_size=3), max_size=8).map(
    lambda rows: [Turn(place, row) for place, row in enumerate(rows)]
)


@given(chairs, lines, st.sampled_from([QUICK, PLANNED, SLOW]))
def test_nobody_is_served_twice_at_once_nor_outside_hours(
    found: list[Chair], line: list[Turn], pace: tuple[int, int]
) -> None:
    starts = play(found, line, pace)
    assert len(starts) == len(line)
    taken = 0
    for one, start in zip(line, starts, strict=True):
        if start is None:
            continue
        taken += 1
        assert start >= 0
        able = [c for c in found if c.member_id in one.minutes]
        shortest = {c.member_id: -(-one.minutes[c.member_id] * pace[0] // pace[1]) for c in able}
        assert any(
            any(w.start <= start and start + shortest[c.member_id] <= w.end for w in c.works)
            and not any(b.start < start + shortest[c.member_id] and start < b.end for b in c.booked)
            for c in able
        )
    at_once = [sum(1 for other in starts if other == start) for start in starts if start is not None]
    assert max(at_once, default=0) <= len(found)
    assert taken <= len(line)


@given(chairs, lines, st.dictionaries(st.integers(1, 5), lengths, max_size=3))
def test_whoever_comes_later_changes_nothing_for_those_before(
    found: list[Chair], line: list[Turn], late: dict[int, int]
) -> None:
    assert estimate(found, [*line, Turn(99, late)])[: len(line)] == estimate(found, line)


@given(chairs, lines)
def test_a_range_holds_the_planned_time_in_whole_grains(found: list[Chair], line: list[Turn]) -> None:
    for told, planned in zip(estimate(found, line), play(found, line), strict=True):
        if told.least is None or told.most is None:
            assert told.least is told.most
            continue
        assert planned is not None and 0 <= told.least <= planned <= told.most
        assert told.least % GRAIN == 0 and told.most % GRAIN == 0


@dataclass
class Barber:
    """One chair of a simulated shop. ``until``: when the visit in it really ends."""

    member: int
    booked: list[Window]
    began: int = 0
    planned: int = 0
    until: int = 0

    def seen_at(self, now: int) -> Chair:
        """What the desk knows: when the visit began and how long it should take, not how long it will."""
        is_busy = self.until > now
        booked = [Window(max(w.start - now, 0), w.end - now) for w in self.booked if w.end > now and w.start >= now]
        works = (Window(-now, CLOSES - now),)
        return Chair(
            self.member, works, merge(booked), now - self.began if is_busy else 0, self.planned if is_busy else 0
        )

    def sit(self, now: int, planned: int, real: int) -> None:
        self.began, self.planned, self.until = now, planned, now + real


CLOSES = 600
SERVICES = (20, 30, 45)


@dataclass
class Day:
    """A day at a shop with ``people`` chairs; visits really take from 0.7 to 1.4 times what is planned."""

    chance: random.Random
    people: int
    line: list[tuple[int, int, int]] = field(default_factory=list)  # drawn at, minutes, number
    told: dict[int, tuple[int, Estimate]] = field(default_factory=dict)
    misses: list[int] = field(default_factory=list)  # minutes outside the range that was told; 0: inside

    def real(self, planned: int) -> int:
        return max(3, round(planned * self.chance.triangular(0.7, 1.4, 1.0)))

    def run(self) -> None:
        barbers = [Barber(n, self.appointments()) for n in range(1, self.people + 1)]
        number = 0
        for now in range(CLOSES):
            self.keep_appointments(barbers, now)
            self.serve(barbers, now)
            if now < CLOSES - 90 and self.chance.random() < 0.8 * self.people / 32:
                number += 1
                self.draw(barbers, now, number)
                self.serve(barbers, now)

    def appointments(self) -> list[Window]:
        hours = self.chance.sample(range(1, 9), 2)
        return [Window(hour * 60, hour * 60 + 30) for hour in sorted(hours)]

    def keep_appointments(self, barbers: Sequence[Barber], now: int) -> None:
        """Whoever booked sits down as soon as the chair is free."""
        for barber in barbers:
            due = [w for w in barber.booked if w.start <= now]
            if due and barber.until <= now:
                barber.booked.remove(due[0])
                barber.sit(now, 30, self.real(30))

    def serve(self, barbers: Sequence[Barber], now: int) -> None:
        for barber in barbers:
            fitting = (t for t in self.line if barber.until <= now and may_serve_now(barber.seen_at(now), t[1]))
            ticket = next(fitting, None)
            if ticket is None:
                continue
            self.line.remove(ticket)
            barber.sit(now, ticket[1], self.real(ticket[1]))
            drawn, told = self.told[ticket[2]]
            waited = now - drawn
            if told.least is not None and told.most is not None:
                self.misses.append(max(told.least - waited, waited - told.most, 0))

    def draw(self, barbers: Sequence[Barber], now: int, number: int) -> None:
        minutes = self.chance.choice(SERVICES)
        everybody = range(1, self.people + 1)
        line = [Turn(t[2], dict.fromkeys(everybody, t[1])) for t in self.line]
        told = next_turn([b.seen_at(now) for b in barbers], line, dict.fromkeys(everybody, minutes))
        self.told[number] = (now, told)
        self.line.append((now, minutes, number))


@pytest.mark.parametrize("people", [1, 2, 3, 5])
def test_how_far_off_the_estimate_is_on_simulated_days(people: int) -> None:
    """The bound that is promised: 19 turns in 20 come within five minutes of the range that was told."""
    misses: list[int] = []
    for seed in range(30):
        day = Day(random.Random(f"{people} {seed}"), people)
        day.run()
        misses += day.misses
    assert len(misses) > 200
    near = sum(1 for minutes in misses if minutes <= GRAIN)
    assert near / len(misses) >= 0.95, f"{near} of {len(misses)}; worst {max(misses)}"
