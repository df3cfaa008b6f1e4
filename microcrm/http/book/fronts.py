"""Shops as their first page shows them, kept for a few seconds in this process.

A page that is opened by many at once asks the database once. What is written (a hold, a booking) never relies on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.requests import Request

from microcrm.http.desk import visitor
from microcrm.operations.public_shop import PublicShop, shop_front
from microcrm.state.bridge import perform

FRESH_FOR = 5.0  # seconds
_MOST = 500
T = TypeVar("T")


class ShortMemory(Generic[T]):
    """The last few hundred answers by key, each forgotten after ``seconds``."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, key: str) -> T | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and self._clock() - kept[0] < self._seconds else None

    def keep(self, key: str, value: T) -> T:
        self._kept.pop(key, None)
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock(), value)
        return value

    def clear(self) -> None:
        self._kept.clear()


fronts: ShortMemory[PublicShop] = ShortMemory(FRESH_FOR)


async def front_of(request: Request) -> PublicShop:
    """The shop that the address names. Raises: NotFound."""
    slug: str = request.path_params["slug"]
    kept = fronts.get(slug)
    return kept if kept is not None else fronts.keep(slug, await perform(visitor(request), shop_front, slug))
