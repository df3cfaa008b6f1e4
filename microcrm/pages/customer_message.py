"""The panel of the list of customers that writes to those who are ticked, through the shop's own WhatsApp."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button, submit
from microcrm.components.dialogs import form_footer, panel
from microcrm.components.fields import area_field, choice_field
from microcrm.components.icons import icon
from microcrm.domain.customer_message import MessageAbout
from microcrm.domain.permissions import Permission
from microcrm.state.customer_message import ChatRow
from microcrm.state.customer_message import CustomerMessage as S

MAY_MESSAGE = S.allowed.contains(Permission.CUSTOMERS_CONTACT.value)
_ABOUT = [
    (MessageAbout.BOOKINGS.value, "About their bookings", "Goes to all but those who object."),
    (MessageAbout.OFFER.value, "An offer", "Goes only to those who agreed to WhatsApp offers."),
]
_HINT = "{name} becomes the first name. At most 1,000 characters."


def message_panel() -> rx.Component:
    return panel(
        "Message by WhatsApp",
        rx.cond(S.is_open, rx.cond(S.rows.length() > 0, _links(), _form())),
        description="MicroCRM itself sends nothing here: each message opens in WhatsApp, and you send it from the shop’s own number.",
        open=S.is_open,
        on_close=S.stop,
    )


def _form() -> rx.Component:
    return rx.el.form(
        choice_field("about", "What it is", S.errors, _ABOUT, value=S.about, form="message", on_change=S.choose),
        area_field(
            "text", "Text", S.errors, value=S.text, hint=_HINT, form="message", rows=5, on_change=S.type.debounce(250)
        ),
        rx.cond(
            (S.preview != "") & (S.first != ""),
            rx.el.figure(
                rx.el.blockquote(S.preview), rx.el.figcaption("What ", S.first, " reads", class_name="meta"),
                class_name="letter",
            ),
        ),
        rx.el.div(
            rx.el.p(S.reach, class_name="strong"),
            rx.cond(
                S.left.length() > 0,
                rx.fragment(
                    rx.el.p("Left out:", class_name="meta"),
                    rx.el.ul(rx.foreach(S.left, lambda line: rx.el.li(line, key=line)), class_name="meta"),
                ),
            ),
            role="status",
        ),
        rx.el.p("Who made links, for how many and what about, stands in the activity log.", class_name="meta"),
        form_footer(button("Cancel", on_click=S.stop), submit("Make the links", busy=S.is_saving)),
        on_submit=S.make,
        class_name="form",
    )  # fmt: skip


def _links() -> rx.Component:
    return rx.el.div(
        rx.el.p(S.done, role="status", class_name="strong"),
        rx.el.ul(rx.foreach(S.rows, _row), class_name="list family-list"),
        rx.el.div(button("Done", on_click=S.stop), class_name="form-actions"),
        class_name="stack",
    )


def _row(row: rx.Var[ChatRow]) -> rx.Component:
    return rx.el.li(
        rx.cond(row.is_opened, icon("check"), icon("message_circle")),
        rx.el.span(row.name, rx.cond(row.is_opened, rx.el.small(" opened", class_name="meta"))),
        away_button(
            "WhatsApp",
            "https://wa.me/" + row.number + "?text=" + S.parts.join(row.called),
            kind="whatsapp",
            target="_blank",
            rel="noopener noreferrer",
            aria_label="WhatsApp to " + row.name,
            on_click=S.tick_off(row.id),
        ),
        key=row.id,
    )
