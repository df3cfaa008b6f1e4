"""Files of a return: who gets them, and what comes."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from microcrm.domain.permissions import Role
from microcrm.http import returns
from microcrm.operations.billing.terms import ChangeBillingTerms, change_billing_terms
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import act_as
from tests.support.returns import SELLER, address, at_home
from tests.support.shops import TwoShops
from tests.support.tabs import sign_in
from tests.support.till import BUYER, cut, issued, register

GSTR1 = "/returns/2026-10/gstr1.json"


@pytest.fixture
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=returns.ROUTES)), base_url="http://shop.test"
    )


def sold(both: TwoShops) -> None:
    """A bill of October in shop A."""
    act_as(both.a.actor(), lambda uow: register(uow, both.a, SELLER))
    act_as(both.a.actor(), lambda uow: issued(uow, both.a, cut("400"), day="2026-10-12"))


def enter(client: httpx.AsyncClient, both: TwoShops, role: Role) -> None:
    client.cookies.set("sid", sign_in(both.a.users[role], both.a.business_id))


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.MANAGER, 200), (Role.ACCOUNTANT, 200), (Role.FRONT_DESK, 403), (Role.STAFF, 403)],
)
async def test_roles(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    sold(fresh_database)
    enter(client, fresh_database, role)
    answer = await client.get(GSTR1)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["b2cs"][0]["txval"] == 400.0
        assert answer.headers["content-disposition"] == 'attachment; filename="GSTR1-2026-10.json"'
        assert answer.headers["cache-control"] == "private, no-store"
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.ACCOUNTANT, 200), (Role.FRONT_DESK, 403), (Role.STAFF, 403)]
)
async def test_roles_and_sheets(client: httpx.AsyncClient, fresh_database: TwoShops, role: Role, status: int) -> None:
    sold(fresh_database)
    enter(client, fresh_database, role)
    for name in ("register.csv", "register.xlsx", "day-book.csv", "hsn.csv", "b2b.csv", "documents.csv"):
        answer = await client.get(f"/returns/2026-10/{name}")
        assert answer.status_code == status, name
        if status == 200:
            stem, _, kind = name.partition(".")
            assert answer.headers["content-disposition"] == f'attachment; filename="{stem}-2026-10.{kind}"'
    if status == 200:
        text = (await client.get("/returns/2026-10/register.csv")).content.decode("utf-8-sig")
        assert text.splitlines()[1].startswith(
            "2026-10-12,INV/2627/0001,Tax Invoice,Plain Iyer,,27 Maharashtra,400.00,,10.00"
        )
        assert (await client.get("/returns/2026-10/register.xlsx")).content.startswith(b"PK")


@pytest.mark.parametrize("name", ["nothing.csv", "gstr1.csv", "users.xlsx", "register.json", "..%2Fregister.csv"])
async def test_no_such_sheet(client: httpx.AsyncClient, fresh_database: TwoShops, name: str) -> None:
    enter(client, fresh_database, Role.OWNER)
    assert (await client.get(f"/returns/2026-10/{name}")).status_code == 404


async def test_an_e_invoice_from_the_bill(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    shop = fresh_database.a

    def sell(uow: UnitOfWork) -> tuple[int, int]:
        register(uow, shop, SELLER)
        address(uow, shop)
        at_home(uow, shop)
        return tuple(issued(uow, shop, cut("400"), buyer_gstin=gstin).document_id for gstin in (BUYER, ""))

    business, plain = act_as(shop.actor(), sell)
    enter(client, fresh_database, Role.ACCOUNTANT)
    off = await client.get(f"/invoice/{business}/e-invoice.json")
    assert off.status_code == 409 and "needs no e-invoice" in off.text
    act_as(shop.actor(), lambda uow: change_billing_terms(uow, ChangeBillingTerms(0, has_e_invoices="on")))
    answer = await client.get(f"/invoice/{business}/e-invoice.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="INV-01-INV-2627-0001.json"'.replace(
        "2627", year_of(answer)
    )
    assert answer.json()["BuyerDtls"]["Gstin"] == BUYER and answer.json()["ValDtls"]["TotInvVal"] == 420.0
    assert (await client.get(f"/invoice/{plain}/e-invoice.json")).status_code == 409
    assert (await client.get("/invoice/999999/e-invoice.json")).status_code == 404
    enter(client, fresh_database, Role.FRONT_DESK)
    assert (await client.get(f"/invoice/{business}/e-invoice.json")).status_code == 403
    client.cookies.set("sid", sign_in(fresh_database.b.users[Role.OWNER], fresh_database.b.business_id))
    assert (await client.get(f"/invoice/{business}/e-invoice.json")).status_code == 404


def year_of(answer: httpx.Response) -> str:
    return str(answer.json()["DocDtls"]["No"].split("/")[1])


async def test_nobody_else_gets_it(client: httpx.AsyncClient, fresh_database: TwoShops) -> None:
    sold(fresh_database)
    assert (await client.get(GSTR1)).status_code in (303, 401)
    client.cookies.set("sid", sign_in(fresh_database.b.users[Role.OWNER], fresh_database.b.business_id))
    answer = await client.get(GSTR1)
    assert answer.status_code == 409 and "no GSTIN" in answer.text, "shop B has none"


@pytest.mark.parametrize("period", ["2026-13", "2026", "october", "2026-10%00"])
async def test_no_month(client: httpx.AsyncClient, fresh_database: TwoShops, period: str) -> None:
    sold(fresh_database)
    enter(client, fresh_database, Role.OWNER)
    answer = await client.get(f"/returns/{period}/gstr1.json")
    assert answer.status_code == 422 and "Choose a month" in answer.text
