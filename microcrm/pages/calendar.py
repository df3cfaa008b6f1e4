"""The calendar: a day with a column for each person, or a list of the day on phones."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.board.board import board
from microcrm.components.buttons import button, link_button, menu, menu_trigger
from microcrm.components.cards import chip
from microcrm.components.feedback import alert, blank, skeleton, skeleton_lines
from microcrm.components.hotkeys.hotkeys import pressed_by
from microcrm.components.icons import icon
from microcrm.components.watch.watch import watch
from microcrm.domain.permissions import Permission
from microcrm.pages.booking_card import booking_card
from microcrm.pages.booking_form import new_booking
from microcrm.pages.frame import flush_screen
from microcrm.state.booking_card import Card
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_board import AgendaRow, Chip, StripDay

MAY_BOOK = Calendar.allowed.contains(Permission.BOOKINGS_OWN.value)
MARKS = (
    ("held", "Waiting: held, or to be approved or paid"),
    ("booked", "Booked"),
    ("confirmed", "Confirmed"),
    ("arrived", "Arrived"),
    ("serving", "Started"),
    ("done", "Done"),
    ("no-show", "Did not come"),
)
REFRESH_SECONDS = 20


def calendar() -> rx.Component:
    return flush_screen(
        "Calendar",
        rx.cond(Calendar.is_read, _toolbar(), rx.el.div(skeleton("36px", "320px"), class_name="toolbar")),
        _day_strip(),
        rx.cond(Calendar.is_read, _board(), rx.el.div(skeleton_lines(8), class_name="board", aria_busy="true")),
        _agenda(),
        booking_card(),
        new_booking(),
        watch(seconds=REFRESH_SECONDS, on_size=Calendar.resized, on_pulse=Calendar.refresh),
        here="/calendar",
    )


def _toolbar() -> rx.Component:
    head = Calendar.head
    return rx.el.div(
        route_link("Today", to="/calendar", class_name="btn", **pressed_by("t")),
        rx.el.div(
            _arrow("chevron_left", "Day before", head.previous, **pressed_by("ArrowLeft")),
            _arrow("chevron_right", "Day after", head.next, **pressed_by("ArrowRight")),
            class_name="pair",
        ),
        rx.el.h2(rx.el.span(head.title, class_name="wide-only"), rx.el.span(head.short_title, class_name="phone-only")),
        _date_field(),
        rx.el.span(class_name="spring"),
        rx.cond(head.staff != "", _staff_pager()),
        _legend(),
        rx.cond(
            MAY_BOOK,
            button(
                "New booking",
                icon="plus",
                kind="primary",
                class_name="wide-only",
                on_click=[Card.leave, NewBooking.begin("known", head.date, head.next_time, 0, "")],
            ),
        ),
        class_name="toolbar",
    )


def _arrow(name: str, label: str, href: rx.Var[str], **props: object) -> rx.Component:
    return route_link(icon(name), to=href, class_name="btn btn-icon", aria_label=label, title=label, **props)


def _date_field() -> rx.Component:
    return rx.el.label(
        icon("calendar_days"),
        rx.el.span("Choose a day", class_name="sr-only"),
        rx.el.input(type="date", default_value=Calendar.head.date, key=Calendar.head.date, on_change=Calendar.go_to),
        class_name="date-jump btn btn-icon",
        title="Choose a day",
    )


def _staff_pager() -> rx.Component:
    head = Calendar.head
    return rx.el.div(
        _pager_end("chevron_left", "People before", head.previous_staff),
        rx.el.span(head.staff, class_name="num"),
        _pager_end("chevron_right", "More people", head.next_staff),
        class_name="staff-pager wide-only",
        role="group",
        aria_label="People shown",
    )


def _pager_end(name: str, label: str, href: rx.Var[str]) -> rx.Component:
    return rx.cond(
        href != "",
        route_link(icon(name), to=href, class_name="btn btn-quiet btn-icon", aria_label=label, title=label),
        rx.el.span(icon(name), class_name="btn btn-quiet btn-icon", aria_disabled="true", aria_hidden="true"),
    )


def _legend() -> rx.Component:
    lines = [
        rx.el.p(rx.el.span(class_name=f"legend-mark st-{look}", aria_hidden="true"), words, class_name="legend-line")
        for look, words in MARKS
    ]
    return rx.el.div(
        menu(
            "legend",
            menu_trigger("legend", "What the marks mean", icon="info", kind="plain"),
            *lines,
            rx.el.hr(),
            rx.el.p("The colour is the service’s.", class_name="meta"),
        ),
        class_name="wide-only",
    )


def _board() -> rx.Component:
    return rx.cond(
        Calendar.columns.length() > 0,
        board(
            label="Day by person",
            options=Calendar.options,
            events=Calendar.events,
            patch=Calendar.patch,
            staff=Calendar.columns,
            view="resourceTimeGridDay",
            date=Calendar.head.date,
            on_move=Calendar.moved,
            on_open=Calendar.opened,
            on_slot=Calendar.chosen,
            class_name="board",
            id="board",
        ),
        rx.el.div(
            blank(
                "users",
                "Nobody takes bookings yet",
                "Each person who takes bookings has a column here.",
                link_button("Add your staff", "/settings/staff", kind="primary"),
            ),
            class_name="board",
        ),
    )


def _day_strip() -> rx.Component:
    return rx.el.div(
        rx.el.nav(rx.foreach(Calendar.strip, _strip_day), class_name="day-strip", aria_label="Days of the week"),
        rx.el.nav(rx.foreach(Calendar.chips, _chip), class_name="who-chips", aria_label="Whose bookings"),
        class_name="phone-only day-nav",
    )


def _strip_day(day: rx.Var[StripDay]) -> rx.Component:
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


def _agenda() -> rx.Component:
    empty = blank(
        "calendar_days",
        "Nothing is booked",
        "Press ＋ to make a booking for this day.",
    )
    rows = rx.el.div(
        rx.cond(Calendar.head.closed != "", alert("warn", Calendar.head.closed)),
        rx.cond(
            Calendar.earlier.length() > 0,
            rx.el.details(
                rx.el.summary(
                    icon("chevron_right", "s"),
                    rx.el.span("Earlier today"),
                    rx.el.span(Calendar.earlier_words, class_name="meta"),
                ),
                rx.foreach(Calendar.earlier, _agenda_row),
                class_name="earlier",
            ),
        ),
        rx.foreach(Calendar.agenda, _agenda_row),
        rx.cond((Calendar.agenda.length() == 0) & (Calendar.earlier.length() == 0), empty),
    )
    return rx.el.div(rx.cond(Calendar.is_read, rows, skeleton_lines(6, "64px")), class_name="agenda phone-only")


def _agenda_row(row: rx.Var[AgendaRow]) -> rx.Component:
    return rx.fragment(
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
                on_click=Card.open(row.item_id),
                class_name="agenda-block " + row.hue + " " + row.look,
            ),
            class_name="agenda-row",
        ),
        key=row.item_id,
    )
