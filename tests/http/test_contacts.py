"""The one request that shows a masked number: from our own pages, for a reason, never kept by a cache."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from microcrm.domain.permissions import Role
from microcrm.http.routes import routes
from microcrm.operations.contact_reveals import customer_reveals
from microcrm.operations.sessions import PLAIN_COOKIE
from tests.conftest import act_as
from tests.support import tabs
from tests.support.shops import Shop, TwoShops

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


async def press(session: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    cookies = {PLAIN_COOKIE: session} if session else {}
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", cookies=cookies) as client:
        data = {"contact": "phone", "reason": "late"} | {name: str(value) for name, value in fields.items()}
        return await client.post("/contacts/reveal", data=data, headers=OURS if headers is None else headers)


def session_of(shop: Shop, role: Role = Role.STAFF) -> str:
    return tabs.sign_in(shop.users[role], shop.business_id)


async def test_it_shows_the_number_and_no_cache_keeps_it(shop: Shop) -> None:
    answer = await press(session_of(shop), customer=shop.customer_id)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"value": "+91 98451 12345", "link": "tel:+919845112345", "left": 9}
    assert [line.who for line in act_as(shop.actor(), customer_reveals, shop.customer_id)] == ["Plain staff"]


async def test_refusals_are_sentences_and_cost_nothing(shop: Shop, fresh_database: TwoShops) -> None:
    staff = session_of(shop)
    viewing = session_of(shop, Role.OWNER)
    tabs.view_as(viewing, shop.members[Role.STAFF])
    theirs = fresh_database.b
    for session, fields, status in (
        ("", {"customer": shop.customer_id}, 401),
        (viewing, {"customer": shop.customer_id}, 403),
        (session_of(shop, Role.FRONT_DESK), {"customer": shop.customer_id}, 403),
        (session_of(theirs, Role.OWNER), {"customer": shop.customer_id}, 403),
        (session_of(theirs, Role.ACCOUNTANT), {"customer": shop.customer_id}, 404),
        (staff, {"customer": theirs.customer_id}, 404),
        (staff, {"customer": "1;2"}, 422),
        (staff, {"customer": shop.customer_id, "reason": ""}, 422),
        (staff, {"customer": shop.customer_id, "reason": "other"}, 422),
        (staff, {"customer": shop.customer_id, "contact": "notes"}, 422),
    ):
        answer = await press(session, **fields)
        assert (answer.status_code, "12345" in answer.text) == (status, False), fields
        assert answer.json()["message"]
    assert act_as(shop.actor(), customer_reveals, shop.customer_id) == ()
    assert (await press(staff, customer=shop.customer_id)).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_another_site_sees_nothing(shop: Shop, headers: dict[str, str]) -> None:
    answer = await press(session_of(shop), headers=headers, customer=shop.customer_id)
    assert answer.status_code == 403 and "12345" not in answer.text
    assert act_as(shop.actor(), customer_reveals, shop.customer_id) == ()
