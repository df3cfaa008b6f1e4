"""``/_sim``: what a merchant does in Razorpay's dashboard, what banks do, and what goes wrong. Behind the merchant's keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from microcrm.sandbox import links, money
from microcrm.sandbox.api import merchant_of
from microcrm.sandbox.money import found, shown
from microcrm.sandbox.refusals import Refusal
from microcrm.sandbox.world import Body, Fault, Hook, Knobs, Merchant, World

Act = Callable[[World, Merchant, Body], Any]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _hook(_world: World, merchant: Merchant, given: Body) -> Any:
    """One address a merchant, as our settings page describes it; a new secret keeps the old one for what comes late."""
    url, secret = str(given["url"]), str(given["secret"])
    if urlsplit(url).hostname not in _LOOPBACK:
        raise Refusal("The sandbox sends to this machine only.", field="url")
    old = merchant.hooks[0].secret if merchant.hooks else ""
    merchant.hooks[:] = [Hook(url, secret, old if old != secret else "")]
    _world.is_changed = True
    return {"url": url}


def _order_of(merchant: Merchant, given: Body) -> Body:
    wanted = str(given.get("order_id") or found(merchant.links, str(given.get("link_id")))["order_id"])
    return found(merchant.orders, wanted)


def _pay(world: World, merchant: Merchant, given: Body) -> Any:
    """``outcome``: captured, authorized, failed or created (the bank does not answer)."""
    order = _order_of(merchant, given)
    payment = money.attempt(world, merchant, order, given.get("amount"), method=given.get("method", "upi"))
    if currency := given.get("currency"):
        payment["currency"] = currency
    outcome = given.get("outcome", "captured")
    if outcome == "failed":
        money.fail(world, merchant, payment)
    elif outcome in ("captured", "authorized"):
        money.authorise(world, merchant, payment)
        if outcome == "captured" and payment["status"] == "authorized":
            money.capture(world, merchant, payment, payment["amount"])
    return shown(payment)


def _on_payment(act: Callable[[World, Merchant, Body], Any]) -> Act:
    def acted(world: World, merchant: Merchant, given: Body) -> Any:
        payment = found(merchant.payments, str(given.get("payment_id")))
        done = act(world, merchant, payment)
        return dict(done) if done is not None else shown(payment)

    return acted


def _refund(world: World, merchant: Merchant, given: Body) -> Any:
    """In the dashboard: without a key of ours."""
    payment = found(merchant.payments, str(given.get("payment_id")))
    return dict(money.refund(world, merchant, payment, {"amount": given["amount"]}, ""))


def _settle(world: World, merchant: Merchant, given: Body) -> Any:
    made = found(merchant.refunds, str(given.get("refund_id")))
    money.settle_refund(world, merchant, made, is_processed=given.get("outcome", "processed") == "processed")
    return dict(made)


def _dispute(world: World, merchant: Merchant, given: Body) -> Any:
    payment = found(merchant.payments, str(given.get("payment_id")))
    return dict(money.dispute(world, merchant, payment, str(given.get("status", "open")), given.get("amount")))


def _expire(world: World, merchant: Merchant, given: Body) -> Any:
    return links.end_link(world, merchant, found(merchant.links, str(given.get("link_id"))), "expired")


def _clock(world: World, _merchant: Merchant, given: Body) -> Any:
    world.ahead += float(given["seconds"])
    return {"now": world.now()}


def _knobs(world: World, _merchant: Merchant, given: Body) -> Any:
    world.knobs = Knobs(**given)
    return asdict(world.knobs)


def _fault(world: World, _merchant: Merchant, given: Body) -> Any:
    world.faults.append(Fault(**given))
    return {"faults": len(world.faults)}


def _state(world: World, merchant: Merchant, _given: Body) -> Any:
    return {
        "deliveries": [asdict(one) for one in merchant.deliveries],
        "requests": world.requests,
        "payments": [shown(one) for one in merchant.payments.values()],
    }


def _controlled(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        world: World = request.app.state.world
        try:
            merchant = merchant_of(world, request)
            given = await request.json() if await request.body() else {}
            return JSONResponse(act(world, merchant, given))
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return respond


_ACTS: dict[str, Act] = {
    "hook": _hook,
    "pay": _pay,
    "authorise": _on_payment(money.authorise),
    "fail": _on_payment(money.fail),
    "refund": _refund,
    "settle": _settle,
    "dispute": _dispute,
    "expire": _expire,
    "clock": _clock,
    "knobs": _knobs,
    "fault": _fault,
    "state": _state,
}
ROUTES: tuple[BaseRoute, ...] = tuple(
    Route(f"/_sim/{name}", _controlled(act), methods=["POST"]) for name, act in _ACTS.items()
)
