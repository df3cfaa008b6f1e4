"""Many who want one thing at once: they try one after the other, and who is refused speaks for all who asked before.

The database alone decides who has a time. But when two hundred ask for the same one, a hundred and ninety-nine searches
for the next free times are the same search. Here they wait without a thread and without a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from copy import copy
from dataclasses import dataclass, field
from typing import TypeVar

from microcrm.domain.errors import SlotTaken

T = TypeVar("T")


@dataclass(slots=True)
class _Waiting:
    """``post``: the form post that this is, so that the same one sent twice is known."""

    post: str
    answer: asyncio.Future[SlotTaken | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class _Rush:
    """``early`` asked before the attempt that is going on began, ``late`` since. ``won``: posts that have had success."""

    early: list[_Waiting] = field(default_factory=list)
    late: list[_Waiting] = field(default_factory=list)
    won: set[str] = field(default_factory=set)


class Turns:
    """Attempts of one event loop. ``key`` must hold all that a refusal depends on: whose business it is, who looks, and
    what is wanted."""

    def __init__(self) -> None:
        self._rushes: dict[Hashable, _Rush] = {}

    async def take(self, key: Hashable, attempt: Callable[[], Awaitable[T]], post: str = "") -> T:
        """The outcome of ``attempt``; or ``SlotTaken`` as somebody else was told, whose attempt began after this call: never
        older than what one's own attempt would have found. Any other failure is the failure of one."""
        if key in self._rushes:
            await self._wait(key, post)
        else:
            self._rushes[key] = _Rush()
        refusal = None
        try:
            result = await attempt()
            self._rushes[key].won.add(post)
            return result
        except SlotTaken as lost:
            refusal = lost
            raise
        finally:
            self._pass_on(key, refusal)

    async def _wait(self, key: Hashable, post: str) -> None:
        """Until it is one's turn. Raises what another was told, when that is the answer."""
        mine = _Waiting(post)
        self._rushes[key].late.append(mine)
        try:
            refusal = await mine.answer
        except asyncio.CancelledError:
            if mine.answer.done() and not mine.answer.cancelled() and mine.answer.result() is None:
                self._pass_on(key, None)
            raise
        if refusal is not None:
            raise copy(refusal).with_traceback(None)

    def _pass_on(self, key: Hashable, refusal: SlotTaken | None) -> None:
        rush = self._rushes[key]
        for one in rush.early if refusal is not None else ():
            is_twice = (
                bool(one.post) and one.post in rush.won
            )  # it must find its own booking, not hear that it is taken
            if not one.answer.done() and not is_twice:
                one.answer.set_result(refusal)
        left = [one for one in (*rush.early, *rush.late) if not one.answer.done()]
        if not left:
            del self._rushes[key]
            return
        rush.early, rush.late = left[1:], []
        left[0].answer.set_result(None)
