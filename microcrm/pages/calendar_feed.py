"""The secret calendar address of a member, on their own account page and in their drawer of the settings."""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.feedback import alert, skeleton_lines
from microcrm.components.hotkeys.hotkeys import copies
from microcrm.state.calendar_feed import CalendarFeed as S


def calendar_feed() -> rx.Component:
    return rx.cond(S.is_ready, _standing(), skeleton_lines(3))


def _standing() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            "A secret address that Google Calendar, Outlook and phones can follow. It shows times, services and first "
            "names, no phone numbers. Whoever has the address can read it.",
            class_name="muted",
        ),
        rx.cond(S.standing != "", rx.el.p(S.standing, class_name="meta")),
        rx.cond(
            S.address != "",
            rx.el.div(
                alert("ok", "Copy it now", "It is not shown again. A lost one is replaced by a new one."),
                rx.el.div(
                    rx.el.code(S.address), button("Copy", icon="copy", **copies(S.address)), class_name="link-now"
                ),
                class_name="stack-s",
            ),
        ),
        rx.el.div(
            rx.cond(
                S.is_made,
                rx.fragment(
                    button("Make a new address", icon="refresh_cw", on_click=S.make),
                    button("Switch off", kind="danger", on_click=S.revoke),
                ),
                button("Make the address", icon="calendar_plus", kind="next", on_click=S.make),
            ),
            class_name="row",
        ),
        class_name="stack",
    )
