"""Today: the floor, the day's figures, the agenda with its next step, and what needs somebody."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from microcrm.components.buttons import away_button, button, link, link_button, text_button
from microcrm.components.cards import avatar, card, chip
from microcrm.components.feedback import blank, skeleton, skeleton_lines
from microcrm.components.icons import icon, icon_of
from microcrm.components.watch.watch import watch
from microcrm.domain.booking import BookingStatus
from microcrm.domain.permissions import Permission
from microcrm.pages.booking_cancel import decline_dialog, missed_dialog
from microcrm.pages.booking_parts import icon_of_step
from microcrm.pages.frame import screen
from microcrm.pages.requests import requests_list, unsafe_request_dialog
from microcrm.pages.start_dialog import start_dialog
from microcrm.pages.today_aside import tomorrow, walk_ins
from microcrm.pages.today_tasks import due_tasks
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card_view import Option
from microcrm.state.booking_fee import FeeForm
from microcrm.state.requests import Requests
from microcrm.state.start_ask import StartAsk
from microcrm.state.today import TaskRow, TodayPage
from microcrm.state.today_aside import TodayAside
from microcrm.state.today_tasks import TodayTasks
from microcrm.state.today_view import TREND, AttentionRow, Figure, FloorCard, TodayRow

MAY_BOOK = TodayPage.allowed.contains(Permission.BOOKINGS_OWN.value)
ATTENTION_ICONS = ("clock", "list_checks", "users", "indian_rupee", "package", "eye", "message_circle")
REFRESH_SECONDS = 60


def today() -> rx.Component:
    head = TodayPage.head
    return screen(
        rx.cond(TodayPage.is_read, head.greeting, "Today"),
        rx.cond(TodayPage.tasks.length() > 0, _first_steps()),
        rx.cond(TodayPage.asks_second_step, _second_step()),
        rx.cond(TodayPage.is_read, _facts(), _waiting()),
        rx.cond(
            TodayPage.has_calendar,
            rx.el.div(
                decline_dialog(),
                missed_dialog(),
                unsafe_request_dialog(),
                start_dialog(),
                on_mount=[CancelForm.close, FeeForm.close, Requests.leave_unsafe, StartAsk.leave],
                class_name="contents",
            ),
        ),
        watch(seconds=REFRESH_SECONDS, on_pulse=[TodayPage.load, TodayAside.load, TodayTasks.load]),
        here="/today",
        sub=head.date,
        actions=[
            rx.cond(
                MAY_BOOK,
                rx.fragment(
                    link_button("Walk-in", "/calendar?new=walk_in", icon="user_plus"),
                    link_button("New booking", "/calendar?new=1", icon="plus", kind="primary"),
                ),
            )
        ],
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(*[rx.el.div(skeleton("56px"), class_name="card pad") for _ in range(4)], class_name="grid-4"),
        card("Agenda", skeleton_lines(6), padded=False),
        class_name="stack",
        aria_busy="true",
    )


def _facts() -> rx.Component:
    return rx.cond(
        TodayPage.has_calendar,
        rx.el.div(
            rx.el.section(
                rx.foreach(TodayPage.floor, _floor_card), class_name="card floor", aria_label="Who is busy now"
            ),
            rx.el.div(rx.foreach(TodayPage.figures, _figure), class_name="figures"),
            rx.el.div(
                _agenda(),
                rx.el.div(
                    rx.el.div(_requests(), _attention(), class_name="stack"),
                    rx.el.div(due_tasks(), walk_ins(), tomorrow(), class_name="stack"),
                    class_name="today-side",
                ),
                class_name=rx.cond(TodayPage.attention.length() > 0, "today-grid needs-first", "today-grid"),
            ),
            class_name="stack",
        ),
        rx.el.div(
            due_tasks(), rx.cond(TodayPage.attention.length() > 0, _attention()), _no_calendar(), class_name="stack"
        ),
    )


def _no_calendar() -> rx.Component:
    """Whoever keeps the books goes on to them."""
    return rx.el.div(
        blank(
            "sun",
            "Your role has no calendar",
            "Today shows the bookings of the day. An owner can give you a calendar in Settings, Sign-in and roles.",
            rx.cond(
                TodayPage.allowed.contains(Permission.INVOICES_VIEW.value),
                link_button("Open bills", "/invoices", icon="receipt_indian_rupee"),
            ),
            rx.cond(
                TodayPage.allowed.contains(Permission.CUSTOMERS_VIEW.value),
                link_button("Open customers", "/customers", icon="users"),
            ),
        ),
        class_name="card",
    )


def _floor_card(one: rx.Var[FloorCard]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            avatar(one.initials),
            rx.el.p(rx.el.span(one.name, class_name="meta"), rx.el.b(one.title), class_name="floor-who"),
            class_name="floor-top",
        ),
        rx.el.p(one.line, class_name="floor-line"),
        rx.el.span(rx.el.i(style={"width": one.done}), class_name="floor-bar " + one.hue, aria_hidden="true"),
        rx.el.p(icon("arrow_right", "xs"), rx.el.span(one.next, class_name="clip"), class_name="floor-next num"),
        class_name="floor-card is-" + one.tone,
        key=one.id,
    )


def _figure(one: rx.Var[Figure]) -> rx.Component:
    return link(
        rx.fragment(
            rx.el.span(one.name, class_name="figure-name"),
            rx.el.span(one.value, rx.cond(one.trend != "", _trend(one.trend)), class_name="figure-value num"),
            rx.el.span(one.note, class_name="meta num"),
        ),
        one.href,
        class_name="card figure",
        key=one.name,
    )


def _trend(points: rx.Var[str]) -> rx.Component:
    """The same weekday of eight weeks as a line; the words below say what matters of it."""
    return rx.el.svg(
        rx.el.svg.path(d=points, vector_effect="non-scaling-stroke"),
        view_box=f"0 0 {TREND[0]} {TREND[1]}",
        preserve_aspect_ratio="none",
        class_name="trend",
        aria_hidden="true",
    )


def _agenda() -> rx.Component:
    is_empty = (TodayPage.rows.length() == 0) & (TodayPage.earlier.length() == 0)
    empty = blank(
        "calendar_days",
        "Nothing is booked today",
        "Take a walk-in, or book somebody who calls.",
        rx.cond(MAY_BOOK, link_button("New walk-in", "/calendar?new=walk_in", icon="user_plus")),
    )
    return card(
        "Agenda",
        rx.cond(TodayPage.earlier.length() > 0, _earlier()),
        rx.el.ul(rx.foreach(TodayPage.rows, _row), class_name="visits"),
        rx.cond(is_empty, empty),
        sub=TodayPage.head.to_come,
        actions=[link("Calendar", "/calendar")],
        padded=False,
    )


def _earlier() -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            icon("chevron_right", "s"),
            rx.el.span("Earlier today"),
            rx.el.span(TodayPage.head.earlier, class_name="meta"),
        ),
        rx.el.ul(rx.foreach(TodayPage.earlier, _row), class_name="visits"),
        class_name="earlier",
    )


def _row(row: rx.Var[TodayRow]) -> rx.Component:
    return rx.el.li(
        rx.cond(row.is_now, rx.el.div(rx.el.span("Now"), class_name="now-line")),
        rx.el.div(
            rx.el.span(row.time, class_name="visit-time num"),
            rx.el.span(class_name="visit-bar", aria_hidden="true"),
            rx.el.div(
                rx.el.p(
                    link(row.name, row.href, class_name="visit-name"), rx.cond(row.late != "", chip(row.late, "warn"))
                ),
                rx.el.p(row.line, class_name="meta num"),
                class_name="visit-who",
            ),
            rx.cond(
                row.steps.length() < 2,  # two ask whether they came at all
                rx.el.span(
                    rx.el.span(class_name="legend-mark", aria_hidden="true"), row.status, class_name="visit-status num"
                ),
            ),
            rx.cond(MAY_BOOK, rx.el.div(rx.foreach(row.steps, _step_of(row)), class_name="visit-steps")),
            class_name="visit " + row.hue + " " + row.look,
        ),
        key=row.item_id,
    )


def _step_of(row: rx.Var[TodayRow]) -> Callable[[rx.Var[Option]], rx.Component]:
    def step(one: rx.Var[Option]) -> rx.Component:
        return rx.el.button(
            icon_of_step(one.value),
            rx.el.span(one.label),
            type="button",
            on_click=rx.cond(
                one.value == BookingStatus.NO_SHOW.value,
                FeeForm.miss(row.booking_id),
                TodayPage.step(row.booking_id, one.value),
            ),
            class_name=rx.cond(one.value == "started", "btn btn-next", "btn"),
            aria_label=one.label + ": " + row.name,
            key=one.value,
        )

    return step


def _attention() -> rx.Component:
    fine = blank("circle_check", "Nothing needs you", "Late arrivals and open visits show up here.")
    return card(
        "Needs attention",
        rx.cond(
            TodayPage.attention.length() > 0,
            rx.el.ul(rx.foreach(TodayPage.attention, _need), class_name="needs"),
            fine,
        ),
        padded=False,
    )


def _requests() -> rx.Component:
    return rx.cond(
        Requests.count > 0,
        card("Requests", requests_list(), sub=Requests.words, padded=False),
    )


def _need(row: rx.Var[AttentionRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(icon_of(row.icon, ATTENTION_ICONS), class_name="need-mark chip-" + row.tone, aria_hidden="true"),
        rx.el.div(
            rx.el.h3(row.title),
            rx.el.p(row.text, class_name="meta"),
            rx.cond(row.href != "", link(row.act, row.href)),
        ),
        key=row.title,
    )


def _first_steps() -> rx.Component:
    return card(
        "First steps",
        rx.el.ul(rx.foreach(TodayPage.tasks, _task), class_name="tasks"),
        actions=[link("Step by step", "/welcome"), text_button("Put away", on_click=TodayPage.put_tasks_away)],
        padded=False,
    )


def _second_step() -> rx.Component:
    return rx.el.section(
        icon("shield_check"),
        rx.el.p(
            rx.el.span("Your password alone opens everything here. ", class_name="strong"),
            "A code from your phone keeps others out even if they learn it.",
        ),
        rx.el.div(
            away_button("Set up", "/account/second-step"),
            button("Not now", kind="quiet", on_click=TodayPage.not_now),
            class_name="row",
        ),
        class_name="card ask",
        aria_label="Second step at sign-in",
    )


def _task(task: rx.Var[TaskRow]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            task.is_done,
            rx.fragment(icon("circle_check"), rx.el.span(task.label, rx.el.span(", done", class_name="sr-only"))),
            rx.fragment(icon("circle"), link(task.label, task.href)),
        ),
        class_name=rx.cond(task.is_done, "is-done", ""),
        key=task.key,
    )
