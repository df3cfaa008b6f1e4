"""The routes of Twilio's API that MicroCRM uses, behind the same Basic sign-in; and ``/_sim/twilio``: what owners do in its
console, what phones do, and what goes wrong."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from microcrm.sandbox import twilio_messages as messages
from microcrm.sandbox.api import Reset, faulty, next_fault
from microcrm.sandbox.twilio_keys import token_of
from microcrm.sandbox.twilio_messages import LOOPBACK
from microcrm.sandbox.twilio_refusals import Refused
from microcrm.sandbox.twilio_world import ENDS, Phone, TwilioAccount, TwilioKnobs, TwilioWorld, http_date
from microcrm.sandbox.world import Body, Fault

Answer = Callable[[TwilioWorld, TwilioAccount, Request, dict[str, str]], tuple[int, Body | None]]
Act = Callable[[TwilioWorld, TwilioAccount, Body], Any]
_ROOT = "/2010-04-01/Accounts/{account}"
_MOST_A_PAGE = 1_000


def account_of(world: TwilioWorld, request: Request) -> TwilioAccount:
    """Raises: Refused."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        sid, _, token = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        sid = token = ""
    is_known = scheme == "Basic" and len(sid) == 34 and sid.startswith("AC")
    if not is_known or not hmac.compare_digest(token.encode(), token_of(world.seed, sid).encode()):
        raise Refused(20003)
    if request.path_params.get("account", sid) != sid:
        raise Refused(20404)
    return world.account(sid)


def _answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        world: TwilioWorld = request.app.state.twilio
        fault = next_fault(world.faults)
        if fault is not None and fault.kind != "reset_after":
            return await faulty(fault)
        raw = (await request.body()).decode("utf-8", "replace")
        form = dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=200))
        world.requests.append({"method": request.method, "path": request.url.path, "form": form})
        try:
            account = account_of(world, request)
            if world.is_too_fast():
                raise Refused(20429)
            status, body = answer(world, account, request, form)
            response: Response = Response(status_code=204) if body is None else JSONResponse(body, status)
        except Refused as refused:
            response = JSONResponse(refused.body, refused.status)
        return Reset() if fault is not None else response

    return respond


def _create(world: TwilioWorld, account: TwilioAccount, request: Request, form: dict[str, str]) -> tuple[int, Body]:
    return 201, messages.shown(messages.create(world, account, form, request.headers.get("x-sandbox-shown", "")))


def _list(_world: TwilioWorld, account: TwilioAccount, request: Request, _form: dict[str, str]) -> tuple[int, Body]:
    """Newest first, by receiver and sender, in pages."""
    asked = request.query_params
    rows = [
        one
        for one in reversed(account.messages.values())
        if asked.get("To") in (None, one["to"]) and asked.get("From") in (None, one["from"])
    ]
    size = max(1, min(int(asked.get("PageSize", "50")), _MOST_A_PAGE))
    page = max(0, int(asked.get("Page", "0")))
    kept = rows[page * size : (page + 1) * size]
    path = request.url.path

    def at(number: int) -> str:
        return f"{path}?{urlencode({**asked, 'PageSize': size, 'Page': number})}"

    return 200, {
        "messages": [messages.shown(one) for one in kept], "page": page, "page_size": size, "start": page * size,
        "end": page * size + max(0, len(kept) - 1), "uri": at(page), "first_page_uri": at(0),
        "next_page_uri": at(page + 1) if len(rows) > (page + 1) * size else None,
        "previous_page_uri": at(page - 1) if page else None,
    }  # fmt: skip


def _found(account: TwilioAccount, sid: str) -> Body:
    if sid not in account.messages:
        raise Refused(20404, f"/Messages/{sid[:40]}")
    return account.messages[sid]


def _fetch(_world: TwilioWorld, account: TwilioAccount, request: Request, _form: dict[str, str]) -> tuple[int, Body]:
    return 200, messages.shown(_found(account, request.path_params["sid"]))


def _update(world: TwilioWorld, account: TwilioAccount, request: Request, form: dict[str, str]) -> tuple[int, Body]:
    """Cancels what has not left, or takes the text away."""
    message = _found(account, request.path_params["sid"])
    if unknown := sorted(set(form) - {"Body", "Status"}):
        raise Refused(20001, ", ".join(unknown))
    if form.get("Status", "canceled") != "canceled" or form.get("Body"):
        raise Refused(20001, "Status or Body")
    if "Status" in form:
        if message["status"] not in ("queued", "accepted"):
            raise Refused(30409)
        messages.step(world, account, message, "canceled")
    if "Body" in form:
        message["body"] = ""
        world.changed()
    return 200, messages.shown(message)


def _delete(world: TwilioWorld, account: TwilioAccount, request: Request, _form: dict[str, str]) -> tuple[int, None]:
    _found(account, request.path_params["sid"])
    del account.messages[request.path_params["sid"]]
    world.changed()
    return 204, None


def _account(world: TwilioWorld, account: TwilioAccount, _request: Request, _form: dict[str, str]) -> tuple[int, Body]:
    now = http_date(world.now())
    return 200, {
        "sid": account.sid, "friendly_name": "Sandbox", "status": account.status, "type": "Trial",
        "owner_account_sid": account.sid, "date_created": now, "date_updated": now, "auth_token": "",
        "uri": f"/2010-04-01/Accounts/{account.sid}.json", "subresource_uris": {},
    }  # fmt: skip


