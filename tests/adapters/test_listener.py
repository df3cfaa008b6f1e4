"""The connection that hears: what is told comes through, and a lost connection is noticed and made anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest

from microcrm.adapters.listener import Ear, Listener
from microcrm.adapters.reachable import plain
from microcrm.settings import settings
from tests.support.servers import Servers


class Heard:
    def __init__(self) -> None:
        self.notices: list[str] = []
        self.gaps = 0

    def missed(self) -> None:
        self.gaps += 1


async def until(is_so) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - it happens on the other side of a connection
            await asyncio.sleep(0.01)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def listener(engines: Servers, heard: Heard) -> AsyncIterator[Listener]:
    listener = Listener(lambda: settings().database_direct_url)
    listener.add(Ear("bells", heard.notices.append, heard.missed))
    task = asyncio.create_task(listener.run())
    await until(lambda: listener.is_listening)
    yield listener
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not listener.is_listening


def tell(channel: str, text: str) -> None:
    with psycopg.connect(plain(settings().database_url), autocommit=True) as connection:
        connection.execute("SELECT pg_notify(%s, %s)", (channel, text))


def cut(engines: Servers) -> int:
    """End the server's side of every connection that listens in this database."""
    with psycopg.connect(engines.superuser_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query IN ('SELECT 1', 'LISTEN \"bells\"')",
            (settings().database_url.rpartition("/")[2],),
        ).fetchall()
    return len(found)


async def test_it_hears_its_channel_and_no_other(listener: Listener, heard: Heard) -> None:
    tell("whistles", "no")
    tell("bells", "ding")
    tell("bells", "dong")
    await until(lambda: len(heard.notices) == 2)
    assert heard.notices == ["ding", "dong"]


async def test_a_cut_connection_is_noticed_and_made_anew(listener: Listener, heard: Heard, engines: Servers) -> None:
    assert heard.gaps == 1, "what happened before it listened was missed"
    assert cut(engines) == 1
    await until(lambda: not listener.is_listening)
    await until(lambda: listener.is_listening)
    assert heard.gaps == 2
    tell("bells", "again")
    await until(lambda: heard.notices == ["again"])


async def test_it_goes_on_trying_while_there_is_no_server(heard: Heard, engines: Servers) -> None:
    urls = ["postgresql://nobody:x@127.0.0.1:1/none"]
    listener = Listener(lambda: urls[-1])
    listener.add(Ear("bells", heard.notices.append, heard.missed))
    task = asyncio.create_task(listener.run())
    await asyncio.sleep(0.3)
    assert not listener.is_listening and not task.done() and heard.gaps == 0
    urls.append(settings().database_direct_url)
    await until(lambda: listener.is_listening)
    task.cancel()
