"""Orders, payments, refunds and disputes: how they come to be and what each may become."""

from __future__ import annotations

from typing import Any

from microcrm.sandbox.refusals import UNKNOWN_ID, Refusal, amount, currency, notes, only, text
from microcrm.sandbox.world import Body, Merchant, World

_ORDER = frozenset({"amount", "currency", "receipt", "notes", "partial_payment", "payment", "customer_id"})
_REFUND = frozenset({"amount", "speed", "notes", "receipt"})
_FEE = 2  # per cent, plus tax of 18 per cent of that
LATE_AFTER = 600  # seconds without an answer of the bank


def make_order(world: World, merchant: Merchant, given: Body) -> Body:
    only(given, _ORDER)
    order = {
        "amount": amount(given),
        "amount_due": given["amount"],
        "amount_paid": 0,
        "attempts": 0,
        "created_at": world.now(),
        "currency": currency(given),
        "entity": "order",
        "id": world.new_id("order"),
        "notes": notes(given),
        "offer_id": None,
        "receipt": text(given, "receipt", 40),
        "status": "created",
    }
    capture = given.get("payment") or {}
    if not isinstance(capture, dict) or capture.get("capture", "manual") not in ("automatic", "manual"):
        raise Refusal("The payment.capture is invalid.", field="payment")
    merchant.orders[order["id"]] = order | {"_capture": capture.get("capture", "manual")}
    world.is_changed = True
    return shown(merchant.orders[order["id"]])


def shown(body: Body) -> Body:
    """Without what only the stand-in knows."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def found(kept: dict[str, Body], wanted: str) -> Body:
    if wanted not in kept:
        raise Refusal(UNKNOWN_ID)
    return kept[wanted]


def attempt(world: World, merchant: Merchant, order: Body, paise: int | None = None, *, method: str = "upi") -> Body:
    """A person begins to pay."""
    if order["status"] == "paid":
        raise Refusal(
            "Your payment has been declined as the order is already paid. Please initiate the payment with a new order."
        )
    payment: dict[str, Any] = {
        "id": world.new_id("pay"), "entity": "payment", "amount": order["amount_due"] if paise is None else paise,
        "currency": order["currency"], "base_amount": order["amount_due"] if paise is None else paise,
        "status": "created", "order_id": order["id"], "invoice_id": None, "international": False, "method": method,
        "amount_refunded": 0, "amount_transferred": 0, "refund_status": None, "captured": False, "description": None,
        "card_id": world.new_id("card") if method == "card" else None, "bank": "HDFC" if method == "netbanking" else None,
        "wallet": None, "vpa": "gaurav.kumar@examplebank" if method == "upi" else None,
        "email": "gaurav.kumar@example.com", "contact": "+919000090000", "notes": order["notes"], "fee": None, "tax": None,
        "error_code": None, "error_description": None, "error_source": None, "error_step": None, "error_reason": None,
        "acquirer_data": {}, "created_at": world.now(),
    }  # fmt: skip
    if method == "upi":
        payment["upi"] = {"vpa": payment["vpa"]}
    merchant.payments[payment["id"]] = payment
    order["attempts"] += 1
    if order["status"] == "created":
        order["status"] = "attempted"
    world.is_changed = True
    return payment


def fail(world: World, merchant: Merchant, payment: Body, reason: str = "payment_failed") -> None:
    payment.update(
        status="failed",
        error_code="BAD_REQUEST_ERROR",
        error_description="Your payment didn't go through as it was declined by the bank. Try another payment method.",
        error_source="bank",
        error_step="payment_authorization",
        error_reason=reason,
    )
    world.emit(merchant, "payment.failed", payment=shown(payment))


def authorise(world: World, merchant: Merchant, payment: Body) -> None:
    """The bank says yes, at once or late. An order that captures by itself does so unless the bank was late."""
    if payment["status"] not in ("created", "failed"):
        raise Refusal("The payment cannot be authorized.")
    was_late = payment["status"] == "failed"
    none = dict.fromkeys(("error_code", "error_description", "error_source", "error_step", "error_reason"))
    payment.update(status="authorized", acquirer_data={"rrn": "267567962619"}, **none)
    world.emit(merchant, "payment.authorized", payment=shown(payment))
    order = merchant.orders.get(payment["order_id"] or "")
    if order is not None and order["_capture"] == "automatic" and not was_late and order["status"] != "paid":
        capture(world, merchant, payment, payment["amount"])


def capture(world: World, merchant: Merchant, payment: Body, paise: int) -> Body:
    if payment["status"] != "authorized":
        raise Refusal(
            "This payment has already been captured" if payment["captured"] else "The payment is not authorized"
        )
    if paise != payment["amount"]:
        raise Refusal("Capture amount must be equal to the amount authorized.", field="amount")
    fee = payment["amount"] * _FEE // 100
    tax = fee * 18 // 100
    payment.update(status="captured", captured=True, fee=fee + tax, tax=tax)
    order = merchant.orders.get(payment["order_id"] or "")
    link = None
    if order is not None:
        order["amount_paid"] += payment["amount"]
        order["amount_due"] = max(0, order["amount"] - order["amount_paid"])
        order["status"] = "paid" if order["amount_due"] == 0 else "attempted"
        link = next((one for one in merchant.links.values() if one["order_id"] == order["id"]), None)
    world.emit(merchant, "payment.captured", payment=shown(payment))
    if order is not None and order["status"] == "paid":
        world.emit(merchant, "order.paid", payment=shown(payment), order=shown(order))
    if link is not None and order is not None:
        _settle_link(world, merchant, link, order, payment)
    return shown(payment)


def _settle_link(world: World, merchant: Merchant, link: Body, order: Body, payment: Body) -> None:
    """In the webhook of a link the order's id stands without its prefix, as in the real ones."""
    link["amount_paid"] = order["amount_paid"]
    link["status"] = "paid" if order["status"] == "paid" else "partially_paid"
    link["updated_at"] = world.now()
    link["payments"].append(
        {
            "amount": payment["amount"], "created_at": world.now(), "method": payment["method"],
            "payment_id": payment["id"], "status": "captured",
        }
    )  # fmt: skip
    told = {name: value for name, value in shown(link).items() if name != "payments"} | {"whatsapp_link": False}
    bare = shown(order) | {"id": order["id"].removeprefix("order_")}
    world.emit(merchant, f"payment_link.{link['status']}", payment_link=told, order=bare, payment=shown(payment))


