"""The panel of one class: facts, who comes with each one's next step, adding somebody, moving it and calling it off."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    anchor,
    button,
    link,
    link_button,
    menu,
    menu_item,
    menu_trigger,
    segmented,
    submit,
)
from microcrm.components.cards import chip, hue_chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import alert, blank
from microcrm.components.fields import (
    area_field,
    check_field,
    choice_field,
    error_summary,
    text_field,
)
from microcrm.components.icons import icon, whatsapp_icon
from microcrm.components.who import known_customer, new_customer
from microcrm.domain.permissions import Permission
from microcrm.pages.booking_parts import (
    icon_of_step,
    safety_field,
    tell_field,
    tell_new_field,
    to_fill_note,
    unsafe_note,
    which_classes,
)
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import Option
from microcrm.state.class_guest import ClassGuest
from microcrm.state.class_move import ClassMove
from microcrm.state.class_panel import ClassPanel
from microcrm.state.class_view import AttendeeRow

MAY_ADD = ClassGuest.allowed.contains(Permission.CUSTOMERS_EDIT.value)
LABELS = {
    "customer_id": "Customer",
    "name": "Name",
    "phone": "Mobile number",
    "seats": "Seats",
    "day": "Day",
    "reason": "Reason",
    "safety_reason": "Reason",
}


def class_panel() -> rx.Component:
    card = ClassPanel.card
    return panel(
        rx.match(
            ClassPanel.form,
            ("add", "Add to " + card.service),
            ("change", "Change " + card.service),
            ("cancel", "Cancel " + card.service),
            ("leave", "Cancel a place in " + card.service),
            card.service,
        ),
        rx.match(
            ClassPanel.form,
            ("add", _add()),
            ("change", _change()),
            ("cancel", _cancel()),
            ("leave", _leave()),
            _class(),
        ),
        open=ClassPanel.is_open,
        on_close=ClassPanel.close,
        description=card.when,
    )


def _class() -> rx.Component:
    card = ClassPanel.card
    return rx.el.div(
        rx.cond(card.off != "", alert("warn", card.off)),
        _facts(),
        rx.cond(card.note != "", rx.el.p(icon("sticky_note", "s"), card.note, class_name="card-note")),
        rx.el.div(
            rx.el.h3("Who comes"),
            rx.el.span(class_name="spring"),
            rx.cond(
                card.may_change & ~card.is_full,
                button("Add somebody", icon="user_plus", kind="next", on_click=ClassGuest.begin),
            ),
            class_name="row",
        ),
        rx.cond(card.may_change & card.is_full, _full()),
        rx.cond(
            card.attendees.length() > 0,
            rx.el.ul(rx.foreach(card.attendees, _attendee), class_name="attendees"),
            blank("users", "Nobody has booked yet", "Customers find this class on your booking page, if it is online."),
        ),
        rx.cond(card.may_change, _foot()),
        class_name="form class-body",
    )


def _facts() -> rx.Component:
    card = ClassPanel.card
    return rx.el.div(
        rx.el.div(
            hue_chip("Class", card.hue),
            rx.el.span(card.price, class_name="num"),
            rx.cond(card.series != "", rx.el.span(card.series, class_name="meta")),
            class_name="row",
        ),
        rx.el.p(icon("user"), card.where, class_name="class-fact"),
        rx.el.div(
            rx.el.p(
                rx.el.b(card.seats, class_name="num"),
                rx.el.span(class_name="spring"),
                rx.el.span(card.left),
                class_name="row",
            ),
            rx.el.div(
                rx.el.div(style={"width": card.share + "%"}),
                class_name="seats-bar hue-" + card.hue,
                aria_hidden="true",
            ),
            class_name="class-seats",
        ),
        class_name="stack-s",
    )


def _full() -> rx.Component:
    return alert(
        "info",
        "Every seat is taken",
        "Who still wants to come can wait: a seat that becomes free is offered.",
        link_button("Waiting list", "/waitlist", icon="hourglass"),
    )


def _attendee(row: rx.Var[AttendeeRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                rx.el.b(rx.cond(row.href != "", link(row.name, row.href), row.name)),
                rx.cond(row.seats != "", chip(row.seats)),
                chip(row.status, row.tone),
                class_name="attendee-name",
            ),
            rx.cond(row.phone != "", rx.el.p(row.phone, class_name="meta num")),
            rx.cond(row.note != "", rx.el.p(row.note, class_name="meta")),
            class_name="attendee-who",
        ),
        rx.cond(row.step.value != "", _step(row)),
        _more(row),
        key=row.booking_id,
    )


def _step(row: rx.Var[AttendeeRow]) -> rx.Component:
    return rx.el.button(
        icon_of_step(row.step.value),
        rx.el.span(row.step.label),
        rx.el.span(": ", row.name, class_name="sr-only"),
        type="button",
        class_name="btn",
        on_click=ClassPanel.step(row.booking_id, row.step.value),
    )


def _more(row: rx.Var[AttendeeRow]) -> rx.Component:
    uid = rx.Var.create("at") + row.booking_id

    def other(step: rx.Var[Option]) -> rx.Component:
        return rx.el.button(
            icon_of_step(step.value),
            rx.el.span(step.label),
            type="button",
            on_click=ClassPanel.step(row.booking_id, step.value),
            custom_attrs={"popoverTarget": uid, "popoverTargetAction": "hide"},
            key=step.value,
        )

    items = [
        rx.foreach(row.more, other),
        rx.cond(
            row.whatsapp != "", anchor(whatsapp_icon(), rx.el.span("WhatsApp"), href="https://wa.me/" + row.whatsapp)
        ),
        menu_item(uid, "Open the visit", icon="calendar", on_click=[ClassPanel.close, Card.open(row.item_id)]),
        rx.cond(
            row.may_cancel,
            menu_item(
                uid, "Cancel their place", icon="calendar_x", danger=True, on_click=ClassPanel.ask_leave(row.booking_id)
            ),
        ),
    ]
    return menu(uid, menu_trigger(uid, "More for this customer"), *items)


def _foot() -> rx.Component:
    return form_footer(
        button("Move", icon="move", on_click=ClassMove.begin),
        button("Change", icon="pencil", on_click=ClassPanel.ask("change")),
        rx.el.span(class_name="spring"),
        button("Cancel class", icon="calendar_x", kind="danger", on_click=ClassPanel.ask("cancel")),
    )


def _add() -> rx.Component:
    guest, errors = ClassGuest, ClassGuest.errors
    known, new, walk_in = ("known", "Customer"), ("new", "New customer"), ("walk_in", "Walk-in")
    return rx.el.form(
        error_summary(errors, LABELS, form="g"),
        rx.cond(
            MAY_ADD,
            segmented("Who comes", [known, new, walk_in], guest.who, guest.pick_who),
            segmented("Who comes", [known, walk_in], guest.who, guest.pick_who),
        ),
        rx.match(
            guest.who,
            ("new", new_customer(errors, guest.offers_family, form="g")),
            ("walk_in", rx.el.p("Booked without a name.", class_name="muted")),
            known_customer(
                guest.words, guest.people, guest.find, errors, form="g", auto_focus=True, on_choose=guest.choose
            ),
        ),
        rx.el.div(unsafe_note(guest), to_fill_note(guest), id="g-day", tab_index=-1, class_name="stack-s"),
        text_field(
            "seats", "Seats", errors, value="1", hint=ClassPanel.card.left, input_mode="numeric", max_length=2, form="g"
        ),
        area_field("note", "Note", errors, optional=True, form="g", max_length=4000, rows=2),
        rx.cond(guest.asks_safety, safety_field(errors, "g")),
        rx.cond(guest.who != "walk_in", tell_new_field(guest.letter)),
        form_footer(button("Back", on_click=ClassPanel.ask("")), submit("Add to the class", busy=guest.is_saving)),
        on_submit=guest.save,
        class_name="form",
    )


def _change() -> rx.Component:
    card, errors = ClassPanel.card, ClassPanel.errors
    return rx.el.form(
        error_summary(errors, LABELS, form="k"),
        text_field(
            "seats",
            "Seats",
            errors,
            value=card.seats_now,
            hint=card.seats,
            input_mode="numeric",
            max_length=3,
            form="k",
        ),
        area_field("note", "Note", errors, value=card.note, optional=True, form="k", max_length=500, rows=3),
        form_footer(button("Back", on_click=ClassPanel.ask("")), submit("Save")),
        on_submit=ClassPanel.save_change,
        class_name="form",
        no_validate=True,
    )


def _cancel() -> rx.Component:
    card, errors = ClassPanel.card, ClassPanel.errors
    is_several, several = ClassPanel.off_classes > 1, ClassPanel.off_classes.to_string()
    return rx.el.form(
        error_summary(errors, LABELS, form="k"),
        rx.cond(
            card.in_series,
            which_classes(card, card.off_following, card.off_all, errors, "k", ClassPanel.pick_scope),
        ),
        rx.el.p(ClassPanel.off, class_name="muted", role="status"),
        text_field(
            "reason", "Reason", errors, optional=True, max_length=200, form="k", hint="Those who are told read it."
        ),
        rx.cond(ClassPanel.off_visits != "", _tell_all()),
        form_footer(
            button(rx.cond(is_several, "Keep them", "Keep the class"), on_click=ClassPanel.ask("")),
            button(
                rx.cond(is_several, rx.Var.create("Cancel ") + several + " classes", "Cancel the class"),
                kind="danger-solid",
                type="submit",
            ),
        ),
        on_submit=ClassPanel.save_cancel,
        class_name="form",
    )


def _leave() -> rx.Component:
    errors = ClassPanel.errors
    who = [
        ("customer", "The customer, in time", "They told you early enough."),
        ("late", "The customer, late", "Too late to give the seat to somebody else."),
        ("business", "We did", "For a reason of yours."),
    ]
    return rx.el.form(
        error_summary(errors, {"who": "Who cancels", "reason": "Reason"}, form="k"),
        rx.el.p(rx.el.b(ClassPanel.leaving.name), " leaves the class.", class_name="muted"),
        choice_field("who", "Who cancels?", errors, who, value="customer", form="k"),
        text_field("reason", "Reason", errors, optional=True, max_length=200, form="k"),
        tell_field(ClassPanel.letter),
        form_footer(
            button("Back", on_click=ClassPanel.ask("")),
            button("Cancel their place", kind="danger-solid", type="submit"),
        ),
        on_submit=ClassPanel.save_leave,
        class_name="form",
    )


def _tell_all() -> rx.Component:
    """They are told unless somebody says otherwise; and messages wait until messaging is set up."""
    return rx.fragment(
        check_field("tell", rx.Var.create("Tell everybody who comes: ") + ClassPanel.off_visits, checked=True),
        rx.el.p(ClassPanel.hint, class_name="hint"),
    )
