"""The drawers beside the calendar. A further one is one more line in ``DRAWERS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import reflex as rx
from reflex_components_core.react_router import link as route_link

from microcrm.components.buttons import button, link
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.pages import queue, waitlist
from microcrm.pages.requests import kept_list, requests_list
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drawer import GAPS, QUEUE, REQUESTS, WAITLIST, CalendarDrawer, GapRow
from microcrm.state.queue import DrawPanel, QueuePage
from microcrm.state.requests import Requests
from microcrm.state.waitlist import WaitingForm, WaitlistPage

_MAY_BOOK = Calendar.allowed.contains(Permission.BOOKINGS_OWN.value)
_SEES_LIST = Calendar.allowed.contains(Permission.CALENDAR_ALL.value)
_CAN_CHOOSE = Calendar.head.board_view != ""  # there is a board to press a place on


@dataclass(frozen=True, slots=True)
class Drawer:
    """``count`` of 0 is not shown; ``is_shown``: whether there is a button for it."""

    name: str
    label: str
    icon: str
    contents: Callable[[], rx.Component]
    is_shown: rx.Var[bool]
    count: rx.Var[int] | None = None


def _gaps() -> rx.Component:
    return rx.el.div(
        rx.el.p(CalendarDrawer.day_words, ": free long enough for a visit.", class_name="meta"),
        rx.foreach(CalendarDrawer.gaps, _gap),
        rx.cond(
            CalendarDrawer.gaps.length() == 0,
            blank("calendar_check", "No gaps", "Everybody is busy, off, or the day is over."),
        ),
        class_name="stack-s",
    )


def _requests() -> rx.Component:
    none = blank("inbox", "No requests", "When customers ask for a time that you approve first, they show up here.")
    return rx.el.div(
        rx.cond(Requests.rows.length() > 0, requests_list(), none),
        kept_list(),
        class_name="stack-s",
    )


def _gap(gap: rx.Var[GapRow]) -> rx.Component:
    return rx.el.button(
        rx.el.b(gap.words, class_name="num"),
        rx.el.span(gap.member, " · ", gap.lasts, class_name="meta"),
        type="button",
        class_name="drawer-row",
        on_click=CalendarDrawer.book(gap.time, gap.member_id),
        key=gap.key,
    )


def _waitlist() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            link("Whole list", "/waitlist"),
            rx.cond(waitlist.MAY_CHANGE, button("Add somebody", icon="plus", on_click=WaitingForm.begin)),
            class_name="drawer-head",
        ),
        rx.cond(WaitlistPage.is_listed, waitlist.entries(can_choose=_CAN_CHOOSE), skeleton_lines(4, "64px")),
        waitlist.waiting_form(),
        waitlist.offer_text(),
    )


def _queue() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            button("Call next", icon="megaphone", on_click=QueuePage.call_next),
            button("Draw a number", icon="plus", on_click=DrawPanel.begin),
            class_name="drawer-head",
        ),
        rx.cond(QueuePage.is_listed, queue.columns(can_choose=_CAN_CHOOSE), skeleton_lines(4, "88px")),
        rx.el.p(link("Whole queue", "/queue")),
        queue.draw_panel(),
        queue.taker_dialog(),
    )


DRAWERS: tuple[Drawer, ...] = (
    Drawer(REQUESTS, "Requests", "inbox", _requests, _MAY_BOOK, Requests.count),
    Drawer(GAPS, "Gaps", "square_dashed", _gaps, _MAY_BOOK),
    Drawer(WAITLIST, "Waiting list", "hourglass", _waitlist, _SEES_LIST, CalendarDrawer.listed),
    Drawer(QUEUE, "Queue", "list_ordered", _queue, CalendarDrawer.has_queue & _MAY_BOOK, CalendarDrawer.queued),
)


def drawer_buttons() -> rx.Component:
    """In the toolbar; each leads to the calendar with its drawer open, and from the open one back."""
    return rx.el.div(
        *[rx.cond(drawer.is_shown, _button(drawer)) for drawer in DRAWERS],
        class_name="drawers",
        role="group",
        aria_label="Beside the calendar",
    )


def _button(drawer: Drawer) -> rx.Component:
    count = drawer.count
    waiting = rx.fragment() if count is None else rx.cond(count > 0, rx.el.span(count, class_name="count num"))
    name = drawer.label if count is None else rx.cond(count > 0, f"{drawer.label}, " + count.to_string(), drawer.label)
    return route_link(
        icon(drawer.icon),
        rx.el.span(drawer.label, class_name="drawer-label"),
        waiting,
        to=Calendar.head.drawers[drawer.name],
        class_name="btn drawer-btn",
        aria_label=name,
        aria_current=rx.cond(Calendar.head.drawer == drawer.name, "true", "false"),
        title=drawer.label,
    )


def drawer() -> rx.Component:
    """The open one."""
    return rx.match(Calendar.head.drawer, *[(one.name, _open(one)) for one in DRAWERS], rx.fragment())


def _open(one: Drawer) -> rx.Component:
    inside = rx.el.aside(
        rx.el.header(
            rx.el.h2(one.label),
            route_link(
                icon("x"),
                to=Calendar.head.drawers[one.name],
                class_name="btn btn-quiet btn-icon",
                aria_label=f"Close {one.label.lower()}",
            ),
        ),
        one.contents(),
        class_name=f"calendar-drawer drawer-{one.name}",
        aria_label=one.label,
    )
    return rx.cond(one.is_shown, inside)
