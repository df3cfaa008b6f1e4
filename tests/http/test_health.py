"""The served product answers those who watch it."""

from __future__ import annotations

import httpx
import pytest

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.http import health
from microcrm.settings import settings
from tests.support.shops import TwoShops
from tests.support.site import Site


def test_a_served_site_is_alive_and_ready(site: Site) -> None:
    alive = httpx.get(f"{site.url}/health")
    assert (alive.status_code, alive.text, alive.headers["cache-control"]) == (200, "ok", "no-store")
    ready = httpx.get(f"{site.url}/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "missing": []})


def test_not_ready_without_redis(fresh_database: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health._missing() == []
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    queue._forget_connections()
    assert health._missing() == ["redis"]


def test_not_ready_on_another_schema(fresh_database: TwoShops) -> None:
    from sqlalchemy import text

    owner = wiring.make_engine(settings().database_owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    owner.dispose()
    assert health._missing() == ["schema"]
