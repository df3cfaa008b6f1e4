"""The box for a message's words, with the variables below it as chips that put themselves in where the cursor is."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec as payload

_WORDING = rx.asset("wording.jsx", shared=True)


class Wording(rx.Component):
    """``start``: what the box begins with; give a new ``key`` to begin anew. ``places``: the variables, name and words. ``on_type``
    gets the whole text after each change."""

    library = _WORDING.importable_path
    tag = "Wording"

    name: rx.Var[str]
    label: rx.Var[str]
    start: rx.Var[str]
    places: rx.Var[list[Any]]
    error: rx.Var[str]
    hint: rx.Var[str]
    lang: rx.Var[str]

    on_type: rx.EventHandler[payload(str)]


wording = Wording.create
