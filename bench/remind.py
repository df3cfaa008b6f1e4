"""``remind-100k``: 100,000 reminders that are all due in one minute, over 200 shops of very different size. Two workers claim them, ask
the gate, find the words, make the links and hand them over; what carries them here takes no time, so that only our own work is
measured. Then the pace of channels, and the claim beside ten million messages.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from bench import dataset, site
from bench.dataset import Size
from bench.load import quantiles
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.domain.messenger import Channel, DeliveryStatus, Handed, Outgoing
from microcrm.operations.messages.claiming import Lane, claim, lanes
from microcrm.operations.unit_of_work import system

_WORKERS = 2
_PACED, _PACE, _PACED_FOR = 20, 20, 12.0  # lanes, messages a second of each, seconds
_GOAL = {
    "handed_per_s": ">= 5000", "twice": "<= 0", "lost": "<= 0", "small_shop_by_fair_share": "<= 2", "single_waits_s": "<= 30",
    "pace_off_percent": "<= 2", "claim_p99_ms": "<= 5",
}  # fmt: skip
_ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland", "America/Los_Angeles")
_FLOOD = """
INSERT INTO messages (business_id, customer_id, booking_id, subject, subject_version, step, channel, about_at, created_at, due_at,
  expires_at)
SELECT business_id, customer_id, id, 'booking:' || id, version, 'reminder', 'sms', starts_at, now(), now(), starts_at
FROM bookings WHERE {which} ORDER BY id LIMIT {most}
"""
_PAST = """
INSERT INTO messages (business_id, customer_id, booking_id, subject, subject_version, step, channel, state, about_at, created_at,
  due_at, expires_at, called_at, handed_at, attempts, provider_id, text, segments)
SELECT b.business_id, b.customer_id, b.id, 'booking:' || b.id, 1000 + n, 'reminder', 'sms', 'delivered', b.starts_at,
  at, at, at, at, at, 1, 'SM' || md5(b.id || ':' || n), 'We look forward to your visit.', 1
FROM bookings b, generate_series(1, {each}) n,
  LATERAL (SELECT now() - make_interval(mins => (b.id * 7 + n * 9973)::int % 1000000) AS at) t
