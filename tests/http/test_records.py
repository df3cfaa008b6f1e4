"""The one request that opens sealed records: from our own pages, by whoever may, never kept by a cache, never in a log."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import create_engine
from starlette.applications import Starlette

from microcrm import observability, wiring
from microcrm.domain.errors import RecordUnreadable
from microcrm.domain.permissions import Role
from microcrm.http.routes import routes
from microcrm.operations.sessions import PLAIN_COOKIE
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import list_records
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support import tabs
from tests.support.shops import Shop, TwoShops
from tests.support.vault import FORMULA, PLANTED, change, note

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture
def record(shop: Shop) -> int:
    return int(act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, "colour", wiring.sealer())))


async def post(session: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    cookies = {PLAIN_COOKIE: session} if session else {}
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        data = {name: str(value) for name, value in fields.items()}
        return await client.post("/records/open", data=data, headers=OURS if headers is None else headers)


def session_of(shop: Shop, role: Role = Role.OWNER) -> str:
    return tabs.sign_in(shop.users[role], shop.business_id)


async def test_it_says_what_is_written_and_no_cache_keeps_it(shop: Shop, record: int) -> None:
    answer = await post(session_of(shop, Role.STAFF), record=record, purpose="visit")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    (opened,) = answer.json()["records"]
    assert (opened["id"], opened["version"], opened["date"]) == (str(record), "1", "2026-01-05")
    assert {field["name"]: field["value"] for field in opened["fields"]} == FORMULA
    assert act_as(shop.actor(), list_records, shop.customer_id).openings[0].who == "Plain staff"


async def test_refusals_are_sentences(shop: Shop, fresh_database: TwoShops, record: int) -> None:
    owner = session_of(shop)
    for session, fields, status in (
        ("", {"record": record, "purpose": "visit"}, 401),
        (session_of(shop, Role.ACCOUNTANT), {"record": record, "purpose": "visit"}, 403),
        (session_of(shop, Role.FRONT_DESK), {"record": record, "purpose": "visit"}, 403),
        (session_of(fresh_database.b), {"record": record, "purpose": "visit"}, 404),
        (owner, {"record": 10**9, "purpose": "visit"}, 404),
        (owner, {"record": record, "purpose": ""}, 422),
        (owner, {"record": record, "purpose": "other", "words": ""}, 422),
        (owner, {"record": "", "purpose": "visit"}, 422),
        (owner, {"record": "1;2", "purpose": "visit"}, 422),
        (owner, {"record": ",".join(map(str, range(1, 99))), "purpose": "visit"}, 422),
    ):
        answer = await post(session, **fields)
        assert (answer.status_code, PLANTED in answer.text) == (status, False), fields
        assert answer.json()["message"]
    assert act_as(shop.actor(), list_records, shop.customer_id).this_week == 0
    assert (await post(owner, record=record, purpose="visit")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_another_site_opens_nothing(shop: Shop, record: int, headers: dict[str, str]) -> None:
    answer = await post(session_of(shop), headers=headers, record=record, purpose="visit")
    assert answer.status_code == 403 and PLANTED not in answer.text
    assert act_as(shop.actor(), list_records, shop.customer_id).this_week == 0


async def test_whoever_looks_as_somebody_else_opens_nothing(shop: Shop, record: int) -> None:
    session = session_of(shop)
    tabs.view_as(session, shop.members[Role.STAFF])
    assert (await post(session, record=record, purpose="visit")).status_code == 403


async def test_what_does_not_open_is_refused_in_words(shop: Shop, record: int) -> None:
    engine = create_engine(settings().database_owner_url)
    change(engine, "UPDATE sealed_versions SET sealed = '\\x0102' WHERE record_id = :r", r=record)
    engine.dispose()
    answer = await post(session_of(shop), record=record, purpose="visit")
    assert answer.status_code == 422 and "can’t be read" in answer.json()["message"]
    act_as(shop.actor(), destroy_customer_keys, shop.customer_id)
    answer = await post(session_of(shop), record=record, purpose="visit")
    assert "erased" in answer.json()["message"]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    observability.configure("debug")
    yield written
    root.handlers, root.level = before
    structlog.reset_defaults()


async def test_no_word_of_it_is_in_a_log(shop: Shop, logged: io.StringIO) -> None:
    """Neither when it is written and opened nor when that fails."""
    record = act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, "colour", wiring.sealer()))
    assert PLANTED in (await post(session_of(shop), record=record, purpose="visit")).text
    engine = create_engine(settings().database_owner_url)
    change(engine, "UPDATE keys.business_keys SET sealed = '\\x01'")
    engine.dispose()
    assert (await post(session_of(shop), record=record, purpose="visit")).status_code == 422
    with pytest.raises(RecordUnreadable, match="can be sealed"):
        act_as(shop.actor(), lambda uow: note(uow, shop.customer_id, "colour", wiring.sealer()))
    assert "seal.broken" in logged.getvalue() and PLANTED not in logged.getvalue()
