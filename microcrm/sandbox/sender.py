"""Tells merchants what happened: signed, at least once, again after a failure, later each time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time

import requests

from microcrm.sandbox import money
from microcrm.sandbox.world import HOOK_RETRIES_FOR, Delivery, Hook, Merchant, World

PATIENCE = 5  # seconds; a slower answer counts as none
_LOOK_EVERY = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0
_AT_ONCE = 20


async def send_for_ever(world: World) -> None:
    with requests.Session() as session:
        session.trust_env = False
        while True:
            let_time_pass(world)
            await send_due(world, session)
            world.save()
            await asyncio.sleep(_LOOK_EVERY)


def let_time_pass(world: World) -> None:
    """Refunds go through after a while, and banks that were late answer."""
    for merchant in world.merchants.values():
        for refund in list(merchant.refunds.values()):
            if refund["status"] == "pending" and 0 < world.knobs.settles_after <= world.now() - refund["created_at"]:
                money.settle_refund(world, merchant, refund)
        for payment in list(merchant.payments.values()):
            if payment["status"] == "failed" and 0 < payment.get("_late_at", 0) <= world.now():
                money.authorise(world, merchant, payment)


async def send_due(world: World, session: requests.Session) -> None:
    now = time.time()
    due = [
        (merchant, delivery)
        for merchant in world.merchants.values()
        for delivery in merchant.deliveries
        if not delivery.is_done and delivery.due_at <= now
    ]
    if world.knobs.shuffle:
        world.dice.shuffle(due)
    for merchant, delivery in due[:_AT_ONCE]:
        await asyncio.to_thread(_send, world, session, merchant, delivery)


def _send(world: World, session: requests.Session, merchant: Merchant, delivery: Delivery) -> None:
    hook = next((one for one in merchant.hooks if one.url == delivery.url), None)
    if hook is None:
        delivery.is_done = True
        return
    headers = {
        "content-type": "application/json",
        "x-razorpay-event-id": delivery.event_id,
        "x-razorpay-signature": signature_of(hook, delivery),
        "user-agent": "Razorpay-Webhook/v1",
    }
    delivery.attempts += 1
    try:
        answer = session.post(hook.url, data=delivery.body.encode(), headers=headers, timeout=PATIENCE).status_code
    except requests.RequestException:
        answer = 0
    delivery.answers.append(answer)
    delivery.due_at = time.time() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (delivery.attempts - 1))
    is_over = time.time() - delivery.created_at > HOOK_RETRIES_FOR
    delivery.is_done = 200 <= answer < 300 or is_over or bool(delivery.signature)
    world.is_changed = True


def signature_of(hook: Hook, delivery: Delivery) -> str:
    secret = {"wrong": "not the secret", "old": hook.old_secret}.get(delivery.signature, hook.secret)
    return hmac.new(secret.encode(), delivery.body.encode(), hashlib.sha256).hexdigest()
