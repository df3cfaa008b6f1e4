"""The dialog that moves a class: which classes, where to, and whether those who come are told."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import (
    check_field,
    choice_field,
    error_summary,
    minutes_field,
    select_field,
    text_field,
)
from microcrm.components.icons import icon
from microcrm.pages.booking_parts import letter_figure, offered_times, reason_field
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
            _fields(),
            rx.cond(form.asks_reason, reason_field(form.errors, "w")),
            rx.cond(form.card.attendees.length() > 0, _tell()),
            clash_list(form.clashes),
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
    card = ClassMove.card
    scopes = [
        ("this", "Only this class", card.when),
        ("following", "This and following", card.moves_following),
        ("all", "All still to come", card.moves_all),
    ]
    return rx.el.div(
        choice_field("scope", "Which classes?", ClassMove.errors, scopes, value="this", form="w"),
        rx.el.p(
            "The others go as many days further, to the same time. What was moved by itself before stays.",
            class_name="hint",
        ),
        class_name="stack-s",
        key=card.id,
    )


def _fields() -> rx.Component:
    form, errors, start = ClassMove, ClassMove.errors, ClassMove.start
    return rx.el.div(
        text_field("day", "Day", errors, value=start.day, type="date", form="w", on_change=form.typed("day")),
        text_field(
            "time", "Time", errors, value=start.time, type="time", step=300, form="w", on_change=form.typed("time")
        ),
        select_field("member_id", "With", errors, form.card.takers, value=start.member_id, form="w"),
        minutes_field("minutes", "Length", errors, value=start.minutes, form="w"),
        class_name="grid-2",
        key=start.turn.to_string(),
    )


def _tell() -> rx.Component:
    """Nobody is asked about who cannot be reached."""
    letter = ClassMove.letter
    return rx.cond(
        letter.reach != "",
        rx.el.div(
            check_field("tell", "Tell everybody who comes", checked=letter.is_usual),
            letter_figure(letter),
            class_name="tell",
        ),
        rx.el.p(
            icon("info", "s"),
            "Nobody in this class has a phone or e-mail here: tell them yourself.",
            class_name="meta tell-nobody",
        ),
    )