def refund(world: World, merchant: Merchant, payment: Body, given: Body, key: str) -> Body:
    """``key``: the same key with the same request is the same refund."""
    only(given, _REFUND)
    if key:
        if len(key) < 10:
            raise Refusal("The idempotency key must be at least 10 characters long.")
        if not key.replace("-", "").replace("_", "").isalnum():
            raise Refusal("The idempotency key must only contain alphanumeric characters, underscores, and hyphens")
        if key in merchant.idempotency:
            body, refund_id = merchant.idempotency[key]
            if body != {**given, "payment_id": payment["id"]}:
                words = "Different request with the same idempotency key has already been processed."
                raise Refusal(words, status=409)
            return merchant.refunds[refund_id]
    left = payment["amount"] - payment["amount_refunded"]
    if not payment["captured"]:
        raise Refusal("The payment status should be captured for action to be taken")
    if not left:
        raise Refusal("The payment has been fully refunded already.")
    paise = amount(given) if "amount" in given else left
    if paise > left:
        raise Refusal("The refund amount provided is greater than amount captured.", field="amount")
    if given.get("speed", "normal") not in ("normal", "optimum"):
        raise Refusal("The speed is invalid.", field="speed")
    made: Body = {
        "id": world.new_id("rfnd"), "entity": "refund", "amount": paise, "receipt": text(given, "receipt", 40),
        "currency": payment["currency"], "payment_id": payment["id"], "notes": notes(given),
        "acquirer_data": {"arn": None}, "created_at": world.now(), "batch_id": None, "status": "pending",
        "speed_processed": "normal", "speed_requested": given.get("speed", "normal"),
    }  # fmt: skip
    merchant.refunds[made["id"]] = made
    if key:
        merchant.idempotency[key] = ({**given, "payment_id": payment["id"]}, made["id"])
    _count_refunded(payment, paise)
    world.emit(merchant, "refund.created", refund=dict(made), payment=shown(payment))
    return made


def settle_refund(world: World, merchant: Merchant, made: Body, *, is_processed: bool = True) -> None:
    if made["status"] != "pending":
        return
    payment = merchant.payments[made["payment_id"]]
    made["status"] = "processed" if is_processed else "failed"
    if is_processed:
        made["acquirer_data"] = {"arn": "10000000000000"}
    else:
        _count_refunded(payment, -made["amount"])
    world.emit(merchant, f"refund.{made['status']}", refund=dict(made), payment=shown(payment))


def _count_refunded(payment: Body, paise: int) -> None:
    payment["amount_refunded"] += paise
    is_whole = payment["amount_refunded"] == payment["amount"]
    payment["refund_status"] = "full" if is_whole else "partial" if payment["amount_refunded"] else None
    payment["status"] = "refunded" if is_whole else "captured"


def dispute(world: World, merchant: Merchant, payment: Body, status: str = "open", paise: int | None = None) -> Body:
    """``paise``: when the bank wants only a part of it."""
    known = next((one for one in merchant.disputes.values() if one["payment_id"] == payment["id"]), None)
    if known is None:
        known = {
            "id": world.new_id("disp"), "entity": "dispute", "payment_id": payment["id"],
            "amount": payment["amount"] if paise is None else paise, "currency": payment["currency"], "amount_deducted": 0,
            "reason_code": "goods_or_services_not_received",
            "respond_by": world.now() + 7 * 86400, "status": "open", "phase": "chargeback", "created_at": world.now(),
        }  # fmt: skip
        merchant.disputes[known["id"]] = known
    known["status"] = status
    known["amount_deducted"] = known["amount"] if status == "lost" else 0
    event = "created" if status == "open" else status
    world.emit(merchant, f"payment.dispute.{event}", payment=shown(payment), dispute=dict(known))
    return known
