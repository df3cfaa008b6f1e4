"""What was sent to customers, what is about to be, and what did not arrive and needs a person."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, crumb, link, link_button, segmented
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.icons import icon_of
from microcrm.domain.message_words import ICONS
from microcrm.domain.notices import NOT_SENT_YET
from microcrm.pages.frame import screen
from microcrm.state.messages import CHOICES, MessageRow
from microcrm.state.messages import MessageLog as S


def messages() -> rx.Component:
    return screen(
        "Sent messages",
        rx.cond(S.is_read & ~S.is_sending, alert("info", NOT_SENT_YET)),
        rx.cond(S.trouble.length() > 0, _trouble()),
        segmented("Which", CHOICES, S.show, S.choose),
        card("Messages", rx.cond(S.is_read, _listed(), skeleton_lines(8)), padded=False),
        here="/inbox",
        back=crumb("Inbox", "/inbox"),
        sub="To your customers, by MicroCRM.",
        actions=[link_button("Campaigns", "/campaigns")],
    )


def _trouble() -> rx.Component:
    return card(
        "These need a person",
        rx.el.ul(rx.foreach(S.trouble, _needs), class_name="list"),
        sub="They did not arrive, or nobody can say.",
        padded=False,
    )


def _needs(row: rx.Var[MessageRow]) -> rx.Component:
    acts = rx.cond(
        S.may_act,
        rx.fragment(
            button("Send again", on_click=S.again(row.id)),
            button("I told them", kind="quiet", on_click=S.told(row.id)),
        ),
    )
    return rx.el.li(_said(row, rx.el.div(chip(row.status, row.tone), acts, class_name="row")), key=row.id)


def _listed() -> rx.Component:
    return rx.cond(
        S.rows.length() > 0,
        rx.fragment(
            rx.el.ul(rx.foreach(S.rows, _row), class_name="list"),
            rx.cond(S.has_more, rx.el.div(button("Show more", on_click=S.show_more), class_name="row pad")),
        ),
        _nothing(),
    )


def _row(row: rx.Var[MessageRow]) -> rx.Component:
    return rx.el.li(_said(row, rx.el.p(chip(row.status, row.tone))), key=row.id)


def _said(row: rx.Var[MessageRow], below: rx.Component) -> rx.Component:
    return rx.fragment(
        icon_of(row.icon, ICONS, "s"),
        rx.el.div(
            rx.el.p(rx.cond(row.href != "", link(row.customer, row.href), row.customer)),
            rx.el.p(row.line, class_name="meta"),
            rx.cond(row.why != "", rx.el.p(row.why)),
            rx.cond(row.text != "", rx.el.p(row.text, class_name="muted")),
            below,
            class_name="attendee-who",
        ),
    )  # fmt: skip


def _nothing() -> rx.Component:
    return rx.match(
        S.show,
        ("planned", blank("clock", "Nothing is planned", "Reminders are planned when a visit is booked.")),
        ("not_sent", blank("check", "Nothing was held back", "What does not leave stands here, with the reason.")),
        blank(
            "message_circle",
            "Nothing was sent yet",
            "Confirmations, changes and reminders stand here once they have left.",
        ),
    )
