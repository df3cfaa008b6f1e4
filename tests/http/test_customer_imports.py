"""Lists of customers over HTTP: what an upload is answered, and the file of what was left out."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import create_engine, text
from starlette.applications import Starlette

from microcrm.domain.customer_file.faults import LARGEST
from microcrm.domain.permissions import Role
from microcrm.http import customer_imports
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support.imports import Desk
from tests.support.shops import TwoShops
from tests.support.tabs import sign_in

SAME = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
LIST = b"Name,Phone\nSuma Rao,98450 55501\n=HYPERLINK(1),12345\n"


@pytest.fixture
def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=customer_imports.ROUTES))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


def enter(client: httpx.AsyncClient, both: TwoShops, role: Role = Role.OWNER, *, is_neighbour: bool = False) -> None:
    shop = both.b if is_neighbour else both.a
    client.cookies.set("sid", sign_in(shop.users[role], shop.business_id))


async def send(client: httpx.AsyncClient, data: bytes, name: str = "list.csv") -> httpx.Response:
    files = {"customers": (name, data, "text/csv")}
    return await client.post("/customers/import/file", headers=SAME, files=files)


def stored() -> list[tuple[str, str]]:
    engine = create_engine(settings().database_owner_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT state, file_name FROM customer_imports ORDER BY id")).all()
    engine.dispose()
    return [(row.state, row.file_name) for row in rows]


async def test_a_list_is_kept_for_the_worker_and_its_page_opens(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    enter(client, fresh_database)
    answer = await send(client, LIST, "C:\\Users\\me\\salon list.csv")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/customers/import?id=")
    assert stored() == [("reading", "salon list.csv")]


async def test_what_is_no_list_is_said_where_it_was_chosen_and_not_kept(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    enter(client, fresh_database)
    for data, fault in (
        (b"", "empty"), (b"%PDF-1.7", "pdf"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old_excel"), (b"\x89PNG\r\n", "picture"),
        (b"Name\n" + b"x" * LARGEST, "large"), (b"\x00\x01\x02\x03" * 50, "not_text"),
    ):  # fmt: skip
        assert (await send(client, data)).headers["location"] == f"/customers/import?fault={fault}"
    nothing = await client.post("/customers/import/file", headers=SAME, data={"a": "b"}, files={"other": ("a", b"x")})
    assert nothing.headers["location"] == "/customers/import?fault=empty"
    assert stored() == []


async def test_only_our_own_pages_may_send_one(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    enter(client, fresh_database)
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = await client.post("/customers/import/file", headers=elsewhere, files={"customers": ("a.csv", LIST)})
    assert answer.status_code == 403 and stored() == []


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 303), (Role.FRONT_DESK, 403), (Role.ACCOUNTANT, 403)])
async def test_roles(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    enter(client, fresh_database, role)
    assert (await send(client, LIST)).status_code == status


async def test_what_was_left_out_comes_as_a_file_that_runs_nothing(
    client: httpx.AsyncClient, fresh_database: TwoShops
) -> None:
    desk = Desk(fresh_database.a.actor())
    import_id = desk.bring(LIST)
    address = f"/customers/import/{import_id}/left-out.csv"
    enter(client, fresh_database)
    assert (await client.get(address)).status_code == 404, "not before it was rehearsed"
    desk.rehearse(import_id)
    answer = await client.get(address)
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Name,Phone,Row,Why",
        '\'=HYPERLINK(1),12345,3,"This is no phone number. It needs its ten digits, such as 98450 12345."',
    ]
    assert answer.headers["cache-control"] == "private, no-store"
    assert act_as(desk.actor, _exports) == 1
    enter(client, fresh_database, is_neighbour=True)
    assert (await client.get(address)).status_code == 404


def _exports(uow: object) -> int:
    found = uow.session.execute(
        text("SELECT count(*) FROM audit_events WHERE action = 'export' AND subject = 'customer_import'")
    )  # type: ignore[attr-defined]
    return int(found.scalar_one())
