"""A week of opening or working hours as from–to fields, with breaks, closed days and copying."""

from __future__ import annotations

from functools import partial
from typing import Any

import reflex as rx

from microcrm.components.buttons import icon_button, text_button
from microcrm.components.fields import Errors
from microcrm.components.icons import icon


def week_fields(
    days: rx.Var[list[Any]],
    errors: Errors,
    *,
    set_time: rx.EventHandler,
    add: rx.EventHandler,
    drop: rx.EventHandler,
    copy: rx.EventHandler,
) -> rx.Component:
    """``days``: seven objects with index, key, name, can_add and windows (key, index, start, end)."""

    def window(day: Any, line: Any) -> rx.Component:
        def time(edge: str, words: str, value: rx.Var[str]) -> rx.Component:
            return rx.el.input(
                type="time",
                class_name="input",
                default_value=value,
                aria_label=day.name + ", " + words,
                aria_invalid=rx.cond(errors.contains(day.key), "true", "false"),
                on_change=set_time(day.index, line.index, edge),
            )

        return rx.el.div(
            time("start", "from", line.start),
            rx.el.span("–", aria_hidden="true"),
            time("end", "to", line.end),
            icon_button("x", "Remove these hours", kind="quiet", on_click=drop(day.index, line.index)),
            class_name="week-window",
            key=line.key,
        )

    def row(day: Any) -> rx.Component:
        is_open = day.windows.length() > 0
        return rx.el.li(
            rx.el.span(day.name, class_name="week-day"),
            rx.cond(
                is_open,
                rx.el.div(rx.foreach(day.windows, partial(window, day)), class_name="week-windows"),
                rx.el.span("Closed", class_name="week-closed"),
            ),
            _acts(day, is_open, add, copy),
            _error(errors, day.key),
            key=day.key,
        )

    return rx.el.ul(rx.foreach(days, row), class_name="week")


def _error(errors: Errors, key: rx.Var[str]) -> rx.Component:
    return rx.cond(
        errors.contains(key), rx.el.p(icon("circle_alert", "s"), rx.el.span(errors[key]), class_name="error")
    )


def _acts(day: Any, is_open: rx.Var[bool], add: rx.EventHandler, copy: rx.EventHandler) -> rx.Component:
    another = icon_button("plus", "Add hours after a break", kind="quiet", on_click=add(day.index))
    first = text_button("Open", on_click=add(day.index), aria_label="Open on " + day.name)
    return rx.el.div(
        rx.cond(is_open, icon_button("copy", "Same hours on all open days", kind="quiet", on_click=copy(day.index))),
        rx.cond(day.can_add, rx.cond(is_open, another, first)),
        class_name="week-acts",
    )
