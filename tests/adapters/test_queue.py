"""One pool of connections to Valkey for the process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from microcrm.adapters import queue
from tests.support.servers import Servers

THREADS = 16


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_that_ask_at_once_get_the_same_client(engines: Servers, impatient: None) -> None:
    """A client that lost such a race closed, when it was thrown away, connections that another thread was opening."""
    start = Barrier(THREADS)

    def ask() -> int:
        start.wait()
        return id(queue.client())

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(20):
            queue._forget_connections()
            assert len(set(pool.map(lambda _: ask(), range(THREADS)))) == 1
