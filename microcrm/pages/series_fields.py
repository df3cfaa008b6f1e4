"""How a new visit or class comes again: the fields in its form, and the dates with what clashes."""

from __future__ import annotations

import reflex as rx

from microcrm.components.fields import field_error, select_field, text_field
from microcrm.components.icons import icon
from microcrm.domain.formatting import WEEKDAY_NAMES, WEEKDAYS
from microcrm.state.booking_card_view import TimeChoice
from microcrm.state.series_dates import DateRow
from microcrm.state.series_repeat import DATES, Repeats

LABELS = {
    "every": "Repeat",
    "interval": "Every how many",
    "weekdays": "Weekdays",
    "count": "Times",
    "until": "Last day",
}
_CHOICES = [
    ("", "Does not repeat"),
    ("day", "Daily"),
    ("week", "Weekly"),
    ("month", "Monthly, on the same date"),
    ("month_weekday", "Monthly, on the same weekday"),
]


def repeat_fields(form: str) -> rx.Component:
    errors = Repeats.errors
    return rx.el.div(
        select_field("every", "Repeat", errors, _CHOICES, value=Repeats.every, form=form, on_change=Repeats.pick_every),
        rx.cond(
            Repeats.every != "",
            rx.el.div(
                rx.el.div(_interval(form), _ends(form), class_name="grid-2"),
                rx.cond(Repeats.every == "week", _weekdays(form)),
                class_name="repeat-more",
            ),
        ),
        class_name="stack-s",
    )


def _interval(form: str) -> rx.Component:
    return rx.el.div(
        text_field(
            "interval",
            rx.match(
                Repeats.every, ("day", "Every how many days"), ("week", "Every how many weeks"), "Every how many months"
            ),
            Repeats.errors,
            value="1",
            input_mode="numeric",
            max_length=2,
            form=form,
            on_change=Repeats.changed,
        ),
        key=Repeats.every,
    )


def _ends(form: str) -> rx.Component:
    """After so many times, or on a day."""
    errors = Repeats.errors
    how = select_field(
        "ends",
        "Ends",
        errors,
        [("count", "After"), ("until", "On")],
        value=Repeats.ends,
        form=form,
        on_change=Repeats.pick_ends,
    )
    end = rx.cond(
        Repeats.ends == "until",
        text_field("until", "Last day", errors, type="date", form=form, on_change=Repeats.changed),
        text_field(
            "count",
            "Times",
            errors,
            value="10",
            input_mode="numeric",
            max_length=3,
            form=form,
            on_change=Repeats.changed,
        ),
    )
    return rx.fragment(how, end)


def _weekdays(form: str) -> rx.Component:
    ticks = [
        rx.el.label(
            rx.el.input(type="checkbox", name=f"weekday_{n}", on_change=Repeats.changed),
            rx.el.span(short, aria_hidden="true"),
            rx.el.span(WEEKDAY_NAMES[n], class_name="sr-only"),
        )
        for n, short in enumerate(WEEKDAYS)
    ]
    return rx.el.fieldset(
        rx.el.legend("On"),
        rx.el.div(*ticks, class_name="repeat-days"),
        rx.el.p("None ticked: the weekday of the first day.", class_name="hint"),
        field_error("weekdays", Repeats.errors, form=form),
        class_name="plain-set",
        id=f"{form}-weekdays",
        tab_index=-1,
    )


def repeat_dates() -> rx.Component:
    """Empty until the dates have been looked at."""
    return rx.cond(
        Repeats.rows.length() > 0,
        rx.el.section(
            rx.el.h3("Dates: ", Repeats.rule, id=DATES, tab_index=-1),
            rx.cond(
                Repeats.clashes > 0,
                rx.el.p(
                    icon("triangle_alert", "s"),
                    "What is marked cannot be had and is left out, unless you choose another time for it.",
                    class_name="clash-note",
                ),
                rx.el.p("All of these times are free.", class_name="muted"),
            ),
            rx.el.ul(rx.foreach(Repeats.rows, _date), class_name="dates"),
            class_name="stack-s",
            aria_label="Dates",
        ),
    )


def _date(row: rx.Var[DateRow]) -> rx.Component:
    def other(choice: rx.Var[TimeChoice]) -> rx.Component:
        return rx.el.button(
            choice.label,
            rx.el.span(" instead of ", row.words, class_name="sr-only"),
            type="button",
            class_name="btn",
            on_click=Repeats.use(row.place, choice.day, choice.time),
            key=choice.day + choice.time,
        )

    return rx.el.li(
        rx.el.label(
            rx.el.input(
                type="checkbox",
                checked=row.is_kept,
                disabled=row.why != "",
                on_change=Repeats.toggle(row.place),
            ),
            rx.el.span(row.words, class_name=rx.cond(row.is_kept, "num", "num date-out")),
            rx.cond(row.is_other, rx.el.span("Another time", class_name="chip chip-info")),
        ),
        rx.cond(
            row.why != "",
            rx.el.div(
                rx.el.p(row.why, class_name="date-why"),
                rx.el.div(rx.foreach(row.nearest, other), class_name="row num"),
                class_name="stack-s",
            ),
        ),
        class_name=rx.cond(row.why != "", "date is-clash", "date"),
        key=row.place.to_string(),
    )


def save_words(once: str, one: str, many: str) -> rx.Var[str]:
    """What the form's button says: once, look at the dates, or so many of them."""
    count = Repeats.kept.to_string()
    all_of_them = rx.cond(Repeats.kept == 1, f"{once} 1 {one}", rx.Var.create(f"{once} ") + count + f" {many}")
    looked = rx.cond(Repeats.kept > 0, all_of_them, rx.cond(Repeats.rows.length() > 0, "Keep a date", "See the dates"))
    return rx.cond(Repeats.every == "", once, looked)
