"""Masked numbers on a customer's page, and who has looked at them."""

from __future__ import annotations

import reflex as rx

from microcrm.components.cards import card
from microcrm.components.reveal.reveal import reveal
from microcrm.domain.permissions import Permission
from microcrm.domain.reveals import Contact
from microcrm.state.base import AppState
from microcrm.state.customer_reveals import CustomerReveals, RevealRow

MAY_REVEAL = AppState.allowed.contains(Permission.CUSTOMERS_REVEAL.value) & ~AppState.allowed.contains(
    Permission.CUSTOMERS_CONTACT.value
)


def masked(contact: Contact, customer_id: rx.Var[str], value: rx.Var[str]) -> rx.Component:
    """The value, with the way to see it in full for those who see it masked and may look."""
    looked_at = reveal(contact, customer_id, value, CustomerReveals.left, on_shown=CustomerReveals.load)
    return rx.cond(MAY_REVEAL & (value != ""), looked_at, value)


def customer_reveals() -> rx.Component:
    """For those who may see the activity log."""
    return rx.cond(
        CustomerReveals.rows.length() > 0,
        card(
            "Who looked at the number",
            rx.el.ul(rx.foreach(CustomerReveals.rows, _row), class_name="list vault-log"),
            sub="The latest 10. This list cannot be changed.",
            padded=False,
        ),
    )


def _row(row: rx.Var[RevealRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(rx.el.span(row.who, class_name="strong"), " looked at the ", row.what),
            rx.el.p(row.why, class_name="muted"),
        ),
        rx.el.span(row.when, class_name="meta num"),
        key=row.key,
    )
