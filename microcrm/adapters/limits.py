"""How often something may happen in a stretch of time: counters in Valkey that vanish by themselves.

A limit keeps abuse down, nothing else leans on it: while Valkey does not answer, everything is allowed and the log says so.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

import redis
import structlog

from microcrm.adapters.queue import client

log = structlog.get_logger()

PREFIX = "microcrm:limit"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` times in ``seconds`` from the first."""

    name: str
    most: int
    seconds: int


def is_within(limit: Limit, subject: str) -> bool:
    """Counts this time, and says whether it is still within the limit. ``subject`` (an address, a phone) is stored as a
    hash only."""
    return are_within((limit, subject))


def are_within(*counted: tuple[Limit, str]) -> bool:
    """The same for several limits in one round trip: whether none of them is passed. Each counts, whatever the others say."""
    try:
        with client().pipeline() as pipe:
            for limit, subject in counted:
                key = f"{PREFIX}:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:24]}"
                pipe.set(key, 0, ex=limit.seconds, nx=True)
                pipe.incr(key)
            counts = [int(count) for count in pipe.execute()[1::2]]
    except redis.RedisError as error:
        names = [limit.name for limit, _ in counted]
        log.warning("limits.unreachable", limit=", ".join(names), reason=type(error).__name__)
        return True
    return all(count <= limit.most for count, (limit, _) in zip(counts, counted, strict=True))


def network_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or the /64 of an IPv6 one. Anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
