"""Where Twilio calls: what became of messages, and what customers wrote. Signed over our public address, stored, answered at once.
The worker does the rest.

The address that was signed is put together from our settings: what a request says about its host is the sender's to choose.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.inbox import Arrival
from microcrm.adapters.twilio_signature import is_signed
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.twilio import read_inbound, read_status
from microcrm.http.intake import INTAKE, Signers, read_body
from microcrm.operations.messaging.accounts import Hook, twilio_behind
from microcrm.operations.unit_of_work import VISITOR
from microcrm.settings import settings
from microcrm.state.bridge import perform_shared
from microcrm.wiring import now

_MOST_FIELDS = 200
_LONGEST_REFERENCE = 100
_NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
Form = list[tuple[str, str]]

log = structlog.get_logger()


async def take_status(request: Request) -> Response:
    return await _take(request, "status")


async def take_inbound(request: Request) -> Response:
    return await _take(request, "inbound")


async def _take(request: Request, kind: str) -> Response:
    body = await read_body(request)
    if body is None:
        return PlainTextResponse("too large", 413)
    form = _form(body)
    if form is None:
        return PlainTextResponse("not a form", 400)
    token, signature = request.path_params["token"], request.headers.get("x-twilio-signature", "")
    query = request.scope["query_string"].decode("latin-1")
    url = f"{settings().public_url}/hooks/twilio/{token}/{kind}" + (f"?{query}" if query else "")
    try:
        hook = await _signers.find(token, lambda one: _fits(one, url, form, signature))
    except NotFound:
        return PlainTextResponse("unknown address", 404)
    if hook is None:
        log.warning("message_hook.not_signed", kind=kind, size=len(body))
        return PlainTextResponse("wrong signature", 403)
    fields = dict(reversed(form))  # of two of one name the first
    if fields.get("AccountSid") != hook.account_sid:
        return PlainTextResponse("another account", 403)
    reference = request.query_params.get("m", "")[:_LONGEST_REFERENCE] if kind == "status" else ""
    try:
        key = _key(kind, fields, reference)
    except Invalid as refusal:
        # Signed, and still no message: not to be repeated.
        log.warning("message_hook.unreadable", kind=kind, reason=refusal.message)
        return _answer(kind)
    told = {"twilio": kind, "at": now().isoformat(), "reference": reference, "form": fields}
    await INTAKE.put(Arrival(hook.business_id, key, json.dumps(told)))
    return _answer(kind)


def _key(kind: str, fields: dict[str, str], reference: str) -> str:
    """The same word about the same message is one event. Raises: Invalid."""
    if kind == "inbound":
        return f"twilio:{read_inbound(fields, now()).provider_id}"
    told = read_status(fields, reference, now())
    return f"twilio:{told.provider_id}:{told.status}"


def _answer(kind: str) -> Response:
    if kind == "inbound":
        return Response(_NOTHING_TO_SAY, media_type="text/xml")
    return Response(status_code=204)


def _form(body: bytes) -> Form | None:
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        return None


def _fits(hook: Hook, url: str, form: Form, signature: str) -> bool:
    return any(is_signed(url, form, signature, secret) for secret in hook.secrets)


async def _look_up(token: str) -> Hook:
    return await perform_shared(f"twilio {token}", VISITOR, twilio_behind, token, wiring.sealer())


_signers = Signers(_look_up)
ROUTES = (
    Route("/hooks/twilio/{token}/status", take_status, methods=["POST"]),
    Route("/hooks/twilio/{token}/inbound", take_inbound, methods=["POST"]),
)
