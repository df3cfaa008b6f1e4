"""Short messages at the foot of the screen, with Undo. State-driven: Reflex's toasts need eval, which our CSP forbids."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec as payload

_JSX = rx.asset("notices.jsx", shared=True)


class Notices(rx.Component):
    """``notices`` are objects with id, text, tone (ok, info, bad), undo ("" when there is nothing to undo) and tell ("" when
    nobody is to be told). Without ``on_tell`` nothing is offered."""

    library = _JSX.importable_path
    tag = "Notices"

    notices: rx.Var[list[Any]]
    on_dismiss: rx.EventHandler[payload(int)]
    on_undo: rx.EventHandler[payload(str)]
    on_tell: rx.EventHandler[payload(str)]


notices = Notices.create
