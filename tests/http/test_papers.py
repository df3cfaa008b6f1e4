"""Bills as files: who gets them, and what comes."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from microcrm.domain.permissions import Role
from microcrm.http import papers
from tests.conftest import act_as
from tests.support.shops import TwoShops
from tests.support.tabs import sign_in
from tests.support.till import issued, register


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=papers.ROUTES)), base_url="http://shop.test"
    )


def bill_of(both: TwoShops) -> int:
    act_as(both.a.actor(), lambda uow: register(uow, both.a))
    return act_as(both.a.actor(), lambda uow: issued(uow, both.a).document_id)


@pytest.mark.parametrize(("role", "status"), [(Role.ACCOUNTANT, 200), (Role.FRONT_DESK, 200), (Role.STAFF, 403)])
async def test_roles(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    bill = bill_of(fresh_database)
    client.cookies.set("sid", sign_in(fresh_database.a.users[role], fresh_database.a.business_id))
    answer = await client.get(f"/invoice/{bill}.pdf")
    assert answer.status_code == status
    if status == 200:
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-disposition"] == 'inline; filename="INV-2627-0001.pdf"'
        picture = await client.get(f"/invoice/{bill}.svg")
        assert picture.headers["content-type"].startswith("image/svg+xml") and b"<svg" in picture.content
        roll = await client.get(f"/invoice/{bill}.pdf?size=80mm")
        assert roll.content != answer.content


async def test_nobody_else_gets_it(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    bill = bill_of(fresh_database)
    assert (await client.get(f"/invoice/{bill}.pdf")).status_code in (303, 401)
    client.cookies.set("sid", sign_in(fresh_database.b.users[Role.OWNER], fresh_database.b.business_id))
    assert (await client.get(f"/invoice/{bill}.pdf")).status_code == 404
    assert (await client.get("/invoice/999999999.svg")).status_code == 404
