"""The page of an address that doesn't exist."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import link_button
from microcrm.components.door.door import door
from microcrm.components.icons import icon

SERVED_PATHS = [
    "/sign-in",
    "/sign-up",
    "/sign-out",
    "/reset",
    "/verify",
    "/invite",
    "/mailbox",
    "/shops",
    "/account",
    "/signed-out",
    "/health",
    "/ready",
]


def not_found() -> rx.Component:
    """Outside the shell: it must read well for people who aren't signed in, too."""
    return door(
        rx.el.main(
            rx.el.div(
                icon("map_pin_off"),
                rx.el.h1("There is nothing at this address"),
                rx.el.p("The link may be old, or a letter is missing. Nothing was changed."),
                rx.el.div(link_button("Go to Today", "/today", kind="primary"), class_name="row"),
                class_name="blank",
            ),
            class_name="main",
        ),
        paths=SERVED_PATHS,
    )
