"""The calendar's toolbar: where its arrows, views, pager and filters lead. Pure; every way is an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from microcrm.domain.calendar_ask import DRAWERS, STATUS_FILTERS, By, CalendarAsk, View
from microcrm.domain.calendar_text import MONTHS
from microcrm.domain.formatting import clock_for_input, format_day, format_weekday, format_weekday_short
from microcrm.domain.names import short_name
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.calendar_range import CalendarRange, Person
from microcrm.state.calendar_board import VIEWS

WORDS = {View.DAY: "Day", View.WEEK: "Week", View.MONTH: "Month", View.AGENDA: "Agenda"}
_STEPS = {View.DAY: "Day", View.WEEK: "Week", View.MONTH: "Month", View.AGENDA: "Week"}


@dataclass(frozen=True)
class Way:
    """Something that can be chosen by following an address."""

    href: str
    label: str
    is_current: bool = False
    key: str = ""


@dataclass(frozen=True)
class Head:
    """The toolbar. Addresses are empty where there is nowhere to go; ``board_view`` is the widget's name of the view.
    ``drawer`` is open beside it; ``drawers`` lead to each, and from the open one to the calendar alone."""

    date: str = ""
    view: str = ""
    by: str = "staff"
    board_view: str = "resourceTimeGridDay"
    title: str = ""
    short_title: str = ""
    tight_title: str = ""
    is_today: bool = False
    next_time: str = ""
    closed: str = ""
    today: str = "/calendar"
    previous: str = ""
    next: str = ""
    before: str = "Day before"
    after: str = "Day after"
    views: list[Way] = field(default_factory=list)
    staff: str = ""
    previous_staff: str = ""
    next_staff: str = ""
    drawer: str = ""
    drawers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filters:
    """``count``: how many are set; ``off`` leads to the other state of "show cancelled"."""

    count: int = 0
    people: list[Way] = field(default_factory=list)
    services: list[Way] = field(default_factory=list)
    statuses: list[Way] = field(default_factory=list)
    sides: list[Way] = field(default_factory=list)
    off: str = ""
    shows_off: bool = False
    clear: str = ""


def draws_singly(head: Head, query: Mapping[str, str]) -> bool:
    """Whether single blocks can be drawn: people side by side, with nothing filtered away."""
    is_of_people = head.view in VIEWS and head.by == By.STAFF.value
    return is_of_people and not query.get("service") and not query.get("status")


def head_of(ask: CalendarAsk, today: date, found: CalendarRange | None = None) -> Head:
    """``found`` is there for all views but the month."""
    previous_staff, next_staff, staff = _pager(ask, found) if found else ("", "", "")
    step = _STEPS[ask.view]
    return Head(
        date=ask.day.isoformat(),
        view=ask.view.value,
        by=ask.by.value,
        board_view=VIEWS.get(ask.view, ""),
        title=title_of(ask),
        short_title=short_title_of(ask),
        tight_title=tight_title_of(ask),
        is_today=ask.day == today,
        next_time=next_time(found) if found else "",
        closed="" if found is None or found.shop or ask.view is not View.DAY else "The shop is closed on this day.",
        today=ask.address(day=today),
        previous=ask.address(day=ask.step(-1)),
        next=ask.address(day=ask.step(1)),
        before=f"{step} before",
        after=f"{step} after",
        views=[
            Way(ask.address(view=view, page=1), words, view is ask.view, str(place))
            for place, (view, words) in enumerate(WORDS.items(), start=1)
        ],
        staff=staff,
        previous_staff=previous_staff,
        next_staff=next_staff,
        drawer=ask.drawer,
        drawers={name: ask.address(drawer="" if name == ask.drawer else name) for name in DRAWERS},
    )


def title_of(ask: CalendarAsk) -> str:
    if ask.view is View.DAY:
        return format_weekday(ask.day).replace(",", "")
    if ask.view is View.MONTH:
        return f"{MONTHS[ask.day.month - 1]} {ask.day.year}"
    is_one_month = ask.first.month == ask.last.month
    start = f"{ask.first.day:02d}" if is_one_month else f"{ask.first.day:02d} {MONTHS[ask.first.month - 1]}"
    return f"{start} – {format_day(ask.last)}"


def short_title_of(ask: CalendarAsk) -> str:
    return title_of(ask) if ask.view is View.MONTH else format_weekday_short(ask.day)


def tight_title_of(ask: CalendarAsk) -> str:
    """For a narrow toolbar: two ends of a week, which may stand on two lines."""
    if ask.view in (View.DAY, View.MONTH):
        return short_title_of(ask).replace(" ", "\u00a0")
    return " ".join(
        f"{day.day:02d}\u00a0{MONTHS[day.month - 1]}{more}" for day, more in ((ask.first, "\u00a0–"), (ask.last, ""))
    )


def next_time(found: CalendarRange) -> str:
    """What a new booking starts with: the next quarter of an hour, on another day the opening of the shop."""
    opens = found.shop[0].start if found.shop else found.drawn.start
    if found.ask.day != found.today:
        return clock_for_input(opens)
    quarter = -(-to_wall(found.now, zone_of(found.zone))[1] // 15) * 15
    return clock_for_input(max(opens, quarter)) if quarter < 24 * 60 else ""


def _pager(ask: CalendarAsk, found: CalendarRange) -> tuple[str, str, str]:
    """Where the columns before and after are, and which ones these are. In a week: the person before and after."""
    if ask.view is View.WEEK:
        return _week_pager(ask, found)
    shown = len(found.columns)
    last = found.first_column + shown - 1
    if ask.view is not View.DAY or shown == found.of_columns:
        return "", "", ""
    before = ask.address(page=ask.page - 1) if ask.page > 1 else ""
    after = ask.address(page=ask.page + 1) if last < found.of_columns else ""
    return before, after, f"{found.first_column}–{last} of {found.of_columns}"


def _week_pager(ask: CalendarAsk, found: CalendarRange) -> tuple[str, str, str]:
    people = [person.id for person in found.people]
    if len(people) < 2 or not ask.staff:
        return "", "", ""
    at = people.index(ask.staff[0])
    names = ", ".join(short_name(one.name) for one in found.columns)
    before = ask.address(staff=(people[at - 1],)) if at else ""
    after = ask.address(staff=(people[at + 1],)) if at + 1 < len(people) else ""
    return before, after, names


def filters_of(ask: CalendarAsk, people: Sequence[Person], services: Sequence[tuple[int, str]]) -> Filters:
    return Filters(
        count=bool(ask.staff) + bool(ask.service) + bool(ask.status) + ask.shows_off - (ask.view is View.WEEK),
        people=[_person(ask, person) for person in people],
        services=[
            Way(ask.address(service=None if ask.service == one else one), name, ask.service == one)
            for one, name in services
        ],
        statuses=[
            Way(ask.address(status="" if ask.status == value else value), words, ask.status == value)
            for value, (_, words) in STATUS_FILTERS.items()
        ],
        sides=[
            Way(ask.address(by=by, view=View.DAY, page=1), words, ask.by is by)
            for by, words in ((By.STAFF, "Staff"), (By.ROOM, "Rooms"))
        ],
        off=ask.address(shows_off=not ask.shows_off),
        shows_off=ask.shows_off,
        clear=ask.address(staff=(), service=None, status="", page=1, shows_off=False),
    )


def _person(ask: CalendarAsk, person: Person) -> Way:
    """Chosen ones can be left out again; a week holds two, so there the third takes the place of the first."""
    is_chosen = person.id in ask.staff
    others = tuple(one for one in ask.staff if one != person.id)
    kept = others[-1:] if ask.view is View.WEEK else others
    staff = others if is_chosen else (*kept, person.id)
    return Way(ask.address(staff=staff, page=1), person.name, is_chosen)
