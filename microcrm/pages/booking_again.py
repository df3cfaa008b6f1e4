"""The same visit once more, some weeks later."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import error_summary
from microcrm.components.overlay.overlay import puts
from microcrm.pages.booking_parts import (
    free_times,
    offered_times,
    reason_field,
    safety_field,
    tell_field,
    to_fill_note,
    unsafe_note,
    when_fields,
)
from microcrm.state.booking_again import AgainForm, WeekChoice


def again_dialog() -> rx.Component:
    form, errors = AgainForm, AgainForm.errors
    return dialog(
        "Book again",
        rx.el.form(
            error_summary(errors, {"day": "Day", "time": "Time", "reason": "Reason", "safety_reason": "Reason"}, form="a"),
            rx.el.p(form.start.what),
            offered_times(form.nearest, form.take),
            rx.el.div(
                rx.foreach(form.start.weeks, _week), class_name="time-chips week-chips num", role="group", aria_label="Weeks later"
            ),
            when_fields(form, "a", form.type_day.debounce(400)),
            unsafe_note(form),
            to_fill_note(form),
            free_times(form, form.start.time, form.take),
            rx.cond(form.asks_reason, reason_field(errors, "a")),
            rx.cond(form.asks_safety, safety_field(errors, "a")),
            tell_field(form.letter),
            form_footer(button("Not now", on_click=form.close), submit("Book", busy=form.is_saving)),
            on_submit=form.save,
            class_name="form",
        ),
        open=form.is_open,
        on_close=form.close,
        description=form.start.title,
    )  # fmt: skip


def _week(one: rx.Var[WeekChoice]) -> rx.Component:
    return rx.el.button(
        one.label,
        type="button",
        class_name="time-chip",
        aria_pressed=rx.cond(one.day == AgainForm.start.day, "true", "false"),
        on_click=AgainForm.take(one.day, ""),
        key=one.weeks,
        **puts(one.day),
    )
