"""Single days on which the shop keeps other hours or stays closed, public holidays among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete
from sqlmodel import select

from microcrm.domain.calendar_days import Holiday, holidays_of
from microcrm.domain.calendar_text import parse_day
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.hours import Windows, check_windows
from microcrm.domain.permissions import Permission
from microcrm.domain.states import parse_state
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.schedule import DatedHours
from microcrm.operations.parts.sets import stamp
from microcrm.operations.unit_of_work import UnitOfWork

MOST_DAYS = 62  # one stretch of closed days
_SHOWN = 50
DayRows = dict[date, list[tuple[Any, ...]]]  # day -> (start_min, end_min, reason, is_holiday), one a window


@dataclass(frozen=True, slots=True)
class DayView:
    """``windows`` empty: closed."""

    day: date
    windows: Windows
    reason: str
    is_holiday: bool


@dataclass(frozen=True, slots=True)
class HolidayView:
    """``is_kept``: the shop is closed for it. ``has_other_hours``: an exception by hand stands on that day."""

    holiday: Holiday
    is_kept: bool
    has_other_hours: bool


@dataclass(frozen=True, slots=True)
class HolidayYear:
    year: int
    state_code: str  # "" while the shop has given no State
    holidays: tuple[HolidayView, ...]


@dataclass(frozen=True, slots=True)
class SetDays:
    """Closed (no windows) or other hours, from one day to another, both included."""

    day: Any
    until: Any = None
    windows: Sequence[tuple[Any, Any]] = ()
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class KeepHolidays:
    """The holidays of ``year`` on which the shop stays closed, as days; the others are let go."""

    year: Any
    days: Sequence[Any]


def coming_days(uow: UnitOfWork) -> list[DayView]:
    """The shop's exceptions from today on, the nearest first."""
    uow.require(Permission.SHOP_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    rows = _rows(uow, DatedHours.day >= today)
    return [_view(day, rows[day]) for day in sorted(rows)[:_SHOWN]]


def set_days(uow: UnitOfWork, command: SetDays) -> str:
    """Close the shop, or give it other hours, on one day or a stretch of days. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    fields = Reader()
    first = fields.day("day", command.day, "Day", earliest=today, latest=today + timedelta(days=731))
    last = fields.optional_day("until", command.until, "Until") or first
    if first > last or (last - first).days >= MOST_DAYS:
        fields.refuse("until", f"The last day must follow the first, by at most {MOST_DAYS} days.")
    reason = fields.text("reason", command.reason, "Reason", limit=80, required=False)
    windows = _read_windows(fields, command.windows)
    fields.done()
    rows: list[tuple[Any, ...]] = [(w.start, w.end, reason, False) for w in windows] or [(None, None, reason, False)]
    days = {first + timedelta(days=n): rows for n in range((last - first).days + 1)}
    return _replace(uow, days, "opening on a single day")


def clear_day(uow: UnitOfWork, raw_day: Any) -> str:
    """Ordinary hours again on that day. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    day = parse_day(raw_day)
    return _replace(uow, {day: []}, "opening on a single day") if day else ""


def holiday_year(uow: UnitOfWork, raw_year: Any) -> HolidayYear:
    """The public holidays of the shop's State in a year, and which of them it keeps."""
    uow.require(Permission.SHOP_VIEW)
    year = _read_year(uow, raw_year)
    shop = uow.session.exec(select(Business).where(Business.id == uow.business_id)).one()
    state_code = shop.holiday_state or shop.state_code
    if not state_code:
        return HolidayYear(year, "", ())
    rows = _rows(uow, DatedHours.day.between(date(year, 1, 1), date(year, 12, 31)))
    views = []
    for holiday in holidays_of(state_code, year):
        standing = rows.get(holiday.day, [])
        is_kept = any(row[3] for row in standing)
        views.append(HolidayView(holiday, is_kept, bool(standing) and not is_kept))
    return HolidayYear(year, state_code, tuple(views))


def keep_holidays(uow: UnitOfWork, command: KeepHolidays) -> str:
    """Close the shop on these public holidays and on no others of that year. Returns the undo token."""
    uow.require(Permission.HOURS_EDIT)
    if not isinstance(command.days, list | tuple) or len(command.days) > 60:
        raise Invalid(fields={"form": "Choose the holidays from the list."})
    year = holiday_year(uow, command.year)
    wanted = {parse_day(day) for day in command.days}
    changed: DayRows = {}
    for view in year.holidays:
        day = view.holiday.day
        if day in wanted and not view.is_kept and not view.has_other_hours:
            changed[day] = [(None, None, view.holiday.name[:80], True)]
        elif view.is_kept and day not in wanted:
            changed[day] = []
    return _replace(uow, changed, f"public holidays of {year.year}")


def choose_holiday_state(uow: UnitOfWork, raw_state: Any) -> None:
    """Whose public holidays are offered. Changes no day by itself."""
    uow.require(Permission.HOURS_EDIT)
    shop = uow.session.exec(select(Business).where(Business.id == uow.business_id).with_for_update()).one()
    shop.holiday_state = parse_state(raw_state)
    uow.session.add(shop)
    uow.audit("change", "holiday_state", shop.id, state=shop.holiday_state)


def put_days_back(uow: UnitOfWork, before: Mapping[str, list[list[Any]]], after: int | None) -> bool:
    """For undo: the days as they were. False when they have changed again since."""
    uow.require(Permission.HOURS_EDIT)
    days = {date.fromisoformat(day): [tuple(row) for row in rows] for day, rows in before.items()}
    if after is not None and _stamp(_rows(uow, DatedHours.day.in_(days)), days) != after:
        return False
    _write(uow, days)
    return True


def _replace(uow: UnitOfWork, days: DayRows, label: str) -> str:
    uow.session.exec(select(Business.id).where(Business.id == uow.business_id).with_for_update()).one()
    old = _rows(uow, DatedHours.day.in_(days))
    if all(old.get(day, []) == rows for day, rows in days.items()):
        return ""
    _write(uow, days)
    event = uow.audit("change", "shop_days", uow.business_id, days=[day.isoformat() for day in sorted(days)][:10])
    before = {day.isoformat(): [list(row) for row in old.get(day, [])] for day in days}
    token = uow.undoable(
        label, "shop_days", uow.business_id, before=before, after_version=_stamp(days, days), audit_event_id=event
    )
    return str(token)


def _write(uow: UnitOfWork, days: Mapping[date, Sequence[tuple[Any, ...]]]) -> None:
    shop_wide = (DatedHours.business_id == uow.business_id, DatedHours.member_id.is_(None))
    uow.session.connection().execute(delete(DatedHours).where(*shop_wide, DatedHours.day.in_(days)))
    for day, rows in days.items():
        for start, end, reason, is_holiday in rows:
            uow.session.add(
                DatedHours(
                    business_id=uow.business_id,
                    day=day,
                    start_min=start,
                    end_min=end,
                    reason=reason,
                    is_holiday=is_holiday,
                )
            )
    uow.session.flush()


def _rows(uow: UnitOfWork, *which: Any) -> DayRows:
    query = select(DatedHours).where(DatedHours.business_id == uow.business_id, DatedHours.member_id.is_(None), *which)
    found: DayRows = {}
    for row in uow.session.exec(query.order_by(DatedHours.day, DatedHours.start_min)):
        found.setdefault(row.day, []).append((row.start_min, row.end_min, row.reason, row.is_holiday))
    return found


def _stamp(rows: Mapping[date, Any], days: Mapping[date, Any]) -> int:
    return stamp([(day.isoformat(), tuple(rows.get(day, []))) for day in days])


def _view(day: date, rows: list[tuple[Any, ...]]) -> DayView:
    windows = check_windows([(row[0], row[1]) for row in rows if row[0] is not None])
    return DayView(day, windows, rows[0][2], any(row[3] for row in rows))


def _read_windows(fields: Reader, raw: Any) -> Windows:
    if not isinstance(raw, list | tuple) or not all(isinstance(w, list | tuple) and len(w) == 2 for w in raw):
        fields.refuse("windows", "Give the hours as from and to.")
        return ()
    windows = [(fields.clock("windows", a, "From"), fields.clock("windows", b, "To", closing=True)) for a, b in raw[:7]]
    if fields.errors.get("windows"):
        return ()
    return fields.by("windows", check_windows, windows, "The day", instead=())


def _read_year(uow: UnitOfWork, raw: Any) -> int:
    this_year = today_in(zone_of(uow.actor.zone), uow.now).year
    fields = Reader()
    year = fields.whole_number("year", raw, "Year", low=this_year - 1, high=this_year + 2, default=this_year)
    fields.done()
    return year
