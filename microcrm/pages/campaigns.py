"""Campaigns: messages to the customers of a segment, and how each went."""

from __future__ import annotations

from itertools import permutations

import reflex as rx

from microcrm.components.buttons import button, crumb, link, link_button, submit
from microcrm.components.cards import card, chip
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.feedback import blank, skeleton_lines
from microcrm.components.fields import error_summary, select_field, text_field
from microcrm.domain.campaigns import NAME_LIMIT
from microcrm.domain.messenger import Channel
from microcrm.domain.step_words import order_words
from microcrm.pages.frame import screen
from microcrm.state.campaign_view import ListRow
from microcrm.state.campaigns import CampaignList as S

WAYS = [(",".join(ways), order_words(ways)) for n in (1, 2, 3) for ways in permutations(Channel, n)]
_LABELS = {"name": "Name", "segment": "To", "channels": "Sent by"}


def campaigns() -> rx.Component:
    return screen(
        "Campaigns",
        card("All campaigns", rx.cond(S.is_read, _listed(), skeleton_lines(6)), padded=False),
        panel(
            "New campaign",
            rx.cond(S.is_open, _form()),
            open=S.is_open,
            on_close=S.close,
            description="Nothing leaves yet: you write the words and see who gets it first.",
        ),
        here="/inbox",
        back=crumb("Sent messages", "/messages"),
        sub="Offers and news to customers who agreed to get them",
        actions=[rx.cond(S.may_send, button("New campaign", icon="plus", kind="primary", on_click=S.begin("")))],
    )


def _listed() -> rx.Component:
    return rx.cond(
        S.rows.length() > 0,
        rx.fragment(
            rx.el.ul(rx.foreach(S.rows, _row), class_name="list"),
            rx.cond(S.has_more, rx.el.div(button("Show more", on_click=S.show_more), class_name="row pad")),
        ),
        blank(
            "megaphone",
            "No campaign yet",
            "Choose a segment, such as those not seen for 60 days, and write to everybody in it who agreed to offers.",
            link_button("Segments of customers", "/customers"),
        ),
    )


def _row(row: rx.Var[ListRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.p(link(row.name, row.href, class_name="strong")),
            rx.el.p(row.line, class_name="meta"),
            class_name="entry-text",
        ),
        rx.el.span(class_name="spring"),
        chip(row.status, row.tone),
        key=row.id,
    )


def _form() -> rx.Component:
    return rx.el.form(
        error_summary(S.errors, _LABELS, form="new"),
        text_field("name", "Name", S.errors, form="new", max_length=NAME_LIMIT, hint="For yourselves: customers do not see it."),
        select_field("segment", "To", S.errors, S.segments, value=S.segment, blank="Choose a segment", form="new"),
        select_field(
            "channels", "Sent by", S.errors, WAYS, value="whatsapp", form="new",
            hint="Of several ways each customer gets it by the first that may be used.",
        ),
        form_footer(button("Cancel", on_click=S.close), submit("Write it", busy=S.is_saving)),
        on_submit=S.create,
        class_name="form",
    )  # fmt: skip
