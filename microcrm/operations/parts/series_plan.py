"""The visits that a series will be: each day's, whether it can be had, and what is near when it cannot."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from microcrm.domain.errors import Invalid, SlotTaken
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.formatting import format_near_day
from microcrm.domain.occupancy import Span
from microcrm.domain.recurrence import MOST, Every, Repeat, days_of, rule_of
from microcrm.domain.zones import to_instant, to_wall, today_in, zone_of
from microcrm.models.classes import Series
from microcrm.operations.book import AHEAD, BookService
from microcrm.operations.parts.booking_plan import PlannedItem, WantedItem, plan_items, read_items
from microcrm.operations.parts.booking_rows import check_columns
from microcrm.operations.parts.booking_times import may_override, outside_hours
from microcrm.operations.parts.occupy import Claim, NoRoom, choose, keepers_of, outer_span, read_busy, without
from microcrm.operations.parts.refusal import slot_taken
from microcrm.operations.unit_of_work import UnitOfWork

_MOST_NEAREST = 12  # clashes that get alternatives; who has more chooses another time


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """As typed. ``every`` is day, week, month or month_weekday; ``weekdays`` (Monday 0) only for weeks. Give ``count`` or
    ``until``. ``skip``: places (0 first) that are left out. ``instead``: (place, day, time) of those that have another time
    than the rule says."""

    services: Sequence[BookService]
    day: Any
    time: Any
    every: Any = "week"
    interval: Any = 1
    weekdays: Sequence[Any] = ()
    count: Any = None
    until: Any = None
    note: Any = ""
    reason: Any = ""
    skip: Sequence[Any] = ()
    instead: Sequence[tuple[Any, Any, Any]] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """``visits``: the items of each time, by place."""

    first: date
    minute: int
    repeat: Repeat
    rule: str
    days: tuple[date, ...]
    visits: tuple[tuple[PlannedItem, ...], ...]
    skip: frozenset[int]
    instead: frozenset[int]
    note: str
    reason: str

    @property
    def wanted(self) -> list[int]:
        return [place for place in range(len(self.visits)) if place not in self.skip]


@dataclass(frozen=True, slots=True)
class SeriesDate:
    """One time. ``why`` is empty when it can be had; else ``nearest`` are free starts around it, or it ``is_unsafe``. ``past``: the
    safety timer that a reason went past."""

    place: int
    day: date
    start: datetime
    why: str = ""
    nearest: tuple[datetime, ...] = ()
    is_unsafe: bool = False
    past: str = ""


def read_plan(uow: UnitOfWork, wish: SeriesWish) -> Plan:
    """``Invalid`` names the field; ``NotFound`` as in ``book``."""
    zone = zone_of(uow.actor.zone)
    today = today_in(zone, uow.now)
    reader = Reader()
    first = reader.day("day", wish.day, "First day", earliest=today, latest=today + AHEAD)
    minute = min(reader.clock("time", wish.time, "Time"), 24 * 60 - 1)
    repeat = _read_repeat(reader, wish, first)
    items = read_items(reader, wish.services)
    skip = frozenset(
        reader.whole_number("skip", one, "Left out", low=0, high=MOST) for one in list(wish.skip)[: MOST + 1]
    )
    others = _read_others(reader, wish, today)
    note = reader.note("note", wish.note, "Note", limit=NOTE)
    reason = reader.text("reason", wish.reason, "Reason", limit=120, required=False)
    reader.done()
    rule = rule_of(repeat, first)
    days = days_of(rule, first)
    if not days or days[-1] > today + AHEAD:
        raise Invalid(fields={"until": "A series ends within two years. Choose an earlier end, or fewer times."})
    visits = _visits(uow, items, days, minute, others)
    check_columns(uow, {item.member_id for item in visits[0]})
    return Plan(first, minute, repeat, rule, days, visits, skip, frozenset(others), note, reason)


def dates_of(uow: UnitOfWork, plan: Plan) -> tuple[SeriesDate, ...]:
    """Every time that is not left out, with what is in its way."""
    return judge(uow, [(place, plan.visits[place]) for place in plan.wanted], plan.reason)


def judge(
    uow: UnitOfWork,
    visits: Sequence[tuple[int, Sequence[PlannedItem]]],
    reason: str,
    own: Collection[Claim] = (),
) -> tuple[SeriesDate, ...]:
    """Hours and taken time of all visits, each read in one statement. The claims that are their ``own`` are in nobody's
    way."""
    if not visits:
        return ()
    zone = zone_of(uow.actor.zone)
    items = [item for _, visit in visits for item in visit]
    hours = [""] * len(visits)
    if not may_override(uow, reason):
        hours = outside_hours(uow, [visit for _, visit in visits], zone)
    busy = without(read_busy(uow, *outer_span(items), keepers_of(items)).taken, own)
    found, near = [], 0
    for (place, visit), closed in zip(visits, hours, strict=True):
        start = visit[0].start
        lost = choose(visit, _around(busy, outer_span(visit)))
        date_ = SeriesDate(place, to_wall(start, zone)[0], start, closed)
        if isinstance(lost, NoRoom):
            refusal = slot_taken(uow, visit, lost, own=own) if near < _MOST_NEAREST else None
            near += 1
            why = closed or (refusal.message if refusal else "That time is taken.")
            date_ = replace(date_, why=why, nearest=refusal.nearest if refusal else ())
        found.append(date_)
    return tuple(found)


def moved_to(visit: Sequence[PlannedItem], start: datetime) -> tuple[PlannedItem, ...]:
    """The same items, the first at ``start``."""
    by = start - visit[0].start
    return tuple(replace(item, start=item.start + by) for item in visit)


def clash_in_words(uow: UnitOfWork, dates: Sequence[SeriesDate]) -> str:
    """Like "3 of these times cannot be had: Mon 30 Nov, Mon 07 Dec, …"."""
    today = today_in(zone_of(uow.actor.zone), uow.now)
    days = [format_near_day(one.day, today) for one in dates]
    more = ", …" if len(days) > 3 else ""
    return f"{len(days)} of these times cannot be had: {', '.join(days[:3])}{more}."


def refuse_clashes(uow: UnitOfWork, dates: Sequence[SeriesDate]) -> None:
    """``SlotTaken`` names them."""
    clashes = [one for one in dates if one.why]
    if clashes:
        raise SlotTaken(
            clash_in_words(uow, clashes), remedy="Leave these out, or choose another time.", nearest=clashes[0].nearest
        )


def store_series(uow: UnitOfWork, plan: Plan, customer_id: int | None, **more: Any) -> Series:
    """``more`` goes into what is remembered of the plan, such as the seats of a class."""
    series = Series(
        business_id=uow.business_id,
        customer_id=customer_id,
        rule=plan.rule,
        starts_on=plan.first,
        start_min=plan.minute,
        plan={
            "items": [
                {"service_id": item.service_id, "member_id": item.member_id, "minutes": item.duration}
                for item in plan.visits[0]
            ],
            "skip": sorted(plan.skip),
            **more,
        },
        created_at=uow.now,
        created_by_member_id=uow.actor.member_id,
        version=1,
    )
    uow.session.add(series)
    uow.session.flush()
    return series


def _read_repeat(reader: Reader, wish: SeriesWish, first: date) -> Repeat:
    every = reader.member("every", wish.every, "Repeat", Every)
    interval = reader.whole_number("interval", wish.interval, "Every how many", low=1, high=12, default=1)
    weekdays = tuple(
        sorted({reader.whole_number("weekdays", day, "Weekday", low=0, high=6) for day in list(wish.weekdays)[:7]})
    )
    if every is Every.WEEK and weekdays and first.weekday() not in weekdays:
        reader.refuse("weekdays", "The first day must be one of the weekdays.")
    count = reader.optional_number("count", wish.count, "Times", low=2, high=MOST)
    until = reader.optional_day("until", wish.until, "Last day", earliest=first, latest=first + AHEAD)
    if (count is None) == (until is None):
        reader.refuse("count", "Say how many times, or until which day.")
        count, until = 2, None
    return Repeat(every, interval, weekdays if every is Every.WEEK else (), count, until)


def _read_others(reader: Reader, wish: SeriesWish, today: date) -> dict[int, tuple[date, int]]:
    found = {}
    for place, day, time in list(wish.instead)[:MOST]:
        number = reader.whole_number("instead", place, "Visit", low=0, high=MOST)
        other = reader.day("instead", day, "Day", earliest=today, latest=today + AHEAD)
        found[number] = (other, min(reader.clock("instead", time, "Time"), 24 * 60 - 1))
    return found


def _visits(
    uow: UnitOfWork,
    wanted: Sequence[WantedItem],
    days: Sequence[date],
    minute: int,
    others: Mapping[int, tuple[date, int]],
) -> tuple[tuple[PlannedItem, ...], ...]:
    """Planned once; the wall clock of every other day says when."""
    zone = zone_of(uow.actor.zone)
    first = plan_items(uow, wanted, to_instant(days[0], minute, zone))
    times = [others.get(place, (day, minute)) for place, day in enumerate(days)]
    return tuple(moved_to(first, to_instant(day, at, zone)) for day, at in times)


def _around(busy: dict[int, list[Span]], span: Span) -> dict[int, list[Span]]:
    margin = timedelta(days=1)
    return {
        keeper: [one for one in spans if one.start < span.end + margin and one.end > span.start - margin]
        for keeper, spans in busy.items()
    }
