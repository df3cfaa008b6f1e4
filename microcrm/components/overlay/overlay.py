"""The box behind dialogs and panels: Radix's dialog with its head, and focus given back to whatever opened it.

It shows nothing until something is opened, so the page comes up without it and fetches it right after.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec

_JSX = rx.asset("overlay.jsx", shared=True)


class Overlay(rx.NoSSRComponent):
    library = _JSX.importable_path
    tag = "Overlay"
    lib_dependencies: list[str] = ["@radix-ui/react-dialog@1.3.1"]

    open: rx.Var[bool]
    title: rx.Var[str]
    description: rx.Var[str]

    on_close: rx.EventHandler[no_args_event_spec]


overlay = Overlay.create


def puts(day: rx.Var[str], time: rx.Var[str] | str = "") -> dict[str, dict[str, Any]]:
    """Props of a button in a form of a box that puts itself into the form's fields ``day`` and ``time``, before the server answers."""
    return {"custom_attrs": {"data-day": day, "data-time": time}}
