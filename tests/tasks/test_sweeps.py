"""The worker's sweeps on real rows, called as Celery calls them."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

from microcrm import wiring
from microcrm.adapters import heartbeats, queue
from microcrm.adapters.inbox import Arrival, store
from microcrm.adapters.outbox import Message
from microcrm.domain.errors import Upstream
from microcrm.models.records import AuditEvent, OutboxMessage
from microcrm.operations import audit
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from tests.support.shops import Shop, TwoShops


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> list[str]:
    """Keys that a handler of the kind ``note`` was given; it refuses keys that begin with ``bad``."""
    from tasks import handlers

    keys: list[str] = []

    def note(message: Message) -> None:
        if message.key.startswith("bad"):
            raise Upstream
        if message.key.startswith("broken"):
            raise KeyError(message.key)
        keys.append(message.key)

    monkeypatch.setitem(handlers.HANDLERS, "note", note)
    return keys


def states() -> dict[str, tuple[str, str]]:
    with wiring.unit_of_work(system(), realm="worker") as uow:
        return {m.key: (m.state, m.last_error) for m in uow.session.exec(select(OutboxMessage))}


def test_a_sweep_carries_out_what_was_committed_and_one_failure_stops_no_other(
    handled: list[str], fresh_database: TwoShops
) -> None:
    from tasks.outbox import sweep

    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        for key in ("one", "bad", "broken", "two"):
            uow.enqueue("note", key, {})
        uow.enqueue("unheard-of", "strange", {})
    assert sweep() == 2
    assert handled == ["one", "two"]
    assert states() == {
        "one": ("sent", ""),
        "two": ("sent", ""),
        "bad": ("queued", "upstream"),
        "broken": ("queued", "KeyError"),
        "strange": ("queued", ""),
    }
    assert sweep() == 0


def test_what_was_rolled_back_is_never_sent(handled: list[str], fresh_database: TwoShops) -> None:
    from tasks.outbox import sweep

    with pytest.raises(ZeroDivisionError), wiring.unit_of_work(fresh_database.a.actor()) as uow:
        uow.enqueue("note", "undone", {})
        raise ZeroDivisionError
    assert sweep() == 0
    assert handled == []


def test_many_commits_need_one_nudge_until_the_sweep_begins(handled: list[str], fresh_database: TwoShops) -> None:
    from tasks.outbox import sweep

    broker = queue.client()
    broker.flushdb()
    for number in range(3):
        with wiring.unit_of_work(fresh_database.a.actor()) as uow:
            uow.enqueue("note", f"key-{number}", {})
    assert broker.llen("celery") == 1
    sweep()
    assert broker.get(queue.pending_key("outbox")) is None
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        uow.enqueue("note", "later", {})
    assert broker.llen("celery") == 2


def test_a_sweep_that_leaves_something_has_the_next_one_go_on(
    monkeypatch: pytest.MonkeyPatch, handled: list[str], fresh_database: TwoShops
) -> None:
    from tasks import outbox

    monkeypatch.setattr(outbox, "_MOST_BATCHES", 1)
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        for number in range(outbox.BATCH + 1):
            uow.enqueue("note", f"key-{number}", {})
    broker = queue.client()
    broker.flushdb()
    assert outbox.sweep() == outbox.BATCH
    assert broker.llen("celery") == 1
    assert outbox.sweep() == 1
    assert broker.llen("celery") == 1 and len(handled) == outbox.BATCH + 1


def test_the_rest_of_what_was_told_is_read_by_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops
) -> None:
    from tasks import inbox

    monkeypatch.setattr(inbox, "_MOST_BATCHES", 1)
    arrived = [Arrival(fresh_database.a.business_id, f"evt-{number}", "{}") for number in range(inbox.BATCH + 1)]
    with wiring.unit_of_work(system(), realm="worker") as uow:
        store(uow.session, arrived, uow.now)
    broker = queue.client()
    broker.flushdb()
    assert (inbox.sweep(), broker.llen("celery")) == (inbox.BATCH, 1)
    assert (inbox.sweep(), broker.llen("celery")) == (1, 1)


def test_a_broker_that_is_down_fails_no_request(
    monkeypatch: pytest.MonkeyPatch, handled: list[str], fresh_database: TwoShops
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    queue._forget_connections()
    monkeypatch.setattr(queue, "_quiet_until", 0.0)
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        uow.enqueue("note", "kept", {})
    assert states()["kept"] == ("queued", "")


def test_the_audit_job_chains_every_shop_and_notices_a_changed_row(fresh_database: TwoShops) -> None:
    from tasks.audit import sweep

    shops = (fresh_database.a, fresh_database.b)
    for shop in shops:
        write_three_events(shop)
    assert sweep() == 6
    assert sweep() == 0
    reports = [report_of(shop.business_id) for shop in shops]
    assert [(r.count, r.broken_at, r.unchained) for r in reports] == [(3, None, 0), (3, None, 0)]

    change_behind_the_walls(fresh_database.a.business_id)
    assert report_of(fresh_database.a.business_id).broken_at == 2
    assert report_of(fresh_database.b.business_id).broken_at is None


def write_three_events(shop: Shop) -> None:
    with wiring.unit_of_work(shop.actor()) as uow:
        for number in range(3):
            uow.audit("service.changed", "service", shop.service_id, number=number)


def report_of(business_id: int) -> audit.ChainReport:
    with wiring.unit_of_work(system(business_id)) as uow:
        return audit.verify(uow)


def change_behind_the_walls(business_id: int) -> None:
    """As somebody with the database's own rights would: the trigger off, one fact changed."""
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_events DISABLE TRIGGER append_only"))
        connection.execute(
            text("UPDATE audit_events SET facts = '{\"number\": 9}' WHERE business_id = :b AND place = 2"),
            {"b": business_id},
        )
    engine.dispose()


def test_the_app_itself_cannot_change_the_log(fresh_database: TwoShops) -> None:
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        uow.audit("service.changed", "service", 1)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        wiring.unit_of_work(fresh_database.a.actor()) as uow,
    ):
        event = uow.session.exec(select(AuditEvent)).one()
        event.action = "something else"
        uow.session.flush()


def test_the_heartbeat_is_written_down(fresh_database: TwoShops) -> None:
    from tasks.heartbeat import beat

    beat()
    with wiring.unit_of_work(system(), realm="worker") as uow:
        last = heartbeats.last(uow.session, "worker")
        assert last is not None
        assert abs((uow.now - last).total_seconds()) < 5
    assert (settings().home / "heartbeat").exists()
