"""The menu that sends a form to the customer, and the dialog with its link."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, menu, menu_item, menu_trigger
from microcrm.components.dialogs import dialog
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.state.customer_form_link import FormLinks as S
from microcrm.state.customer_records import CustomerRecords
from microcrm.state.forms import Option

_MENU = "send-form"


def send_form() -> rx.Component:
    return rx.cond(
        CustomerRecords.sendable.length() > 0,
        rx.fragment(
            menu(
                _MENU,
                menu_trigger(_MENU, "Let the customer fill in a form", icon="send"),
                rx.foreach(CustomerRecords.sendable, _item),
            ),
            _dialog(),
        ),
    )


def _item(form: rx.Var[Option]) -> rx.Component:
    return menu_item(_MENU, form.label, icon="send", on_click=S.send(form.value), key=form.value)


def _dialog() -> rx.Component:
    return dialog(
        "Let the customer fill it in",
        rx.el.div(
            rx.el.p(rx.el.b(S.title), ", good until ", rx.el.span(S.until, class_name="num"), ", for one time."),
            rx.el.img(src=S.code, alt="Code that opens the form", class_name="qr"),
            rx.el.div(rx.el.code(S.address), button("Copy", icon="copy", **copies(S.address)), class_name="link-now"),
            rx.el.div(
                away_button("WhatsApp", S.whatsapp, kind="whatsapp", target="_blank", rel="noopener noreferrer"),
                class_name="row",
            ),
            rx.el.p(
                "They scan the code with their phone, or you send the link. Whoever has it can fill in the form and see "
                "nothing else. An earlier link to the same form is good no more.",
                class_name="hint",
            ),
            rx.el.div(button("Done", on_click=S.close), class_name="form-actions"),
            class_name="stack",
        ),
        open=S.address != "",
        on_close=S.close,
    )
