"""Dialogs and side panels: focus goes in and comes back, Esc and the cross close, the rest of the page is inert.

A press outside doesn't close them, so that a slip of the finger never loses what was typed.
"""

from __future__ import annotations

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.overlay.overlay import overlay


def dialog(
    title: str | rx.Var[str],
    *body: rx.Component,
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    description: str | rx.Var[str] = "",
    wide: bool = False,
) -> rx.Component:
    """A question or a short form in the middle of the screen. ``on_close`` gets no argument."""
    return overlay(
        *body,
        title=title,
        description=description,
        open=open,
        on_close=on_close,
        class_name="dialog dialog-wide" if wide else "dialog",
    )


def panel(
    title: str | rx.Var[str],
    *body: rx.Component,
    open: rx.Var[bool],
    on_close: rx.EventHandler,
    description: str | rx.Var[str] = "",
) -> rx.Component:
    """Details or a form at the right edge; a sheet from below on phones."""
    return overlay(*body, title=title, description=description, open=open, on_close=on_close, class_name="panel")


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
    return dialog(
        title,
        rx.el.div(
            button("Keep it as it is", on_click=on_close),
            button(action, kind="danger-solid" if danger else "primary", busy=busy, on_click=on_confirm),
            class_name="form-actions",
        ),
        open=open,
        on_close=on_close,
        description=text,
    )


def form_footer(*buttons: rx.Component) -> rx.Component:
    """The buttons of a form in a dialog or panel, always in sight. Put it last in the form."""
    return rx.el.footer(*buttons)
