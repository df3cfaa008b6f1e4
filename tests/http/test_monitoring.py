"""How the workers are doing: numbers of all shops, for whoever has the installation's password, and nothing of anybody's rows."""

from __future__ import annotations

import base64
import math
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.adapters import heartbeats
from microcrm.adapters.monitoring import Gauge, exposition, gauges
from microcrm.http.monitoring import _row
from microcrm.http.routes import routes
from microcrm.models.messages import Message
from microcrm.models.messaging import MessageChannel
from microcrm.models.records import OutboxMessage
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import settings
from tests.support.shops import CANARY, Shop, TwoShops

Key = tuple[str, str]


def read() -> dict[Key, Gauge]:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        return {(one.name.removeprefix("microcrm_"), *one.labels.values()): one for one in gauges(uow.session, uow.now)}  # type: ignore[misc]


def arrange(shop: Shop, rows: Any) -> None:
    def add(uow: UnitOfWork) -> None:
        uow.session.add_all(rows(uow))

    with wiring.unit_of_work(system(shop.business_id)) as uow:
        add(uow)


async def get(path: str, password: str | None = None, scheme: str = "Basic") -> httpx.Response:
    coded = base64.b64encode(f"ops:{password}".encode()).decode()
    headers = {} if password is None else {"authorization": f"{scheme} {coded}"}
    transport = httpx.ASGITransport(Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url=settings().public_url, headers=headers) as client:
        return await client.get(path)


def test_what_waits_what_is_stuck_and_what_failed_is_counted(fresh_database: TwoShops) -> None:
    quiet = read()
    assert quiet["queue_due", "outbox"].value == quiet["queue_failed", "outbox"].value == 0

    def rows(uow: UnitOfWork) -> list[OutboxMessage]:
        old = {
            "business_id": uow.business_id,
            "kind": "mail",
            "created_at": uow.now,
            "due_at": uow.now - timedelta(minutes=5),
        }
        return [
            OutboxMessage(**old, key="waits"),
            OutboxMessage(**old, key="stuck", leased_until=uow.now - timedelta(minutes=1)),
            OutboxMessage(**(old | {"due_at": uow.now + timedelta(hours=1)}), key="later"),
            OutboxMessage(**old, key="gone", state="failed", finished_at=uow.now - timedelta(hours=1)),
            OutboxMessage(**old, key="old", state="failed", finished_at=uow.now - timedelta(days=2)),
        ]

    for shop in (fresh_database.a, fresh_database.b):
        arrange(shop, lambda uow: [setattr(one, "key", f"{one.key} {uow.business_id}") or one for one in rows(uow)])
    found = read()
    assert (found["queue_due", "outbox"].value, found["queue_stuck", "outbox"].value) == (4, 2)
    assert found["queue_failed", "outbox"].value == 2 and not found["queue_failed", "outbox"].is_well
    assert 300 <= found["queue_age_seconds", "outbox"].value < 360 and not found["queue_age_seconds", "outbox"].is_well
    assert found["queue_due", "inbox"].is_well


def test_messages_of_all_shops_are_counted(fresh_database: TwoShops) -> None:
    def rows(uow: UnitOfWork) -> list[Any]:
        usual = {
            "business_id": uow.business_id, "subject_version": 1, "step": "booked", "channel": "email", "created_at": uow.now,
            "due_at": uow.now - timedelta(minutes=10),
        }  # fmt: skip
        return [
            MessageChannel(business_id=uow.business_id, channel="email", is_on=True, per_second=10),
            Message(**usual, subject="booking:1"),
            Message(**usual, subject="booking:2", state="failed", finished_at=uow.now),
            Message(**usual, subject="booking:3", state="unknown", finished_at=uow.now),
            Message(**usual, subject="booking:4", state="sending", look_at=uow.now - timedelta(minutes=6)),
        ]

    with wiring.unit_of_work(system(fresh_database.a.business_id)) as uow:
        uow.session.execute(text("DELETE FROM message_channels"))
    before = {key: one.value for key, one in read().items()}
    arrange(fresh_database.a, rows)
    found = read()
    for name in ("due", "failed", "unknown", "stuck"):
        key: Any = (f"messages_{name}",)
        assert found[key].value - before[key] == 1, name
    age: Any = ("messages_age_seconds",)
    assert 600 <= found[age].value < 660 and not found[age].is_well


def test_a_process_that_has_gone_quiet_shows(fresh_database: TwoShops) -> None:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        heartbeats.record(uow.session, "worker", uow.now - timedelta(minutes=3))
    found = read()["heartbeat_age_seconds", "worker"]
    assert 180 <= found.value < 240 and not found.is_well


