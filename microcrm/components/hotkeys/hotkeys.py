"""Keyboard shortcuts, and the sheet that lists them. Nothing typed ever reaches the server from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reflex as rx

from microcrm.components.buttons import button
from microcrm.components.icons import icon

_JSX = rx.asset("hotkeys.jsx", shared=True)

ROUTES: Mapping[str, str] = {
    "g t": "/today",
    "g c": "/calendar",
    "g u": "/customers",
    "g s": "/settings",
    "n": "/calendar?new=1",
}

SHEET: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Find anything", ("Ctrl", "K")),
    ("Search on this page", ("/",)),
    ("New booking", ("N",)),
    ("Go to Today", ("G", "T")),
    ("Go to Calendar", ("G", "C")),
    ("Go to Customers", ("G", "U")),
    ("Go to Settings", ("G", "S")),
    ("Save a form", ("Ctrl", "Enter")),
    ("Undo the last change", ("Ctrl", "Z")),
    ("Next or previous row", ("J", "K")),
    ("Calendar: today, before or after", ("T", "← →")),
    ("Calendar: day, week, month, agenda", ("1", "2", "3", "4")),
    ("Move a focused booking in time", ("Alt", "↑ ↓")),
    ("Move it to another person or day", ("Alt", "← →")),
    ("Make it longer or shorter", ("Alt", "Shift", "↑ ↓")),
    ("Bill: add, repeat a line", ("Enter", "Ctrl D")),
    ("Bill: move a line", ("Alt", "↑ ↓")),
    ("Hide or show menu names", ("[",)),
    ("Close what is open", ("Esc",)),
    ("This list", ("?",)),
)


class Hotkeys(rx.Component):
    library = _JSX.importable_path
    tag = "Hotkeys"
    lib_dependencies: list[str] = ["tinykeys@3.1.0"]

    routes: rx.Var[dict[str, str]]
    off: rx.Var[bool]


def hotkeys(off: rx.Var[bool] | bool = False) -> rx.Component:
    """The listener and its sheet. ``off`` switches single letters off (WCAG 2.1.4); Ctrl-K stays."""
    return rx.fragment(Hotkeys.create(routes=dict(ROUTES), off=off), _sheet())


def does(name: str) -> dict[str, dict[str, str]]:
    """Props of a button that starts a client-side act: palette, keys, rail, search or reload."""
    return {"custom_attrs": {"data-does": name}}


def pressed_by(key: str) -> dict[str, dict[str, str]]:
    """Props of a button or link that the single ``key`` presses while nobody types: "t", "ArrowLeft"."""
    return {"custom_attrs": {"data-key": key}}


def in_line(act: str) -> dict[str, dict[str, str]]:
    """Props of a button that a key presses from within a line of a grid (``data-line``): up, down or copy of that line, or
    add for the whole grid."""
    return {"custom_attrs": {"data-line-act": act}}


def copies(text: str | rx.Var[str]) -> dict[str, dict[str, Any]]:
    """Props of a button with words that puts ``text`` on the clipboard."""
    return {"custom_attrs": {"data-does": "copy", "data-copy": text}}


def _sheet() -> rx.Component:
    return rx.el.dialog(
        rx.el.header(
            rx.el.div(rx.el.h2("Keyboard shortcuts", id="keys-title")),
            rx.el.button(icon("x"), type="button", class_name="close", aria_label="Close", **does("keys-close")),
        ),
        rx.el.div(
            rx.el.dl(*[part for words, keys in SHEET for part in _line(words, keys)], class_name="keys-list"),
            button("Done", class_name="btn-wide", **does("keys-close")),
            class_name="overlay-body",
        ),
        id="keys-sheet",
        class_name="dialog keys-sheet",
        aria_labelledby="keys-title",
    )


def _line(words: str, keys: tuple[str, ...]) -> tuple[rx.Component, rx.Component]:
    return rx.el.dt(words), rx.el.dd(*[rx.el.kbd(key, class_name="kbd") for key in keys])
