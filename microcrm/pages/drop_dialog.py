"""What is asked when a visit that belongs to others was dragged: which of them go with it."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.pages.booking_parts import safety_field
from microcrm.state.drop_ask import Choice, DropAsk


def drop_dialog() -> rx.Component:
    return rx.fragment(_which(), _unsafe())


def _unsafe() -> rx.Component:
    """The reason is kept with the visit, and the log says who."""
    ask = DropAsk
    return dialog(
        "Not safe on that day",
        rx.el.form(
            rx.el.p("To ", rx.el.b(ask.to, class_name="num")),
            safety_field(ask.errors, "d", optional=False),
            form_footer(button("Leave it where it was", on_click=ask.close), submit("Move anyway")),
            on_submit=ask.move_anyway,
            class_name="form",
            no_validate=True,
        ),
        open=ask.unsafe != "",
        on_close=ask.close,
        description=ask.unsafe,
    )


def _which() -> rx.Component:
    ask = DropAsk
    return dialog(
        "What moves?",
        rx.el.div(
            rx.el.p("To ", rx.el.b(ask.to, class_name="num")),
            rx.el.div(rx.foreach(ask.choices, _choice), class_name="scopes"),
            rx.el.div(button("Leave it where it was", on_click=ask.close), class_name="form-actions"),
            class_name="stack",
        ),
        open=ask.is_open,
        on_close=ask.close,
        description=ask.card.customer + ", " + ask.card.when,
    )


def _choice(one: rx.Var[Choice]) -> rx.Component:
    return rx.el.button(
        rx.el.b(one.label),
        rx.el.span(one.covers, class_name="meta num"),
        type="button",
        class_name="drawer-row",
        on_click=DropAsk.choose(one.value),
        key=one.value,
    )
