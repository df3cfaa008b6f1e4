"""The dialog that gives a bill to its customer."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button
from microcrm.components.dialogs import dialog
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.state.bill_share import ShareBill as S


def share_dialog() -> rx.Component:
    return dialog(
        "Share this bill",
        rx.el.div(
            rx.el.div(rx.el.code(S.address), button("Copy", icon="copy", **copies(S.address)), class_name="link-now"),
            rx.el.div(
                away_button("WhatsApp", S.whatsapp, kind="whatsapp", target="_blank", rel="noopener noreferrer"),
                away_button("Mail", S.mail, icon="mail"),
                away_button("See the page", S.address, target="_blank", rel="noopener noreferrer"),
                class_name="row",
            ),
            rx.el.p("It opens your own WhatsApp or mail with the words written; you send it.", class_name="hint"),
            rx.el.div(button("Done", on_click=S.close), class_name="form-actions"),
            class_name="stack",
        ),
        open=S.is_open,
        on_close=S.close,
        description="Whoever has the link sees this bill and can pay it by UPI. From now on the customer counts as having it.",
    )
