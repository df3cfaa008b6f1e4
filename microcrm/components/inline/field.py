"""A field that is changed where it stands: a press on it or on its pencil opens a box, Enter saves, Esc leaves it as it was."""

from __future__ import annotations

from typing import Literal

import reflex as rx
from reflex_base.event import no_args_event_spec
from reflex_base.event import passthrough_event_spec as payload

_FIELD = rx.asset("field.jsx", shared=True)


class InlineField(rx.Component):
    """What is shown meanwhile are its children. ``start``: what the box begins with. ``family``: the words of a box to tick, or
    empty. ``on_begin`` gets the name, ``on_save`` the name, what was typed and whether the box was ticked."""

    library = _FIELD.importable_path
    tag = "InlineField"

    name: rx.Var[str]
    label: rx.Var[str]
    start: rx.Var[str]
    kind: rx.Var[Literal["text", "tel", "email", "date", "lines"]]
    editing: rx.Var[bool]
    error: rx.Var[str]
    busy: rx.Var[bool]
    family: rx.Var[str]

    on_begin: rx.EventHandler[payload(str)]
    on_save: rx.EventHandler[payload(str, str, bool)]
    on_cancel: rx.EventHandler[no_args_event_spec]


inline_field = InlineField.create
