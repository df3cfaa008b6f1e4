"""Where Razorpay tells us what happened: checked over the bytes that came, stored, answered. The worker does the rest.

Requests that arrive together are stored together: while one transaction commits, the next ones gather. The worker is told
beside that: nobody's answer waits for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from random import uniform

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters import inbox, queue
from microcrm.adapters.inbox import Arrival
from microcrm.adapters.razorpay import is_signed
from microcrm.domain.errors import NotFound
from microcrm.operations.online.keys import Hook, hook_behind
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from microcrm.state.bridge import perform_in, perform_shared

MOST_BYTES = 256 * 1024
# Seconds, at most and at least half of it, so that not all shops are asked for at once. A signature that does not fit is
# tried again with what is stored now, and a secret that was replaced is good for another day anyway.
_REMEMBERED_FOR = 60.0
_MOST_REMEMBERED = 5_000
_MOST_AT_ONCE = 200

log = structlog.get_logger()


class Intake:
    """Stores arrivals in batches; ``put`` returns once its own has been committed."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_untold = False

    async def put(self, arrival: Arrival) -> None:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_all())
        await stored

    async def _store_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            # When it fails, each of them fails: Razorpay hears no yes and repeats.
            [outcome] = await asyncio.gather(_store([arrival for arrival, _ in batch]), return_exceptions=True)
            for _, stored in batch:
                if stored.done():
                    continue
                if outcome is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(outcome)
            self._tell()

    def _tell(self) -> None:
        self._is_untold = True
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._is_untold:
            self._is_untold = False
            await asyncio.to_thread(queue.nudge, "inbox")


async def _store(arrivals: list[Arrival]) -> None:
    def stored(uow: UnitOfWork) -> None:
        inbox.store(uow.session, arrivals, uow.now)

    await perform_in("worker", system(), stored)


_intake = Intake()
_known: OrderedDict[str, tuple[float, Hook]] = OrderedDict()


async def take_hook(request: Request) -> Response:
    body = await _body(request)
    if body is None:
        return PlainTextResponse("too large", 413)
    token, signature = request.path_params["token"], request.headers.get("x-razorpay-signature", "")
    try:
        hook = await _signer(token, body, signature)
    except NotFound:
        return PlainTextResponse("unknown address", 404)
    if hook is None:
        log.warning("hook.not_signed", size=len(body))
        return PlainTextResponse("wrong signature", 400)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return PlainTextResponse("not utf-8", 400)
    if "\x00" in text:
        return PlainTextResponse("not text", 400)
    # The id is not signed. It decides only about repeats of the same body, and what is done with a body can be done twice.
    key = request.headers.get("x-razorpay-event-id", "")[:100] or hashlib.sha256(body).hexdigest()
    await _intake.put(Arrival(hook.business_id, key, text))
    return PlainTextResponse("stored")


async def _signer(token: str, body: bytes, signature: str) -> Hook | None:
    """Whose address it is, when one of that shop's secrets signed the body."""
    until, remembered = _known.get(token, (0.0, None))
    if remembered is not None and time.monotonic() < until and _fits(remembered, body, signature):
        return remembered
    hook = await perform_shared(token, VISITOR, hook_behind, token, wiring.sealer())
    _known[token] = (time.monotonic() + _REMEMBERED_FOR * uniform(0.5, 1.0), hook)  # noqa: S311 - it spreads work
    while len(_known) > _MOST_REMEMBERED:
        _known.popitem(last=False)
    return hook if _fits(hook, body, signature) else None


def _fits(hook: Hook, body: bytes, signature: str) -> bool:
    return any(is_signed(body, signature, secret) for secret in hook.secrets)


async def _body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body


ROUTES = (Route("/hooks/razorpay/{token}", take_hook, methods=["POST"]),)
