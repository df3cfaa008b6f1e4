"""Tells the shops what became of their messages, and what came in: signed like Twilio, once, whatever the answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections import defaultdict

import requests

from microcrm.sandbox.twilio_keys import token_of
from microcrm.sandbox.twilio_messages import let_time_pass
from microcrm.sandbox.twilio_world import Callback, TwilioWorld

PATIENCE = 15  # seconds: error 11205
_LOOK_EVERY = 0.05
_AT_ONCE = 20


async def send_for_ever(world: TwilioWorld) -> None:
    with requests.Session() as session:
        session.trust_env = False
        while True:
            let_time_pass(world)
            await send_due(world, session)
            world.save()
            await asyncio.sleep(_LOOK_EVERY)


async def send_due(world: TwilioWorld, session: requests.Session) -> None:
    """Those of one message one after the other, of several at once."""
    due = [one for one in world.callbacks if not one.is_done and one.due_at <= time.time()]
    if world.knobs.shuffle:
        world.dice.shuffle(due)
    lanes: defaultdict[str, list[Callback]] = defaultdict(list)
    for one in due[: 4 * _AT_ONCE]:
        lanes[one.message_sid].append(one)
    for start in range(0, len(lanes), _AT_ONCE):
        some = list(lanes.values())[start : start + _AT_ONCE]
        await asyncio.gather(*(asyncio.to_thread(_send_all, world, session, lane) for lane in some))


def _send_all(world: TwilioWorld, session: requests.Session, lane: list[Callback]) -> None:
    for one in lane:
        _send(world, session, one)


def _send(world: TwilioWorld, session: requests.Session, callback: Callback) -> None:
    token = "not the token" if callback.signature == "wrong" else token_of(world.seed, callback.form["AccountSid"])
    headers = {"user-agent": "TwilioProxy/1.1", "i-twilio-idempotency-token": callback.message_sid}
    if callback.signature != "none":
        headers["x-twilio-signature"] = signature_of(token, callback.url, callback.form)
    try:
        with session.post(callback.url, data=callback.form, headers=headers, timeout=PATIENCE) as answer:
            callback.answer, callback.said = answer.status_code, answer.text[:2_000]
    except requests.RequestException:
        callback.answer = 0


def signature_of(token: str, url: str, form: dict[str, str]) -> str:
    """twilio.com/docs/usage/security#validating-requests"""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
