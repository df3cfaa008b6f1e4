"""The card of a booking beside its block (a sheet on phones)."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.buttons import (
    button,
    link,
    link_button,
    menu,
    menu_item,
    menu_trigger,
    text_button,
    whatsapp_button,
)
from microcrm.components.cards import chip, hue_dot
from microcrm.components.dialogs import confirm
from microcrm.components.feedback import alert
from microcrm.components.icons import icon, icon_of
from microcrm.components.reveal.reveal import reveal
from microcrm.domain.booking import BookingStatus
from microcrm.domain.message_words import ICONS
from microcrm.domain.permissions import Permission
from microcrm.domain.reveals import Contact
from microcrm.pages.booking_again import again_dialog
from microcrm.pages.booking_cancel import cancel_dialog, decline_dialog, missed_dialog, waive_dialog
from microcrm.pages.booking_move import move_dialog
from microcrm.pages.booking_parts import icon_of_step
from microcrm.pages.booking_tell import tell_dialog
from microcrm.pages.customer_reveals import MAY_REVEAL
from microcrm.pages.requests import unsafe_request_dialog
from microcrm.pages.start_dialog import start_dialog
from microcrm.state.booking_again import AgainForm
from microcrm.state.booking_cancel import CancelForm
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import FormLine, Line, MessageLine, Option
from microcrm.state.booking_deposit import DepositForm
from microcrm.state.booking_fee import FeeForm
from microcrm.state.booking_move import MoveForm
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.series_edit import SeriesEdit

_MENU = "card-menu"
MAY_BILL = Card.allowed.contains(Permission.INVOICES_EDIT.value)


def booking_card() -> rx.Component:
    """With its dialogs, which the lists beside the calendar open as well."""
    return rx.fragment(
        rx.cond(Card.is_open, _card()),
        move_dialog(),
        cancel_dialog(),
        decline_dialog(),
        unsafe_request_dialog(),
        missed_dialog(),
        waive_dialog(),
        deposit_dialog(),
        start_dialog(),
        again_dialog(),
        tell_dialog(),
    )


def _card() -> rx.Component:
    card = Card.card
    return rx.el.section(
        rx.el.header(
            hue_dot(card.hue),
            rx.el.h2(rx.cond(card.customer_href != "", link(card.customer, card.customer_href), card.customer)),
            chip(card.status, card.tone),
            rx.el.span(class_name="spring"),
            rx.cond((card.more_steps.length() > 0) | (card.rebook == "menu"), _more()),
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
            rx.cond(card.kept != "", rx.el.p(icon("hourglass", "s"), card.kept, class_name="card-note")),
            rx.foreach(card.forms, _needed),
            rx.cond(card.fee != "", _fee()),
            rx.cond(card.deposit.line != "", _deposit()),
            rx.cond(card.steps.length() > 0, rx.el.div(rx.foreach(card.steps, _step), class_name="card-steps")),
            _after(),
            rx.cond(card.messages.length() > 0, _messages()),
            _story(),
            class_name="card-body",
        ),
        rx.cond(card.may_move | card.may_cancel, _foot()),
        class_name="board-card",
        aria_label="Booking",
    )


def _fact(name: str, first: rx.Var[str] | rx.Component, second: rx.Var[str]) -> rx.Component:
    return rx.el.div(icon(name), rx.el.p(first, rx.el.small(second, class_name="meta")), class_name="card-fact num")


def _series() -> rx.Component:
    line = Card.card.series
    return rx.el.p(
        icon("repeat"),
        rx.el.span("Visit ", line.place, rx.el.small(line.rule, class_name="meta")),
        rx.cond(line.alone != "", chip(line.alone)),
        class_name="card-fact num",
    )


def _asked(kind: str, single: Any) -> rx.Var[rx.EventHandler]:
    """Of a visit of a series it is asked first which visits are meant."""
    return rx.cond(Card.card.series.place != "", SeriesEdit.begin(kind), single)


def _phone() -> rx.Component:
    card = Card.card
    return rx.el.div(
        _fact(
            "phone", rx.cond(MAY_REVEAL, reveal(Contact.PHONE, card.customer_id, card.phone), card.phone), card.visits
        ),
        rx.cond(card.whatsapp != "", whatsapp_button(card.whatsapp)),
        class_name="card-phone",
    )


def _fee() -> rx.Component:
    """What cancelling late or not coming costs, and the way to let it go."""
    change = rx.cond(
        Card.card.is_waived,
        text_button("Ask for it after all", on_click=FeeForm.restore),
        text_button("Waive it", on_click=FeeForm.waive),
    )
    return rx.el.p(icon("receipt_indian_rupee", "s"), rx.el.span(Card.card.fee, " ", rx.cond(Card.card.may_waive, change)),
                   class_name="card-note num")  # fmt: skip


def _deposit() -> rx.Component:
    """What was paid ahead, what became of it, and what has to be done."""
    line = Card.card.deposit
    return rx.fragment(
        rx.el.p(icon("indian_rupee", "s"), line.line, class_name="card-note num"),
        rx.cond(line.mark != "", rx.el.p(chip(line.mark, "warn"))),
        rx.cond(line.alert != "", alert("warn", "This deposit needs a look", line.alert)),
        rx.cond(
            line.may_give_back | line.may_leave,
            rx.el.div(
                rx.cond(line.may_give_back, text_button("Give the deposit back", on_click=DepositForm.ask(True))),
                rx.cond(line.may_leave, text_button("Leave it so", on_click=DepositForm.leave_it)),
                class_name="row",
            ),
        ),
    )


def deposit_dialog() -> rx.Component:
    return confirm(
        "Give the deposit back?",
        "All of it that no bill has used goes back the way it came, within some days. The visit stays as it is.",
        open=DepositForm.is_asking,
        on_close=DepositForm.ask(False),
        on_confirm=DepositForm.give_back,
        action="Give it back",
    )


def _needed(form: rx.Var[FormLine]) -> rx.Component:
    """Whether what has to be filled in before it starts is there."""
    card = Card.card
    fill = rx.cond(card.customer_href != "", link("Forms", RECORDS + "?id=" + card.customer_id))
    said = rx.el.span(form.words, " ", rx.cond(form.is_good, rx.fragment(), fill))
    return rx.el.p(
        icon("clipboard_list", "s"),
        said,
        class_name=rx.cond(form.is_good, "card-note num", "card-note card-missing num"),
        key=form.words,
    )


def _after() -> rx.Component:
    card = Card.card
    may_bill = (card.bill_href != "") & MAY_BILL
    return rx.cond(
        may_bill | (card.rebook == "button"),
        rx.el.div(
            rx.cond(may_bill, link_button("Bill", card.bill_href, icon="receipt_indian_rupee")),
            rx.cond(card.rebook == "button", button("Book again", icon="calendar_plus", on_click=AgainForm.begin)),
            class_name="card-steps",
        ),
    )


def _pressed(status: rx.Var[str]) -> rx.Var[rx.EventHandler]:
    """Not coming may cost something, which is asked about first."""
    return rx.cond(status == BookingStatus.NO_SHOW.value, FeeForm.miss(Card.card.booking_id), Card.step(status))


def _step(step: rx.Var[Option], place: rx.Var[int]) -> rx.Component:
    """The likeliest one is tinted."""
    return rx.el.button(
        icon_of_step(step.value),
        rx.el.span(step.label),
        type="button",
        on_click=_pressed(step.value),
        class_name=rx.cond(place == 0, "btn btn-next", "btn"),
        key=step.value,
    )


def _more() -> rx.Component:
    again = menu_item(_MENU, "Book again", icon="calendar_plus", on_click=AgainForm.begin)
    steps = rx.foreach(Card.card.more_steps, _more_step)
    return menu(_MENU, menu_trigger(_MENU, "More steps"), steps, rx.cond(Card.card.rebook == "menu", again))


def _more_step(step: rx.Var[Option]) -> rx.Component:
    return rx.el.button(
        icon_of_step(step.value),
        rx.el.span(step.label),
        type="button",
        on_click=_pressed(step.value),
        custom_attrs={"popoverTarget": _MENU, "popoverTargetAction": "hide"},
        key=step.value,
    )


def _messages() -> rx.Component:
    """What the customer was and will be told, with its ticks."""
    return rx.el.details(
        rx.el.summary("Messages"),
        rx.el.ul(rx.foreach(Card.card.messages, _message)),
        class_name="card-story",
        open=Card.card.has_bad_message,
    )


def _message(line: rx.Var[MessageLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(icon_of(line.icon, ICONS, "xs"), line.what, class_name="row"),
        rx.el.small(line.when, class_name="meta"),
        key=line.key,
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
                button("Move", icon="move", kind="quiet", on_click=_asked("move", MoveForm.begin)),
                _shift("−15", " minutes, earlier", -15),
                _shift("+15", " minutes, later", 15),
            ),
        ),
        rx.el.span(class_name="spring"),
        rx.cond(
            card.may_cancel,
            rx.cond(
                card.is_request,
                _end("Decline", _ending("decline")),
                _end("Cancel", _asked("cancel", _ending("cancel"))),
            ),
        ),
    )


def _ending(form: str) -> Any:
    return CancelForm.begin(form, Card.card.booking_id)


def _end(label: str, pressed: Any) -> rx.Component:
    return button(label, icon="calendar_x", kind="quiet", on_click=pressed)


def _shift(label: str, more: str, minutes: int) -> rx.Component:
    return rx.el.button(
        label,
        rx.el.span(more, class_name="sr-only"),
        type="button",
        title=f"{label}{more}",
        class_name="btn btn-quiet num",
        on_click=Card.shift(minutes),
    )
