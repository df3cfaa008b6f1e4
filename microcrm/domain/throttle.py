"""How long somebody must wait after failed sign-ins: free tries first, then a delay that doubles.

Kept per account and per network address. An account's delay is capped, so that a stranger cannot lock its owner out
for a day; an address is given more free tries, because a whole market street may share one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rule:
    free_tries: int
    memory: timedelta  # failures are forgotten when nothing was tried for so long
    first_delay: timedelta
    longest_delay: timedelta
    alert_at: int  # the failure at which the owner of the account is told


ACCOUNT = Rule(5, timedelta(hours=24), timedelta(minutes=1), timedelta(hours=1), alert_at=10)
ADDRESS = Rule(20, timedelta(hours=1), timedelta(seconds=30), timedelta(hours=6), alert_at=100)


@dataclass(frozen=True, slots=True)
class Failures:
    """What is stored. ``last_at`` is the last failure; until ``blocked_until`` nothing is even looked at."""

    count: int = 0
    last_at: datetime | None = None
    blocked_until: datetime | None = None


NONE = Failures()


def wait(failures: Failures, now: datetime) -> timedelta:
    """How long until the next try is looked at; zero means now."""
    if failures.blocked_until is None or failures.blocked_until <= now:
        return timedelta(0)
    return failures.blocked_until - now


def after_failure(failures: Failures, now: datetime, rule: Rule) -> Failures:
    """The state after one more failed try. A try made while blocked counts for nothing: it was not looked at."""
    if wait(failures, now):
        return failures
    quiet_since = max((at for at in (failures.last_at, failures.blocked_until) if at), default=now)
    if now - quiet_since >= rule.memory:
        failures = NONE
    count = failures.count + 1
    if count < rule.free_tries:
        return replace(failures, count=count, last_at=now, blocked_until=None)
    doublings = min(count - rule.free_tries, 32)
    delay = min(rule.first_delay * 2**doublings, rule.longest_delay)
    return Failures(count, now, now + delay)


def is_alarming(before: Failures, after: Failures, rule: Rule) -> bool:
    """Whether this failure is the one to send the security mail for: once in a row of failures."""
    return before.count < rule.alert_at <= after.count


def wait_words(delay: timedelta) -> str:
    """Like "30 seconds", "2 minutes", "1 hour": rounded up, so that waiting so long is enough."""
    seconds = -int(-delay.total_seconds() // 1)
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = -(-seconds // size)
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
