"""The waiting list: who waits how long for what, which offers are open, and offering a time by hand."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import (
    away_button,
    button,
    link,
    menu,
    menu_item,
    menu_trigger,
    segmented,
    submit,
    text_button,
    whatsapp_button,
)
from microcrm.components.cards import chip, hue_chip, plain_card
from microcrm.components.dialogs import dialog, form_footer, panel
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import (
    area_field,
    check_field,
    error_summary,
    field_error,
    select_field,
    text_field,
)
from microcrm.components.watch.watch import watch
from microcrm.components.who import known_customer, new_customer
from microcrm.domain.formatting import WEEKDAYS
from microcrm.domain.notices import NOT_SENT_YET
from microcrm.domain.permissions import Permission
from microcrm.domain.waitlist import MOST_PREFERENCES
from microcrm.pages.frame import screen
from microcrm.pages.place_panel import place_button, place_panel, wish_words
from microcrm.state.place_panel import PlacePanel
from microcrm.state.waitlist import OfferText, WaitingForm, WaitlistPage
from microcrm.state.waitlist_rows import WaitingRow

REFRESH_SECONDS = 30
MAY_CHANGE = WaitlistPage.allowed.contains(Permission.BOOKINGS_ALL.value)
MAY_ADD = WaitingForm.allowed.contains(Permission.CUSTOMERS_EDIT.value)
WISH_FIELDS = {"first_day": "First day", "last_day": "Last day", "start": "From", "end": "Until", "member_id": "With"}
LABELS = {
    "service_id": "Service",
    "customer_id": "Customer",
    "name": "Name",
    "phone": "Mobile number",
    "wishes": "Times",
    **{f"{name}_{n}": f"{words} {n}" for n in range(1, MOST_PREFERENCES + 1) for name, words in WISH_FIELDS.items()},
}


def waitlist() -> rx.Component:
    page = WaitlistPage
    return screen(
        "Waiting list",
        rx.cond(page.is_listed & ~page.is_on, _off()),
        rx.cond(
            ~page.is_sending,
            rx.el.p(
                f"{NOT_SENT_YET} Until then, ask whoever is offered a time by hand and note the answer here.",
                class_name="muted",
            ),
        ),
        segmented("Which", [("open", "Waiting"), ("closed", "Through")], page.show, page.pick_show),
        rx.cond(page.is_listed, entries(), plain_card(skeleton_lines(6), class_name="")),
        rx.cond(
            page.has_next | page.is_later,
            rx.el.div(
                rx.cond(page.is_later, button("First page", on_click=page.first_page)),
                rx.cond(page.has_next, button("Next page", on_click=page.next_page)),
                class_name="row",
            ),
        ),
        waiting_form(),
        place_panel(),
        offer_text(),
        watch(seconds=REFRESH_SECONDS, on_pulse=page.load),
        here="/waitlist",
        sub=page.summary,
        actions=[
            rx.cond(MAY_CHANGE, button("Add somebody", icon="plus", kind="primary", on_click=WaitingForm.begin)),
        ],
    )


def entries(*, can_choose: rx.Var[bool] | None = None) -> rx.Component:
    """The list itself; in the drawer beside the calendar a time can be chosen there."""
    page = WaitlistPage

    def row(one: rx.Var[WaitingRow]) -> rx.Component:
        return _entry(one, can_choose)

    return rx.cond(
        page.rows.length() > 0,
        rx.el.ul(rx.foreach(page.rows, row), class_name="card"),
        rx.el.div(
            rx.cond(
                page.show == "open",
                blank(
                    "hourglass",
                    "Nobody waits for a time",
                    "When a day is full, note here who would come. A time that becomes free is kept for the first in line.",
                ),
                blank("hourglass", "Nothing here yet", "Whoever got a time or stopped waiting is listed here."),
            ),
            class_name="card",
        ),
    )


def _off() -> rx.Component:
    return alert("info", "The waiting list is off.", "Nobody is asked by itself; you can still offer a time by hand.")


def _entry(row: rx.Var[WaitingRow], can_choose: rx.Var[bool] | None) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                link(row.name, row.href, class_name="strong"),
                hue_chip(row.service, row.hue),
                rx.cond(row.is_first, chip("Ask first", "info")),
                rx.cond(row.is_online, chip("From the booking page")),
                rx.cond(row.closed != "", chip(row.closed)),
            ),
            rx.el.p(rx.el.span("Waits ", row.since), rx.el.span(row.phone, class_name="num"), class_name="meta"),
            rx.el.ol(rx.foreach(row.wishes, wish_words), class_name="meta"),
            rx.cond(row.note != "", rx.el.p(row.note, class_name="meta")),
            rx.cond(row.offer != "", _offered(row)),
            class_name="waiter-who",
        ),
        rx.cond(MAY_CHANGE & (row.closed == ""), _steps(row, can_choose)),
        class_name="waiter",
        key=row.id,
    )


def _offered(row: rx.Var[WaitingRow]) -> rx.Component:
    return rx.el.p(
        rx.el.span("Offered: ", row.offer, class_name="chip chip-info num"),
        rx.el.span(row.left, class_name=rx.cond(row.is_late, "chip chip-warn num", "chip num")),
    )


def _steps(row: rx.Var[WaitingRow], can_choose: rx.Var[bool] | None) -> rx.Component:
    yes = WaitlistPage.answer(row.offer_id, "accept")
    no = WaitlistPage.answer(row.offer_id, "decline")
    uid = rx.Var.create("w") + row.id
    offer = place_button(
        "Offer a time", PlacePanel.begin_wish(row.id), PlacePanel.choose_wish(row.id), can_choose, icon="calendar_plus"
    )
    return rx.el.div(
        rx.cond(
            row.offer != "",
            rx.fragment(
                button("They said yes", icon="check", kind="next", on_click=yes),
                button("They said no", on_click=no),
                button("Ask them", icon="send", on_click=OfferText.begin(row.offer_id)),
            ),
            offer,
        ),
        rx.cond(row.whatsapp != "", whatsapp_button(row.whatsapp)),
        menu(
            uid,
            menu_trigger(uid, "More for " + row.name),
            menu_item(uid, "Change", icon="pencil", on_click=WaitingForm.change(row.id)),
            menu_item(
                uid,
                "Take off the list",
                icon="user_minus",
                danger=True,
                on_click=WaitlistPage.withdraw(row.id, row.version),
            ),
        ),
        class_name="waiter-steps",
    )


def waiting_form() -> rx.Component:
    form = WaitingForm
    title = rx.cond(form.wanted.id != "", form.wanted.title, "Onto the waiting list")
    return panel(title, _fields(), open=form.is_open, on_close=form.close)


def _fields() -> rx.Component:
    form, errors = WaitingForm, WaitingForm.errors
    return rx.el.form(
        error_summary(errors, LABELS, form="w"),
        rx.cond(form.wanted.id == "", _who_and_what()),
        *[rx.cond(form.wishes.length() > n, _wish_fields(n)) for n in range(MOST_PREFERENCES)],
        rx.el.div(
            rx.cond(
                form.wishes.length() < MOST_PREFERENCES, text_button("Another time that suits", on_click=form.add_wish)
            ),
            rx.cond(form.wishes.length() > 1, text_button("Remove the last", on_click=form.drop_wish)),
            class_name="row",
        ),
        area_field("note", "Note", errors, value=form.wanted.note, optional=True, form="w", max_length=4000, rows=2),
        check_field("is_first", "Ask before the others", checked=form.wanted.is_first),
        form_footer(button("Cancel", on_click=form.close), submit("Save", busy=form.is_saving)),
        on_submit=form.save,
        class_name="form",
    )


def _who_and_what() -> rx.Component:
    form, errors = WaitingForm, WaitingForm.errors
    return rx.fragment(
        rx.cond(
            MAY_ADD,
            segmented("Who waits", [("known", "Customer"), ("new", "New customer")], form.who, form.pick_who),
        ),
        rx.cond(
            form.who == "new",
            new_customer(errors, form.offers_family, form="w"),
            known_customer(form.words, form.people, form.find, errors, form="w"),
        ),
        select_field(
            "service_id",
            "Service",
            errors,
            form.services,
            blank="Choose a service",
            form="w",
            on_change=form.pick_service,
        ),
    )


def _wish_fields(n: int) -> rx.Component:
    wish, errors, place = WaitingForm.wishes[n], WaitingForm.errors, n + 1
    weekdays = [
        rx.el.label(
            rx.el.input(
                type="checkbox", name=f"weekday_{place}_{day}", default_checked=wish.weekdays.contains(str(day))
            ),
            name,
        )
        for day, name in enumerate(WEEKDAYS)
    ]
    return rx.el.fieldset(
        rx.el.legend(f"Time that suits {place}" if place > 1 else "Time that suits"),
        rx.el.div(
            text_field(f"first_day_{place}", "First day", errors, value=wish.first_day, type="date", form="w"),
            text_field(
                f"last_day_{place}", "Last day", errors, value=wish.last_day, type="date", optional=True, form="w"
            ),
            text_field(f"start_{place}", "From", errors, value=wish.start, type="time", optional=True, form="w"),
            text_field(f"end_{place}", "Until", errors, value=wish.end, type="time", optional=True, form="w"),
            class_name="grid-2",
        ),
        rx.el.fieldset(rx.el.legend("Weekdays", class_name="meta"), *weekdays, class_name="weekdays"),
        field_error(f"weekdays_{place}", errors, form="w"),
        rx.cond(
            WaitingForm.members.length() > 0,
            select_field(
                f"member_id_{place}",
                "With",
                errors,
                WaitingForm.members,
                value=wish.member_id,
                blank="Whoever",
                form="w",
            ),
        ),
        class_name="wish",
        key=WaitingForm.wanted.id + "-" + wish.place,
    )


def offer_text() -> rx.Component:
    """What to send somebody by hand while messages do not leave by themselves."""
    text = OfferText
    return dialog(
        "Ask them by hand",
        rx.el.p(text.text, class_name="offer-text", id="offer-text", tab_index=0),
        rx.el.div(
            button("Close", on_click=text.close),
            rx.cond(
                text.whatsapp != "",
                away_button(
                    "Send on WhatsApp", text.whatsapp, kind="whatsapp", target="_blank", rel="noopener noreferrer"
                ),
            ),
            class_name="form-actions",
        ),
        open=text.is_open,
        on_close=text.close,
        description="The link in it takes their yes or no. Whoever has it can answer.",
    )
