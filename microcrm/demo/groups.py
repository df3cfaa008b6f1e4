"""What a demo shop has planned ahead of its single visits: classes that come every week, and series of one customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from microcrm.demo.outline import Outline
from microcrm.domain.calendar_text import parse_clock
from microcrm.domain.hours import Window, Windows, contains
from microcrm.domain.recurrence import Every, Repeat, days_of, rule_of
from microcrm.domain.trades import ServiceTemplate
from microcrm.domain.zones import INDIA, to_instant, zone_of

CLASS_WEEKS_BACK, CLASS_WEEKS_AHEAD = 8, 5


@dataclass(slots=True, eq=False)
class Group:
    """A series of visits or of classes. ``service``, ``person`` and ``resource`` are places in the outline's lists; ``skip``:
    the places that could not be had. ``filled``: how much of a class is booked by the day itself; 0 for one customer's
    series."""

    service: int
    person: int
    resource: int | None
    rule: str
    first: date
    minute: int
    filled: float
    note: str
    skip: list[int] = field(default_factory=list)
    customer: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One time of a group. ``whole`` has the buffers, in minutes of ``day``."""

    group: Group
    place: int
    day: date
    starts_at: datetime
    ends_at: datetime
    whole: Window


@dataclass(slots=True)
class Plans:
    groups: list[Group]
    turns: dict[date, list[Turn]]

    def taken(self, day: date, person: int) -> list[Window]:
        return [turn.whole for turn in self.turns.get(day, ()) if turn.group.person == person]

    def all_turns(self) -> Iterator[Turn]:
        for day in sorted(self.turns):
            yield from self.turns[day]


def plans_of(outline: Outline, today: date, hours: Any) -> Plans:
    """``hours(person, day)`` gives working windows: what does not fit into them is left out."""
    groups: list[Group] = []
    turns: dict[date, list[Turn]] = defaultdict(list)
    monday = today - timedelta(days=today.weekday())
    for raw in outline.facts["classes"]:
        first = monday - timedelta(weeks=CLASS_WEEKS_BACK) + timedelta(days=raw["weekdays"][0])
        times = (CLASS_WEEKS_BACK + CLASS_WEEKS_AHEAD) * len(raw["weekdays"])
        groups.append(_group(outline, raw, first, times))
    for raw in outline.facts["series"]:
        began = today + timedelta(days=raw["began"])
        first = next(day for n in range(7) if (day := began + timedelta(days=n)).weekday() in raw["weekdays"])
        groups.append(_group(outline, raw, first, raw["times"]))
    for group in groups:
        for place, day in enumerate(days_of(group.rule, group.first)):
            turn = _turn(group, place, day, outline.template.services[group.service])
            if _fits(turn, hours(group.person, day), turns[day]):
                turns[day].append(turn)
            else:
                group.skip.append(place)
    return Plans(groups, turns)


def _group(outline: Outline, raw: dict[str, Any], first: date, times: int) -> Group:
    services = outline.template.services
    service = next(place for place, one in enumerate(services) if one.name == raw["service"])
    repeat = Repeat(Every.WEEK, 1, tuple(raw["weekdays"]), count=times)
    return Group(
        service=service,
        person=raw["person"],
        resource=_resource(outline, raw, services[service]),
        rule=rule_of(repeat, first),
        first=first,
        minute=parse_clock(raw["time"]) or 0,
        filled=raw.get("filled", 0.0),
        note=raw.get("note", ""),
    )


def _resource(outline: Outline, raw: dict[str, Any], service: ServiceTemplate) -> int | None:
    """The one that is named, or the first of the kind that the service needs."""
    names = enumerate(outline.template.resources)
    found = (place for place, (name, kind) in names if raw.get("room", name) == name and kind == service.needs)
    return next(found) if service.needs else None


def _turn(group: Group, place: int, day: date, service: ServiceTemplate) -> Turn:
    starts_at = to_instant(day, group.minute, zone_of(INDIA))
    whole = Window(group.minute - service.before, group.minute + service.minutes + service.after)
    return Turn(group, place, day, starts_at, starts_at + timedelta(minutes=service.minutes), whole)


def _fits(turn: Turn, working: Windows, others: list[Turn]) -> bool:
    """Within working hours, and clear of other groups of the same person or room."""
    mine, whole = turn.group, turn.whole
    clashes = any(
        whole.start < other.whole.end
        and other.whole.start < whole.end
        and (mine.person == other.group.person or (mine.resource is not None and mine.resource == other.group.resource))
        for other in others
    )
    return contains(working, whole.start, whole.end) and not clashes
