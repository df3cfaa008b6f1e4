"""Where Razorpay tells us what happened: checked over the bytes that came, stored, answered. The worker does the rest."""

from __future__ import annotations

import hashlib

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.inbox import Arrival
from microcrm.adapters.razorpay import is_signed
from microcrm.domain.errors import NotFound
from microcrm.http.intake import INTAKE, Signers, read_body
from microcrm.operations.online.keys import Hook, hook_behind
from microcrm.operations.unit_of_work import VISITOR
from microcrm.state.bridge import perform_shared

log = structlog.get_logger()


async def take_hook(request: Request) -> Response:
    body = await read_body(request)
    if body is None:
        return PlainTextResponse("too large", 413)
    token, signature = request.path_params["token"], request.headers.get("x-razorpay-signature", "")
    try:
        hook = await _signers.find(token, lambda one: _fits(one, body, signature))
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
    await INTAKE.put(Arrival(hook.business_id, key, text))
    return PlainTextResponse("stored")


async def _look_up(token: str) -> Hook:
    return await perform_shared(token, VISITOR, hook_behind, token, wiring.sealer())


_signers = Signers(_look_up)


def _fits(hook: Hook, body: bytes, signature: str) -> bool:
    return any(is_signed(body, signature, secret) for secret in hook.secrets)


ROUTES = (Route("/hooks/razorpay/{token}", take_hook, methods=["POST"]),)
