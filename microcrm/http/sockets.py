"""What the websocket may do before a word of it is understood: where it comes from, how many, how fast, how large."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

POLICY_VIOLATION = 1008
TOO_LARGE = 1009
SOCKET_PATH = "/_event"
# A Socket.IO packet that carries an event: message, event, namespace, number of the answer it wants, then the JSON.
_EVENT_PACKET = re.compile(r"42(?:/[^,\[]*,)?\d*(?=\[)")


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """``burst`` frames at once, ``per_second`` for long; frames of at most ``frame_bytes``; sockets of one address."""

    per_second: float = 30
    burst: float = 90
    per_address: int = 100
    frame_bytes: int = 256 * 1024

    @classmethod
    def of(cls, per_second: float, per_address: int) -> SocketLimits:
        """A page that opens sends a handful of events at once, hence three seconds' worth as a burst."""
        return cls(per_second=per_second, burst=3 * per_second, per_address=per_address)


class Bucket:
    """Tokens drip in at ``per_second`` up to ``burst``; each frame takes one."""

    def __init__(self, limits: SocketLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._tokens, self._at = limits.burst, clock()

    def take(self) -> bool:
        now = self._clock()
        self._tokens = min(self._limits.burst, self._tokens + (now - self._at) * self._limits.per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class SocketGuard:
    """ASGI wrapper. A refused handshake is answered with 403; a socket that misbehaves is closed.

    Without the Origin check, any site could open a socket that carries the visitor's cookie. An event whose handler isn't
    ``known`` goes no further: Reflex would drop it as well, but keep something in memory for each. Its socket stays open,
    because a tab of an older version may send one in good faith.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: Sequence[str],
        limits: SocketLimits = SocketLimits(),
        proxy_hops: int = 0,
        known: Container[str] | None = None,
    ) -> None:
        self.app = app
        self.known = known
        self.origins = frozenset(origins)
        self.limits = limits
        self.proxy_hops = proxy_hops
        self.open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or not scope["path"].startswith(SOCKET_PATH):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        address = client_address(scope, headers, self.proxy_hops)
        refused = self._refusal(headers, address)
        if refused:
            log.warning("socket_refused", reason=refused)
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refused})
            return
        self.open[address] += 1
        try:
            await self.app(scope, *self._limited(receive, send))
        finally:
            self.open[address] -= 1
            if not self.open[address]:
                del self.open[address]

    def _refusal(self, headers: dict[str, str], address: str) -> str:
        if headers.get("origin", "") not in self.origins:
            return "wrong origin"
        if self.open[address] >= self.limits.per_address:
            return "too many sockets"
        return ""

    def _limited(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        bucket = Bucket(self.limits)
        is_closed = False

        async def cut(code: int, reason: str) -> Message:
            nonlocal is_closed
            is_closed = True
            log.warning("socket_cut", reason=reason)
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return {"type": "websocket.disconnect", "code": code}

        async def limited_receive() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                if not bucket.take():
                    return await cut(POLICY_VIOLATION, "too many events")
                if _size(message) > self.limits.frame_bytes:
                    return await cut(TOO_LARGE, "event too large")
                if self.known is None or is_known(message.get("text") or "", self.known):
                    return message
                log.warning("event_unknown")

        async def limited_send(message: Message) -> None:
            if not is_closed:
                await send(message)

        return limited_receive, limited_send


def is_known(packet: str, known: Container[str]) -> bool:
    """Whether a packet names a handler of ours, or is none of Reflex's events."""
    found = _EVENT_PACKET.match(packet)
    if found is None:
        return True
    try:
        kind, *values = json.loads(packet[found.end() :])
        event = values[0] if kind == "event" else None
        event = json.loads(event) if isinstance(event, str) else event
    except (ValueError, TypeError, IndexError, RecursionError):
        return False
    if kind != "event":
        return True
    name = event.get("name") if isinstance(event, dict) else None
    return isinstance(name, str) and name in known


def client_address(scope: Scope, headers: dict[str, str], proxy_hops: int) -> str:
    """The peer, or what the outermost of our own ``proxy_hops`` proxies saw; what lies beyond it can be made up."""
    if proxy_hops:
        seen = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
        if len(seen) >= proxy_hops:
            return seen[-proxy_hops]
    return scope["client"][0] if scope.get("client") else ""


def _size(message: Message) -> int:
    text, data = message.get("text"), message.get("bytes")
    return len(text.encode()) if text is not None else len(data or b"")