def test_one_that_never_said_anything_shows_too(fresh_database: TwoShops) -> None:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        uow.session.execute(text("UPDATE heartbeats SET name = 'somebody else'"))
    found = read()["heartbeat_age_seconds", "worker"]
    assert found.value == math.inf and not found.is_well
    assert '{process="worker"} +Inf' in exposition([found])
    assert "never" in _row(found)


def test_a_queue_that_is_served_at_its_pace_is_not_overdue(fresh_database: TwoShops) -> None:
    """Ten thousand of a campaign wait for hours, and nothing is wrong; when nobody comes by, it is."""

    def rows(uow: UnitOfWork) -> list[Any]:
        then = uow.now - timedelta(hours=1)
        channel = {"business_id": uow.business_id, "channel": "email", "is_on": True, "per_second": 1}
        return [
            MessageChannel(**channel, refilled_at=uow.now - timedelta(seconds=5)),
            Message(
                business_id=uow.business_id, subject="booking:1", step="booked", channel="email", created_at=then, due_at=then
            ),
        ]  # fmt: skip

    with wiring.unit_of_work(system(fresh_database.a.business_id)) as uow:
        uow.session.execute(text("DELETE FROM message_channels"))
    arrange(fresh_database.a, rows)
    age: Any = ("messages_age_seconds",)
    assert read()[age].is_well
    with wiring.unit_of_work(system(fresh_database.a.business_id)) as uow:
        long_ago = {"at": uow.now - timedelta(minutes=2)}
        uow.session.execute(text("UPDATE message_channels SET refilled_at = :at"), long_ago)
    assert read()[age].value >= 3_600 and not read()[age].is_well


def test_channels_that_stopped_by_themselves_are_counted(fresh_database: TwoShops) -> None:
    broken: Any = ("channels_broken",)
    before = read()[broken].value
    with wiring.unit_of_work(system(fresh_database.b.business_id)) as uow:
        uow.session.execute(text("DELETE FROM message_channels"))
    arrange(
        fresh_database.b,
        lambda uow: [MessageChannel(business_id=uow.business_id, channel="email", per_second=1, broken="20003")],
    )
    assert read()[broken].value == before + 1 and read()[broken].is_well, "its owner is told, nobody else can help"


def test_the_text_is_what_a_machine_reads() -> None:
    shown = exposition(
        [
            Gauge("a_b", "Words.", 3, {"queue": "outbox"}),
            Gauge("a_b", "Words.", 0.5, {"queue": "inbox"}),
            Gauge("c", "More.", 7),
        ]
    )
    assert shown == (
        "# HELP a_b Words.\n# TYPE a_b gauge\n"
        'a_b{queue="outbox"} 3\na_b{queue="inbox"} 0.5\n'
        "# HELP c More.\n# TYPE c gauge\nc 7\n"
    )


async def test_in_development_it_is_open(fresh_database: TwoShops) -> None:
    metrics, status = await get("/metrics"), await get("/status")
    assert metrics.status_code == status.status_code == 200
    assert "microcrm_messages_due " in metrics.text and "<h1>" in status.text
    assert CANARY not in metrics.text + status.text


@pytest.mark.parametrize("path", ["/metrics", "/status"])
async def test_with_a_password_only_who_has_it(
    fresh_database: TwoShops, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("MICROCRM_MONITOR_PASSWORD", "a long one, ಕನ್ನಡ")
    settings.cache_clear()
    try:
        assert (await get(path, "a long one, ಕನ್ನಡ")).status_code == 200
        for wrong in (None, "", "a long one", "x" * 5_000):
            refused = await get(path, wrong)
            assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Basic")
        assert (await get(path, "a long one, ಕನ್ನಡ", "Bearer")).status_code == 401
    finally:
        monkeypatch.undo()
        settings.cache_clear()


@pytest.mark.parametrize("path", ["/metrics", "/status"])
async def test_in_production_it_is_hidden_until_there_is_a_password(
    fresh_database: TwoShops, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("MICROCRM_ENVIRONMENT", "prod")
    monkeypatch.setenv("MICROCRM_APP_URL", "https://crm.example")
    monkeypatch.setenv("MICROCRM_SECRET_KEY", "k9" + "QwX7vT2mB8zLr4Np6Jc1Hd5Fy3Ga0Su" * 2)
    settings.cache_clear()
    try:
        assert (await get(path)).status_code == (await get(path, "")).status_code == 404
        monkeypatch.setenv("MICROCRM_MONITOR_PASSWORD", "a long one")
        settings.cache_clear()
        assert (await get(path)).status_code == 401 and (await get(path, "a long one")).status_code == 200
    finally:
        monkeypatch.undo()
        settings.cache_clear()
