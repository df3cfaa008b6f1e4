"""One read for all who ask the same at once. A change is told to every open screen of a shop in the same moment, and those
that show the same day as the same person would each read the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class SharedReads:
    """Of one event loop. ``key`` must hold all that the answer depends on: what is asked and who looks."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Task[Any]] = {}
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def read(self, key: Hashable, attempt: Callable[[], Awaitable[T]]) -> T:
        """What an ``attempt`` that begins after this call finds: one that has begun may have missed the change that this
        caller has heard of, so it is never joined."""
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.create_task(self._in_its_time(key, attempt))
        return cast("T", await asyncio.shield(task))  # whoever gives up does not spoil it for the others

    async def _in_its_time(self, key: Hashable, attempt: Callable[[], Awaitable[T]]) -> T:
        before = self._running.get(key)
        if before is not None:
            await asyncio.wait([before])
        mine = self._running[key] = self._waiting.pop(key)
        try:
            return await attempt()
        finally:
            if self._running[key] is mine:
                del self._running[key]
