"""Payment links: an order of their own, a page for the person who pays, an end."""

from __future__ import annotations

from microcrm.sandbox.money import make_order, shown
from microcrm.sandbox.refusals import Refusal, amount, currency, notes, only, text
from microcrm.sandbox.world import Body, Merchant, World

_LINK = frozenset(
    {
        "amount", "currency", "accept_partial", "first_min_partial_amount", "description", "reference_id", "customer",
        "expire_by", "notify", "reminder_enable", "notes", "callback_url", "callback_method", "upi_link",
    }
)  # fmt: skip
_SOONEST, _LATEST = 15 * 60, 183 * 86400  # seconds


def make_link(world: World, merchant: Merchant, given: Body, page: str) -> Body:
    """``page``: address of the page on which it is paid; the link's id is added to it."""
    if given.keys() - _LINK:
        raise Refusal("wrong input fields sent.")
    only(given, _LINK)
    reference = text(given, "reference_id", 40) or ""
    if reference and any(one["reference_id"] == reference for one in merchant.links.values()):
        raise Refusal("payment link creation with reference ID already attempted", field="reference_id")
    ends = given.get("expire_by", 0)
    if type(ends) is not int or (ends and not world.now() + _SOONEST <= ends <= world.now() + _LATEST):
        raise Refusal("timestamp must be atleast 15 minutes in future", field="expire_by")
    if given.get("callback_url") and given.get("callback_method") != "get":
        raise Refusal("callback_method must be get", field="callback_method")
    paise = amount(given)
    wanted = {"amount": paise, "currency": currency(given, is_optional=True), "payment": {"capture": "automatic"}}
    order = make_order(world, merchant, wanted | ({"receipt": reference} if reference else {}))
    link = {
        "accept_partial": bool(given.get("accept_partial", False)), "amount": paise, "amount_paid": 0,
        "callback_method": given.get("callback_method", ""), "callback_url": given.get("callback_url", ""),
        "cancelled_at": 0, "created_at": world.now(), "currency": order["currency"], "customer": given.get("customer", {}),
        "description": text(given, "description", 2048) or "", "expire_by": ends, "expired_at": 0,
        "first_min_partial_amount": given.get("first_min_partial_amount", 0), "id": world.new_id("plink"),
        "notes": notes(given) or None, "notify": given.get("notify", {"email": False, "sms": False}), "payments": [],
        "order_id": order["id"], "reference_id": reference, "reminder_enable": bool(given.get("reminder_enable", False)),
        "reminders": [], "short_url": "", "status": "created", "updated_at": 0, "upi_link": False, "user_id": "",
    }  # fmt: skip
    link["short_url"] = f"{page}/{link['id']}"
    merchant.links[link["id"]] = link
    world.is_changed = True
    return shown_link(link)


def shown_link(link: Body) -> Body:
    """The answer of the API has no ``order_id`` until somebody has paid."""
    return {name: value for name, value in shown(link).items() if name != "order_id" or link["payments"]}


def end_link(world: World, merchant: Merchant, link: Body, status: str) -> Body:
    if link["status"] in ("paid", "partially_paid") and status == "cancelled":
        raise Refusal("cannot cancel or expire an already paid/partially paid link")
    if link["status"] == "expired":
        raise Refusal("cannot cancel or expire an expired link")
    if link["status"] == "created" or status == "expired":
        link.update({"status": status, f"{status}_at": world.now(), "updated_at": world.now()})
        told = {name: value for name, value in shown(link).items() if name != "payments"} | {"whatsapp_link": False}
        world.emit(merchant, f"payment_link.{status}", payment_link=told)
    return shown_link(link)


def let_expire(world: World, merchant: Merchant) -> None:
    """Ends the links whose time is over."""
    for link in merchant.links.values():
        if link["expire_by"] and link["expire_by"] <= world.now() and link["status"] in ("created", "partially_paid"):
            end_link(world, merchant, link, "expired")
