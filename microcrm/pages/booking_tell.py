"""Telling a customer of a change that has been made: asked for at the change's notice."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.dialogs import dialog
from microcrm.pages.booking_parts import letter_figure
from microcrm.state.booking_tell import Telling


def tell_dialog() -> rx.Component:
    return dialog(
        "Tell the customer",
        rx.el.div(
            letter_figure(Telling.letter),
            rx.el.div(
                button("Not now", on_click=Telling.close),
                button("Tell them", kind="primary", icon="send", on_click=Telling.send),
                class_name="form-actions",
            ),
            class_name="stack",
        ),
        open=Telling.is_open,
        on_close=Telling.close,
        description="In these words",
    )
