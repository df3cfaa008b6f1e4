"""A list of customers as a file: who gets it, what is in it, and what is not."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from starlette.applications import Starlette

from microcrm.domain.permissions import Role
from microcrm.http import customers
from microcrm.operations.customers import AddCustomer, add
from tests.conftest import act_as
from tests.support.shops import CANARY, TwoShops
from tests.support.tabs import sign_in


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=customers.ROUTES)), base_url="http://shop.test"
    )


def enter(client: httpx.AsyncClient, both: TwoShops, role: Role) -> None:
    client.cookies.set("sid", sign_in(both.a.users[role], both.a.business_id))


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel needs the mark"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.MANAGER, 200), (Role.FRONT_DESK, 403), (Role.ACCOUNTANT, 403), (Role.STAFF, 403)],
)
async def test_roles(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    enter(client, fresh_database, role)
    answer = await client.get("/customers.csv?show=active")
    assert answer.status_code == status
    assert ("98451" in answer.text) == (status == 200)


async def test_what_was_searched_is_in_it_and_nothing_else(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    ids = [act_as(shop.actor(), add, AddCustomer(f"Person {n:04}", notes="=1+1")).id for n in range(40)]
    enter(client, fresh_database, Role.OWNER)
    answer = await client.get("/customers.csv?query=person&show=active")
    assert [row["Name"] for row in rows(answer)] == [f"Person {n:04}" for n in range(40)]
    assert {row["Notes"] for row in rows(answer)} == {"'=1+1"}
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="customers.csv"'
    some = await client.get(f"/customers.csv?ids={ids[3]},{ids[1]},{fresh_database.b.customer_id}")
    assert [row["Name"] for row in rows(some)] == ["Person 0001", "Person 0003"]
    assert CANARY not in answer.text + some.text


@pytest.mark.parametrize(
    "asked", ["ids=", "ids=x", "ids=1;2", "query=nobody+at+all", "segment=999", "ids=" + "1," * 600 + "2"]
)
async def test_nobody_is_said_and_no_file_comes(
    client: httpx.AsyncClient, fresh_database: TwoShops, asked: str
) -> None:
    enter(client, fresh_database, Role.OWNER)
    answer = await client.get(f"/customers.csv?{asked}")
    assert answer.status_code == 400 and "attachment" not in answer.headers.get("content-disposition", "")


async def test_a_visitor_is_sent_to_the_sign_in(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    answer = await client.get("/customers.csv")
    assert answer.status_code in {303, 401} and "Plain" not in answer.text
