"""Dialogs and side panels over Radix primitives: focus goes in and comes back, Esc closes, the rest is inert.

A press outside doesn't close them, so that a slip of the finger never loses what was typed.
"""

from __future__ import annotations

import reflex as rx
from reflex_components_radix.primitives.dialog import dialog as radix

from microcrm.components.buttons import button
from microcrm.components.icons import icon


def dialog(
    title: str | rx.Var[str],
    *body: rx.Component,
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    description: str | rx.Var[str] = "",
    wide: bool = False,
) -> rx.Component:
    """A question or a short form in the middle of the screen. ``on_close`` gets no argument."""
    return _overlay("dialog dialog-wide" if wide else "dialog", title, body, open, on_close, description)


def panel(
    title: str | rx.Var[str],
    *body: rx.Component,
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    description: str | rx.Var[str] = "",
) -> rx.Component:
    """Details or a form at the right edge; a sheet from below on phones."""
    return _overlay("panel", title, body, open, on_close, description)


def confirm(
    title: str | rx.Var[str],
    text: str | rx.Var[str],
    *,
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    on_confirm: rx.EventHandler,
    action: str,
    danger: bool = False,
    busy: rx.Var[bool] | None = None,
) -> rx.Component:
    """Asks before something that can't be undone. ``action`` is the verb on the button, never "OK"."""
    return _overlay(
        "dialog",
        title,
        (
            rx.el.p(text),
            rx.el.div(
                button("Keep it as it is", on_click=on_close),
                button(action, kind="danger-solid" if danger else "primary", busy=busy, on_click=on_confirm),
                class_name="form-actions",
            ),
        ),
        open,
        on_close,
        "",
    )


def form_footer(*buttons: rx.Component) -> rx.Component:
    """The buttons of a form in a dialog or panel, always in sight. Put it last in the form."""
    return rx.el.footer(*buttons)


def _overlay(
    class_name: str,
    title: str | rx.Var[str],
    body: tuple[rx.Component, ...],
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    description: str | rx.Var[str],
) -> rx.Component:
    says_more = isinstance(description, rx.Var) or bool(description)
    described = radix.description(description, class_name="muted" if says_more else "sr-only")
    return radix.root(
        radix.portal(
            radix.overlay(class_name="scrim"),
            radix.content(
                rx.el.header(
                    rx.el.div(radix.title(rx.el.h2(title), as_child=True), described),
                    rx.el.button(icon("x"), type="button", class_name="close", aria_label="Close", on_click=on_close),
                ),
                rx.el.div(*body, class_name="overlay-body"),
                class_name=class_name,
                on_interact_outside=rx.prevent_default,
            ),
        ),
        open=open,
        on_open_change=on_close,
    )
