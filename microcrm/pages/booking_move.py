"""The form that moves a visit, for whoever does not drag."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import alert
from microcrm.components.fields import check_field, error_summary
from microcrm.pages.booking_parts import (
    free_times,
    offered_times,
    reason_field,
    safety_field,
    tell_field,
    to_fill_note,
    when_fields,
    who_fields,
)
from microcrm.state.booking_move import MoveForm

LABELS = {
    "day": "Day",
    "time": "Time",
    "minutes": "Length",
    "member_id": "With",
    "reason": "Reason",
    "safety_reason": "Reason",
}


def move_dialog() -> rx.Component:
    form, errors = MoveForm, MoveForm.errors
    return dialog(
        "Move booking",
        rx.el.form(
            error_summary(errors, LABELS, form="m"),
            offered_times(form.nearest, form.take),
            rx.cond(form.start.others != "", _whole()),
            when_fields(form, "m", form.typed("day"), form.typed("time")),
            who_fields(form, form.start.takers, "m", class_name="grid-2 only-one"),
            rx.cond(form.unsafe != "", alert("warn", "Not safe as it stands", form.unsafe)),
            to_fill_note(form),
            free_times(form, form.start.time, form.take),
            rx.cond(form.asks_reason, reason_field(errors, "m")),
            rx.cond(form.asks_safety, safety_field(errors, "m")),
            tell_field(form.letter),
            form_footer(button("Keep it as it is", on_click=form.close), submit("Move", busy=form.is_saving)),
            on_submit=form.save,
            class_name="form move-form",
        ),
        open=form.is_open,
        on_close=form.close,
        description=form.start.title,
    )


def _whole() -> rx.Component:
    """The other services keep their people and their distance."""
    return rx.el.div(
        check_field("whole", "Move the whole visit", on_change=MoveForm.typed("whole")),
        rx.el.p(MoveForm.start.others, class_name="meta"),
    )
