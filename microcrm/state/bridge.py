"""The one way from the event loop to the database: a thread of our own pool, a unit of work, one operation.

``asyncio.to_thread`` has only a handful of threads for everything; this pool is as large as the connection pool, so a
thread never waits for a connection that another thread of the same process holds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from microcrm.operations.unit_of_work import Actor, Realm, UnitOfWork
from microcrm.settings import settings
from microcrm.state.shared_reads import SharedReads
from microcrm.state.turns import Turns
from microcrm.wiring import unit_of_work

P = ParamSpec("P")
T = TypeVar("T")
_MOST_OUTSIDE = 16


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=settings().pool_size, thread_name_prefix="operation")


os.register_at_fork(after_in_child=_threads.cache_clear)


@cache
def _outside_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_MOST_OUTSIDE, thread_name_prefix="outside")


os.register_at_fork(after_in_child=_outside_threads.cache_clear)


async def outside(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """A call that leaves the machine, on threads of its own: one that hangs keeps no operation from the database, and no
    transaction is open meanwhile."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_outside_threads(), lambda: call(*args, **kwargs))


def perform_now(
    actor: Actor,
    operation: Callable[Concatenate[UnitOfWork, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run the operation in this thread, in a transaction of its own."""
    with unit_of_work(actor) as uow:
        return operation(uow, *args, **kwargs)


async def perform(
    actor: Actor,
    operation: Callable[Concatenate[UnitOfWork, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run the operation in a thread while the event loop goes on."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads(), lambda: perform_now(actor, operation, *args, **kwargs))


turns = Turns()


def turn_key(sought: Hashable, actor: Actor, operation: Callable[..., Any]) -> Hashable:
    """Whose turn it is depends on what is sought, and on everything by which two actors may be told different things."""
    return operation, replace(actor, session_id=None, address="", browser=""), sought


async def perform_in_turn(
    sought: Hashable,
    actor: Actor,
    operation: Callable[Concatenate[UnitOfWork, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The same for what many may want at once (``sought``): see `Turns`. A ``request_key`` names the form post."""
    post = next((str(key) for one in args if (key := getattr(one, "request_key", ""))), "")
    attempt = partial(perform, actor, operation, *args, **kwargs)
    return await turns.take(turn_key(sought, actor, operation), attempt, post)


_shared_reads = SharedReads()


async def perform_shared(
    sought: Hashable,
    actor: Actor,
    operation: Callable[Concatenate[UnitOfWork, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """The same for what many screens read at once (``sought``). What is read belongs to all of them: nobody may change it."""
    attempt = partial(perform, actor, operation, *args, **kwargs)
    return await _shared_reads.read(turn_key(sought, actor, operation), attempt)


async def perform_in(realm: Realm, actor: Actor, operation: Callable[[UnitOfWork], T]) -> T:
    """The same for accounts work, whose tables are seen only in their realm."""

    def run() -> T:
        with unit_of_work(actor, realm=realm) as uow:
            return operation(uow)

    return await asyncio.get_running_loop().run_in_executor(_threads(), run)
