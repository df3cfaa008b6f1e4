"""What is asked before a visit starts that has no form yet, or something speaks against."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import text_field
from microcrm.pages.booking_parts import sealed_beside
from microcrm.state.start_ask import StartAsk


def start_dialog() -> rx.Component:
    """The reason is kept with the visit, and the log says who."""
    return dialog(
        "Not ready to start",
        rx.el.form(
            sealed_beside(StartAsk),
            text_field("reason", "Why it can start all the same", StartAsk.errors, max_length=120, form="s"),
            form_footer(button("Do not start", on_click=StartAsk.leave), submit("Start anyway")),
            on_submit=StartAsk.anyway,
            class_name="form",
            no_validate=True,
        ),
        open=StartAsk.missing != "",
        on_close=StartAsk.leave,
        description=StartAsk.missing,
    )
