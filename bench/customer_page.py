"""``customer-page``: the page of a customer with 2,000 entries in the largest shop, read as its load handlers do, policies on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from bench import site
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role, permissions_of
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.customer_glance import Glance, glance
from microcrm.operations.customer_view import view
from microcrm.operations.timeline.reading import ReadTimeline, TimelinePage, read_timeline
from microcrm.operations.unit_of_work import Actor, UnitOfWork

_GOAL = {"statements": "<= 8", "p95_ms": "<= 40", "entries": ">= 2000"}
_LARGEST = 1  # the id of the shop with most customers
_PHONE = "+919000000001"  # by which the customer is found again
_OLDER = 20  # pages further back that are read

_FILL = Path(__file__).with_suffix(".sql")


def measure(choice: Choice) -> Report:
    number = 100 if choice.is_quick else 500
    with site.ground(choice) as ground, _owner() as owner:
        customer = _regular(owner)
        choice.say(f"{number} times a page of 2,000 entries, among {ground.counts.customers:,} customers")
        figures: dict[str, Any] = {"entries": _entries(customer), "statements": _statements(customer)}
        times = _times(lambda: _page(customer), number)
        figures |= {f"{name}_ms": took for name, took in quantiles(times).items() if name != "count"}
        figures["p95_ms"] = round(sorted(times)[int(len(times) * 0.95)], 3)
        for part, read in _PARTS.items():
            figures[f"{part}_p50_ms"] = quantiles(_times(lambda read=read: _in_turn(read, customer), number // 2))[
                "p50"
            ]
        older = _times(lambda: _older(customer), max(2, number // 20))
        figures["older_page_p50_ms"] = round(quantiles(older)["p50"] / _OLDER, 3)
        limit = {"one_statement_p50_ms": quantiles(_times(lambda: owner.execute("SELECT 1").fetchone(), number))["p50"]}
    return Report("customer-page", figures, goal=_GOAL, limit=limit)


def _timeline(uow: UnitOfWork, customer: int) -> TimelinePage:
    return read_timeline(uow, ReadTimeline(customer))


def _glance(uow: UnitOfWork, customer: int) -> Glance:
    """Notes, tasks, consents, allergy, family, looks and merges."""
    return glance(uow, customer, is_whole=True)


_PARTS: dict[str, Callable[[UnitOfWork, int], object]] = {
    "head": view,
    "timeline": _timeline,
    "glance": _glance,
    "bills": customer_money,
}


def _page(customer: int) -> None:
    """Each part in a transaction of its own, as the page's load handlers do."""
    for read in _PARTS.values():
        _in_turn(read, customer)


def _in_turn(read: Callable[[UnitOfWork, int], object], customer: int) -> None:
    with wiring.unit_of_work(_actor()) as uow:
        read(uow, customer)


def _older(customer: int) -> None:
    """Twenty pages back."""
    after = None
    for _ in range(_OLDER):
        with wiring.unit_of_work(_actor()) as uow:
            after = read_timeline(uow, ReadTimeline(customer, after=after)).after


def _entries(customer: int) -> int:
    """All that "Show more" would show."""
    found, after = 0, None
    while True:
        with wiring.unit_of_work(_actor()) as uow:
            page = read_timeline(uow, ReadTimeline(customer, after=after))
        found, after = found + len(page.entries), page.after
        if after is None:
            return found


def _statements(customer: int) -> int:
    """Without beginning and end of the transactions."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(wiring.engine(), "before_cursor_execute", note)
    try:
        _page(customer)
    finally:
        event.remove(wiring.engine(), "before_cursor_execute", note)
    return len(seen)


def _actor() -> Actor:
    return Actor("member", business_id=_LARGEST, role=Role.OWNER, permissions=permissions_of(Role.OWNER))


def _times(ask: Callable[[], object], number: int) -> list[float]:
    """Milliseconds of each, one after the other, transactions included; ten before them warm up."""
    for _ in range(10):
        ask()
    times = []
    for _ in range(number):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _regular(owner: psycopg.Connection) -> int:
    """The customer, made once."""
    found = owner.execute(
        "SELECT id FROM customers WHERE business_id = %s AND phone = %s", (_LARGEST, _PHONE)
    ).fetchone()
    if found:
        return int(found[0])
    with owner.transaction():
        row = owner.execute(
            "INSERT INTO customers (business_id, name, name_key, phone, phone_reversed, is_sharing_phone, email, email_key, "
            "address, tags, visit_count, created_at, version) VALUES (%s, 'Bench Regular', 'bench regular', %s, %s, false, '', "
            "'', '', '{}', 0, now(), 1) RETURNING id",
            (_LARGEST, _PHONE, _PHONE[::-1]),
        ).fetchone()
        member = owner.execute("SELECT min(id) FROM members WHERE business_id = %s", (_LARGEST,)).fetchone()
        service = owner.execute("SELECT min(id) FROM services WHERE business_id = %s", (_LARGEST,)).fetchone()
        assert row and member and service
        values = {"b": _LARGEST, "c": row[0], "m": member[0], "s": service[0]}
        for statement in _FILL.read_text().split(";"):
            owner.execute(statement.encode(), values)
    owner.execute(
        "ANALYZE customers, bookings, booking_items, booking_events, documents, payments, allocations, customer_notes, "
        "customer_tasks, sealed_records, audit_events"
    )
    return int(row[0])


@contextlib.contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection
    wiring.engine().dispose()
    wiring.engine.cache_clear()
