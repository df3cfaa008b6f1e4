"""A list of customers as a file: who gets it, what is in it, and what is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.adapters.workbooks import read_workbook
from microcrm.domain.activity_words import sentence
from microcrm.domain.permissions import Role
from microcrm.http import customers
from microcrm.operations.customers import AddCustomer, add
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support.shops import CANARY, TwoShops
from tests.support.tabs import sign_in


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=customers.ROUTES)), base_url="http://shop.test"
    )


@pytest.fixture
def behind(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_owner_url, pool_size=1)
    yield engine
    engine.dispose()


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
    for kind in ("csv", "xlsx", "vcf"):
        answer = await client.get(f"/customers.{kind}?show=active")
        assert answer.status_code == status
        assert kind == "xlsx" or ("98451" in answer.text.replace(" ", "")) == (status == 200)


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


async def test_columns_are_chosen_and_none_but_those_of_the_list(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    enter(client, fresh_database, Role.OWNER)
    answer = await client.get("/customers.csv?show=active&fields=due,tags,phone")
    assert list(rows(answer)[0]) == ["Name", "Phone", "Tags", "Due"], "in the order of the list"
    assert list(rows(await client.get("/customers.csv?show=active&fields="))[0]) == ["Name"]
    for odd in ("fields=phone,password_hash", "fields=phone;tags", "fields='"):
        assert (await client.get(f"/customers.csv?show=active&{odd}")).status_code == 400


async def test_excel_and_cards_hold_the_same_people(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    command = AddCustomer(
        "=cmd|' /C calc'!A0", "98860 55555", "a@b.example", "12, MG Road", "1990-12-05", "VIP", notes="Tea"
    )
    own = act_as(shop.actor(), add, command).id
    enter(client, fresh_database, Role.OWNER)
    book = await client.get(f"/customers.xlsx?ids={own},{fresh_database.b.customer_id}")
    assert book.headers["content-disposition"] == 'attachment; filename="customers.xlsx"'
    head, row = read_workbook(book.content)
    assert dict(zip(head, row, strict=True)) | {"Added": ""} == {
        "Name": command.name, "Phone": "98860 55555", "Email": "a@b.example", "Address": "12, MG Road", "Birthday": "1990-12-05",
        "Tags": "VIP", "Notes": "Tea", "Added": "", "Last visit": "", "Next visit": "", "Visits": "0", "Billed": "0", "Due": "0",
    }  # fmt: skip
    cards = await client.get(f"/customers.vcf?ids={own},{fresh_database.b.customer_id}&fields=phone,notes")
    assert cards.headers["content-type"] == "text/vcard; charset=utf-8"
    assert cards.text.split("\r\n") == [
        "BEGIN:VCARD", "VERSION:3.0", f"FN:{command.name}", f"N:;{command.name};;;", "TEL;TYPE=CELL:+919886055555", "NOTE:Tea",
        "END:VCARD", "",
    ]  # fmt: skip
    said = await client.get(f"/customers.vcf?ids={own}&fields=phone&query=nobody")
    assert said.status_code == 200, "ids go before a search"


async def test_cards_hold_no_masked_numbers(
    client: httpx.AsyncClient, fresh_database: TwoShops, behind: Engine
) -> None:
    shop = fresh_database.a
    with behind.begin() as connection:
        right = text("UPDATE members SET withheld = '{customers.contact}' WHERE id = :id")
        connection.execute(right, {"id": shop.members[Role.MANAGER]})
    enter(client, fresh_database, Role.MANAGER)
    cards = await client.get(f"/customers.vcf?ids={shop.customer_id}")
    assert "FN:Plain Iyer" in cards.text and not {"TEL", "EMAIL", "ADR", "NOTE"} & {
        line.partition(";")[0].partition(":")[0] for line in cards.text.split("\r\n")
    }
    book = await client.get(f"/customers.xlsx?ids={shop.customer_id}")
    _, row = read_workbook(book.content)
    assert "•••• 12345" in row


async def test_what_was_taken_is_in_the_log_without_a_word_of_the_search(
    client: httpx.AsyncClient, fresh_database: TwoShops, behind: Engine
) -> None:
    enter(client, fresh_database, Role.OWNER)
    await client.get("/customers.vcf?query=plain&show=active&fields=phone")
    with behind.connect() as connection:
        facts = connection.execute(
            text("SELECT facts FROM audit_events WHERE action = 'export' ORDER BY id DESC")
        ).scalar()
    assert facts == {"count": 1, "whole": True, "searched": True, "file": "vcf", "fields": ["name", "phone"]}
    assert sentence("export", "customers", facts) == "took away a list of 1 customer as contact cards"
