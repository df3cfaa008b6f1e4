"""Invents the visits of a demo shop, day by day: who comes to whom for what, in which chair, and how it ended.

Visits keep to the shop's hours, to everybody's hours and leave, and to free chairs and rooms; the exclusion constraint
checks that afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from microcrm.demo.groups import Plans, Turn
from microcrm.demo.outline import Outline
from microcrm.domain.booking import BookingStatus
from microcrm.domain.hours import Timetable, Window, Windows, open_windows, subtract, working_windows
from microcrm.domain.trades import ServiceTemplate
from microcrm.domain.zones import INDIA, to_instant, zone_of

HISTORY_DAYS, AHEAD_DAYS = 365, 21
_STEP = 15  # minutes: visits begin on the quarter hour
_S = BookingStatus
_PAST = ((_S.FINISHED, 89), (_S.NO_SHOW, 5), (_S.CANCELLED_BY_CUSTOMER, 4), (_S.LATE_CANCELLED, 1),
         (_S.CANCELLED_BY_BUSINESS, 1))  # fmt: skip
_CANCELLED_AHEAD = 0.04
_NONE_FREE = -1


@dataclass(frozen=True, slots=True)
class Item:
    """Places in the outline's lists: ``service`` of the template, ``person``, ``resource`` (``None``: none needed).
    ``seats`` counts only in a class."""

    service: int
    person: int
    resource: int | None
    starts_at: datetime
    seats: int = 1


@dataclass(slots=True)
class Visit:
    """``turn``: the class that it is in, or its place in a series. ``expires_at``: a request, until it is answered."""

    customer: int
    items: list[Item]
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    status: BookingStatus
    is_online: bool
    note: str = ""
    turn: Turn | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class Calendar:
    """The shop's days around today. ``leave`` by place in the outline's people."""

    outline: Outline
    today: date
    exceptions: dict[date, Windows] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    leave: dict[int, list[tuple[date, date]]] = field(default_factory=dict)

    def shop_windows(self, day: date) -> Windows:
        return open_windows(day, Timetable(self.outline.week, self.exceptions), self.holidays)

    def person_windows(self, person: int, day: date) -> Windows:
        away = any(first <= day <= last for first, last in self.leave.get(person, ()))
        week = self.outline.people[person].week
        return () if away else working_windows(day, self.shop_windows(day), Timetable(week))


class Diary:
    """Fills a calendar with visits of ``customers`` people (their count), around what is planned."""

    def __init__(self, calendar: Calendar, plans: Plans, customers: int, rng: Random, now: datetime) -> None:
        self.plans = plans
        self.calendar, self.outline = calendar, calendar.outline
        self.customers, self.rng, self.now = customers, rng, now
        self.zone = zone_of(INDIA)
        self.services = self.outline.template.services
        self.last_seen: dict[int, date] = {}
        popular = self.outline.facts["popular"]
        self.does = [
            [
                place
                for place, service in enumerate(self.services)
                if service.category in person.does and service.seats == 1
            ]
            for person in self.outline.people
        ]
        self.weights = [[popular[self.services[place].name] for place in does] for does in self.does]

    def visits(self) -> Iterator[Visit]:
        """From a year ago to three weeks ahead."""
        for offset in range(-HISTORY_DAYS, AHEAD_DAYS + 1):
            yield from self._day(self.calendar.today + timedelta(days=offset), self._busy(offset))

    def _busy(self, offset: int) -> float:
        """Chance that a free quarter hour is taken: the shop has grown; the days ahead still fill up."""
        busy = float(self.outline.facts["pace"]["busy"])
        if offset <= 0:
            return busy * (0.15 + 0.85 * (1 + offset / HISTORY_DAYS) ** 3)
        return busy * max(0.12, 0.85 - 0.06 * offset)

    def _day(self, day: date, busy: float) -> Iterator[Visit]:
        taken: dict[int, list[Window]] = {}  # resource -> windows
        for turn in self.plans.turns.get(day, ()):
            if turn.group.resource is not None:
                taken.setdefault(turn.group.resource, []).append(turn.whole)
            yield from self._turn(turn)
        people = [place for place, person in enumerate(self.outline.people) if person.is_bookable]
        self.rng.shuffle(people)
        for person in people:
            free = subtract(self.calendar.person_windows(person, day), self.plans.taken(day, person))
            for window in free:
                yield from self._stretch(day, person, window, busy, taken)

    def _turn(self, turn: Turn) -> Iterator[Visit]:
        """Everybody who comes to a class, or the one customer of a series."""
        group, rng = turn.group, self.rng
        item = Item(group.service, group.person, group.resource, turn.starts_at)
        if not group.filled:
            group.customer = self._customer(turn.day) if group.customer < 0 else group.customer
            self.last_seen[group.customer] = turn.day
            agreed = to_instant(group.first - timedelta(days=3), 16 * 60, self.zone)
            yield replace(self._visit([item], group.customer), is_online=False, booked_at=agreed, turn=turn)
            return
        weeks = max(0, (turn.day - self.calendar.today).days) / 7
        left = self.services[group.service].seats
        wanted = round(left * min(1.0, max(0.0, rng.gauss(group.filled * 0.75**weeks, 0.18))))
        while wanted > 0:
            seats = min(2 if rng.random() < 0.2 else 1, wanted)
            wanted -= seats
            visit = self._visit([replace(item, resource=None, seats=seats)], self._customer(turn.day))
            yield replace(visit, turn=turn)

    def _stretch(
        self, day: date, person: int, window: Window, busy: float, taken: dict[int, list[Window]]
    ) -> Iterator[Visit]:
        minute = window.start
        while minute < window.end:
            items: list[Item] = []
            end = minute
            if self.rng.random() < busy:
                items, end = self._items(day, person, Window(minute, window.end), taken)
            if not items:
                minute += _STEP
                continue
            yield self._visit(items, self._customer(day))
            minute = -(-end // _STEP) * _STEP

    def _items(self, day: date, person: int, free: Window, taken: dict[int, list[Window]]) -> tuple[list[Item], int]:
        """One service, now and then a second one straight after it, and the minute when the member is free again."""
        items: list[Item] = []
        minute = free.start
        for _ in range(2 if self.rng.random() < 0.12 else 1):
            service = self.rng.choices(self.does[person], self.weights[person])[0]
            template = self.services[service]
            whole = Window(minute, minute + template.before + template.minutes + template.after)
            resource = self._free_resource(template, whole, taken)
            if whole.end > free.end or resource == _NONE_FREE or any(item.service == service for item in items):
                break
            if resource is not None:
                taken.setdefault(resource, []).append(whole)
            starts_at = to_instant(day, minute + template.before, self.zone)
            items.append(Item(service, person, resource, starts_at))
            minute = whole.end
        return items, minute

    def _free_resource(self, template: ServiceTemplate, whole: Window, taken: dict[int, list[Window]]) -> int | None:
        """Its place in the template's list, ``None`` when the service needs none, or ``_NONE_FREE``."""
        if template.needs is None:
            return None
        for place, (_, kind) in enumerate(self.outline.template.resources):
            clashes = any(whole.start < other.end and other.start < whole.end for other in taken.get(place, ()))
            if kind == template.needs and not clashes:
                return place
        return _NONE_FREE

    def _visit(self, items: Sequence[Item], customer: int) -> Visit:
        rng, last = self.rng, items[-1]
        starts_at = items[0].starts_at
        ends_at = last.starts_at + timedelta(minutes=self.services[last.service].minutes)
        is_online = rng.random() < 0.3 and all(self.services[item.service].is_online for item in items)
        booked_at = starts_at - timedelta(minutes=rng.choice((20, 90, 300, 1440, 2880, 4320, 7200, 11520)))
        return Visit(
            customer=customer,
            items=list(items),
            starts_at=starts_at,
            ends_at=ends_at,
            booked_at=min(booked_at, self.now - timedelta(minutes=rng.randrange(5, 2000))),
            status=self._status(starts_at, ends_at),
            is_online=is_online,
            note=rng.choice(self.outline.facts["visit_notes"]) if rng.random() < 0.12 else "",
        )

    def _customer(self, day: date) -> int:
        """Regulars come more often, nobody comes twice in a few days, and later customers are newer ones."""
        again = self.outline.facts["pace"]["visits_again_after_days"]
        progress = 1 + (day - self.calendar.today).days / HISTORY_DAYS
        known = max(20, min(self.customers, int(self.customers * (0.45 + 0.55 * progress))))
        choice = 0
        for _ in range(8):
            choice = int(known * self.rng.random() ** 1.35)
            seen = self.last_seen.get(choice)
            if seen is None or (day - seen).days >= again:
                break
        while self.last_seen.get(choice) == day:
            choice = (choice + 1) % known
        self.last_seen[choice] = day
        return choice

    def _status(self, starts_at: datetime, ends_at: datetime) -> BookingStatus:
        """By the clock: what is over has ended somehow, whoever is due is in the chair, the rest is ahead."""
        rng = self.rng
        if ends_at <= self.now:
            return rng.choices([status for status, _ in _PAST], [weight for _, weight in _PAST])[0]
        if starts_at <= self.now:
            return _S.STARTED if rng.random() < 0.8 else _S.ARRIVED
        if rng.random() < _CANCELLED_AHEAD:
            return _S.CANCELLED_BY_CUSTOMER
        wait = starts_at - self.now
        if wait < timedelta(minutes=20) and rng.random() < 0.5:
            return _S.ARRIVED
        return _S.CONFIRMED if rng.random() < (0.8 if wait < timedelta(days=2) else 0.35) else _S.BOOKED
