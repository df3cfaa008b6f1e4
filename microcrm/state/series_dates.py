"""The dates of a series in display words, and what its form says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from microcrm.domain.errors import NotSafe, OutsideHours, SlotTaken
from microcrm.domain.formatting import WEEKDAYS, clock_for_input, format_count, format_time, format_weekday_short
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.book import BookService
from microcrm.operations.parts.series_plan import SeriesDate, SeriesWish
from microcrm.operations.series import SeriesPreview
from microcrm.state.booking_card_view import TimeChoice, time_choices
from microcrm.state.forms import pick


@dataclass(frozen=True)
class DateRow:
    """One date. ``why`` says what is in its way; then ``nearest`` are other times, and it can't be kept as it is."""

    place: int = 0
    day: str = ""
    time: str = ""
    words: str = ""
    why: str = ""
    is_kept: bool = True
    is_other: bool = False
    nearest: list[TimeChoice] = field(default_factory=list)


def date_rows(dates: Sequence[SeriesDate], zone_name: str) -> list[DateRow]:
    zone = zone_of(zone_name)
    rows = []
    for one in dates:
        day, minute = to_wall(one.start, zone)
        rows.append(
            DateRow(
                place=one.place,
                day=day.isoformat(),
                time=clock_for_input(minute),
                words=f"{format_weekday_short(day)}, {format_time(one.start, zone)}",
                why=one.why,
                is_kept=not one.why,
                nearest=time_choices(one.nearest, zone_name, one.start),
            )
        )
    return rows


def clash_rows(seen: SeriesPreview, own: str, zone_name: str) -> list[DateRow]:
    """The dates that stay where they are. Raises: SlotTaken, NotSafe or OutsideHours, when the one that was pointed at (``own``) is
    among them: then nothing can be moved as it was asked for."""
    for one in seen.clashes:
        if str(one.place) == own and one.is_unsafe:
            raise NotSafe(one.why, may_override=seen.may_override)
        if str(one.place) == own:
            raise (
                SlotTaken(one.why, nearest=one.nearest, wanted=one.start)
                if one.nearest
                else OutsideHours(one.why, may_override=seen.may_override)
            )
    return date_rows(seen.clashes, zone_name)


def with_other(row: DateRow, day: str, time: str) -> DateRow:
    """The date at one of the times that were offered instead."""
    choice = next((one for one in row.nearest if (one.day, one.time) == (day, time)), None)
    if choice is None:
        return row
    words = choice.label if "," in choice.label else f"{row.words.partition(',')[0]}, {choice.label}"
    return replace(row, day=day, time=time, words=words, why="", is_kept=True, is_other=True)


def texts(form: dict[str, Any], *names: str) -> dict[str, Any]:
    """The named fields; a field that is not on the screen says the same as an empty one."""
    return {name: value or "" for name, value in pick(form, *names).items()}


def wish_of(form: dict[str, Any], services: tuple[BookService, ...]) -> SeriesWish:
    """As typed. Which of the two ends counts is chosen in the form."""
    typed = texts(form, "day", "time", "every", "interval", "note", "reason")
    ends_by_day = form.get("ends") == "until"
    return SeriesWish(
        services=services,
        weekdays=tuple(n for n in range(len(WEEKDAYS)) if form.get(f"weekday_{n}")),
        count=None if ends_by_day else form.get("count"),
        until=form.get("until") if ends_by_day else None,
        **typed,
    )


def chosen(wish: SeriesWish, rows: Sequence[DateRow]) -> SeriesWish:
    """The wish with what was decided about single dates."""
    return replace(
        wish,
        skip=tuple(row.place for row in rows if not row.is_kept),
        instead=tuple((row.place, row.day, row.time) for row in rows if row.is_kept and row.is_other),
    )


def summary(rows: Sequence[DateRow], one: str, many: str = "") -> str:
    """Like "9 visits, 1 date left out"."""
    kept = sum(row.is_kept for row in rows)
    left = len(rows) - kept
    return format_count(kept, one, many) + (f", {format_count(left, 'date')} left out" if left else "")
