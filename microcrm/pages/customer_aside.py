"""What stands beside a customer's timeline: the next visit and details."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link_button
from microcrm.components.cards import card, chip
from microcrm.domain.reveals import Contact
from microcrm.pages.customer_head import PERSON
from microcrm.pages.customer_inline import inline
from microcrm.pages.customer_reveals import masked


def upcoming() -> rx.Component:
    """Nothing while nothing is booked: the numbers above say so."""
    one = PERSON.coming
    opens = rx.cond(one.href != "", link_button("Open", one.href, icon="calendar_days"))
    return rx.cond(
        one.when != "",
        card(
            "Upcoming",
            rx.el.div(
                rx.el.p(one.when, class_name="strong num"),
                rx.el.p(one.what, class_name="muted"),
                rx.el.p(rx.el.span(one.who), rx.el.span(one.price, class_name="num"), class_name="row between"),
            ),
            opens,
            actions=[chip(one.status, "info")],
        ),
    )


def details() -> rx.Component:
    hidden = rx.el.p("Your role shows contact details in part only.", class_name="meta")
    return card(
        "Details",
        rx.el.dl(
            _detail("Email", inline("email", "email", _or_none(PERSON.email, _email()), kind="email")),
            _detail("Birthday", inline("birthday", "birthday", _or_none(PERSON.birthday), kind="date")),
            _detail("Address", inline("address", "address", _or_none(PERSON.address), kind="lines")),
            _detail("Usually", _or_none(PERSON.usual)),
            class_name="details",
        ),
        rx.cond(PERSON.is_contact_hidden, hidden),
    )


def _email() -> rx.Component:
    return masked(Contact.EMAIL, PERSON.id, PERSON.email)


def _detail(name: str, shown: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(shown))


def _or_none(value: rx.Var[str], shown: rx.Component | None = None) -> rx.Component:
    return rx.cond(value != "", shown or value, rx.el.span("–", aria_label="None", role="img"))
