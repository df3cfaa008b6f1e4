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
    key = f"{PREFIX}:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:24]}"
    try:
        with client().pipeline() as pipe:
            pipe.set(key, 0, ex=limit.seconds, nx=True)
            pipe.incr(key)
            count = int(pipe.execute()[1])
    except redis.RedisError as error:
        log.warning("limits.unreachable", limit=limit.name, reason=type(error).__name__)
        return True
    return count <= limit.most


def network_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or the /64 of an IPv6 one. Anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
