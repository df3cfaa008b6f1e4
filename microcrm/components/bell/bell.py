"""The bell in the top bar, and what opens under it. One script for all pages: written with elements, each page would carry it."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec
from reflex_base.event import passthrough_event_spec as payload

_JSX = rx.asset("bell.jsx", shared=True)


class BellButton(rx.Component):
    """``unread``: as it stands beside the bell, or empty. ``rows`` are objects with id, text, when, href and is_new, newest first;
    ``on_follow`` gets the id of the one that was pressed."""

    library = _JSX.importable_path
    tag = "Bell"

    unread: rx.Var[str]
    rows: rx.Var[list[Any]]
    is_read: rx.Var[bool]
    has_more: rx.Var[bool]
    on_open: rx.EventHandler[no_args_event_spec]
    on_more: rx.EventHandler[no_args_event_spec]
    on_read_all: rx.EventHandler[no_args_event_spec]
    on_follow: rx.EventHandler[payload(str)]


bell_button = BellButton.create
