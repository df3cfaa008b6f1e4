"""Under the sealed records: that some were destroyed, and for the owner the button that destroys what is there."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.dialogs import dialog, form_footer
from microcrm.components.feedback import alert
from microcrm.components.fields import choice_field, error_summary, text_field
from microcrm.domain.erasure import ERASURE_REASONS
from microcrm.domain.permissions import Permission
from microcrm.state.customer_erasure import Erasure as S

_LABELS = {"name": "Name", "reason": "Why", "customer_id": "Customer"}
_REASONS = [(reason.value, words, why) for reason, (words, why) in ERASURE_REASONS.items()]


def erased_note() -> rx.Component:
    return rx.cond(
        S.destroyed != "",
        alert(
            "info",
            "Sensitive records were destroyed",
            rx.Var.create("The last time on ")
            + S.destroyed
            + ". What was sealed before cannot be read any more, in no copy.",
        ),
    )


def erasing() -> rx.Component:
    """Only the owner sees it."""
    return rx.cond(
        S.allowed.contains(Permission.BUSINESS_EDIT.value),
        rx.fragment(
            rx.el.div(
                button("Destroy what is sealed", icon="trash_2", kind="danger", on_click=S.ask), class_name="row"
            ),
            _question(),
        ),
    )


def _question() -> rx.Component:
    return dialog(
        "Destroy what is sealed of " + S.name,
        rx.el.form(
            error_summary(S.errors, _LABELS, form="x"),
            rx.el.p(
                "Unreadable for everybody from then on: ",
                rx.el.b(S.what),
                ". Here and in every copy of the data; in backups of the keys too, once they have run out. Nobody can take it back. "
                "Name, visits, bills and notes stay.",
            ),
            choice_field("reason", "Why", S.errors, _REASONS, form="x"),
            text_field("name", "Type the customer’s name", S.errors, form="x", max_length=200, auto_complete="off"),
            form_footer(
                button("Keep it", on_click=S.close),
                button("Destroy it", kind="danger-solid", type="submit", busy=S.is_erasing),
            ),
            on_submit=S.erase,
            class_name="form",
            no_validate=True,
            key=S.turn.to_string(),
        ),
        open=S.name != "",
        on_close=S.close,
    )