"""


def measure(choice: Choice) -> Report:
    size = Size("remind", 40, 1_000, 1) if choice.is_quick else Size("remind", 200, 10_000, 1)
    due = 10_000 if choice.is_quick else 100_000
    with site.engines(f"remind{'-quick' if choice.is_quick else ''}"), _owner() as owner:
        dataset.ensure(owner, size)
        choice.say(f"{due:,} reminders over {size.businesses} shops")
        _ready(owner)
        figures = _flood(owner, size, due)
        choice.say(f"{_PACED} channels at {_PACE} a second")
        figures |= _paced(owner)
        each = 20 if choice.is_quick else 95
        choice.say("the claim beside all that was sent before")
        figures |= _claims(owner, each)
        wiring.engine().dispose()
        wiring.engine.cache_clear()
    return Report("remind-100k", figures, goal=dict(_GOAL), limit={"messages_in_the_table_wanted": 10_000_000})


@contextmanager
def _owner() -> Iterator[psycopg.Connection]:
    """Sees all rows: signed in as the role that owns the tables."""
    with psycopg.connect(plain(configuration.settings().database_owner_url), autocommit=True) as connection:
        yield connection


def _ready(owner: psycopg.Connection) -> None:
    """Every visit begins in two hours, it is day everywhere, and every shop sends by SMS; the last shop has nothing to say yet."""
    now = datetime.now(UTC)
    zone = next(name for name in _ZONES if 10 <= now.astimezone(ZoneInfo(name)).hour < 18)
    owner.execute("TRUNCATE messages CASCADE")
    owner.execute("TRUNCATE message_channels, messaging_accounts, public_links CASCADE")
    owner.execute("ALTER TABLE bookings DISABLE TRIGGER USER")
    owner.execute(
        "UPDATE bookings SET status = 'booked', starts_at = now() + interval '2 hours', ends_at = now() + interval '3 hours'"
    )
    owner.execute("ALTER TABLE bookings ENABLE TRIGGER USER")
    owner.execute("UPDATE businesses SET zone = %s", (zone,))
    owner.execute(
        "INSERT INTO messaging_accounts (business_id, account_sid, auth_token, hook_hash, hook_token, is_sandbox, checked_at) "
        "SELECT id, 'AC', '', sha256(id::text::bytea), '', true, now() FROM businesses"
    )
    owner.execute(
        "INSERT INTO message_channels (business_id, channel, sender, is_on, per_second) SELECT id, 'sms', 'BENCH', true, 1000 "
        "FROM businesses"
    )
    owner.execute("VACUUM ANALYZE")


def _flood(owner: psycopg.Connection, size: Size, due: int) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(_WORKERS + 1)
    workers = [context.Process(target=_work, args=(barrier,)) for _ in range(_WORKERS)]
    for one in workers:
        one.start()
    barrier.wait(timeout=60)
    owner.execute(_FLOOD.format(which=f"business_id < {size.businesses}", most=due))
    load, began = os.getloadavg()[0], datetime.now(UTC)
    barrier.wait(timeout=60)
    time.sleep(1)
    owner.execute(_FLOOD.format(which=f"business_id = {size.businesses}", most=1))
    for one in workers:
        one.join(timeout=600)
    rows = owner.execute(
        "SELECT business_id, count(*), extract(epoch FROM max(handed_at) - %s)::float8, "
        "extract(epoch FROM min(created_at) - %s)::float8 FROM messages WHERE state = 'handed' GROUP BY 1",
        (began, began),
    ).fetchall()
    single = [done - created for shop, _, done, created in rows if shop == size.businesses]
    shops = {shop: (count, done) for shop, count, done, _ in rows if shop != size.businesses}
    took = max(done for _, done in shops.values())
    twice = owner.execute(
        "SELECT count(*) FROM (SELECT provider_id FROM messages GROUP BY 1 HAVING count(*) > 1) t"
    ).fetchone()
    left = sum(count for count, _ in shops.values())
    return {
        "messages": left, "workers": _WORKERS, "handed_per_s": round(left / took), "seconds": round(took, 1),
        "twice": twice[0] if twice else None, "lost": due - left,
        "small_shop_by_fair_share": round(_by_fair_share(shops, took), 2),
        "single_waits_s": round(single[0], 2) if single else None, "load_before": round(load, 1),
    }  # fmt: skip


def _by_fair_share(shops: dict[int, tuple[int, float]], took: float) -> float:
    """How much longer the smaller half of the shops took than if all that had something left had always got the same share."""
    a_second = sum(count for count, _ in shops.values()) / took
    ended, now, before = {}, 0.0, 0
    ordered = sorted(shops.items(), key=lambda one: one[1][0])
    for place, (shop, (count, _)) in enumerate(ordered):
        now += (count - before) * (len(ordered) - place) / a_second
        ended[shop], before = now, count
    small = [shop for shop, _ in ordered[: len(ordered) // 2]]
    return max(shops[shop][1] / ended[shop] for shop in small)


def _work(barrier: Barrier) -> None:
    """One worker: sweeps until nothing is due for a second."""
    from tasks.sending import Sender

    numbers = iter(range(1, 10**9))

    def carry(_: Outgoing) -> Handed:
        return Handed(f"SM{os.getpid():08x}{next(numbers):024x}", DeliveryStatus.QUEUED)

    Sender(budget=0.1, carry=carry).run()  # connections and plans are there when it begins
    barrier.wait(timeout=60)
    barrier.wait(timeout=60)
    idle = 0
    while idle < 4:
        done, _ = Sender(budget=60, carry=carry).run()
        idle = 0 if done else idle + 1
        time.sleep(0.3 if not done else 0)


def _paced(owner: psycopg.Connection) -> dict[str, Any]:
    """How far from its pace the worst of the channels was, between the second and the last second."""
    from tasks.sending import Sender

    owner.execute("TRUNCATE messages CASCADE")
    owner.execute(f"UPDATE message_channels SET per_second = {_PACE}, tokens = 0, refilled_at = now()")
    for shop in range(1, _PACED + 1):
        owner.execute(_FLOOD.format(which=f"business_id = {shop}", most=int(_PACE * _PACED_FOR * 2)))
    Sender(budget=_PACED_FOR, carry=lambda one: Handed(f"SM{one.reference}", DeliveryStatus.QUEUED)).run()
    first, last = 2.0, _PACED_FOR - 1
    rows = owner.execute(
        "WITH began AS (SELECT min(called_at) AS at FROM messages) SELECT business_id, count(*) FROM messages, began "
        "WHERE called_at >= began.at + make_interval(secs => %s) AND called_at < began.at + make_interval(secs => %s) GROUP BY 1",
        (first, last),
    ).fetchall()
    wanted = _PACE * (last - first)
    return {
        "pace_off_percent": round(max(abs(count - wanted) / wanted * 100 for _, count in rows), 2),
        "paced_lanes": len(rows),
    }


def _claims(owner: psycopg.Connection, each: int) -> dict[str, Any]:
    """Claims of twenty, lane by lane, and the question which lanes there are."""
    owner.execute("TRUNCATE messages CASCADE")
    began = time.monotonic()
    _fill(owner, each)
    owner.execute(_FLOOD.format(which="number <= 60", most=1_000_000))
    owner.execute(
        "UPDATE messages SET due_at = now() + interval '1 day' WHERE state = 'planned' AND booking_id % 2 = 0; "
        "UPDATE message_channels SET per_second = 1000, tokens = 1000"
    )
    owner.execute("VACUUM ANALYZE messages")
    made = round(time.monotonic() - began)
    row = owner.execute("SELECT count(*) FROM messages").fetchone()
    with wiring.unit_of_work(system(), realm="worker") as uow:
        lanes(uow)
        start = time.perf_counter()
        found = lanes(uow)
        asked = 1000 * (time.perf_counter() - start)
    for lane in found[:3]:
        _claimed(lane)
    spent = sorted(_claimed(lane) for lane in (found * 6)[: 6 * len(found)])
    at = quantiles(spent)
    return {
        "messages_in_the_table": row[0] if row else 0, "made_in_s": made, "lanes": len(found), "lanes_ms": round(asked, 1),
        "claim_p50_ms": round(at["p50"], 2), "claim_p99_ms": round(at["p99"], 2),
    }  # fmt: skip


def _claimed(lane: Lane) -> float:
    """Milliseconds of one claim, with the transaction's own beginning left out."""
    with wiring.unit_of_work(
        system(lane.business_id, lane.zone), clock=lambda: datetime.now(UTC) + timedelta(seconds=1)
    ) as uow:
        uow.session.connection()
        began = time.perf_counter()
        claim(uow, Lane(lane.business_id, lane.zone, Channel.SMS, lane.is_live), 20)
        return 1000 * (time.perf_counter() - began)


def _fill(owner: psycopg.Connection, each: int) -> None:
    """Sent long ago. Keys, indexes and triggers are made afterwards, as for a restore."""
    with owner.transaction():
        owner.execute("SET LOCAL maintenance_work_mem = '512MB'")
        put_back = list(dataset.take_off(owner, "messages"))
        with dataset.unforced(owner, "messages"):
            owner.execute(_PAST.format(each=each))
        for statement in put_back:
            owner.execute(statement)
