"""Hears what PostgreSQL tells (``NOTIFY``): one connection of this process's own, outside the pool, for all channels.

A notice can be missed while the connection is down. So whoever keeps something because a change would be heard must ask
``is_listening`` each time, and forget everything when told that notices may have been missed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import structlog
from psycopg import sql

from microcrm.adapters.reachable import plain

log = structlog.get_logger()

_BEAT = 1.0  # seconds; so often the server is asked for a sign of life
_BREATH = (
    0.02  # seconds; what is told meanwhile is heard together, so that a busy shop does not wake everybody for each row
)
_TRUSTED = 2.0  # seconds since its last sign of life
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds between attempts to connect
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Ear:
    """``heard`` gets the text of each notice of a channel; ``missed`` is called when some may have been lost."""

    channel: str
    heard: Callable[[str], None]
    missed: Callable[[], None]


class Listener:
    """``url``: a direct address, since behind a transaction pooler nobody hears anything; asked for at each attempt."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._ears: list[Ear] = []
        self._alive_at = _NEVER
        self._pause = _FIRST_PAUSE

    def add(self, ear: Ear) -> None:
        """Before ``run``. Both are called in the event loop, and must return at once."""
        self._ears.append(ear)

    @property
    def is_listening(self) -> bool:
        """Whether every change up to a moment ago has been heard."""
        return time.monotonic() - self._alive_at < _TRUSTED

    async def run(self) -> None:
        """Until cancelled; connects again after each loss, at first soon, then every few seconds."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("listener_lost", kind=type(error).__name__)
            finally:
                self._alive_at = _NEVER
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        url = plain(self._url())
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
            for channel in sorted({ear.channel for ear in self._ears}):
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            for ear in self._ears:
                ear.missed()
            self._pause = _FIRST_PAUSE
            while True:
                async with asyncio.timeout(_BEAT):
                    await connection.execute("SELECT 1")
                self._alive_at = time.monotonic()
                until = time.monotonic() + _BEAT
                while (left := until - time.monotonic()) > 0:
                    async for notice in connection.notifies(timeout=left, stop_after=1):
                        self._tell(notice)
                    await asyncio.sleep(_BREATH)

    def _tell(self, notice: psycopg.Notify) -> None:
        for ear in self._ears:
            if ear.channel == notice.channel:
                ear.heard(notice.payload)
