"""Who carries out which kind of outbox message."""

from __future__ import annotations

from collections.abc import Callable

from microcrm.adapters.outbox import Message

Handler = Callable[[Message], None]

HANDLERS: dict[str, Handler] = {}
