"""Lists of products and stock reports as files: who gets them, what comes, what an upload is answered."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from microcrm.domain.permissions import Role
from microcrm.http import stock
from tests.conftest import act_as
from tests.support.goods import shelve
from tests.support.shops import CANARY, TwoShops
from tests.support.tabs import sign_in

SAME = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
LIST = b"Name,SKU,Price,Stock\nComb,C-1,80,12\n<b>Brush</b>,C-2,much,1\n"


@pytest.fixture
def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=stock.ROUTES))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


def enter(client: httpx.AsyncClient, both: TwoShops, role: Role) -> None:
    client.cookies.set("sid", sign_in(both.a.users[role], both.a.business_id))


async def send(client: httpx.AsyncClient, data: bytes) -> httpx.Response:
    files = {"list": ("products.csv", data, "text/csv")}
    return await client.post("/settings/products/list", headers=SAME, files=files)


async def test_each_row_has_its_verdict_the_bad_ones_first(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    enter(client, fresh_database, Role.OWNER)
    answer = await send(client, LIST)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    text = answer.text
    assert "2 rows: 1 added, 1 not taken." in text
    assert text.index("Not taken") < text.index("Added") and "&lt;b&gt;Brush&lt;/b&gt;" in text
    assert "Row 2: 12 in stock." in text and CANARY not in text
    again = await send(client, LIST)
    assert "1 nothing different, 1 not taken" in again.text
    written = (await client.get("/settings/products/list.csv")).content.decode("utf-8-sig")
    assert written.splitlines()[1] == "Comb,C-1,80,goods,12,,NOS,,"


async def test_a_file_that_is_no_list_is_said_where_it_was_chosen(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    enter(client, fresh_database, Role.OWNER)
    for data, fault in ((b"", "empty"), (b"%PDF-1", "pdf"), (b"a,b\n1,2\n", "headings"), (b"x" * 600_000, "large")):
        assert (await send(client, data)).headers["location"] == f"/settings/products?fault={fault}"


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 200), (Role.FRONT_DESK, 403), (Role.ACCOUNTANT, 403)])
async def test_roles_and_lists(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    enter(client, fresh_database, role)
    assert (await send(client, LIST)).status_code == status
    assert (await client.get("/settings/products/list.csv")).status_code == status


@pytest.mark.parametrize(("role", "worth"), [(Role.OWNER, "2700.00"), (Role.ACCOUNTANT, "2700.00"), (Role.STAFF, "")])
async def test_the_report_as_a_file_says_costs_to_those_who_may_know(
    client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, worth: str
) -> None:
    act_as(fresh_database.a.actor(), shelve)
    act_as(fresh_database.b.actor(), shelve)
    enter(client, fresh_database, role)
    answer = await client.get("/stock/report.csv")
    [_, line] = answer.content.decode("utf-8-sig").splitlines()
    assert (
        line.startswith('"Argan hair serum, 100 ml",2000000000015,BTL,0,6,0,0,0,0,6,') and line.split(",")[-2] == worth
    )
    assert answer.headers["content-disposition"].startswith('attachment; filename="stock-')
    assert (await client.get("/stock/report.xlsx")).content.startswith(b"PK")
    moves = (await client.get("/stock/movements.csv")).content.decode("utf-8-sig").splitlines()
    assert len(moves) == 2 and ("450.00" in moves[1]) == bool(worth) and "Beauty Depot" in moves[1]


async def test_odd_addresses(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    assert (await client.get("/stock/report.csv")).status_code == 303  # to the sign-in
    enter(client, fresh_database, Role.OWNER)
    for path, status in (
        ("/stock/report.pdf", 404), ("/stock/everything.csv", 404), ("/stock/movements.csv?to=x", 422),
        ("/stock/report.csv?from=soon", 422), ("/stock/report.csv?from=2026-02-30", 422),
        ("/stock/report.csv?from=1999-01-01&to=2026-01-01", 422),
    ):  # fmt: skip
        assert (await client.get(path)).status_code == status, path
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    files = {"list": ("products.csv", LIST, "text/csv")}
    assert (await client.post("/settings/products/list", headers=foreign, files=files)).status_code == 403
