"""A list of boxes, each with a price and minutes of its own: who does a service, or what somebody does."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.fields import Errors
from microcrm.components.icons import icon


def terms_fields(what: str, lines: rx.Var[list[Any]], errors: Errors) -> rx.Component:
    """``lines``: objects with id, name, usual, does, price, minutes. Names in the form: ``does_<id>``, ``price_<id>``,
    ``minutes_<id>``."""

    def line(row: Any) -> rx.Component:
        return rx.el.li(
            rx.el.label(
                rx.el.input(type="checkbox", name="does_" + row.id, default_checked=row.does),
                rx.el.span(row.name, rx.cond(row.usual != "", rx.el.small(row.usual))),
                class_name="check",
            ),
            _own("price_" + row.id, "₹", row.name + ", own price", row.price, errors, before=True),
            _own("minutes_" + row.id, "min", row.name + ", own minutes", row.minutes, errors, before=False),
            *[_error(name + row.id, errors) for name in ("price_", "minutes_")],
            key=row.id,
        )

    heads = rx.el.div(
        rx.el.span(what),
        rx.el.span("Own price"),
        rx.el.span("Own minutes"),
        class_name="ticks-heads meta",
        aria_hidden="true",
    )
    return rx.fragment(heads, rx.el.ul(rx.foreach(lines, line), class_name="ticks"))


def _own(
    name: rx.Var[str], unit: str, label: rx.Var[str], value: rx.Var[str], errors: Errors, *, before: bool
) -> rx.Component:
    control = rx.el.input(
        name=name,
        default_value=value,
        aria_label=label,
        aria_invalid=rx.cond(errors.contains(name), "true", "false"),
        placeholder="usual",
        input_mode="decimal" if before else "numeric",
        max_length=12,
        class_name="input",
    )
    sides = [rx.el.span(unit), control] if before else [control, rx.el.span(unit)]
    return rx.el.div(*sides, class_name="affix")


def _error(name: rx.Var[str], errors: Errors) -> rx.Component:
    return rx.cond(
        errors.contains(name), rx.el.p(icon("circle_alert", "s"), rx.el.span(errors[name]), class_name="error")
    )
