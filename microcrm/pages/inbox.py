"""The inbox: who waits for an answer, and the conversation with one number."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link, link_button, submit
from microcrm.components.cards import card, chip
from microcrm.components.feedback import alert, blank, skeleton_lines
from microcrm.components.fields import area_field, error_summary, select_field
from microcrm.components.watch.watch import watch
from microcrm.domain.permissions import Permission
from microcrm.operations.replies.inbox import LONGEST
from microcrm.pages.frame import screen
from microcrm.state.inbox import Inbox, PersonLink, SaidRow, WaitingRow

REFRESH_SECONDS = 20
_MAY_ANSWER = Inbox.allowed.contains(Permission.MESSAGES_ANSWER.value)


def inbox() -> rx.Component:
    return screen(
        "Inbox",
        rx.el.div(
            _waiting(), rx.cond(Inbox.one.id != "", rx.el.div(_conversation(), class_name="talk")), class_name="grid-2"
        ),
        watch(seconds=REFRESH_SECONDS, on_pulse=Inbox.load),
        here="/inbox",
        sub=Inbox.summary,
        actions=[link_button("Sent messages", "/messages")],
    )


def _waiting() -> rx.Component:
    nobody = blank(
        "message_circle",
        "Nobody waits",
        "What customers write by WhatsApp or SMS comes here when it needs a person. Yes, no and stop are understood without you.",
    )
    listed = rx.cond(Inbox.rows.length() > 0, rx.el.ul(rx.foreach(Inbox.rows, _row), class_name="list"), nobody)
    return rx.el.div(
        card("Waiting for an answer", rx.cond(Inbox.is_read, listed, skeleton_lines(5)), padded=False),
    )


def _row(row: rx.Var[WaitingRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(
                link(row.who, row.href, class_name="strong num", aria_current=rx.cond(row.is_open, "true", "false")),
            ),
            rx.el.p("“", row.text, "”", class_name="clip"),
            rx.el.p(row.line, class_name="meta"),
            rx.cond(row.label != "", rx.el.p(chip(row.label, "warn"))),
            class_name="attendee-who",
        ),
        key=row.id,
    )


def _conversation() -> rx.Component:
    one = Inbox.one
    return card(
        one.who,
        rx.el.div(
            rx.el.div(
                rx.el.p(rx.el.span(one.phone, class_name="num"), " · ", one.line, class_name="meta"),
                rx.foreach(one.people, _person), class_name="row",
            ),
            rx.el.ul(rx.foreach(one.said, _said), class_name="stack-s", aria_label="Conversation"),
            rx.cond(_MAY_ANSWER, rx.cond(one.closed != "", alert("info", one.closed), _answer())),
            rx.cond(_MAY_ANSWER, _looks_after()),
            class_name="stack",
        ),
        actions=[rx.cond(_MAY_ANSWER & ~one.is_settled, button("Settled", icon="check", on_click=Inbox.settle))],
    )  # fmt: skip


def _person(one: rx.Var[PersonLink]) -> rx.Component:
    return rx.el.p(link(one.name, one.href), key=one.id)


def _said(row: rx.Var[SaidRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.text, class_name="words"),
            rx.el.p(rx.cond(row.is_ours, "You · ", ""), row.line, class_name="meta"),
        ),
        class_name=rx.cond(row.is_ours, "alert alert-info", "alert"),
        key=row.key,
    )


def _answer() -> rx.Component:
    return rx.el.form(
        error_summary(Inbox.errors, {"text": "Answer"}, form="answer"),
        area_field("text", "Your answer", Inbox.errors, form="answer", max_length=LONGEST, hint=Inbox.one.until),
        rx.el.div(submit("Send", busy=Inbox.is_sending), class_name="row"),
        on_submit=Inbox.answer,
        class_name="form",
        key=Inbox.one.id + "-" + Inbox.draft.to_string(),
        no_validate=True,
    )


def _looks_after() -> rx.Component:
    return select_field(
        "member_id", "Who looks after it", Inbox.errors, Inbox.takers, value=Inbox.one.assigned, form="assign",
        on_change=Inbox.assign, key=Inbox.one.id + Inbox.one.assigned,
    )  # fmt: skip
