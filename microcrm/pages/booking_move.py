"""The form that moves a visit, for whoever does not drag."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import check_field, error_summary, minutes_field, select_field, text_field
from microcrm.pages.booking_parts import free_times, offered_times, reason_field, tell_field
from microcrm.state.booking_move import MoveForm

LABELS = {"day": "Day", "time": "Time", "minutes": "Length", "member_id": "With", "reason": "Reason"}


def move_dialog() -> rx.Component:
    form, errors = MoveForm, MoveForm.errors
    return dialog(
        "Move booking",
        rx.el.form(
            error_summary(errors, LABELS, form="m"),
            offered_times(form.nearest, form.take),
            rx.cond(form.start.others != "", _whole()),
            rx.el.div(
                _when("day", "date"),
                _when("time", "time", step=300),
                class_name="grid-2",
                key=form.start.turn.to_string(),
            ),
            rx.el.div(
                select_field(
                    "member_id", "With", errors, form.start.takers, value=form.start.member_id, form="m",
                    on_change=form.typed("member_id"),
                ),
                minutes_field("minutes", "Length", errors, value=form.start.minutes, form="m"),
                class_name="grid-2 only-one",
            ),
            free_times(form, form.start.time, form.take),
            rx.cond(form.asks_reason, reason_field(errors, "m")),
            tell_field(form.letter),
            form_footer(button("Keep it as it is", on_click=form.close), submit("Move", busy=form.is_saving)),
            on_submit=form.save,
            class_name="form move-form",
        ),
        open=form.is_open,
        on_close=form.close,
        description=form.start.title,
    )  # fmt: skip


def _whole() -> rx.Component:
    """The other services keep their people and their distance."""
    return rx.el.div(
        check_field("whole", "Move the whole visit", on_change=MoveForm.typed("whole")),
        rx.el.p(MoveForm.start.others, class_name="meta"),
    )


def _when(name: str, kind: str, **props: int) -> rx.Component:
    start = {"day": MoveForm.start.day, "time": MoveForm.start.time}[name]
    return text_field(
        name, LABELS[name], MoveForm.errors, value=start, type=kind, form="m", on_change=MoveForm.typed(name), **props
    )
