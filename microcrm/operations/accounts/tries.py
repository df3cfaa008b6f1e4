"""Counting failed tries in the database, by the rules of ``domain.throttle``.

A count is read with a lock on its row, before anything slow or telling happens, and kept until the transaction ends:
a hundred tries at once are looked at one after the other, so none of them slips through between two counts. Rows exist
for accounts that don't. Lock the account's count before the address's, everywhere, so that two tries never wait for
each other.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain import throttle
from microcrm.domain.errors import LimitReached
from microcrm.domain.throttle import ACCOUNT, ADDRESS, Failures, Rule
from microcrm.models.accounts import Throttle
from microcrm.operations.unit_of_work import UnitOfWork

# Mails to one address that anybody may ask for: five, then with growing pauses.
MAILS = Rule(5, timedelta(hours=2), timedelta(minutes=5), timedelta(hours=2), alert_at=10_000)
SIGN_UPS = Rule(20, timedelta(hours=1), timedelta(minutes=1), timedelta(hours=1), alert_at=10_000)


@dataclass(slots=True)
class Count:
    """Failures of one key, locked by this transaction."""

    key: bytes
    rule: Rule
    failures: Failures


def of_account(uow: UnitOfWork, email_key: str) -> Count:
    return _locked(uow, f"account:{email_key}", ACCOUNT)


def of_address(uow: UnitOfWork, purpose: str = "address", rule: Rule = ADDRESS) -> Count:
    """Of the network address that asks."""
    return _locked(uow, f"{purpose}:{network_of(uow.actor.address)}", rule)


def of_person(uow: UnitOfWork, purpose: str, user_id: int) -> Count:
    """Of somebody who is known by now: a second step, a password asked for again."""
    return _locked(uow, f"{purpose}:{user_id}", ACCOUNT)


def of_mails(uow: UnitOfWork, email_key: str) -> Count:
    return _locked(uow, f"mails:{email_key}", MAILS)


def longest_wait(uow: UnitOfWork, *counts: Count) -> timedelta:
    return max(throttle.wait(count.failures, uow.now) for count in counts)


def add(uow: UnitOfWork, count: Count) -> bool:
    """One more failure (or one more mail). Whether it is the one to tell the owner about."""
    before, count.failures = count.failures, throttle.after_failure(count.failures, uow.now, count.rule)
    uow.session.connection().execute(
        update(Throttle)
        .where(Throttle.key == count.key)
        .values(
            failures=count.failures.count,
            last_failed_at=count.failures.last_at or uow.now,
            blocked_until=count.failures.blocked_until,
        )
    )
    return throttle.is_alarming(before, count.failures, count.rule)


def forgive(uow: UnitOfWork, count: Count) -> None:
    uow.session.connection().execute(delete(Throttle).where(Throttle.key == count.key))


def spend(uow: UnitOfWork, count: Count) -> None:
    """Count something that is allowed only so often. Raises: LimitReached."""
    delay = longest_wait(uow, count)
    if delay:
        raise LimitReached(
            "That was asked for too often.", remedy=f"Wait {throttle.wait_words(delay)}, then try again."
        )
    add(uow, count)


def network_of(address: str) -> str:
    """An IPv6 address stands for its /64: a single customer of a provider has all of those."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address


def _locked(uow: UnitOfWork, name: str, rule: Rule) -> Count:
    key = hashlib.sha256(name.encode()).digest()
    row = (
        uow.session.connection()
        .execute(
            insert(Throttle)
            .values(key=key, failures=0, last_failed_at=uow.now)
            .on_conflict_do_update(index_elements=["key"], set_={"failures": Throttle.failures})
            .returning(Throttle.failures, Throttle.last_failed_at, Throttle.blocked_until)
        )
        .one()
    )
    return Count(key, rule, Failures(row[0], row[1] if row[0] else None, row[2]))
