"""The drawers beside the calendar. A further one is one more line in ``DRAWERS``: its name, words, icon and contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import reflex as rx

from microcrm.components.feedback import blank
from microcrm.components.icons import icon
from microcrm.state.calendar_drawer import GAPS, CalendarDrawer, GapRow


@dataclass(frozen=True, slots=True)
class Drawer:
    name: str
    label: str
    icon: str
    contents: Callable[[], rx.Component]


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


def _gap(gap: rx.Var[GapRow]) -> rx.Component:
    return rx.el.button(
        rx.el.b(gap.words, class_name="num"),
        rx.el.span(gap.member, " · ", gap.lasts, class_name="meta"),
        type="button",
        class_name="drawer-row",
        on_click=CalendarDrawer.book(gap.time, gap.member_id),
        key=gap.key,
    )


DRAWERS: tuple[Drawer, ...] = (Drawer(GAPS, "Gaps", "hourglass", _gaps),)


def drawer_buttons() -> rx.Component:
    """In the toolbar; pressed while its drawer is open."""
    return rx.fragment(*[_button(drawer) for drawer in DRAWERS])


def _button(drawer: Drawer) -> rx.Component:
    is_open = CalendarDrawer.shown == drawer.name
    return rx.el.button(
        icon(drawer.icon),
        rx.el.span(drawer.label, class_name="drawer-label"),
        type="button",
        class_name="btn drawer-btn",
        aria_label=drawer.label,
        aria_pressed=rx.cond(is_open, "true", "false"),
        on_click=CalendarDrawer.toggle(drawer.name),
    )


def drawer() -> rx.Component:
    """The open one."""
    return rx.cond(
        CalendarDrawer.shown != "",
        rx.el.aside(
            rx.match(CalendarDrawer.shown, *[(one.name, _open(one)) for one in DRAWERS], rx.fragment()),
            class_name="calendar-drawer",
            aria_label="Beside the calendar",
        ),
    )


def _open(one: Drawer) -> rx.Component:
    return rx.fragment(
        rx.el.header(
            rx.el.h2(one.label),
            rx.el.button(
                icon("x"),
                type="button",
                class_name="close",
                aria_label=f"Close {one.label.lower()}",
                on_click=CalendarDrawer.toggle(one.name),
            ),
        ),
        one.contents(),
    )
