"""The panel that puts a class into the calendar."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, link_button, segmented, submit
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import blank
from microcrm.components.fields import area_field, error_summary, minutes_field, select_field, text_field
from microcrm.pages.booking_parts import offered_times, reason_field
from microcrm.pages.series_fields import LABELS as REPEAT_LABELS
from microcrm.pages.series_fields import repeat_dates, repeat_fields, save_words
from microcrm.state.class_new import NewClass

LABELS = {
    "service_id": "Class",
    "member_id": "With",
    "day": "Day",
    "time": "Time",
    "seats": "Seats",
    "minutes": "Length",
    **REPEAT_LABELS,
    "skip": "Dates",
    "reason": "Reason",
}


def what_is_new(chosen: str, other: rx.EventHandler) -> rx.Component:
    """On top of both forms: a visit of one customer, or a class of several. ``other`` opens the other form."""

    def pressed(kind: str) -> Any:
        return rx.noop() if kind == chosen else other()

    return segmented("What", [("visit", "Visit"), ("class", "Class")], rx.Var.create(chosen), pressed)


def new_class() -> rx.Component:
    return panel(
        "New class",
        rx.cond(NewClass.services.length() > 0, _form(), _no_classes()),
        open=NewClass.is_open,
        on_close=NewClass.close,
    )


def _form() -> rx.Component:
    new, start, errors = NewClass, NewClass.start, NewClass.errors
    return rx.el.form(
        what_is_new("class", new.as_visit),
        error_summary(errors, LABELS, form="n"),
        offered_times(new.nearest, new.take),
        select_field(
            "service_id",
            "Class",
            errors,
            new.services,
            value=start.service_id,
            blank="Choose a class",
            form="n",
            on_change=new.pick_service,
        ),
        rx.el.div(
            select_field("member_id", "With", errors, new.takers, value=start.member_id, blank="Choose who", form="n"),
            text_field("seats", "Seats", errors, value=start.seats, input_mode="numeric", max_length=3, form="n"),
            class_name="grid-2",
            key=start.service_id,
        ),
        rx.el.div(
            text_field("day", "Day", errors, value=start.day, type="date", form="n"),
            text_field("time", "Time", errors, value=start.time, type="time", step=300, form="n"),
            class_name="grid-2",
            key=start.day + start.time,
        ),
        repeat_fields("n"),
        repeat_dates(),
        minutes_field(
            "minutes",
            "Length",
            errors,
            optional=True,
            hint="Leave it empty for as long as the service takes.",
            form="n",
        ),
        rx.cond(new.asks_reason, reason_field(errors, "n")),
        area_field("note", "Note", errors, optional=True, form="n", max_length=500, rows=2),
        form_footer(
            button("Cancel", on_click=new.close),
            submit(save_words("Schedule", "class", "classes"), busy=new.is_saving),
        ),
        on_submit=new.save,
        class_name="form",
        no_validate=True,
    )


def _no_classes() -> rx.Component:
    return blank(
        "users",
        "No service is given as a class yet",
        "Give a service two seats or more, and say who gives it.",
        link_button("Services", "/settings/services", kind="primary"),
    )
