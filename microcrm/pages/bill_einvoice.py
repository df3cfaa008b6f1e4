"""The e-invoice beside a bill to a business: its number and the file for the portal."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button
from microcrm.components.cards import card
from microcrm.components.feedback import alert
from microcrm.domain.permissions import Permission
from microcrm.state.bill_einvoice import EInvoice as S

_MAY_TAKE = S.allowed.contains(Permission.RETURNS_VIEW.value)


def e_invoice() -> rx.Component:
    return rx.cond(
        S.irn != "",
        card(
            "E-invoice",
            rx.el.p("Its reference number (IRN), as the portal works it out:", class_name="hint"),
            rx.el.p(S.irn, class_name="num irn"),
            rx.cond(
                S.lacking.length() > 0,
                rx.el.div(
                    alert("warn", "The form lacks something"),
                    rx.el.ul(rx.foreach(S.lacking, _lack), class_name="hint"),
                    class_name="stack-s",
                ),
                rx.cond(_MAY_TAKE, away_button("INV-01 file", S.file, icon="download")),
            ),
            rx.el.p(
                "Upload it on the e-invoice portal. Until the portal has registered it, the bill is no valid tax invoice.",
                class_name="hint",
            ),
        ),
    )


def _lack(words: rx.Var[str]) -> rx.Component:
    return rx.el.li(words, key=words)
