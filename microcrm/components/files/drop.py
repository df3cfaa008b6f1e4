"""Where photos and papers of a customer are dropped, chosen or taken. The script sends each as the body of a plain POST
(`http/person_files.py`): no file ever is in a State or on the websocket."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec
from reflex_base.event import passthrough_event_spec as payload

_DROP = rx.asset("drop.jsx", shared=True)


class FileDrop(rx.NoSSRComponent):
    """``kinds``, ``befores`` and ``visits`` have ``value`` and ``label``. ``on_done`` gets an undo token, or "" for several
    files, and how many were kept; ``on_consent`` comes when the customer has not agreed to photos."""

    library = _DROP.importable_path
    tag = "FileDrop"

    customer: rx.Var[str]
    kinds: rx.Var[list[Any]]
    befores: rx.Var[list[Any]]
    visits: rx.Var[list[Any]]
    today: rx.Var[str]

    on_done: rx.EventHandler[payload(str, int)]
    on_consent: rx.EventHandler[no_args_event_spec]


file_drop = FileDrop.create
