"""Free times: never in busy time, never outside hours, none hidden; each rule by itself, and all together by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.availability import Facts, FreeDay, FreeStart, Question, Way, free_days, nearest
from microcrm.domain.hours import CLOSED, Window, Windows, merge
from microcrm.domain.occupancy import Gap
from microcrm.domain.timeline import instant_of, minute_of
from microcrm.domain.zones import to_instant, to_wall, zone_of

INDIA = zone_of("Asia/Kolkata")
DAY = date(2026, 12, 7)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MEERA, ANIL, RAVI = 1, 2, 3
ROOM_1, ROOM_2, DRYER = -1, -2, -3
NINE_TO_TWELVE = (Window(540, 720),)


def at(clock: str, day: date = DAY) -> datetime:
    hours, minutes = clock.split(":")
    return to_instant(day, int(hours) * 60 + int(minutes), INDIA)


def taken(*clocks: str) -> tuple[list[int], list[int]]:
    """Of strings like "9:00-9:45"."""
    spans = sorted(tuple(minute_of(at(edge)) for edge in one.split("-")) for one in clocks)
    return [start for start, _ in spans], [end for _, end in spans]


def ask(*visit: Sequence[Way], **changes: Any) -> Question:
    return Question(**({"visit": visit, "first": DAY, "last": DAY, "zone": INDIA, "earliest": LONG_AGO} | changes))


def find(question: Question, *, hours: Windows = NINE_TO_TWELVE, busy: Any = None, **facts: Any) -> tuple[FreeDay, ...]:
    """Everybody works the same hours unless ``facts`` say otherwise."""
    own = facts.pop("own_hours", {})
    every = {who: [own.get(who, hours)] * len(question.line.days) for who in question.members}
    return free_days(question, Facts(every, busy or {}, **facts))


def clocks(days: Sequence[FreeDay]) -> list[str]:
    return [_clock(start) for day in days for start in day.starts]


def _clock(start: FreeStart) -> str:
    minute = to_wall(start.start, INDIA)[1]
    return f"{minute // 60}:{minute % 60:02d}"


def who(days: Sequence[FreeDay]) -> list[tuple[int, ...]]:
    return [start.members for day in days for start in day.starts]


CUT = (Way(MEERA, 60),)


def test_starts_every_step_from_the_beginning_of_each_window_up_to_the_last_that_fits() -> None:
    assert clocks(find(ask(CUT)))[::4] == ["9:00", "10:00", "11:00"]
    windows = (Window(545, 610), Window(640, 720))
    assert clocks(find(ask(CUT, step=10), hours=windows)) == ["9:05", "10:40", "10:50", "11:00"]
    assert clocks(find(ask(CUT, step=25))) == ["9:00", "9:25", "9:50", "10:15", "10:40"]


@pytest.mark.parametrize(("now", "first"), [("8:00", "9:00"), ("9:15", "9:15"), ("9:16", "9:30"), ("11:01", None)])
def test_none_before_the_earliest(now: str, first: str | None) -> None:
    assert next(iter(clocks(find(ask(CUT, earliest=at(now))))), None) == first


def test_half_a_minute_late_is_late() -> None:
    assert clocks(find(ask(CUT, earliest=at("9:15") + timedelta(seconds=30))))[0] == "9:30"


def test_none_beyond_the_horizon() -> None:
    three = ask(CUT, last=DAY + timedelta(days=2), latest=DAY + timedelta(days=1))
    assert [bool(day.starts) for day in find(three)] == [True, True, False]
    assert all(day.is_open for day in find(three))


def test_buffers_keep_away_from_visits_and_may_lie_outside_hours() -> None:
    way = Way(MEERA, 30, before=10, after=20)
    found = clocks(find(ask((way,), step=5), busy={MEERA: taken("10:00-10:30")}))
    assert found == ["9:00", "9:05", "9:10", *(f"{m // 60}:{m % 60:02d}" for m in range(640, 691, 5))]


def test_somebody_else_fits_into_a_processing_gap_and_a_gap_around_somebody_else() -> None:
    colour = Way(MEERA, 120, gap=Gap(30, 45))
    assert clocks(find(ask((Way(MEERA, 45),)), busy={MEERA: taken("9:30-10:00", "10:45-11:30")})) == ["10:00"]
    assert clocks(find(ask((colour,)), busy={MEERA: taken("10:00-10:45")})) == ["9:30"]


def test_one_room_of_each_choice_is_needed() -> None:
    either = Way(MEERA, 60, choices=((ROOM_1, ROOM_2),))
    both = Way(MEERA, 60, choices=((ROOM_1, ROOM_2), (DRYER,)))
    busy = {ROOM_1: taken("9:00-11:00"), ROOM_2: taken("10:00-12:00"), DRYER: taken("9:00-10:30")}
    assert clocks(find(ask((either,), step=30), busy=busy)) == ["9:00", "11:00"]
    assert clocks(find(ask((both,), step=30), busy=busy)) == ["11:00"]
    assert clocks(find(ask((both,), step=30), busy=busy | {DRYER: taken("11:30-12:00")})) == ["9:00"]


def test_a_room_is_kept_through_buffers_and_gap() -> None:
    way = Way(MEERA, 60, before=15, gap=Gap(10, 40), choices=((ROOM_1,),))
    assert clocks(find(ask((way,), step=15), busy={ROOM_1: taken("9:30-10:00")}))[0] == "10:15"


def test_services_follow_each_other_by_different_members() -> None:
    visit = (Way(MEERA, 30),), (Way(ANIL, 60),)
    found = find(ask(*visit, step=30), busy={ANIL: taken("10:00-10:30"), MEERA: taken("9:00-9:30")})
    assert clocks(found) == ["10:00", "10:30"]
    assert set(who(found)) == {(MEERA, ANIL)}


def test_the_same_member_needs_the_time_between_two_customers() -> None:
    twice = (Way(MEERA, 60, after=15),), (Way(MEERA, 60, before=5),)
    assert clocks(find(ask(*twice, step=20))) == ["9:00", "9:20", "9:40"]
    other = (Way(MEERA, 60, after=15),), (Way(ANIL, 60, before=5),)
    assert clocks(find(ask(*other, step=20))) == ["9:00", "9:20", "9:40", "10:00"]


def test_a_member_with_time_after_cannot_come_back_too_soon() -> None:
    """Meera cleans for 20 minutes; five minutes of Anil later she is not ready yet."""
    visit = (Way(MEERA, 30, after=20),), (Way(ANIL, 5),), (Way(MEERA, 30), Way(RAVI, 30))
    assert set(who(find(ask(*visit)))) == {(MEERA, ANIL, RAVI)}
    assert who(find(ask(*(*visit[:2], (Way(MEERA, 30),))))) == []
    patient = (visit[0], (Way(ANIL, 20),), (Way(MEERA, 30),))
    assert set(who(find(ask(*patient)))) == {(MEERA, ANIL, MEERA)}


def test_two_services_do_not_share_a_room_that_is_still_to_be_cleaned() -> None:
    """The first takes the room that the second can do without, though it comes second in the list."""
    visit = (Way(MEERA, 30, after=30, choices=((ROOM_1, ROOM_2),)),), (Way(ANIL, 60, choices=((ROOM_1, ROOM_2),)),)
    busy = {ROOM_2: taken("10:00-12:00")}
    assert clocks(find(ask(*visit, step=30), busy=busy)) == ["9:00"]
    assert clocks(find(ask(*visit, step=30), busy={ROOM_2: taken("9:00-12:00")})) == []


def test_of_those_who_are_free_the_least_busy_serves_and_the_first_of_equals() -> None:
    anybody = (Way(MEERA, 60), Way(ANIL, 60), Way(RAVI, 60))
    assert who(find(ask(anybody, step=60))) == [(MEERA,)] * 3
    busy = {MEERA: taken("9:00-10:00"), ANIL: taken("11:30-12:00"), RAVI: taken("10:00-10:30")}
    assert who(find(ask(anybody, step=60), busy=busy)) == [(ANIL,), (ANIL,), (RAVI,)]
    assert who(find(ask(anybody[::-1], step=60), busy=busy)) == [(RAVI,), (ANIL,), (RAVI,)]


def test_load_is_counted_day_by_day() -> None:
    busy = {MEERA: taken("11:00-12:00")}
    found = find(ask((Way(MEERA, 30), Way(ANIL, 30)), last=DAY + timedelta(days=1), step=60), busy=busy)
    assert [{start.members for start in day.starts} for day in found] == [{(ANIL,)}, {(MEERA,)}]


def test_full_days_of_the_shop_and_of_one_member() -> None:
    anybody = ask((Way(MEERA, 60), Way(ANIL, 60)), last=DAY + timedelta(days=1), step=60)
    whole, own = find(anybody, full_days={None: {DAY}}), find(anybody, full_days={MEERA: {DAY}})
    assert [len(day.starts) for day in whole] == [0, 3] and all(day.is_open for day in whole)
    assert who(own) == [(ANIL,)] * 3 + [(MEERA,)] * 3


def test_a_day_on_which_nobody_works_is_closed_and_a_full_day_is_not() -> None:
    [closed] = find(ask(CUT), hours=CLOSED)
    [full] = find(ask(CUT), busy={MEERA: taken("0:00-23:59")})
    assert (closed.is_open, closed.starts) == (False, ())
    assert (full.is_open, full.starts) == (True, ())


def test_a_service_may_run_past_midnight_where_the_hours_do() -> None:
    night = ask((Way(MEERA, 120),), step=60)
    assert clocks(find(night, hours=(Window(1200, 1440),)))[-1] == "22:00"
    assert clocks(find(night, hours=(Window(0, 120), Window(1320, 1440)))) == ["0:00", "22:00", "23:00"]


def test_nobody_who_does_it_means_no_times() -> None:
    assert clocks(find(ask(()))) == [] and clocks(find(ask(CUT, ()))) == [] and clocks(find(ask())) == []
    assert clocks(find(ask(CUT)))


def test_the_nearest_are_on_both_sides_and_never_the_one_that_was_wanted() -> None:
    days = find(ask(CUT), busy={MEERA: taken("10:00-10:15")})
    assert [_clock(start) for start in nearest(days, at("9:15"), 3)] == ["9:00", "10:15", "10:30"]
    assert [_clock(start) for start in nearest(days, at("23:00"), 2)] == ["10:45", "11:00"]
    assert nearest((), at("9:00"), 3) == ()


NEW_YORK, LONDON = zone_of("America/New_York"), zone_of("Europe/London")
SWITCHES = [
    (NEW_YORK, date(2026, 3, 8), "1:30 3:00 3:30", "after 2:00 comes 3:00"),
    (NEW_YORK, date(2026, 11, 1), "1:30 2:00 2:30", "1:00 to 2:00 comes twice, and the second time is not offered"),
    (LONDON, date(2026, 3, 29), "0:30 2:00 2:30", "after 1:00 comes 2:00"),
    (LONDON, date(2026, 10, 25), "1:30 2:00 2:30", "1:00 to 2:00 comes twice"),
    (INDIA, date(2026, 10, 25), "1:00 1:30 2:00", "never changes"),
]


@pytest.mark.parametrize(("zone", "day", "shown", "why"), SWITCHES)
def test_clocks_that_change_skip_and_repeat_nothing(zone: Any, day: date, shown: str, why: str) -> None:
    question = ask((Way(MEERA, 30),), first=day, last=day, zone=zone, step=30)
    [found] = find(question, hours=(Window(0, 1440),))
    walls = [to_wall(start.start, zone) for start in found.starts]
    text = " ".join(f"{minute // 60}:{minute % 60:02d}" for _, minute in walls)
    assert shown in text, why
    assert len(set(walls)) == len(walls) and {on for on, _ in walls} == {day}
    assert [to_instant(on, minute, zone) for on, minute in walls] == [start.start for start in found.starts]


def test_a_service_lasts_its_real_minutes_across_a_change_of_clocks() -> None:
    """From 1:00 to 4:00 on the clock are two hours when 2:00 is skipped, and four when 1:00 comes twice."""
    for day, longest in ((date(2026, 3, 8), 120), (date(2026, 11, 1), 240)):
        for minutes, fits in ((longest, True), (longest + 5, False)):
            question = ask((Way(MEERA, minutes),), first=day, last=day, zone=NEW_YORK)
            [found] = find(question, hours=(Window(60, 240),))
            assert bool(found.starts) is fits


# The same question answered by trying every minute with spans of time, one start after the other.

Span = tuple[int, int]


def by_trying(question: Question, facts: Facts) -> dict[datetime, set[tuple[int, ...]]]:
    """Each start, and everybody who could serve then."""
    line, found = question.line, {}
    for n in question.days_of(line):
        for start in sorted({t for way in question.visit[0] for t in _grid(question, facts, way.member_id, n)}):
            is_early = instant_of(start) < question.earliest or line.days[n] > question.latest
            is_again = minute_of(to_instant(*to_wall(instant_of(start), question.zone), question.zone)) != start
            if is_early or is_again or line.days[n] in facts.full_days.get(None, ()):
                continue
            if teams := set(_teams(question, facts, start, start, 0, None, ())):
                found[instant_of(start)] = teams
    return found


def _windows(question: Question, facts: Facts, member: int, n: int) -> list[Span]:
    day = question.line.days[n]
    if day in facts.full_days.get(member, ()):
        return []
    walls = facts.hours[member][n]
    spans = [tuple(minute_of(to_instant(day, edge, question.zone)) for edge in window) for window in walls]
    return [(start, end) for start, end in spans if start < end]


def _grid(question: Question, facts: Facts, member: int, n: int) -> Iterator[int]:
    for window in merge(Window(*span) for span in _windows(question, facts, member, n)):
        yield from range(window.start, window.end, question.step)


def _teams(
    question: Question, facts: Facts, visit: int, start: int, place: int, last: Way | None, kept: tuple[Any, ...]
) -> Iterator[tuple[int, ...]]:
    if place == len(question.visit):
        yield ()
        return
    for way in question.visit[place]:
        begin = start + (last.after + way.before if last and last.member_id == way.member_id else 0)
        days = [_windows(question, facts, way.member_id, n) for n in range(len(question.line.days))]
        working = merge(Window(*span) for day in days for span in day)
        if place == 0 and not any(
            visit in _grid(question, facts, way.member_id, n) for n in range(len(question.line.days))
        ):
            continue
        if not any(window.start <= begin and begin + way.duration <= window.end for window in working):
            continue
        if way.gap is None:
            mine = [(begin - way.before, begin + way.duration + way.after)]
        else:
            mine = [(begin - way.before, begin + way.gap.after),
                    (begin + sum(way.gap), begin + way.duration + way.after)]  # fmt: skip
        whole = (begin - way.before, begin + way.duration + way.after)
        options = [[(way.member_id, span) for span in mine]]
        rooms = [[(keeper, whole) for keeper in choice] for choice in way.choices]
        for picked in _product(rooms):
            needs = [*options[0], *picked]
            if all(_is_free(facts, kept, keeper, span) for keeper, span in needs):
                for rest in _teams(question, facts, visit, begin + way.duration, place + 1, way, (*kept, *needs)):
                    yield (way.member_id, *rest)


def _product(rooms: list[list[Any]]) -> Iterator[list[Any]]:
    if not rooms:
        yield []
        return
    for one in rooms[0]:
        for rest in _product(rooms[1:]):
            yield [one, *rest]


def _is_free(facts: Facts, kept: tuple[Any, ...], keeper: int, span: Span) -> bool:
    busy = zip(*facts.busy.get(keeper, ((), ())), strict=True)
    mine = (other for holder, other in kept if holder == keeper)
    return all(span[1] <= start or end <= span[0] for start, end in (*busy, *mine))


minutes = st.integers(0, 288).map(lambda n: n * 5)
buffers = st.sampled_from([0, 0, 0, 5, 10, 37])


@st.composite
def ways(draw: Any, member: int) -> Way:
    duration = draw(st.sampled_from([15, 30, 47, 60, 90, 240]))
    gap = draw(st.one_of(st.none(), st.tuples(st.integers(1, duration - 2), st.integers(1, duration - 2))))
    rooms = draw(st.lists(st.sampled_from([ROOM_1, ROOM_2, DRYER]), unique=True, max_size=3))
    cut = draw(st.integers(0, len(rooms)))
    return Way(
        member, duration, draw(buffers), draw(buffers),
        Gap(*gap) if gap and sum(gap) < duration else None,
        tuple(choice for choice in (tuple(rooms[:cut]), tuple(rooms[cut:])) if choice),
    )  # fmt: skip


@st.composite
def windows(draw: Any) -> Windows:
    edges = sorted(draw(st.lists(minutes, unique=True, max_size=6)))
    return merge(Window(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def situations(draw: Any) -> tuple[Question, Facts]:
    zone, day, *_ = draw(st.sampled_from(SWITCHES))
    members = draw(st.lists(st.sampled_from([MEERA, ANIL, RAVI]), unique=True, min_size=1))
    visit = tuple(
        tuple(draw(ways(member)) for member in draw(st.lists(st.sampled_from(members), unique=True, min_size=1)))
        for _ in range(draw(st.integers(1, 3)))
    )
    first = day - timedelta(days=draw(st.integers(0, 1)))
    question = Question(
        visit, first, first + timedelta(days=draw(st.integers(0, 1))), zone,
        earliest=to_instant(day, draw(minutes), zone) - timedelta(days=draw(st.integers(0, 2))),
        latest=day + timedelta(days=draw(st.integers(0, 1))), step=draw(st.sampled_from([5, 15, 30, 45, 7])),
    )  # fmt: skip
    line = question.line
    busy = {}
    for keeper in sorted(question.keepers):
        edges = sorted(draw(st.lists(st.integers(line.edges[0] - 300, line.edges[-1] + 300), unique=True, max_size=10)))
        pairs = list(zip(edges[::2], edges[1::2], strict=False))
        busy[keeper] = [start for start, _ in pairs], [end for _, end in pairs]
    hours = {member: [draw(windows()) for _ in range(len(line.days))] for member in sorted(question.members)}
    full = draw(st.dictionaries(st.sampled_from([None, MEERA, ANIL]), st.just({day}), max_size=2))
    return question, Facts(hours, busy, full)


@given(situations())
def test_what_is_found_is_what_trying_every_minute_finds(situation: tuple[Question, Facts]) -> None:
    question, facts = situation
    tried = by_trying(question, facts)
    found = {start.start: start.members for day in free_days(question, facts) for start in day.starts}
    assert found.keys() == tried.keys()
    assert all(members in tried[start] for start, members in found.items())
    for start, members in found.items():
        loads = _loads(question, facts, start)
        assert loads[members[0]] == min(loads[team[0]] for team in tried[start]), "fair to whoever begins the visit"


def _loads(question: Question, facts: Facts, start: datetime) -> Mapping[int, int]:
    on = to_wall(start, question.zone)[0]
    day = [minute_of(to_instant(on, edge, question.zone)) for edge in (0, 1440)]
    return {
        member: sum(
            max(0, min(end, day[1]) - max(begin, day[0])) for begin, end in zip(*facts.busy[member], strict=True)
        )
        for member in question.members
    }


@given(situations())
def test_days_are_open_when_whoever_begins_works(situation: tuple[Question, Facts]) -> None:
    question, facts = situation
    for n, day in zip(question.days_of(question.line), free_days(question, facts), strict=True):
        assert day.day == question.line.days[n]
        assert day.is_open == any(facts.hours[way.member_id][n] for way in question.visit[0])
        assert day.is_open or not day.starts


def test_taken_time_that_overlaps_itself_is_taken_once() -> None:
    busy = {MEERA: taken("9:00-10:00", "9:30-10:30", "9:45-10:00")}
    assert clocks(find(ask(CUT), busy=busy))[0] == "10:30"
    assert clocks(find(replace(ask(CUT), step=60), busy=busy)) == ["11:00"]
