"""What providers post to us, on its way into the inbox. Requests that arrive together are stored together: while one transaction
commits, the next ones gather. The worker is told beside that: nobody's answer waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from random import uniform
from typing import Generic, TypeVar

from starlette.requests import Request

from microcrm.adapters import inbox, queue
from microcrm.adapters.inbox import Arrival
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.state.bridge import perform_in

H = TypeVar("H")
MOST_BYTES = 256 * 1024
# Seconds, at most and at least half of it, so that not all shops are asked for at once. A signature that does not fit is
# tried again with what is stored now, and a secret that was replaced is good for another day anyway.
_REMEMBERED_FOR = 60.0
_MOST_REMEMBERED = 5_000
_MOST_AT_ONCE = 200


class Intake:
    """Stores arrivals in batches; ``put`` returns once its own has been committed."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_untold = False

    async def put(self, arrival: Arrival) -> None:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_all())
        await stored

    async def _store_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            # When it fails, each of them fails: the provider hears no yes.
            [outcome] = await asyncio.gather(_store([arrival for arrival, _ in batch]), return_exceptions=True)
            for _, stored in batch:
                if stored.done():
                    continue
                if outcome is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(outcome)
            self._tell()

    def _tell(self) -> None:
        self._is_untold = True
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._is_untold:
            self._is_untold = False
            await asyncio.to_thread(queue.nudge, "inbox")


async def _store(arrivals: list[Arrival]) -> None:
    def stored(uow: UnitOfWork) -> None:
        inbox.store(uow.session, arrivals, uow.now)

    await perform_in("worker", system(), stored)


INTAKE = Intake()


class Signers(Generic[H]):
    """Whose address it is, when one of that shop's secrets signed what came; remembered for a while by the address's token."""

    def __init__(self, look_up: Callable[[str], Awaitable[H]]) -> None:
        self._look_up = look_up
        self._known: OrderedDict[str, tuple[float, H]] = OrderedDict()

    async def find(self, token: str, fits: Callable[[H], bool]) -> H | None:
        """Raises: NotFound, when nobody has that address."""
        until, remembered = self._known.get(token, (0.0, None))
        if remembered is not None and time.monotonic() < until and fits(remembered):
            return remembered
        hook = await self._look_up(token)
        self._known[token] = (time.monotonic() + _REMEMBERED_FOR * uniform(0.5, 1.0), hook)  # noqa: S311 - it spreads work
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return hook if fits(hook) else None

    def forget(self) -> None:
        self._known.clear()


async def read_body(request: Request) -> bytes | None:
    """None for more than `MOST_BYTES`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body
