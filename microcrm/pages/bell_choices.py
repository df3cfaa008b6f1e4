"""What one is told and by which way: the part of the account page with the switches of the bell, the mails and the note at seven."""

from __future__ import annotations

import reflex as rx

from microcrm.components.cards import card, chip
from microcrm.components.feedback import skeleton_lines
from microcrm.domain.permissions import Permission
from microcrm.state.base import AppState
from microcrm.state.bell_choices import BellChoices, ChoiceRow
from microcrm.state.morning_note import MorningNote


def bell_choices() -> rx.Component:
    rows = rx.el.ul(_note(), rx.foreach(BellChoices.rows, _row), class_name="list")
    return rx.el.div(
        card("What you are told", rx.cond(BellChoices.is_read, rows, skeleton_lines(6)), padded=False),
        id="told",
        on_mount=BellChoices.load,
    )


def _note() -> rx.Component:
    """Of owners; by mail alone."""
    hint = "Each morning: yesterday’s money, today’s visits and gaps, who has not confirmed, who is due."
    return rx.cond(
        AppState.allowed.contains(Permission.BUSINESS_EDIT.value),
        rx.el.li(
            rx.el.div(rx.el.p("The note at seven", class_name="strong"), rx.el.p(hint, class_name="meta")),
            rx.el.span(
                rx.cond(
                    MorningNote.is_read, _switch("Mail", "The note at seven", MorningNote.is_on, MorningNote.switch)
                ),
                class_name="head-actions",
            ),
            class_name="look",
            on_mount=MorningNote.load,
        ),
    )


def _row(row: rx.Var[ChoiceRow]) -> rx.Component:
    switches = rx.fragment(
        _switch("Bell", row.label, row.by_bell, BellChoices.choose(row.kind, "bell")),
        rx.cond(row.has_mail, _switch("Mail", row.label, row.by_mail, BellChoices.choose(row.kind, "mail"))),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.label, class_name="strong"), rx.cond(row.fixed != "", rx.el.p(row.fixed, class_name="meta"))
        ),
        rx.el.span(
            rx.cond(row.fixed != "", chip("Bell and mail, always", "neutral"), switches), class_name="head-actions"
        ),
        key=row.kind,
        class_name="look",
    )


def _switch(way: str, about: str | rx.Var[str], is_on: rx.Var[bool], on_change: rx.event.EventType) -> rx.Component:
    return rx.el.label(
        rx.el.span(way),
        rx.el.input(
            type="checkbox", role="switch", default_checked=is_on, aria_label=f"{way}: {about}", on_change=on_change
        ),
        class_name="switch",
    )
