"""The card of a booking beside its block (a sheet on phones), and the dialogs to move it or call it off."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    button,
    link,
    link_button,
    menu,
    menu_trigger,
    submit,
    whatsapp_button,
)
from microcrm.components.cards import chip, hue_dot
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.fields import (
    choice_field,
    error_summary,
    minutes_field,
    select_field,
    text_field,
)
from microcrm.components.icons import icon
from microcrm.domain.permissions import Permission
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import Line, Option, TimeChoice
from microcrm.state.series_edit import SeriesEdit

STEP_ICONS = {
    "confirmed": "check",
    "arrived": "door_open",
    "started": "play",
    "finished": "circle_check",
    "no_show": "circle_slash",
    "booked": "thumbs_up",
}
_MENU = "card-menu"
MAY_BILL = Card.allowed.contains(Permission.INVOICES_EDIT.value)


def booking_card() -> rx.Component:
    return rx.fragment(rx.cond(Card.is_open, _card()), _move_dialog(), _cancel_dialog())


def _card() -> rx.Component:
    card = Card.card
    return rx.el.section(
        rx.el.header(
            hue_dot(card.hue),
            rx.el.h2(rx.cond(card.customer_href != "", link(card.customer, card.customer_href), card.customer)),
            chip(card.status, card.tone),
            rx.el.span(class_name="spring"),
            rx.cond(card.more_steps.length() > 0, _more()),
            rx.el.button(
                icon("x"), type="button", class_name="close", aria_label="Close", auto_focus=True, on_click=Card.close
            ),
        ),
        rx.el.p(card.service, class_name="muted card-service"),
        rx.el.div(
            _fact("clock", card.when, card.where),
            rx.cond(card.phone != "", _phone()),
            rx.cond(card.series.place != "", _series()),
            rx.cond(card.others != "", rx.el.p(card.others, class_name="meta")),
            rx.cond(card.note != "", rx.el.p(icon("sticky_note", "s"), card.note, class_name="card-note")),
            rx.cond(card.cancel_reason != "", rx.el.p("Reason: ", card.cancel_reason, class_name="muted")),
            rx.cond(card.steps.length() > 0, rx.el.div(rx.foreach(card.steps, _step), class_name="card-steps")),
            rx.cond(
                (card.bill_href != "") & MAY_BILL,
                link_button("Bill", card.bill_href, icon="receipt_indian_rupee"),
            ),
            _story(),
            class_name="card-body",
        ),
        rx.cond(card.may_move | card.may_cancel, _foot()),
        class_name="board-card",
        aria_label="Booking",
    )


def _fact(name: str, first: rx.Var[str], second: rx.Var[str]) -> rx.Component:
    return rx.el.div(icon(name), rx.el.p(first, rx.el.small(second, class_name="meta")), class_name="card-fact num")


def _series() -> rx.Component:
    line = Card.card.series
    return rx.el.p(
        icon("repeat"),
        rx.el.span("Visit ", line.place, rx.el.small(line.rule, class_name="meta")),
        rx.cond(line.alone != "", chip(line.alone)),
        class_name="card-fact num",
    )


def _asked(kind: str) -> rx.Var[rx.EventHandler]:
    """Of a visit of a series it is asked first which visits are meant."""
    return rx.cond(Card.card.series.place != "", SeriesEdit.begin(kind), Card.ask(kind))


def _phone() -> rx.Component:
    card = Card.card
    return rx.el.div(
        _fact("phone", card.phone, card.visits),
        rx.cond(card.whatsapp != "", whatsapp_button(card.whatsapp)),
        class_name="card-phone",
    )


def _step(step: rx.Var[Option], place: rx.Var[int]) -> rx.Component:
    """The likeliest one is tinted."""
    return rx.el.button(
        icon_of_step(step.value),
        rx.el.span(step.label),
        type="button",
        on_click=Card.step(step.value),
        class_name=rx.cond(place == 0, "btn btn-next", "btn"),
        key=step.value,
    )


def icon_of_step(status: rx.Var[str]) -> rx.Component:
    """The mark of a step, the same on the card and on Today."""
    return rx.match(status, *[(value, icon(name)) for value, name in STEP_ICONS.items()], icon("check"))


def _more() -> rx.Component:
    return menu(_MENU, menu_trigger(_MENU, "More steps"), rx.foreach(Card.card.more_steps, _more_step))


def _more_step(step: rx.Var[Option]) -> rx.Component:
    return rx.el.button(
        icon_of_step(step.value),
        rx.el.span(step.label),
        type="button",
        on_click=Card.step(step.value),
        custom_attrs={"popoverTarget": _MENU, "popoverTargetAction": "hide"},
        key=step.value,
    )


def _story() -> rx.Component:
    return rx.el.details(
        rx.el.summary("History ", rx.el.span(Card.card.number, class_name="meta")),
        rx.el.ul(rx.foreach(Card.card.history, _line)),
        class_name="card-story",
    )


def _line(line: rx.Var[Line]) -> rx.Component:
    return rx.el.li(line.what, rx.el.small(line.when, class_name="meta"))


def _foot() -> rx.Component:
    card = Card.card
    return rx.el.footer(
        rx.cond(
            card.may_move,
            rx.fragment(
                button("Move", icon="move", kind="quiet", on_click=_asked("move")),
                _shift("−15", " minutes, earlier", -15),
                _shift("+15", " minutes, later", 15),
            ),
        ),
        rx.el.span(class_name="spring"),
        rx.cond(card.may_cancel, button("Cancel", icon="calendar_x", kind="quiet", on_click=_asked("cancel"))),
    )


def _shift(label: str, more: str, minutes: int) -> rx.Component:
    return rx.el.button(
        label,
        rx.el.span(more, class_name="sr-only"),
        type="button",
        title=f"{label}{more}",
        class_name="btn btn-quiet num",
        on_click=Card.shift(minutes),
    )


def _move_dialog() -> rx.Component:
    card = Card.card
    return dialog(
        "Move booking",
        rx.el.form(
            error_summary(
                Card.errors, {"day": "Day", "time": "Time", "minutes": "Length", "member_id": "With"}, form="m"
            ),
            offered_times(Card.nearest, Card.take),
            rx.el.div(
                text_field("day", "Day", Card.errors, value=Card.day, type="date", form="m"),
                text_field("time", "Time", Card.errors, value=Card.time, type="time", step=300, form="m"),
                class_name="grid-2",
                key=Card.day + Card.time,
            ),
            select_field("member_id", "With", Card.errors, card.takers, value=card.member_id, form="m"),
            minutes_field("minutes", "Length", Card.errors, value=card.minutes, form="m"),
            rx.cond(Card.asks_reason, reason_field(Card.errors, "m")),
            form_footer(button("Keep it as it is", on_click=Card.ask("")), submit("Move", busy=Card.is_saving)),
            on_submit=Card.save_move,
            class_name="form",
        ),
        open=Card.form == "move",
        on_close=Card.ask(""),
        description=card.customer + ", " + card.when,
    )


def _cancel_dialog() -> rx.Component:
    who = [
        ("customer", "The customer, in time", "They told you early enough."),
        ("late", "The customer, late", "Too late to give the time to somebody else."),
        ("business", "We did", "Somebody is ill, or the shop is closed."),
    ]
    return dialog(
        "Cancel booking",
        rx.el.form(
            error_summary(Card.errors, {"who": "Who cancels", "reason": "Reason"}, form="c"),
            choice_field("who", "Who cancels?", Card.errors, who, value="customer"),
            text_field("reason", "Reason", Card.errors, optional=True, max_length=200, form="c"),
            form_footer(
                button("Keep booking", on_click=Card.ask("")),
                button("Cancel booking", kind="danger-solid", type="submit"),
            ),
            on_submit=Card.save_cancel,
            class_name="form",
        ),
        open=Card.form == "cancel",
        on_close=Card.ask(""),
        description=Card.card.customer + ", " + Card.card.when,
    )


def offered_times(times: rx.Var[list[TimeChoice]], take: rx.EventHandler) -> rx.Component:
    """The nearest free times, each a button that puts itself into the form."""

    def offer(choice: rx.Var[TimeChoice]) -> rx.Component:
        return rx.el.button(
            choice.label, type="button", class_name="btn", on_click=take(choice.day, choice.time), key=choice.label
        )

    return rx.cond(
        times.length() > 0,
        rx.el.div(
            rx.el.p("These times are free:", class_name="strong"),
            rx.el.div(rx.foreach(times, offer), class_name="row num"),
            class_name="stack-s offered",
            role="status",
        ),
    )


def reason_field(errors: rx.Var[dict[str, str]], form: str) -> rx.Component:
    return text_field(
        "reason",
        "Reason to book it outside hours",
        errors,
        optional=True,
        hint="Only owners, managers and the front desk can do this.",
        max_length=120,
        form=form,
    )
