"""All that happened with a customer, by month, the newest first."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button, link
from microcrm.components.cards import chip
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.icons import icon_of
from microcrm.domain.message_words import ICONS as MESSAGE_ICONS
from microcrm.state.customer_timeline import Choice, TimelineRow
from microcrm.state.customer_timeline import CustomerTimeline as S

# Every icon that an entry may have (``operations/timeline``).
ICONS = (
    "calendar",
    "calendar_clock",
    "receipt_indian_rupee",
    "indian_rupee",
    "sticky_note",
    "pin",
    "list_checks",
    "lock",
    "pencil",
    *MESSAGE_ICONS,
)


def customer_timeline() -> rx.Component:
    return rx.el.section(
        rx.cond(S.is_read, _filters()),
        rx.cond(S.is_read, rx.cond(S.rows.length() > 0, _entries(), _nothing()), skeleton_lines(6)),
        class_name="story",
        aria_label="Timeline",
    )


def _filters() -> rx.Component:
    return rx.el.div(
        rx.foreach(S.choices, _choice), class_name="story-filters", role="group", aria_label="Which entries"
    )


def _choice(one: rx.Var[Choice]) -> rx.Component:
    return rx.el.button(
        one.label,
        type="button",
        aria_pressed=rx.cond(one.is_chosen, "true", "false"),
        on_click=S.choose(one.value),
        key=one.value,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        S.show == "",
        blank("calendar", "Nothing yet", "Visits and what came of them will stand here."),
        blank("calendar", "Nothing of that kind", "Choose Everything to see the whole story."),
    )


def _entries() -> rx.Component:
    return rx.fragment(
        rx.el.ol(rx.foreach(S.rows, _entry), class_name="timeline"),
        rx.cond(S.has_more, rx.el.div(button("Show more", on_click=S.show_more), class_name="row story-more")),
    )


def _entry(row: rx.Var[TimelineRow]) -> rx.Component:
    one = row.entry
    return rx.el.li(
        rx.cond(row.heading != "", rx.el.h2(row.heading)),
        rx.el.div(
            rx.el.span(icon_of(one.icon, ICONS, "s"), class_name="timeline-mark is-" + one.tone, aria_hidden="true"),
            rx.el.div(
                rx.el.p(
                    rx.cond(
                        one.href != "",
                        link(one.title, one.href, class_name="strong"),
                        rx.el.span(one.title, class_name="strong"),
                    ),
                    rx.cond(one.status != "", chip(one.status, one.tone)),
                    class_name="row",
                ),
                rx.el.p(one.detail, class_name="muted"),
            ),
            rx.el.p(
                rx.el.span(one.day, class_name="strong"), " ", rx.el.span(one.time), class_name="timeline-when num"
            ),
            class_name="timeline-row",
        ),
        key=one.key,
    )
