"""What the stand-in for Razorpay knows: merchants with their orders, payments, refunds and links, and what is to be told.

Everything is plain JSON, so that it outlives a restart as one file. Money is integer paise, times are Unix seconds.
"""

from __future__ import annotations

import json
import random
import string
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Body = dict[str, Any]
_LETTERS = string.ascii_letters + string.digits
HOOK_RETRIES_FOR = 24 * 3600  # seconds after the event


@dataclass
class Hook:
    """Where a merchant wants to be told. ``old_secret``: still signs what happened before the change."""

    url: str
    secret: str
    old_secret: str = ""


@dataclass
class Delivery:
    """One event on its way to one address. ``body`` is what is signed, byte for byte."""

    event_id: str
    event: str
    url: str
    body: str
    created_at: float
    due_at: float
    attempts: int = 0
    answers: list[int] = field(default_factory=list)
    is_done: bool = False
    signature: str = ""  # "", "wrong" or "old"


@dataclass
class Merchant:
    """``idempotency``: refund key to the request it was first sent with and the refund that this made."""

    key_id: str
    account_id: str
    orders: dict[str, Body] = field(default_factory=dict)
    payments: dict[str, Body] = field(default_factory=dict)
    refunds: dict[str, Body] = field(default_factory=dict)
    links: dict[str, Body] = field(default_factory=dict)
    disputes: dict[str, Body] = field(default_factory=dict)
    idempotency: dict[str, tuple[Body, str]] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)


@dataclass
class Knobs:
    """How the next webhooks go wrong. ``delay``: seconds; ``shuffle``: sends what is due in any order. ``settles_after``: seconds
    until a refund is through by itself; 0: never. ``charges`` and ``currency``: what people who pay on the hosted page are charged
    instead of what was asked for, in paise; 0 and "": as it should be."""

    duplicate: int = 0
    delay: float = 0
    shuffle: bool = False
    signature: str = ""
    drop: int = 0
    settles_after: float = 3
    charges: int = 0
    currency: str = ""


@dataclass
class Fault:
    """What the next API call meets: ``kind`` is status, html, empty, reset_before, reset_after or slow."""

    kind: str
    status: int = 500
    body: Any = None
    seconds: float = 0
    times: int = 1


class World:
    """``plays_razorpay``: keys of Razorpay's own test mode are good as well, for tests of what is done with those."""

    def __init__(self, seed: str, path: Path | None = None, dice: random.Random | None = None) -> None:
        self.seed = seed
        self.path = path
        self.dice = dice or random.SystemRandom()
        self.merchants: dict[str, Merchant] = {}
        self.knobs = Knobs()
        self.faults: list[Fault] = []
        self.requests: list[Body] = []
        self.ahead = 0.0  # seconds that this clock was put forward
        self.is_changed = False
        self.plays_razorpay = False
        if path is not None and path.exists():
            self._read(json.loads(path.read_text()))

    def now(self) -> int:
        return int(time.time() + self.ahead)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(self.dice.choices(_LETTERS, k=14))}"

    def merchant(self, key_id: str) -> Merchant:
        if key_id not in self.merchants:
            self.merchants[key_id] = Merchant(key_id, self.new_id("acc"))
        return self.merchants[key_id]

    def emit(self, merchant: Merchant, event: str, **entities: Body) -> None:
        """Tell every address of the merchant, with a copy of things as they are at this moment."""
        told = {
            "entity": "event",
            "account_id": merchant.account_id,
            "event": event,
            "contains": list(entities),
            "payload": {name: {"entity": body} for name, body in entities.items()},
            "created_at": self.now(),
        }
        body = json.dumps(told, separators=(",", ":"))
        self.is_changed = True
        for hook in merchant.hooks:
            if self.knobs.drop:
                self.knobs.drop -= 1
                continue
            due = time.time() + self.knobs.delay
            delivery = Delivery(self.new_id("evt"), event, hook.url, body, time.time(), due)
            delivery.signature = self.knobs.signature
            merchant.deliveries += [delivery]
            for _ in range(self.knobs.duplicate):
                merchant.deliveries.append(Delivery(**asdict(delivery)))

    def save(self) -> None:
        if self.path is None or not self.is_changed:
            return
        self.is_changed = False
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({key: asdict(one) for key, one in self.merchants.items()}))
        fresh.replace(self.path)

    def _read(self, stored: Body) -> None:
        for key_id, one in stored.items():
            one["hooks"] = [Hook(**hook) for hook in one["hooks"]]
            one["deliveries"] = [Delivery(**delivery) for delivery in one["deliveries"]]
            one["idempotency"] = {key: (body, made) for key, (body, made) in one["idempotency"].items()}
            self.merchants[key_id] = Merchant(**one)
