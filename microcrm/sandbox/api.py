"""The routes of Razorpay's API that MicroCRM uses, behind the same Basic sign-in."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from microcrm.sandbox import links, money
from microcrm.sandbox.keys import is_sandbox, secret_of
from microcrm.sandbox.money import found, shown
from microcrm.sandbox.refusals import UNAUTHORISED, UNKNOWN_URL, Refusal
from microcrm.sandbox.world import Body, Fault, Merchant, World

Answer = Callable[[World, Merchant, Request, Body], Body]
MOST_A_PAGE = 100


class Reset(Response):
    """Promises a hundred bytes and sends five: the other side sees the connection break."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - of ASGI
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id"', "more_body": False})


def merchant_of(world: World, request: Request) -> Merchant:
    """Raises: Refusal."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        key_id, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        key_id = secret = ""
    is_known = scheme == "Basic" and (is_sandbox(key_id) or (world.plays_razorpay and key_id.startswith("rzp_test_")))
    if not is_known or not hmac.compare_digest(secret.encode(), secret_of(world.seed, key_id).encode()):
        raise Refusal(UNAUTHORISED, status=401)
    return world.merchant(key_id)


def answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        world: World = request.app.state.world
        fault = next_fault(world.faults)
        if fault is not None and fault.kind != "reset_after":
            return await faulty(fault)
        raw = await request.body()
        try:
            merchant = merchant_of(world, request)
            given = _read(request, raw)
            note = {"method": request.method, "path": request.url.path, "body": given, "headers": dict(request.headers)}
            world.requests.append(note)
            links.let_expire(world, merchant)
            response: Response = JSONResponse(answer(world, merchant, request, given))
        except Refusal as refusal:
            response = JSONResponse(refusal.body, refusal.status)
        return Reset() if fault is not None else response

    return respond


def _read(request: Request, raw: bytes) -> Body:
    if request.method == "GET":
        return {}
    try:
        given = json.loads(raw or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal("The request body is not valid JSON.")
    return given


def next_fault(faults: list[Fault]) -> Fault | None:
    if not faults:
        return None
    fault = faults[0]
    fault.times -= 1
    if fault.times <= 0:
        faults.pop(0)
    return fault


async def faulty(fault: Fault) -> Response:
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return JSONResponse({}, 504)
    if fault.kind == "html":
        return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", fault.status, media_type="text/html")
    if fault.kind == "empty":
        return Response(b"", 200, media_type="application/json")
    if fault.kind == "reset_before":
        return Reset()
    return JSONResponse(fault.body, fault.status)


def _page(request: Request, rows: list[Body]) -> Body:
    asked = request.query_params
    first, last = int(asked.get("from", 0)), int(asked.get("to", 2**40))
    kept = sorted((one for one in rows if first <= one["created_at"] <= last), key=lambda one: -one["created_at"])
    skip, count = int(asked.get("skip", 0)), min(int(asked.get("count", 10)), MOST_A_PAGE)
    items = [shown(one) for one in kept[skip : skip + count]]
    return {"entity": "collection", "count": len(items), "items": items}


def _orders(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    receipt = request.query_params.get("receipt")
    return _page(request, [one for one in merchant.orders.values() if receipt in (None, one["receipt"])])


def _order_payments(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    order = found(merchant.orders, request.path_params["id"])
    return _page(request, [one for one in merchant.payments.values() if one["order_id"] == order["id"]])


def _capture(world: World, merchant: Merchant, request: Request, given: Body) -> Body:
    payment = found(merchant.payments, request.path_params["id"])
    if type(given.get("amount")) is not int:
        raise Refusal("The amount must be an integer.", field="amount")
    return money.capture(world, merchant, payment, given["amount"])


def _refund(world: World, merchant: Merchant, request: Request, given: Body) -> Body:
    payment = found(merchant.payments, request.path_params["id"])
    key = request.headers.get("x-refund-idempotency", "")
    return dict(money.refund(world, merchant, payment, given, key))


def _refunds(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    payment = found(merchant.payments, request.path_params["id"])
    return _page(request, [one for one in merchant.refunds.values() if one["payment_id"] == payment["id"]])


def _make_link(world: World, merchant: Merchant, request: Request, given: Body) -> Body:
    return links.make_link(world, merchant, given, f"{request.app.state.public_url}/l")


def _links(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    reference = request.query_params.get("reference_id")
    kept = [one for one in merchant.links.values() if reference in (None, one["reference_id"])]
    return {"payment_links": [links.shown_link(one) for one in kept]}


def _cancel(world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    return links.end_link(world, merchant, found(merchant.links, request.path_params["id"]), "cancelled")


def _one(kept: str) -> Answer:
    def answer(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
        return shown(found(getattr(merchant, kept), request.path_params["id"]))

    return answer


def _link(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    return links.shown_link(found(merchant.links, request.path_params["id"]))


def _payments(_world: World, merchant: Merchant, request: Request, _given: Body) -> Body:
    return _page(request, list(merchant.payments.values()))


def _make_order(world: World, merchant: Merchant, _request: Request, given: Body) -> Body:
    return money.make_order(world, merchant, given)


async def unknown(_request: Request, _error: Any = None) -> Response:
    return JSONResponse(Refusal(UNKNOWN_URL).body, 400)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/v1/orders", answering(_make_order), methods=["POST"]),
    Route("/v1/orders", answering(_orders), methods=["GET"]),
    Route("/v1/orders/{id}", answering(_one("orders")), methods=["GET"]),
    Route("/v1/orders/{id}/payments", answering(_order_payments), methods=["GET"]),
    Route("/v1/payments", answering(_payments), methods=["GET"]),
    Route("/v1/payments/{id}", answering(_one("payments")), methods=["GET"]),
    Route("/v1/payments/{id}/capture", answering(_capture), methods=["POST"]),
    Route("/v1/payments/{id}/refund", answering(_refund), methods=["POST"]),
    Route("/v1/payments/{id}/refunds", answering(_refunds), methods=["GET"]),
    Route("/v1/refunds/{id}", answering(_one("refunds")), methods=["GET"]),
    Route("/v1/payment_links", answering(_make_link), methods=["POST"]),
    Route("/v1/payment_links", answering(_links), methods=["GET"]),
    Route("/v1/payment_links/{id}", answering(_link), methods=["GET"]),
    Route("/v1/payment_links/{id}/cancel", answering(_cancel), methods=["POST"]),
)
