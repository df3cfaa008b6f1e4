"""Changes made elsewhere, told to the open tabs of this process.

PostgreSQL says "business kind id" after each commit (``models.doors``). A tab that shows such things says so when it loads;
here it is sent an event of its own, like any other that comes from its browser: through the gate, with the session in its
cookie, and after whatever it is doing. So a tab reads only what its person may see, and nobody else's tab does its work:
with several web processes, each tells those tabs whose sockets it holds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from reflex.app import App
from reflex_base.event import Event, EventHandler
from reflex_base.utils.format import format_event_handler

from microcrm.adapters.listener import Ear, Listener
from microcrm.models.doors import CHANNEL
from microcrm.wiring import listener

log = structlog.get_logger()

ALL = "*"  # what a tab hears when it had better read everything again
MOST_AT_ONCE = 40  # changed things; with more, everything is read again
_BELL, _MESSAGE = "bell ", "message "
_FEW = 500  # bells; with more, those of tabs that are gone are forgotten
PAUSE = 0.1  # seconds; what changes meanwhile is told together


@dataclass(frozen=True, slots=True)
class Tab:
    """``handler`` takes ``changes``: "booking 12, class 3", or ``ALL``. ``only``: the one thing it hears of; without it, all but
    bells, and messages if ``has_messages``."""

    business_id: int
    handler: str
    only: str = ""
    has_messages: bool = False

    def hears(self, change: str) -> bool:
        if self.only or change == ALL:
            return change in (ALL, self.only)
        return self.has_messages if change.startswith(_MESSAGE) else not change.startswith(_BELL)


Deliver = Callable[[str, Tab, str], Awaitable[bool]]


class Screens:
    """``deliver`` says whether the tab is still here, as ``is_here`` does without delivering; ``pause`` is how long a burst is
    collected."""

    def __init__(
        self, ears: Listener, deliver: Deliver, pause: float = PAUSE, is_here: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._ears, self._deliver, self._is_here, self._pause = ears, deliver, is_here, pause
        self._tabs: dict[str, Tab] = {}
        self._bells: dict[str, Tab] = {}
        self._most_bells = _FEW
        self._changes: dict[int, dict[str, None]] = defaultdict(dict)
        self._is_waiting = False
        self._running: set[asyncio.Task[None]] = set()
        ears.add(Ear(CHANNEL, self.changed, self.missed))

    def show(self, token: str, business_id: int | None, handler: EventHandler, *, has_messages: bool = False) -> None:
        """The tab shows what ``handler`` keeps fresh, and nothing else. ``has_messages``: how far messages have come, too."""
        if token and business_id is not None:
            self._tabs[token] = Tab(business_id, format_event_handler(handler), has_messages=has_messages)

    def leave(self, token: str) -> None:
        """For another page; its bell rings on."""
        self._tabs.pop(token, None)

    def ring(self, token: str, business_id: int | None, member_id: int | None, handler: EventHandler) -> None:
        """The tab shows the bell of this member, whatever page it shows."""
        if not token or business_id is None or member_id is None:
            return
        self._bells[token] = Tab(business_id, format_event_handler(handler), f"{_BELL}{member_id}")
        if len(self._bells) > self._most_bells:
            self._bells = {one: tab for one, tab in self._bells.items() if self._is_here(one)}
            self._most_bells = max(_FEW, 2 * len(self._bells))

    def rings(self, token: str, business_id: int | None, member_id: int | None) -> bool:
        """Whether the tab has been told of everything that this member's bell says by now."""
        tab = self._bells.get(token)
        return (
            tab is not None
            and (tab.business_id, tab.only) == (business_id, f"{_BELL}{member_id}")
            and self._ears.is_listening
        )

    def changed(self, notice: str) -> None:
        """``notice``: "3 booking 17"."""
        business, _, what = notice.partition(" ")
        business_id = int(business) if business.isdecimal() else 0
        if any(tab.business_id == business_id and tab.hears(what) for _, tab in self._all()):
            self._changes[business_id][what] = None
            self._soon()

    def missed(self) -> None:
        """Changes may have been lost: every tab reads again."""
        for business_id in {tab.business_id for _, tab in self._all()}:
            self._changes[business_id][ALL] = None
            self._soon()

    def _all(self) -> Iterator[tuple[str, Tab]]:
        yield from self._tabs.items()
        yield from self._bells.items()

    def _soon(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            asyncio.get_running_loop().call_later(self._pause, self._flush)

    def _flush(self) -> None:
        self._is_waiting = False
        changes, self._changes = self._changes, defaultdict(dict)
        for token, tab in list(self._all()):
            if found := [one for one in changes.get(tab.business_id, ()) if tab.hears(one)]:
                words = ALL if ALL in found or len(found) > MOST_AT_ONCE else ", ".join(found)
                task = asyncio.get_running_loop().create_task(self._tell(token, tab, words))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _tell(self, token: str, tab: Tab, words: str) -> None:
        if not await self._deliver(token, tab, words):
            self._tabs.pop(token, None)
            self._bells.pop(token, None)


class Doorbell:
    """Puts an event into the queue of a tab of ``app``."""

    def __init__(self) -> None:
        self.app: App | None = None

    async def ring(self, token: str, tab: Tab, changes: str) -> bool:
        if self.app is None or not self.is_here(token):
            return False
        await self.app.event_processor.enqueue(token, Event(name=tab.handler, payload={"changes": changes}))
        return True

    def is_here(self, token: str) -> bool:
        """Whether this process holds the tab's socket."""
        sockets: Any = self.app.event_namespace._token_manager if self.app and self.app.event_namespace else None
        record = sockets.token_to_socket.get(token) if sockets else None
        return record is not None and record.instance_id == sockets.instance_id


@cache
def doorbell() -> Doorbell:
    return Doorbell()


@cache
def screens() -> Screens:
    """Those of this process."""
    return Screens(listener(), doorbell().ring, is_here=doorbell().is_here)


def keep_fresh(app: App) -> None:
    """Before the listener runs: it hears only what somebody had asked for when it connected."""
    doorbell().app = app
    screens()


def ids_of(changes: str, kind: str) -> frozenset[int]:
    """The ids of that kind among "booking 12, class 3"."""
    parts = (part.split(" ") for part in changes.split(", "))
    return frozenset(
        int(part[1])
        for part in parts
        if len(part) == 2 and part[0] == kind and part[1].isdecimal() and len(part[1]) < 17
    )


def kinds_of(changes: str) -> frozenset[str]:
    return frozenset(part.partition(" ")[0] for part in changes.split(", ") if part)
