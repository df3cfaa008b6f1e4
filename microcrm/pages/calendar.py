"""The calendar: people or rooms side by side, a week, a month, or a list; on phones always a list or the month."""

from __future__ import annotations

import reflex as rx

from microcrm.components.board.board import board
from microcrm.components.buttons import link_button
from microcrm.components.feedback import blank, skeleton, skeleton_lines
from microcrm.components.watch.watch import watch
from microcrm.pages.booking_card import booking_card
from microcrm.pages.booking_form import new_booking
from microcrm.pages.calendar_drawers import drawer
from microcrm.pages.calendar_lists import agenda, day_strip, month
from microcrm.pages.calendar_toolbar import toolbar
from microcrm.pages.class_form import new_class
from microcrm.pages.class_move import class_move_dialog
from microcrm.pages.class_panel import class_panel
from microcrm.pages.drop_dialog import drop_dialog
from microcrm.pages.frame import flush_screen
from microcrm.pages.place_panel import place_asked, place_panel
from microcrm.pages.series_dialog import series_dialog
from microcrm.state.booking_tell import Telling
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drop import Drops

REFRESH_SECONDS = 60


def calendar() -> rx.Component:
    return flush_screen(
        "Calendar",
        rx.cond(Calendar.is_read, toolbar(), rx.el.div(skeleton("36px", "320px"), class_name="toolbar")),
        rx.cond(Calendar.head.view != "month", day_strip()),
        place_asked(),
        rx.el.div(drawer(), rx.cond(Calendar.is_read, _view(), _waiting()), class_name="calendar-body"),
        booking_card(),
        class_panel(),
        new_booking(),
        new_class(),
        class_move_dialog(),
        drop_dialog(),
        series_dialog(),
        place_panel(),
        watch(seconds=REFRESH_SECONDS, on_size=Calendar.resized, on_pulse=Calendar.refresh),
        here="/calendar",
        on_tell=Telling.offer,
    )


def _waiting() -> rx.Component:
    return rx.fragment(
        rx.el.div(skeleton_lines(8), class_name="board", aria_busy="true"),
        rx.el.div(skeleton_lines(6, "64px"), class_name="agenda phone-only"),
    )


def _view() -> rx.Component:
    return rx.match(
        Calendar.head.view,
        ("month", month()),
        ("agenda", agenda("agenda")),
        rx.fragment(_board(), agenda("agenda phone-only")),
    )


def _board() -> rx.Component:
    head = Calendar.head
    return rx.cond(
        Calendar.columns.length() > 0,
        board(
            label=rx.cond(head.by == "room", "Day by room", rx.cond(head.view == "week", "Week", "Day by person")),
            options=Calendar.options,
            events=Calendar.events,
            patch=Calendar.patch,
            staff=Calendar.columns,
            view=head.board_view,
            date=head.date,
            on_move=Drops.moved,
            on_open=Calendar.opened,
            on_slot=Calendar.chosen,
            class_name=rx.cond(head.view == "week", "board board-week", "board"),
            id="board",
        ),
        rx.el.div(rx.cond(head.by == "room", _no_rooms(), _nobody()), class_name="board"),
    )


def _nobody() -> rx.Component:
    return blank(
        "users",
        "Nobody takes bookings yet",
        "Each person who takes bookings has a column here.",
        link_button("Add your staff", "/settings/staff", kind="primary"),
    )


def _no_rooms() -> rx.Component:
    return blank(
        "door_open",
        "No rooms or chairs yet",
        "Each room, chair or machine that a service needs has a column here.",
        link_button("Add rooms and chairs", "/settings/resources", kind="primary"),
    )
