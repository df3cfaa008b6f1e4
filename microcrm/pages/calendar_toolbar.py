"""The calendar's toolbar: the way through time, the views, whose columns, filters, and what the marks mean."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.buttons import anchor, menu, menu_trigger
from microcrm.components.hotkeys.hotkeys import pressed_by
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.pages.calendar_drawers import drawer_buttons
from microcrm.state.booking_card import Card
from microcrm.state.booking_new import NewBooking
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_aside import CalendarLists
from microcrm.state.calendar_head import Way
from microcrm.state.calendar_lists import MonthCell

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
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def toolbar() -> rx.Component:
    head = Calendar.head
    return rx.el.div(
        route_link("Today", to=head.today, class_name="btn", **pressed_by("t")),
        rx.el.div(
            _arrow("chevron_left", head.before, head.previous, **pressed_by("ArrowLeft")),
            _arrow("chevron_right", head.after, head.next, **pressed_by("ArrowRight")),
            class_name="pair",
        ),
        rx.el.h2(
            rx.el.span(head.title, class_name="wide-only"),
            rx.el.span(head.tight_title, class_name="tight-only"),
            rx.el.span(head.short_title, class_name="phone-only"),
        ),
        _jump(),
        rx.el.span(class_name="spring"),
        rx.el.nav(rx.foreach(head.views, _view), class_name="seg view-seg", aria_label="View"),
        rx.cond(head.staff != "", _pager()),
        drawer_buttons(),
        _filters(),
        _legend(),
        rx.cond(
            MAY_BOOK,
            rx.el.button(
                icon("plus"),
                rx.el.span("New", rx.el.span(" booking", class_name="new-more")),
                type="button",
                aria_label="New booking",
                class_name="btn btn-primary new-btn wide-only",
                on_click=[Card.leave, NewBooking.begin("known", head.date, head.next_time, 0, "")],
            ),
        ),
        class_name="toolbar",
    )


def _arrow(name: str, label: rx.Var[str], href: rx.Var[str], **props: object) -> rx.Component:
    return route_link(icon(name), to=href, class_name="btn btn-icon", aria_label=label, title=label, **props)


def _view(way: rx.Var[Way]) -> rx.Component:
    return route_link(
        way.label,
        to=way.href,
        aria_current=rx.cond(way.is_current, "page", "false"),
        key=way.label,
        custom_attrs={"data-key": way.key},
    )


def _jump() -> rx.Component:
    """A little month, and a field for a day further away."""
    month = rx.el.div(
        *[rx.el.span(name, aria_hidden="true") for name in _WEEKDAYS],
        rx.foreach(CalendarLists.mini, _mini_day),
        class_name="mini-month num",
    )
    field = rx.el.label(
        rx.el.span("Another day"),
        rx.el.input(
            type="date",
            default_value=Calendar.head.date,
            key=Calendar.head.date,
            on_change=CalendarLists.go_to,
            class_name="input",
        ),
        class_name="field",
    )
    trigger = menu_trigger("jump", "Choose a day", icon="calendar_days", kind="plain")
    return rx.el.div(menu("jump", trigger, month, rx.el.hr(), field), key=Calendar.head.date)  # a chosen day closes it


def _mini_day(cell: rx.Var[MonthCell]) -> rx.Component:
    return route_link(
        cell.number,
        to=cell.href,
        aria_label=cell.words,
        aria_current=rx.cond(cell.is_today, "date", "false"),
        class_name=rx.cond(cell.is_closed, "is-closed", rx.cond(cell.is_other, "is-other", "")),
        key=cell.href,
    )


def _pager() -> rx.Component:
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


def _filters() -> rx.Component:
    filters = CalendarLists.filters
    trigger = rx.el.button(
        icon("list_filter"),
        rx.el.span("Filter", class_name="wide-only"),
        rx.cond(filters.count > 0, rx.el.span(filters.count, class_name="count num")),
        type="button",
        class_name="btn filter-btn",
        aria_label=rx.cond(filters.count > 0, "Filter, " + filters.count.to_string() + " set", "Filter"),
        custom_attrs={"popoverTarget": "filters"},
    )
    return menu(
        "filters",
        trigger,
        rx.el.div(
            rx.el.div(_group("Columns", filters.sides), class_name="wide-only"),
            _group("People", filters.people),
            _group("Status", filters.statuses),
            rx.cond(filters.services.length() > 0, _group("Service", filters.services)),
            _tick(filters.off, "Show cancelled as well", filters.shows_off),
            rx.cond(filters.count > 0, route_link("Clear filters", to=filters.clear, class_name="btn")),
            class_name="filter-panel",
        ),
    )


def _group(label: str, ways: rx.Var[list[Way]]) -> rx.Component:
    return rx.el.div(
        rx.el.h3(label, class_name="meta"),
        rx.el.div(rx.foreach(ways, _choice), class_name="filter-ways", role="group", aria_label=label),
    )


def _choice(way: rx.Var[Way]) -> rx.Component:
    return rx.el.span(_tick(way.href, way.label, way.is_current), key=way.label)


def _tick(href: rx.Var[str], label: str | rx.Var[str], is_on: rx.Var[bool]) -> rx.Component:
    return route_link(
        rx.cond(is_on, icon("check", "s")),
        label,
        to=href,
        class_name="filter-way",
        aria_current=rx.cond(is_on, "true", "false"),
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
            rx.el.hr(),
            anchor(
                icon("printer"), rx.el.span("Print the day sheet"), href="/calendar/sheet?date=" + Calendar.head.date
            ),
        ),
        class_name="wide-only board-legend",
    )
