"""In front of the app's pages: visitors go to sign-in, people without a shop to their businesses."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.http.guard import PageGuard
from microcrm.models.business import Member
from tests.support.accounts import Desk
from tests.support.shops import TwoShops

PATHS = ("/today", "/settings/business")


async def page(request: Request) -> Response:
    return PlainTextResponse(f"page {request.url.path}")


@pytest.fixture
def client() -> httpx.AsyncClient:
    guarded = PageGuard(Starlette(routes=[Route("/{path:path}", page, methods=["GET", "POST"])]), paths=PATHS)
    return httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://shop.test")


@pytest.mark.parametrize(
    ("path", "onward"),
    [
        ("/today", "/sign-in?next=/today"),
        ("/today/", "/sign-in?next=/today"),
        ("/settings/business?a=1&b=//x", "/sign-in?next=/settings/business%3Fa%3D1%26b%3D//x"),
    ],
)
@pytest.mark.usefixtures("fresh_database")
async def test_visitors_are_sent_to_sign_in_and_back(client: httpx.AsyncClient, path: str, onward: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, onward)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/assets/today.js", "/todays", "/health"])
async def test_everything_else_is_left_alone(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).text == f"page {path}"


async def test_a_session_opens_the_pages_until_it_is_revoked(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    entry = desk.sign_in()
    client.cookies.set("sid", entry.token)
    assert (await client.get("/today")).text == "page /today"
    from microcrm.operations.accounts.my_sessions import sign_out

    desk.do(sign_out, entry.token)
    assert (await client.get("/today")).status_code == 303


async def test_without_a_shop_there_is_the_list_of_shops(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    client.cookies.set("sid", desk.sign_in("staff@a.example").token)
    assert (await client.get("/today")).status_code == 200
    with wiring.unit_of_work(fresh_database.a.actor()) as uow:
        uow.session.get_one(Member, fresh_database.a.members[Role.STAFF]).deactivated_at = uow.now
    answer = await client.get("/today")
    assert (answer.status_code, answer.headers["location"]) == (303, "/shops")
