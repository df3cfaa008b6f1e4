"""From a request to an operation of the accounts realm: who asks, and on which threads it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

from starlette.requests import Request

from microcrm.adapters.passwords import hashing_threads
from microcrm.domain.browsers import browser_name
from microcrm.domain.errors import LimitReached, SignedOut
from microcrm.http.sockets import client_address
from microcrm.operations.sessions import Seat, take_seat, token_in
from microcrm.operations.unit_of_work import VISITOR, Actor, UnitOfWork
from microcrm.settings import settings
from microcrm.state.bridge import perform, perform_in
from microcrm.wiring import unit_of_work

P = ParamSpec("P")
T = TypeVar("T")

_MOST_WAITING = 100  # about three seconds of hashing
_waiting = 0


def visitor(request: Request) -> Actor:
    """Nobody in particular, from somewhere."""
    known: Actor | None = getattr(request.state, "visitor", None)
    if known is None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = client_address(request.scope, headers, settings().trusted_proxy_hops)
        known = replace(VISITOR, address=address[:64], browser=browser_name(headers.get("user-agent", "")))
        request.state.visitor = known
    return known


async def seat_of(request: Request) -> Seat:
    """Who is signed in on this browser."""
    return await perform(VISITOR, take_seat, token_in(request.headers.get("cookie", "")))


async def account_of(request: Request) -> Actor:
    """The signed-in person. Raises: SignedOut."""
    seat = await seat_of(request)
    if not seat.is_signed_in:
        raise SignedOut
    asker = visitor(request)
    return replace(seat.actor, address=asker.address, browser=asker.browser)


async def in_accounts(
    actor: Actor, operation: Callable[Concatenate[UnitOfWork, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    return await perform_in("accounts", actor, lambda uow: operation(uow, *args, **kwargs))


async def with_hashing(
    actor: Actor, operation: Callable[Concatenate[UnitOfWork, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same for what hashes a password. Raises: LimitReached, when too many wait for that already."""
    global _waiting
    if _waiting >= _MOST_WAITING:
        raise LimitReached("Many people are signing in just now.", remedy="Try again in a few seconds.")

    def run() -> T:
        with unit_of_work(actor, realm="accounts") as uow:
            return operation(uow, *args, **kwargs)

    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(hashing_threads(), run)
    finally:
        _waiting -= 1
