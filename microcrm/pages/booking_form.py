"""The panel of a new booking: who, what, with whom, when."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, icon_button, segmented, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import area_field, error_summary, minutes_field, select_field, text_field
from microcrm.components.who import known_customer, new_customer
from microcrm.domain.permissions import Permission
from microcrm.operations.notices import AS_USUAL
from microcrm.operations.parts.booking_plan import MOST_SERVICES, place
from microcrm.pages.booking_parts import (
    free_times,
    offered_times,
    reason_field,
    safety_field,
    tell_field,
    tell_new_field,
    to_fill_note,
    unsafe_note,
)
from microcrm.pages.class_form import what_is_new
from microcrm.pages.series_fields import LABELS as REPEAT_LABELS
from microcrm.pages.series_fields import repeat_dates, repeat_fields, save_words
from microcrm.state.booking_new import NewBooking
from microcrm.state.booking_new_times import NewTimes
from microcrm.state.class_new import NewClass
from microcrm.state.series_new import NewSeries
from microcrm.state.series_repeat import Repeats

LABELS = {
    "customer_id": "Customer",
    "name": "Name",
    "phone": "Mobile number",
    **{place("service_id", n): f"Service {n + 1}" if n else "Service" for n in range(MOST_SERVICES)},
    **{place("member_id", n): f"With {n + 1}" if n else "With" for n in range(MOST_SERVICES)},
    "day": "Day",
    "time": "Time",
    "minutes": "Length",
    **REPEAT_LABELS,
    "skip": "Dates",
    "reason": "Reason",
    "safety_reason": "Reason",
}
MAY_ADD = NewBooking.allowed.contains(Permission.CUSTOMERS_EDIT.value)


def new_booking() -> rx.Component:
    return panel("New booking", _form(), open=NewBooking.is_open, on_close=NewBooking.close)


def _form() -> rx.Component:
    wanted = NewBooking.wanted
    errors = NewBooking.errors
    return rx.el.form(
        rx.cond(wanted.has_classes, what_is_new("visit", NewClass.instead_of_visit)),
        error_summary(errors, LABELS, form="b"),
        offered_times(NewBooking.nearest, NewBooking.take),
        _who(),
        _services(),
        rx.el.div(
            text_field(
                "day", "Day", errors, value=wanted.day, type="date", form="b", on_change=NewTimes.typed("day")
            ),
            text_field(
                "time", "Time", errors, value=wanted.time, type="time", step=300, form="b",
                on_change=NewTimes.typed("time"),
            ),
            class_name="grid-2",
            key=wanted.turn.to_string(),
        ),
        unsafe_note(NewTimes),
        to_fill_note(NewTimes),
        free_times(NewTimes, wanted.time, NewBooking.take),
        repeat_fields("b"),
        repeat_dates(),
        rx.cond(
            NewBooking.lines.length() < 2,
            minutes_field(
                "minutes",
                "Length",
                errors,
                value=wanted.minutes,
                optional=True,
                hint="Leave it empty for as long as the service takes.",
                form="b",
            ),
        ),
        rx.cond(NewBooking.asks_reason, reason_field(errors, "b")),
        rx.cond(NewBooking.asks_safety, safety_field(errors, "b")),
        area_field("note", "Note", errors, optional=True, form="b", max_length=4000, rows=2),
        _tell(),
        form_footer(
            button("Cancel", on_click=NewBooking.close),
            submit(save_words("Book", "visit", "visits"), busy=NewBooking.is_saving | NewSeries.is_saving),
        ),
        on_submit=_save,
        class_name="form",
    )  # fmt: skip


def _tell() -> rx.Component:
    """Nobody is told of a walk-in. Of anybody else the letter is shown once it is known who comes, for what and when."""
    early = rx.el.input(type="hidden", name="tell", value=AS_USUAL)
    shown = rx.cond(NewBooking.who == "new", tell_new_field(NewTimes.letter), tell_field(NewTimes.letter))
    is_known = (NewBooking.who == "new") | (NewTimes.customer_id != "")
    asked = rx.cond(is_known & (NewTimes.letter.text != ""), shown, early)
    return rx.cond(NewBooking.who == "walk_in", rx.fragment(), asked)


def _save(form: rx.Var[dict[str, Any]]) -> rx.Var[Any]:
    return rx.cond(Repeats.every == "", NewBooking.save(form), NewSeries.save(form))


def _services() -> rx.Component:
    """One after the other, each with whoever does it."""
    return rx.el.div(
        *[rx.cond(NewBooking.lines.length() > n, _service_line(n)) for n in range(MOST_SERVICES)],
        rx.el.div(
            rx.cond(
                NewBooking.lines.length() < MOST_SERVICES,
                text_button("Add another service", on_click=NewBooking.add_line),
            ),
            rx.el.span(class_name="spring"),
            rx.cond(NewBooking.total != "", rx.el.span(NewBooking.total, class_name="strong num", role="status")),
            class_name="row",
        ),
        class_name="visit-lines",
    )


def _service_line(number: int) -> rx.Component:
    line = NewBooking.lines[number]
    errors, service, member = NewBooking.errors, place("service_id", number), place("member_id", number)
    drop = icon_button("x", f"Remove service {number + 1}", kind="quiet", on_click=NewBooking.drop_line(number))
    return rx.el.div(
        select_field(
            service,
            LABELS[service],
            errors,
            NewBooking.services,
            value=line.service_id,
            blank="Choose a service",
            form="b",
            on_change=NewBooking.pick_service(number),
        ),
        rx.cond(NewBooking.lines.length() > 1, drop),
        rx.el.div(
            select_field(
                member,
                LABELS[member],
                errors,
                line.takers,
                value=line.member_id,
                blank="Anybody who is free",
                form="b",
                on_change=NewBooking.pick_member(number),
            ),
            key=line.service_id,
            class_name="visit-line-with",
        ),
        class_name="visit-line",
        key=line.key,
    )


def _who() -> rx.Component:
    known, new, walk_in = ("known", "Customer"), ("new", "New customer"), ("walk_in", "Walk-in")
    return rx.el.div(
        rx.cond(
            MAY_ADD,
            segmented("Who comes", [known, new, walk_in], NewBooking.who, NewBooking.pick_who),
            segmented("Who comes", [known, walk_in], NewBooking.who, NewBooking.pick_who),
        ),
        rx.match(
            NewBooking.who,
            ("new", new_customer(NewBooking.errors, NewBooking.offers_family, form="b")),
            ("walk_in", rx.el.p("Booked without a name.", class_name="muted")),
            _known(),
        ),
        class_name="stack-s",
    )


def _known() -> rx.Component:
    new = NewBooking
    chosen = new.wanted.customer_id
    return known_customer(
        new.words, new.people, new.find, new.errors, form="b", chosen=chosen, auto_focus=True,
        on_choose=NewTimes.typed("customer_id"),
    )  # fmt: skip
