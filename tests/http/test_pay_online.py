"""Paying a bill from its secret link: to Razorpay's page and back, and what a browser may claim on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from starlette.applications import Starlette

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.http.routes import routes
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.billing.sharing import share_bill
from microcrm.operations.online.keys import Keys, use_sandbox
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import Settings, settings
from tests.conftest import act_as
from tests.support.sandbox import SEED, Merchant, Sandbox
from tests.support.shops import Shop, TwoShops
from tests.support.till import cut, document_of, issued, paying, register

OURS = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    settings.cache_clear()
    act_as(fresh_database.a.actor(), lambda uow: register(uow, fresh_database.a))
    yield fresh_database.a


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    keys: Keys = act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())[0]
    return Merchant(settings().sandbox_url, keys.key_id, keys.key_secret)


def shared(shop: Shop) -> tuple[int, str]:
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    return bill, f"/i/{act_as(shop.actor(), share_bill, bill).token}"


async def ask(method: str, path: str, **given: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        return await client.request(method, path, **given)


def fields_of(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', page.text))


def standing(shop: Shop, bill: int) -> str:
    def look(uow: UnitOfWork) -> str:
        return str(document_of(uow.session, bill).state)

    return act_as(shop.actor(), look)


async def test_to_razorpay_and_back(shop: Shop, merchant: Merchant) -> None:
    bill, link = shared(shop)
    page = await ask("GET", link)
    assert "Pay now" in page.text and "No money moves" in page.text
    leaving = await ask("POST", f"{link}/pay", headers=OURS)
    assert leaving.status_code == 200
    assert f"form-action 'self' {merchant.url}" in leaving.headers["content-security-policy"]
    fields = fields_of(leaving)
    assert (fields["key_id"], fields["amount"], fields["callback_url"]) == (
        merchant.key_id, "52500", f"{settings().public_url}{link}/paid",
    )  # fmt: skip
    assert merchant.secret not in leaving.text
    checkout = await asyncio.to_thread(requests.post, f"{merchant.url}/v1/checkout/embedded", data=fields, timeout=5)
    assert "₹525.00" in checkout.text and "Sandbox" in checkout.text
    done = await asyncio.to_thread(
        requests.post, f"{merchant.url}/v1/checkout/act", data=fields | {"way": "upi"}, timeout=5
    )
    said = dict(re.findall(r"name='(razorpay_\w+)' value='([^']*)'", done.text))
    back = await ask(
        "POST", f"{link}/paid", data=said, headers={"origin": merchant.url, "sec-fetch-site": "cross-site"}
    )
    assert (back.status_code, back.headers["location"]) == (303, f"{link}?paying=1")
    assert standing(shop, bill) == "paid"
    assert "Pay now" not in (await ask("GET", link)).text
    assert (await ask("POST", f"{link}/pay", headers=OURS)).status_code == 409


async def test_what_a_browser_claims_is_not_believed(shop: Shop, merchant: Merchant) -> None:
    bill, link = shared(shop)
    order = fields_of(await ask("POST", f"{link}/pay", headers=OURS))["order_id"]
    claims = {"razorpay_order_id": order, "razorpay_payment_id": "pay_AAAAAAAAAAAAAA", "razorpay_signature": "0" * 64}
    for claim in (claims, {}, {"razorpay_order_id": order}, {"error[code]": "BAD_REQUEST_ERROR"}):
        answer = await ask("POST", f"{link}/paid", data=claim)
        assert answer.status_code == 303
        assert standing(shop, bill) == "issued"
    assert (await ask("POST", f"{link}/paid", content=b"x" * 10_000)).status_code == 303
    assert "did not go through" in (await ask("GET", f"{link}?failed=1")).text


async def test_two_presses_make_one_order(shop: Shop, merchant: Merchant) -> None:
    bill, link = shared(shop)
    orders = [fields_of(await ask("POST", f"{link}/pay", headers=OURS))["order_id"] for _ in range(2)]
    assert orders[0] == orders[1]
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "25")))
    again = fields_of(await ask("POST", f"{link}/pay", headers=OURS))
    assert again["order_id"] != orders[0] and again["amount"] == "50000"


async def test_an_answer_that_got_lost_makes_no_second_order(shop: Shop, merchant: Merchant) -> None:
    _, link = shared(shop)
    merchant.act("fault", kind="reset_after")
    lost = await ask("POST", f"{link}/pay", headers=OURS)
    assert lost.status_code == 502 and "nothing is paid twice" in lost.text
    order = fields_of(await ask("POST", f"{link}/pay", headers=OURS))["order_id"]
    receipt = merchant.get(f"/v1/orders/{order}")["receipt"]
    assert merchant.get(f"/v1/orders?receipt={receipt}")["count"] == 1


async def test_a_shop_without_keys_offers_nothing(shop: Shop) -> None:
    _, link = shared(shop)
    assert "Pay now" not in (await ask("GET", link)).text
    assert (await ask("POST", f"{link}/pay", headers=OURS)).status_code == 409


async def test_keys_that_are_wrong_are_not_the_customer_s_matter(shop: Shop, merchant: Merchant) -> None:
    _, link = shared(shop)
    merchant.act(
        "fault", kind="status", status=401, body={"error": {"code": "BAD_REQUEST_ERROR", "description": "Auth"}}
    )
    page = await ask("POST", f"{link}/pay", headers=OURS)
    assert page.status_code == 502 and "does not work just now" in page.text and "keys" not in page.text


async def test_another_site_cannot_begin_it_and_a_dead_link_leads_nowhere(shop: Shop, merchant: Merchant) -> None:
    _, link = shared(shop)
    assert (await ask("POST", f"{link}/pay", headers={"origin": "https://evil.example"})).status_code == 403
    for path in ("/i/AAAAAAAAAAAAAAAAAAAAAA/pay", "/i/AAAAAAAAAAAAAAAAAAAAAA/paid"):
        assert (await ask("POST", path, headers=OURS)).status_code == 404
