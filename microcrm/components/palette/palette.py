"""The command palette: pages and actions at once, customers as the server finds them. Ctrl-K or ⌘-K."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec as payload

_BOX = rx.asset("box.jsx", shared=True)  # imported by opener.jsx, so it must be laid beside it
_JSX = rx.asset("opener.jsx", shared=True)


class Palette(rx.Component):
    """``entries`` are objects with href, label, hint and needs, shown when ``allowed`` has what they need; ``found`` are those
    of the server's answer, without needs. ``on_search`` gets the words typed, "" at first, if the person ``searches``."""

    library = _JSX.importable_path
    tag = "Palette"
    lib_dependencies: list[str] = ["cmdk@1.1.1"]

    entries: rx.Var[list[dict[str, str]]]
    allowed: rx.Var[list[str]]
    found: rx.Var[list[Any]]
    searches: rx.Var[bool]
    on_search: rx.EventHandler[payload(str)]


palette = Palette.create
