"""The shop's booking page: its address, a code to scan, ways to hand it on. In Welcome and in the settings."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import away_button, button
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.components.icons import whatsapp_icon
from microcrm.state.welcome import FirstLink


def booking_link() -> rx.Component:
    link = FirstLink
    return rx.fragment(
        rx.el.p(
            "Customers book here by themselves, in English, Hindi or Kannada, without an account.", class_name="muted"
        ),
        rx.el.div(rx.el.code(link.address), button("Copy", icon="copy", **copies(link.address)), class_name="link-now"),
        rx.cond(link.code != "", rx.el.img(src=link.code, alt="Code that opens your booking link", class_name="qr")),
        rx.el.div(
            rx.el.a(
                whatsapp_icon(),
                rx.el.span("Share on WhatsApp"),
                href=link.message,
                target="_blank",
                rel="noopener noreferrer",
                class_name="btn btn-whatsapp",
            ),
            away_button("Save the code", link.code, icon="download", download="booking-code.svg"),
            away_button("Open the page", link.address, icon="external_link", target="_blank", rel="noopener"),
            away_button("Put it on your website", link.address + "/link", icon="code", target="_blank", rel="noopener"),
            class_name="row",
        ),
    )
