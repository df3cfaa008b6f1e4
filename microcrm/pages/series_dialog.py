"""The dialog about a visit of a series: which visits, and then where they go or why they are off."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, submit
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import choice_field, error_summary, text_field
from microcrm.components.icons import icon
from microcrm.pages.booking_parts import offered_times, reason_field, safety_field, tell_field, when_fields, who_fields
from microcrm.state.series_dates import DateRow
from microcrm.state.series_edit import SeriesEdit

LABELS = {
    "day": "Day",
    "time": "Time",
    "member_id": "With",
    "minutes": "Length",
    "reason": "Reason",
    "safety_reason": "Reason",
    "who": "Who cancels",
}


def series_dialog() -> rx.Component:
    edit = SeriesEdit
    return dialog(
        rx.cond(edit.kind == "move", "Move visits of a series", "Cancel visits of a series"),
        rx.cond(edit.scope == "", _which(), rx.cond(edit.kind == "move", _move(), _cancel())),
        open=edit.is_open,
        on_close=edit.close,
        description=edit.card.customer + ", " + edit.card.when,
    )


def _which() -> rx.Component:
    line, is_move = SeriesEdit.card.series, SeriesEdit.kind == "move"
    return rx.el.div(
        rx.el.p("Visit ", line.place, " · ", line.rule, class_name="muted"),
        rx.el.div(
            _scope("Only this visit", SeriesEdit.card.when, SeriesEdit.only_this),
            _scope(
                "This and following",
                rx.cond(is_move, line.move_following, line.cancel_following),
                SeriesEdit.pick_scope("following"),
            ),
            _scope("All still to come", rx.cond(is_move, line.move_all, line.cancel_all), SeriesEdit.pick_scope("all")),
            class_name="scopes",
        ),
        rx.cond(is_move, rx.el.p("What was moved by itself before stays where it is.", class_name="meta")),
        class_name="stack",
    )


def _scope(label: str, count: rx.Var[str] | str, pressed: rx.EventHandler) -> rx.Component:
    return rx.el.button(
        rx.el.b(label),
        rx.el.span(count, class_name="meta num"),
        type="button",
        class_name="drawer-row",
        on_click=pressed,
    )


def _move() -> rx.Component:
    edit, card, errors = SeriesEdit, SeriesEdit.card, SeriesEdit.errors
    return rx.el.form(
        _covered(),
        error_summary(errors, LABELS, form="r"),
        offered_times(edit.nearest, edit.take),
        when_fields(edit, "r", edit.typed("day"), edit.typed("time"), label="Day of this visit"),
        rx.el.p("The others go as many days further, to the same time of day.", class_name="hint"),
        rx.cond(
            card.others != "",
            rx.el.p("All services of each visit move together.", class_name="meta"),
            who_fields(edit, card.takers, "r"),
        ),
        clash_list(edit.clashes),
        rx.cond(edit.asks_reason, reason_field(errors, "r")),
        rx.cond(edit.asks_safety, safety_field(errors, "r")),
        tell_field(SeriesEdit.letter),
        form_footer(
            button("Back", on_click=edit.pick_scope("")),
            submit(rx.cond(edit.clashes.length() > 0, "Move the others", "Move"), busy=edit.is_saving),
        ),
        on_submit=edit.save_move,
        class_name="form",
    )  # fmt: skip


def _covered() -> rx.Component:
    line, edit = SeriesEdit.card.series, SeriesEdit
    moved = rx.cond(edit.scope == "all", line.move_all, line.move_following)
    gone = rx.cond(edit.scope == "all", line.cancel_all, line.cancel_following)
    return rx.el.p(
        rx.el.b(rx.cond(edit.scope == "all", "All still to come", "This and following")),
        ": ",
        rx.cond(edit.kind == "move", moved, gone),
        class_name="num",
    )


def clash_list(clashes: rx.Var[list[DateRow]]) -> rx.Component:
    """What would run into something and therefore stays, said before anything is moved."""
    return rx.cond(
        clashes.length() > 0,
        rx.el.div(
            rx.el.p(icon("triangle_alert", "s"), "These stay where they are:", class_name="clash-note"),
            rx.el.ul(rx.foreach(clashes, _clash), class_name="dates"),
            class_name="stack-s",
            role="alert",
        ),
    )


def _clash(row: rx.Var[DateRow]) -> rx.Component:
    return rx.el.li(
        rx.el.p(row.words, class_name="num"),
        rx.el.p(row.why, class_name="date-why"),
        class_name="date is-clash",
        key=row.place.to_string(),
    )


def _cancel() -> rx.Component:
    edit, errors = SeriesEdit, SeriesEdit.errors
    who = [
        ("customer", "The customer", "They do not come any more."),
        ("business", "We did", "The time is not offered any more."),
    ]
    return rx.el.form(
        _covered(),
        error_summary(errors, LABELS, form="r"),
        choice_field("who", "Who cancels?", errors, who, value="customer", form="r"),
        text_field("reason", "Reason", errors, optional=True, max_length=200, form="r"),
        tell_field(SeriesEdit.letter),
        form_footer(
            button("Back", on_click=edit.pick_scope("")), button("Cancel them", kind="danger-solid", type="submit")
        ),
        on_submit=edit.save_cancel,
        class_name="form",
    )