def _content(_world: TwilioWorld, account: TwilioAccount, request: Request, _form: dict[str, str]) -> tuple[int, Body]:
    sid = request.path_params["sid"]
    if sid not in account.contents:
        raise Refused(20404, f"/Content/{sid[:40]}")
    kept = account.contents[sid]
    text: Body = {"body": kept["body"]}
    if buttons := kept.get("buttons"):
        text["actions"] = [{"type": "QUICK_REPLY", "title": title, "id": key} for key, title in buttons]
    return 200, {
        "sid": sid, "account_sid": account.sid, "friendly_name": kept.get("name", ""), "language": kept.get("language", "en"),
        "variables": {}, "types": {"twilio/quick-reply" if buttons else "twilio/text": text},
    }  # fmt: skip


def _sim_hook(_world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    """Where messages that come in are posted to, as entered in Twilio's console."""
    url = str(given["url"])
    if urlsplit(url).hostname not in LOOPBACK:
        raise Refused(21609)
    account.inbound_url = url
    _world.changed()
    return {"url": url}


def _sim_mark(world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    """A message goes on: ``status`` sent, delivered, read, undelivered or failed, with a ``code``."""
    mark(world, account, _found(account, str(given["sid"])), str(given["status"]), int(given.get("code", 0)))
    return messages.shown(account.messages[str(given["sid"])])


def mark(world: TwilioWorld, account: TwilioAccount, message: Body, status: str, code: int = 0) -> None:
    """Nothing that has ended ends anew, but what was delivered may be read. Raises: Refused."""
    is_over = message["status"] in ENDS and not (message["status"] == "delivered" and status == "read")
    if is_over or status not in ("sent", "delivered", "read", "undelivered", "failed"):
        raise Refused(20001, "status")
    if status in ("undelivered", "failed"):
        messages.end(world, account, message, status, code or 30008)
        return
    messages.step(world, account, message, status)


def _sim_answer(world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    return messages.shown(messages.answer(world, account, given))


def _sim_phone(world: TwilioWorld, _account: TwilioAccount, given: Body) -> Any:
    number = str(given.pop("number"))
    world.phones[number] = Phone(**(asdict(world.phone(number)) | given))
    return asdict(world.phones[number])


def _sim_stop(_world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    account.stopped.append(f"{given['sender']} {given['to']}")
    return {"stopped": account.stopped}


def _sim_content(_world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    """A template that has been approved: its ``sid``, ``body`` and ``buttons``."""
    account.contents[str(given["sid"])] = given
    return given


def _sim_knobs(world: TwilioWorld, _account: TwilioAccount, given: Body) -> Any:
    world.knobs = TwilioKnobs(**given)
    return asdict(world.knobs)


def _sim_fault(world: TwilioWorld, _account: TwilioAccount, given: Body) -> Any:
    world.faults.append(Fault(**given))
    return {"faults": len(world.faults)}


def _sim_clock(world: TwilioWorld, _account: TwilioAccount, given: Body) -> Any:
    world.ahead += float(given["seconds"])
    return {"now": world.now()}


def _sim_suspend(_world: TwilioWorld, account: TwilioAccount, given: Body) -> Any:
    account.status = str(given.get("status", "suspended"))
    return {"status": account.status}


def _sim_state(world: TwilioWorld, account: TwilioAccount, _given: Body) -> Any:
    return {
        "messages": [messages.shown(one) for one in account.messages.values()],
        "callbacks": [asdict(one) for one in world.callbacks if one.form["AccountSid"] == account.sid],
        "requests": [one for one in world.requests if account.sid in one["path"]],
        "inbound_url": account.inbound_url,
    }


def _controlled(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        world: TwilioWorld = request.app.state.twilio
        try:
            account = account_of(world, request)
            return JSONResponse(act(world, account, await request.json() if await request.body() else {}))
        except Refused as refused:
            return JSONResponse(refused.body, refused.status)

    return respond


_ACTS: dict[str, Act] = {
    "hook": _sim_hook,
    "mark": _sim_mark,
    "answer": _sim_answer,
    "phone": _sim_phone,
    "stop": _sim_stop,
    "content": _sim_content,
    "knobs": _sim_knobs,
    "fault": _sim_fault,
    "clock": _sim_clock,
    "suspend": _sim_suspend,
    "state": _sim_state,
}
ROUTES: tuple[BaseRoute, ...] = (
    Route("/2010-04-01/Accounts/{account}.json", _answering(_account), methods=["GET"]),
    Route(f"{_ROOT}/Messages.json", _answering(_create), methods=["POST"]),
    Route(f"{_ROOT}/Messages.json", _answering(_list), methods=["GET"]),
    Route(f"{_ROOT}/Messages/{{sid}}.json", _answering(_fetch), methods=["GET"]),
    Route(f"{_ROOT}/Messages/{{sid}}.json", _answering(_update), methods=["POST"]),
    Route(f"{_ROOT}/Messages/{{sid}}.json", _answering(_delete), methods=["DELETE"]),
    Route("/v1/Content/{sid}", _answering(_content), methods=["GET"]),
    *(Route(f"/_sim/twilio/{name}", _controlled(act), methods=["POST"]) for name, act in _ACTS.items()),
)


async def unknown(_request: Request, _error: Any = None) -> Response:
    return JSONResponse(Refused(20404).body, 404)
