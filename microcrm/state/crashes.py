"""What happens when a handler raises something nobody foresaw: a reference for the person, the rest for the log.

Reflex's own handler sends a toast that runs through eval, and ignores what it is given back since 0.10; so the notice is
written into the person's state here.
"""

from __future__ import annotations

import asyncio

import reflex as rx
import structlog
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext

from microcrm.observability import new_request_id
from microcrm.state.base import AppState

log = structlog.get_logger()
_telling: set[asyncio.Task[None]] = set()  # the loop itself keeps only weak references to its tasks


def on_event_crash(exception: Exception) -> None:
    """Called by Reflex in the context of the event that failed, after the state's lock is free."""
    reference = new_request_id()
    log.error("event_crashed", reference=reference, exc_info=exception)
    task = asyncio.get_running_loop().create_task(_tell(EventContext.get().token, reference))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


def on_browser_crash(exception: Exception) -> None:
    """A page's script failed in the browser. The message may hold anything, so only its kind and place are kept."""
    first, *rest = str(exception).splitlines() or [""]
    place = next((line.strip() for line in rest if line.strip().startswith("at ")), "")
    log.warning("page_crashed", kind=first.partition(":")[0][:80], place=place[:200])


async def _tell(client_token: str, reference: str) -> None:
    app = RegistrationContext.get().app
    async with app.modify_state(rx.BaseStateToken(ident=client_token, cls=AppState)) as state:
        shell = await state.get_state(AppState)
        shell._notify(
            f"That didn’t work. If it happens again, tell us this reference: {reference}.",
            tone="bad",
        )
