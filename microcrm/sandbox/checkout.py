"""The page on which a person pays, fails or gives up: Razorpay's hosted checkout and the page of a payment link."""

from __future__ import annotations

import hashlib
import hmac
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from microcrm.sandbox import links, money
from microcrm.sandbox.keys import is_sandbox, secret_of
from microcrm.sandbox.refusals import Refusal
from microcrm.sandbox.world import Body, Merchant, World

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0;background:light-dark(#eef1f4,#14181c)}
main{max-width:26rem;margin:6vh auto;padding:1.5rem;background:light-dark(#fff,#1e242a);border-radius:12px}
.mark{background:#b45309;color:#fff;padding:.5rem .75rem;border-radius:8px;font-weight:600}h1{font-size:2rem;margin:.5rem 0}
button{display:block;width:100%;min-height:48px;margin:.5rem 0;border:1px solid #8886;border-radius:8px;font:inherit;
background:none;color:inherit;cursor:pointer}button.go{background:#0f766e;color:#fff;border:0}p{margin:.5rem 0}
"""
_WAYS = (
    ("upi", "go", "Pay by UPI"), ("card", "", "Pay by card"), ("netbanking", "", "Pay from a bank account"),
    ("fail", "", "The bank declines"), ("late", "", "The bank does not answer for a while"), ("leave", "", "Give up"),
)  # fmt: skip

_LATE = 20  # seconds until the bank answers after all


def _document(title: str, body: str) -> HTMLResponse:
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{escape(title)}</title>"
    html = f"<!doctype html><html lang=en><head>{head}<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    return HTMLResponse(html, headers={"cache-control": "no-store"})


def _choices(order: Body, hidden: dict[str, str], action: str, name: str) -> Response:
    fields = "".join(f"<input type=hidden name={escape(k)} value='{escape(v)}'>" for k, v in hidden.items())
    ways = "".join(f"<button name=way value={way} class='{tone}'>{words}</button>" for way, tone, words in _WAYS)
    amount = f"₹{order['amount_due'] / 100:,.2f}" if order["currency"] == "INR" else order["currency"]
    mark = "<p class=mark>Sandbox: no money moves on this page.</p>"
    body = f"{mark}<p>{escape(name)}</p><h1>{amount}</h1><form method=post action='{action}'>{fields}{ways}</form>"
    return _document("Sandbox checkout", body)


def _said(text: str) -> Response:
    return _document("Sandbox checkout", f"<p class=mark>Sandbox</p><p>{escape(text)}</p>")


async def open_checkout(request: Request) -> Response:
    """The form of a merchant's page comes in here, as it does at Razorpay's hosted checkout."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    merchant, order = _order(request.app.state.world, form)
    if merchant is None or order is None:
        return _said("This order does not exist.")
    if order["status"] == "paid":
        return _said("This order is paid already.")
    kept = {name: form.get(name, "") for name in ("key_id", "order_id", "callback_url", "cancel_url", "name")}
    return _choices(order, kept, "/v1/checkout/act", form.get("name", ""))


async def act(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    world: World = request.app.state.world
    merchant, order = _order(world, form)
    if merchant is None or order is None:
        return _said("This order does not exist.")
    way = form.get("way", "leave")
    if way == "leave":
        return RedirectResponse(form.get("cancel_url") or "/", 303)
    try:
        payment = _pay(world, merchant, order, way)
    except Refusal as refusal:
        return _said(str(refusal))
    if payment["status"] in ("authorized", "captured"):
        told = {
            "razorpay_payment_id": payment["id"],
            "razorpay_order_id": order["id"],
            "razorpay_signature": _signed(world, merchant, f"{order['id']}|{payment['id']}"),
        }
    else:
        told = {
            "error[code]": "BAD_REQUEST_ERROR",
            "error[description]": payment["error_description"] or "No answer yet.",
        }
        told["error[metadata]"] = f'{{"payment_id":"{payment["id"]}","order_id":"{order["id"]}"}}'
    fields = "".join(f"<input type=hidden name='{escape(k)}' value='{escape(v)}'>" for k, v in told.items())
    url = escape(form.get("callback_url", ""))
    form_html = f"<form method=post action='{url}'>{fields}<button class=go>Back to the shop</button></form>"
    return _document(
        "Sandbox checkout", f"<p class=mark>Sandbox</p>{form_html}<script>document.forms[0].submit()</script>"
    )


async def show_link(request: Request) -> Response:
    merchant, link = _link(request)
    if merchant is None or link is None:
        return _said("This link does not exist.")
    links.let_expire(request.app.state.world, merchant)
    if link["status"] not in ("created", "partially_paid"):
        return _said(f"This link is {link['status']}.")
    return _choices(merchant.orders[link["order_id"]], {}, f"/l/{link['id']}", link["description"])


async def pay_link(request: Request) -> Response:
    merchant, link = _link(request)
    if merchant is None or link is None or link["status"] not in ("created", "partially_paid"):
        return _said("This link takes no payment any more.")
    way = str((await request.form()).get("way", "leave"))
    world: World = request.app.state.world
    if way == "leave":
        return _said("You gave up. The link stays open.")
    payment = _pay(world, merchant, merchant.orders[link["order_id"]], way)
    if payment["status"] != "captured":
        return _said(payment["error_description"] or "The bank has not answered yet.")
    if not link["callback_url"]:
        return _said("Paid. You may close this page.")
    parts = (link["id"], link["reference_id"], link["status"], payment["id"])
    told = {
        "razorpay_payment_id": payment["id"], "razorpay_payment_link_id": link["id"],
        "razorpay_payment_link_reference_id": link["reference_id"], "razorpay_payment_link_status": link["status"],
        "razorpay_signature": _signed(world, merchant, "|".join(parts)),
    }  # fmt: skip
    joint = "&" if "?" in link["callback_url"] else "?"
    return RedirectResponse(f"{link['callback_url']}{joint}{urlencode(told)}", 303)


def _pay(world: World, merchant: Merchant, order: Body, way: str) -> Body:
    knobs, method = world.knobs, way if way in ("upi", "card", "netbanking") else "upi"
    payment = money.attempt(world, merchant, order, knobs.charges or None, method=method)
    payment["currency"] = knobs.currency or payment["currency"]
    if way in ("fail", "late"):
        money.fail(world, merchant, payment, "payment_timed_out" if way == "late" else "payment_failed")
        if way == "late":
            payment["_late_at"] = world.now() + _LATE
    else:
        money.authorise(world, merchant, payment)
    return payment


def _signed(world: World, merchant: Merchant, text: str) -> str:
    return hmac.new(secret_of(world.seed, merchant.key_id).encode(), text.encode(), hashlib.sha256).hexdigest()


def _order(world: World, form: dict[str, str]) -> tuple[Merchant | None, Body | None]:
    key_id = form.get("key_id", "")
    if not is_sandbox(key_id):
        return None, None
    merchant = world.merchant(key_id)
    return merchant, merchant.orders.get(form.get("order_id", ""))


def _link(request: Request) -> tuple[Merchant | None, Body | None]:
    wanted = request.path_params["id"]
    for merchant in request.app.state.world.merchants.values():
        if wanted in merchant.links:
            return merchant, merchant.links[wanted]
    return None, None


ROUTES: tuple[BaseRoute, ...] = (
    Route("/v1/checkout/embedded", open_checkout, methods=["POST"]),
    Route("/v1/checkout/act", act, methods=["POST"]),
    Route("/l/{id}", show_link, methods=["GET"]),
    Route("/l/{id}", pay_link, methods=["POST"]),
)
