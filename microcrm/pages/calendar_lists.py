"""The calendar as lists: the agenda with its strip of days, and the month as counts."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.cards import chip
from microcrm.components.feedback import alert, blank, skeleton
from microcrm.components.icons import icon
from microcrm.domain.formatting import WEEKDAY_NAMES, WEEKDAYS
from microcrm.state.booking_card import Card
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.calendar_lists import AgendaRow, Chip, MonthCell, StripEntry
from microcrm.state.class_panel import ClassPanel


def day_strip() -> rx.Component:
    return rx.el.div(
        rx.el.nav(
            rx.cond(Calendar.is_read, rx.foreach(CalendarLists.strip, _strip_day), rx.fragment(*[skeleton("52px")] * 7)),
            class_name="day-strip", aria_label="Days of the week",
        ),
        rx.el.nav(
            rx.cond(Calendar.is_read, rx.foreach(CalendarLists.chips, _chip)),
            class_name="who-chips", aria_label="Whose bookings",
        ),
        class_name="phone-only day-nav",
    )  # fmt: skip


def _strip_day(day: rx.Var[StripEntry]) -> rx.Component:
    return route_link(
        rx.el.span(day.weekday, aria_hidden="true"),
        rx.el.b(day.number, aria_hidden="true"),
        rx.el.span(day.words, class_name="sr-only"),
        to=day.href,
        class_name=rx.cond(day.is_closed, "is-closed", ""),
        aria_current=rx.cond(day.is_current, "date", "false"),
        key=day.href,
    )


def _chip(who: rx.Var[Chip]) -> rx.Component:
    return route_link(
        who.label,
        rx.el.span(who.count, class_name="num"),
        to=who.href,
        aria_current=rx.cond(who.is_current, "true", "false"),
        key=who.href,
    )


def agenda(class_name: str) -> rx.Component:
    empty = blank(
        "calendar_days",
        "Nothing is booked",
        "Nobody comes on this day so far.",
    )
    lists = CalendarLists
    return rx.el.div(
        rx.cond(Calendar.head.closed != "", alert("warn", Calendar.head.closed)),
        rx.cond(
            lists.earlier.length() > 0,
            rx.el.details(
                rx.el.summary(
                    icon("chevron_right", "s"),
                    rx.el.span("Earlier today"),
                    rx.el.span(lists.earlier_words, class_name="meta"),
                ),
                rx.foreach(lists.earlier, _agenda_row),
                class_name="earlier",
            ),
        ),
        rx.foreach(lists.agenda, _agenda_row),
        rx.cond((lists.agenda.length() == 0) & (lists.earlier.length() == 0), empty),
        class_name=class_name,
    )


def _agenda_row(row: rx.Var[AgendaRow]) -> rx.Component:
    return rx.fragment(
        rx.cond(row.day != "", rx.el.h3(row.day, class_name="agenda-day")),
        rx.cond(row.is_now, rx.el.div(rx.el.span("Now"), class_name="now-line")),
        rx.el.div(
            rx.el.p(row.time, rx.el.small(row.lasts), class_name="agenda-time num"),
            rx.el.button(
                rx.el.span(
                    rx.el.b(row.name),
                    rx.cond(row.late != "", chip(row.late, "warn")),
                    class_name="agenda-top",
                ),
                rx.el.span(
                    rx.el.span(row.line, class_name="clip"),
                    rx.el.span(
                        rx.el.span(class_name="legend-mark", aria_hidden="true"), row.status, class_name="agenda-status"
                    ),
                    class_name="agenda-foot",
                ),
                type="button",
                on_click=rx.cond(row.is_class, ClassPanel.open(row.item_id), Card.open(row.item_id)),
                class_name="agenda-block " + row.hue + " " + row.look,
            ),
            class_name="agenda-row",
        ),
        key=row.item_id,
    )


def month() -> rx.Component:
    """Counts, not blocks: a month of blocks can be read by nobody."""
    heads = [
        rx.el.span(short, rx.el.span(long[len(short) :], class_name="wide-only"), aria_hidden="true")
        for short, long in zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)
    ]
    return rx.el.div(
        rx.el.div(*heads, class_name="month-heads"),
        rx.el.nav(rx.foreach(CalendarLists.month, _month_day), class_name="month-grid", aria_label="Days of the month"),
        class_name="month",
    )


def _month_day(cell: rx.Var[MonthCell]) -> rx.Component:
    return route_link(
        rx.el.span(cell.words, class_name="sr-only"),
        rx.el.b(cell.number, class_name="num", aria_hidden="true"),
        rx.cond(
            cell.bookings != "",
            rx.el.span(
                cell.bookings,
                rx.cond(cell.bookings == "1", rx.el.span(" booking", class_name="wide-only"), _many()),
                class_name="month-count",
                aria_hidden="true",
            ),
        ),
        rx.cond(
            cell.waiting != "",
            rx.el.span(
                cell.waiting,
                rx.el.span(" waiting", class_name="wide-only"),
                icon("hourglass", "s", "phone-only"),
                class_name="month-waiting",
                aria_hidden="true",
            ),
        ),
        rx.cond(
            cell.load != "",
            rx.el.span(
                rx.el.span(style={"width": cell.load + "%"}, class_name="month-load-bar"),
                class_name="month-load",
                aria_hidden="true",
            ),
        ),
        to=cell.href,
        class_name="month-day"
        + rx.cond(cell.is_closed, " is-closed", "")
        + rx.cond(cell.is_other, " is-other", "")
        + rx.cond(cell.is_today, " is-today", ""),
        aria_current=rx.cond(cell.is_today, "date", "false"),
        key=cell.href,
    )


def _many() -> rx.Component:
    return rx.el.span(" bookings", class_name="wide-only")
