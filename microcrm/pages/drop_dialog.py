"""What is asked when a visit that belongs to others was dragged: which of them go with it."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.dialogs import dialog
from microcrm.state.drop_ask import Choice, DropAsk


def drop_dialog() -> rx.Component:
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
