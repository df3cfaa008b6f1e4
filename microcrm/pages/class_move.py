"""The dialog that moves a class: which classes, where to, and whether those who come are told."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import error_summary
from microcrm.components.icons import icon
from microcrm.pages.booking_parts import offered_times, reason_field, tell_field, when_fields, which_classes, who_fields
from microcrm.pages.series_dialog import clash_list
from microcrm.state.class_move import ClassMove

LABELS = {
    "day": "Day",
    "time": "Time",
    "member_id": "With",
    "minutes": "Length",
    "scope": "Which classes",
    "reason": "Reason",
}


def class_move_dialog() -> rx.Component:
    form = ClassMove
    return dialog(
        "Move " + form.card.service,
        rx.el.form(
            error_summary(form.errors, LABELS, form="w"),
            rx.cond(form.card.attendees.length() > 0, _who_goes_along()),
            rx.cond(form.card.in_series, _scope()),
            offered_times(form.nearest, form.take),
            when_fields(form, "w", form.typed("day"), form.typed("time")),
            who_fields(form, form.card.takers, "w"),
            clash_list(form.clashes),
            rx.cond(form.asks_reason, reason_field(form.errors, "w")),
            rx.cond(
                form.card.attendees.length() > 0,
                tell_field(
                    form.letter,
                    label="Tell everybody who comes",
                    nobody="Nobody in this class has a phone or e-mail here: tell them yourself.",
                ),
            ),
            form_footer(
                button(
                    rx.cond(form.start.is_dropped, "Leave it where it was", "Keep it as it is"), on_click=form.close
                ),
                submit(rx.cond(form.clashes.length() > 0, "Move the others", "Move"), busy=form.is_saving),
            ),
            on_submit=form.save,
            class_name="form",
        ),
        open=form.is_open,
        on_close=form.close,
        description="Now: " + form.card.when,
    )


def _who_goes_along() -> rx.Component:
    return rx.el.p(
        icon("users", "s"),
        rx.el.span("Booked, and moves with it: ", rx.el.b(ClassMove.card.told)),
        class_name="class-fact",
    )


def _scope() -> rx.Component:
    card, form = ClassMove.card, ClassMove
    return rx.el.div(
        which_classes(card, card.moves_following, card.moves_all, form.errors, "w", form.typed("scope")),
        rx.el.p(
            "The others go as many days further, to the same time. What was moved by itself before stays.",
            class_name="hint",
        ),
        class_name="stack-s",
        key=card.id,
    )
