"""What the stand-in for Twilio knows: accounts with their messages, the phones that these reach, and what is to be told.

Everything is plain JSON, so that it outlives a restart as one file. A message is Twilio's resource; names that begin with an
underscore are ours and never leave.
"""

from __future__ import annotations

import json
import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from pathlib import Path

from microcrm.sandbox.world import Body, Fault

WINDOW = 24 * 3600  # seconds after a customer's last message in which free text may be sent on WhatsApp
MOST_KEPT = 3_000  # messages an account: older ones are forgotten
_SAVE_EVERY = 1.0
ENDS = ("delivered", "read", "undelivered", "failed", "canceled")


@dataclass
class Callback:
    """One POST on its way. ``form`` is what is signed, with ``url``."""

    url: str
    form: dict[str, str]
    message_sid: str
    due_at: float
    answer: int = -1  # HTTP status; 0: nobody answered
    said: str = ""
    signature: str = ""  # "", "wrong" or "none"

    @property
    def is_done(self) -> bool:
        return self.answer >= 0


@dataclass
class Phone:
    """Somebody's phone. ``off``: what is sent stays on its way; ``blocks``: addresses that it no longer takes messages from."""

    is_off: bool = False
    has_whatsapp: bool = True
    blocks: list[str] = field(default_factory=list)
    name: str = ""


@dataclass
class TwilioAccount:
    """``contents``: templates by HX id. ``windows``: "sender receiver" on WhatsApp to when the customer last wrote. ``stopped``:
    the same of SMS, for those who stopped it."""

    sid: str
    messages: dict[str, Body] = field(default_factory=dict)
    contents: dict[str, Body] = field(default_factory=dict)
    windows: dict[str, float] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    inbound_url: str = ""
    status: str = "active"


@dataclass
class TwilioKnobs:
    """How the next messages and callbacks go. ``delivers_after``: seconds until a phone that is on has a message; below 0: only
    when told. ``duplicate``: more of each callback; ``shuffle``: in any order; ``drop``: so many are lost; ``rate``: requests a
    second, more are refused with 20429; ``fails``: codes for the next messages, each ends with one."""

    delivers_after: float = 1.5
    duplicate: int = 0
    delay: float = 0
    shuffle: bool = False
    drop: int = 0
    signature: str = ""
    rate: int = 0
    fails: list[int] = field(default_factory=list)


class TwilioWorld:
    def __init__(self, seed: str, path: Path | None = None, dice: random.Random | None = None) -> None:
        self.seed = seed
        self.path = path
        self.dice = dice or random.SystemRandom()
        self.accounts: dict[str, TwilioAccount] = {}
        self.phones: dict[str, Phone] = {}
        self.knobs = TwilioKnobs()
        self.faults: list[Fault] = []
        self.requests: deque[Body] = deque(maxlen=2_000)
        self.callbacks: list[Callback] = []
        self.moving: dict[str, str] = {}  # messages on their way, by sid: the account's
        self.ahead = 0.0
        self.is_changed = False
        self.version = 0
        self._saved_at = 0.0
        self._second, self._in_second = 0, 0
        if path is not None and path.exists():
            self._read(json.loads(path.read_text()))

    def now(self) -> float:
        return time.time() + self.ahead

    def new_sid(self, prefix: str) -> str:
        return prefix + f"{self.dice.getrandbits(128):032x}"

    def account(self, sid: str) -> TwilioAccount:
        return self.accounts.setdefault(sid, TwilioAccount(sid))

    def phone(self, number: str) -> Phone:
        return self.phones.setdefault(number, Phone())

    def is_too_fast(self) -> bool:
        """Whether this request is one too many in this second."""
        second = int(time.time())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return 0 < self.knobs.rate < self._in_second

    def changed(self) -> None:
        self.is_changed = True
        self.version += 1

    def keep(self, account: TwilioAccount, message: Body) -> None:
        account.messages[message["sid"]] = message
        if message["direction"] != "inbound":
            self.moving[message["sid"]] = account.sid
        while len(account.messages) > MOST_KEPT:
            gone = next(iter(account.messages))
            account.messages.pop(gone)
            self.moving.pop(gone, None)
        self.changed()

    def tell(self, url: str, form: dict[str, str], message_sid: str) -> None:
        """Put a callback on its way, as the knobs want it."""
        if self.knobs.drop:
            self.knobs.drop -= 1
            return
        for _ in range(1 + self.knobs.duplicate):
            due = time.time() + self.knobs.delay
            self.callbacks.append(Callback(url, form, message_sid, due, signature=self.knobs.signature))
        del self.callbacks[: max(0, len(self.callbacks) - 2 * MOST_KEPT)]

    def save(self, *, is_last: bool = False) -> None:
        if self.path is None or not self.is_changed or (not is_last and time.time() - self._saved_at < _SAVE_EVERY):
            return
        self.is_changed, self._saved_at = False, time.time()
        stored = {
            "accounts": {sid: asdict(one) for sid, one in self.accounts.items()},
            "phones": {number: asdict(one) for number, one in self.phones.items()},
        }
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(stored))
        fresh.replace(self.path)

    def _read(self, stored: Body) -> None:
        self.accounts = {sid: TwilioAccount(**one) for sid, one in stored["accounts"].items()}
        self.phones = {number: Phone(**one) for number, one in stored["phones"].items()}
        for account in self.accounts.values():
            for sid, message in account.messages.items():
                if message["direction"] != "inbound" and message["status"] not in ENDS:
                    self.moving[sid] = account.sid


def http_date(at: float) -> str:
    """RFC 2822, as Twilio writes moments: ``Thu, 24 Aug 2023 05:01:45 +0000``."""
    return formatdate(at).replace("-0000", "+0000")


def key_of(sender: str, receiver: str) -> str:
    return f"{sender} {receiver}"
