"""One read for all who ask at once, and never one that had begun before they asked."""

from __future__ import annotations

import asyncio

import pytest

from microcrm.state.shared_reads import SharedReads


class Reading:
    """Reads the number of the latest change; ``go`` lets a read that has begun go on."""

    def __init__(self) -> None:
        self.change, self.begun = 0, 0
        self.started, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        self.started.set()
        seen = self.change
        await self.go.wait()
        return seen


async def test_those_who_ask_at_once_share_one_read() -> None:
    reads, reading = SharedReads(), Reading()
    reading.go.set()
    assert await asyncio.gather(*(reads.read("a", reading) for _ in range(50))) == [0] * 50
    assert reading.begun == 1


async def test_a_read_that_has_begun_is_not_joined() -> None:
    reads, reading = SharedReads(), Reading()
    first = asyncio.create_task(reads.read("a", reading))
    await reading.started.wait()
    reading.change = 1
    later = [asyncio.create_task(reads.read("a", reading)) for _ in range(20)]
    await asyncio.sleep(0)
    reading.go.set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1] * 20
    assert reading.begun == 2


async def test_different_keys_do_not_wait_for_each_other() -> None:
    reads, slow, quick = SharedReads(), Reading(), Reading()
    quick.go.set()
    held = asyncio.create_task(reads.read("a", slow))
    assert await asyncio.wait_for(reads.read("b", quick), 5) == 0
    slow.go.set()
    await held


async def test_a_failure_is_told_to_all_and_not_remembered() -> None:
    reads, reading = SharedReads(), Reading()
    reading.go.set()

    async def fails() -> int:
        raise LookupError("gone")

    told = await asyncio.gather(*(reads.read("a", fails) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [LookupError] * 3
    assert await reads.read("a", reading) == 0


async def test_whoever_gives_up_does_not_spoil_it_for_the_others() -> None:
    reads, reading = SharedReads(), Reading()
    one, other = (asyncio.create_task(reads.read("a", reading)) for _ in range(2))
    await reading.started.wait()
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    reading.go.set()
    assert await other == 0
