"""The panel that gives a time to somebody who waits, and the line that asks for a tap on the calendar."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import button, submit, text_button
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import check_field, error_summary, select_field, text_field
from microcrm.components.icons import icon
from microcrm.pages.booking_parts import offered_times, reason_field
from microcrm.state.place_panel import PlacePanel

LABELS = {"day": "Day", "time": "Time", "member_id": "With", "reason": "Reason"}


def place_panel() -> rx.Component:
    is_ticket = PlacePanel.subject.kind == "ticket"
    return panel(
        rx.cond(is_ticket, "Book a later time", "Offer a time"),
        rx.cond(
            is_ticket, _form(_later(), "Book", PlacePanel.save_ticket), _form(_offered(), "Save", PlacePanel.save_wish)
        ),
        open=PlacePanel.is_open,
        on_close=PlacePanel.close,
    )


def _form(words: rx.Component, verb: str, on_submit: rx.EventHandler) -> rx.Component:
    place, errors = PlacePanel, PlacePanel.errors
    return rx.el.form(
        error_summary(errors, LABELS, form="o"),
        offered_times(place.nearest, place.take),
        rx.el.p(rx.el.b(place.subject.name), " · ", place.subject.service),
        rx.cond(
            place.subject.wishes.length() > 0, rx.el.ol(rx.foreach(place.subject.wishes, wish_words), class_name="meta")
        ),
        rx.el.div(
            text_field("day", "Day", errors, value=place.day, type="date", form="o"),
            text_field("time", "Time", errors, value=place.time, type="time", step=300, form="o"),
            class_name="grid-2",
            key=place.day + place.time,
        ),
        select_field(
            "member_id", "With", errors, place.members, value=place.subject.member_id, blank="Choose who", form="o"
        ),
        rx.cond(place.asks_reason, reason_field(errors, "o")),
        words,
        form_footer(button("Cancel", on_click=place.close), submit(verb, busy=place.is_saving)),
        on_submit=on_submit,
        class_name="form",
        key=place.subject.id,
    )


def _offered() -> rx.Component:
    return check_field(
        "is_agreed",
        "They have said yes: book it now",
        hint="Otherwise the time is kept for them and they are asked.",
    )


def _later() -> rx.Component:
    return rx.el.p("The number leaves the queue, and the visit stands in the calendar.", class_name="muted")


def wish_words(words: rx.Var[str]) -> rx.Component:
    """One time that would suit."""
    return rx.el.li(words, key=words)


def place_asked() -> rx.Component:
    """Above the calendar, while it waits for a tap."""
    subject = PlacePanel.subject
    return rx.cond(
        PlacePanel.is_choosing,
        rx.el.div(
            icon("pointer"),
            rx.el.span("Press a free place for ", rx.el.b(subject.name), ", ", subject.service, "."),
            text_button("Type the time instead", on_click=PlacePanel.put(subject.day, "", "")),
            text_button("Stop", on_click=PlacePanel.stop),
            class_name="place-asked",
            role="status",
        ),
    )


def place_button(
    words: str, begin: rx.event.EventSpec, choose: rx.event.EventSpec, can_choose: rx.Var[bool] | None, **look: Any
) -> rx.Component:
    """Beside a board (``can_choose``) the place is pressed there; on phones and everywhere else it is typed."""
    typed = button(words, on_click=begin, **look)
    if can_choose is None:
        return typed
    on_board = button(words, on_click=choose, class_name="wide-only", **look)
    on_phone = button(words, on_click=begin, class_name="phone-only", **look)
    return rx.cond(can_choose, rx.fragment(on_board, on_phone), typed)
