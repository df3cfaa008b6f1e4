"""Booking with a deposit, without scripts: to Razorpay's page and back, and every way in which that goes wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from sqlalchemy import func, select, update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.domain.zones import to_wall, zone_of
from microcrm.http.book import services as pages
from microcrm.http.book import traps
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.gateway import GatewayPayment, PayRequest
from microcrm.operations.booking_policy import FeeRung
from microcrm.operations.online.keys import Keys, use_sandbox
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from tasks import holds, outbox
from tests.conftest import act_as
from tests.support.booking import Customer, forms_of, words
from tests.support.deposits import ask_ahead, money_of
from tests.support.sandbox import SEED, Merchant, Sandbox
from tests.support.shops import Shop, TwoShops
from tests.support.till import register


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    settings.cache_clear()
    pages.forget_pages()
    yield fresh_database.a


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    def ready(uow: UnitOfWork) -> Keys:
        register(uow, shop)
        ask_ahead(uow, fee_ladder=[FeeRung(240, 50)])
        return use_sandbox(uow, SEED, wiring.sealer())[0]

    keys = act_as(shop.actor(), ready)
    made = Merchant(settings().sandbox_url, keys.key_id, keys.key_secret)
    made.act("knobs", settles_after=0)
    return made


def day() -> str:
    """A few days ahead, so that cancelling is early."""
    return (to_wall(wiring.now(), zone_of("Asia/Kolkata"))[0] + timedelta(days=5)).isoformat()


async def take(customer: Customer, place: int = 0) -> None:
    """A time of that day: the page shows the whole week, which may begin within the hour."""
    starts = [value for name, value, _ in customer.form.buttons if name == "start" and value.startswith(day())]
    await customer.press(("start", starts[place]))


async def to_payment(shop: Shop, phone: str = "98450 77777", place: int = 0, language: str = "en") -> Customer:
    """Up to the page that waits for the payment."""
    customer = Customer(language=language)
    await customer.to_times("shop-a", shop.service_id, day=day())
    await take(customer, place)
    await customer.press(name="Meena Rao", phone=phone)
    return customer


def token_of(customer: Customer) -> str:
    return customer.page.url.path.split("/")[2]


async def leave(customer: Customer) -> dict[str, str]:
    """Press Pay; the fields of the form that leads to Razorpay."""
    page = await customer.post(f"/m/{token_of(customer)}/pay", [])
    assert page.status_code == 200, page.text
    return dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', page.text))


async def pay_there(merchant: Merchant, fields: dict[str, str], way: str = "upi") -> dict[str, str]:
    """What the hosted page sends back through the browser."""
    url = f"{merchant.url}/v1/checkout/act"
    done = await asyncio.to_thread(requests.post, url, data=fields | {"way": way}, timeout=5, allow_redirects=False)
    return dict(re.findall(r"name='([\w\[\]]+)' value='([^']*)'", done.text))


async def come_back(customer: Customer, said: dict[str, str]) -> httpx.Response:
    cross = {"origin": "https://api.razorpay.com", "sec-fetch-site": "cross-site"}
    customer.page = await customer.post(f"/m/{token_of(customer)}/paid", list(said.items()), headers=cross)
    return customer.page


def look(shop: Shop, what: Any) -> Any:
    return act_as(system(shop.business_id), lambda uow: uow.session.execute(what).scalars().all())


def statuses(shop: Shop) -> list[str]:
    return look(shop, select(Booking.status).where(Booking.source == "online").order_by(Booking.id))


def whose(uow: UnitOfWork) -> Any:
    """When the visit that was booked online begins, and with whom."""
    query = select(BookingItem.starts_at, BookingItem.member_id).join(Booking, Booking.id == BookingItem.booking_id)
    return uow.session.execute(query.where(Booking.source == "online")).all()


def run_out(shop: Shop) -> None:
    past = wiring.now() - timedelta(minutes=1)

    def turn(uow: UnitOfWork) -> None:
        uow.session.execute(update(Booking).where(Booking.status == "pending_payment").values(expires_at=past))
        uow.session.execute(update(Occupancy).where(Occupancy.expires_at.is_not(None)).values(expires_at=past))

    act_as(system(shop.business_id), turn)


async def test_from_the_choice_of_a_time_to_the_booked_visit(shop: Shop, merchant: Merchant) -> None:
    customer = Customer()
    await customer.to_times("shop-a", shop.service_id, day=day())
    await take(customer)
    said = words(customer.page)
    assert "Now, online ₹200" in said and "At the shop ₹400" in said and "No money moves" in said
    assert "all ₹200 comes back" in said and "on: nothing comes back" in said
    assert "Go on to pay ₹200" in said
    await customer.press(name="Meena Rao", phone="98450 77777")
    assert "Pay ₹200 to book" in words(customer.page) and "It is not booked yet" in words(customer.page)
    assert statuses(shop) == ["pending_payment"]
    fields = await leave(customer)
    assert (fields["amount"], fields["currency"], fields["description"]) == (
        "20000",
        "INR",
        "Booking 2 at Asha&#39;s Salon",
    )
    assert merchant.secret not in str(fields)
    back = await come_back(customer, await pay_there(merchant, fields))
    assert statuses(shop) == ["booked"]
    assert "₹200 paid online, ₹400 at the shop" in words(back) and "Keep this page" in words(back)
    assert (await customer.post(f"/m/{token_of(customer)}/pay", [])).status_code == 409


async def test_cancelling_says_what_comes_back_and_it_does(shop: Shop, merchant: Merchant) -> None:
    customer = await to_payment(shop)
    await come_back(customer, await pay_there(merchant, await leave(customer)))
    token = token_of(customer)
    await customer.go(f"/m/{token}/cancel")
    assert "All of your deposit of ₹200 comes back" in words(customer.page)
    await customer.press()
    assert statuses(shop) == ["cancelled_by_customer"]
    assert "₹200 is on its way back to you" in words(customer.page)
    assert "Book again" in words(customer.page), "it is over, and the page says so"
    assert outbox.sweep() >= 1
    [refund] = merchant.get(f"/v1/payments/{look(shop, select(GatewayPayment.remote_id))[0]}/refunds")["items"]
    assert refund["amount"] == 20_000


async def test_two_tabs_double_taps_and_the_way_back_make_one_order_and_one_visit(
    shop: Shop, merchant: Merchant
) -> None:
    customer = Customer()
    await customer.to_times("shop-a", shop.service_id, day=day())
    await take(customer)
    form = customer.form
    pairs = [
        *[p for p in form.fields if p[0] not in ("name", "phone")],
        ("name", "Meena Rao"),
        ("phone", "98450 77777"),
    ]
    first, second = await asyncio.gather(customer.post(form.action, pairs), customer.post(form.action, pairs))
    assert first.status_code == second.status_code == 200
    assert statuses(shop) == ["pending_payment"]
    customer.page = first
    both = await asyncio.gather(leave(customer), leave(customer))
    assert both[0]["order_id"] == both[1]["order_id"]
    said = await pay_there(merchant, both[0])
    again = await pay_there(merchant, both[1])  # the other tab, after the first has paid
    assert "razorpay_signature" not in again
    for _ in range(2):  # refreshed
        await come_back(customer, said)
    assert (statuses(shop), look(shop, select(func.count()).select_from(PayRequest))) == (["booked"], [1])
    await customer.go(f"/b/shop-a/you/{token_of(customer)}")  # the back button
    assert customer.page.url.path.startswith("/m/")


@pytest.mark.parametrize("way", ["fail", "leave"])
async def test_who_fails_or_gives_up_can_try_again_until_the_time_is_over(
    shop: Shop, merchant: Merchant, way: str
) -> None:
    customer = await to_payment(shop)
    fields = await leave(customer)
    said = await pay_there(merchant, fields, way)
    if said:
        assert "did not go through" in words(await come_back(customer, said))
    assert statuses(shop) == ["pending_payment"]
    await come_back(customer, await pay_there(merchant, await leave(customer)))
    assert statuses(shop) == ["booked"]


async def test_nobody_else_has_the_time_meanwhile_and_anybody_afterwards(shop: Shop, merchant: Merchant) -> None:
    customer = await to_payment(shop)
    [start] = look(shop, select(Booking.starts_at).where(Booking.source == "online"))
    kept = look(shop, select(Occupancy.member_id).where(Occupancy.expires_at.is_not(None)))[0]
    other = Customer("203.0.113.10")
    path = f"/b/shop-a/when?s={shop.service_id}&w{shop.service_id}={kept}&day={day()}"
    await other.go(path)
    assert start.isoformat() not in other.page.text
    run_out(shop)
    page = await customer.go(f"/m/{token_of(customer)}")
    said = words(page)
    assert "The payment did not come in time" in said and "Free times near it" in said
    [form] = [form for form in forms_of(page) if form.action == "/b/shop-a/hold"]
    assert len([button for button in form.buttons if button[0] == "start"]) == 3
    assert "Pay ₹200" not in said.replace("Pay ₹200 to book", "")
    holds.sweep()
    assert statuses(shop) == ["expired"]
    await other.go(path)
    assert start.isoformat() in other.page.text
    name, value, _ = form.buttons[0]
    await customer.post(form.action, [*form.fields, (name, value)])


async def test_late_money_goes_back_when_another_has_the_time(shop: Shop, merchant: Merchant) -> None:
    customer = await to_payment(shop)
    fields = await leave(customer)
    run_out(shop)
    holds.sweep()
    [(start, member)] = act_as(system(shop.business_id), whose)
    other = Customer("203.0.113.10")
    await other.go(f"/b/shop-a/when?s={shop.service_id}&w{shop.service_id}={member}&day={day()}")
    await other.press(("start", start.isoformat()))
    await other.press(name="Ravi Rao", phone="98450 66666")
    await come_back(other, await pay_there(merchant, await leave(other)))
    mine, theirs = look(shop, select(Booking.id).where(Booking.source == "online").order_by(Booking.id))
    page = await come_back(customer, await pay_there(merchant, fields))
    assert statuses(shop) == ["expired", "booked"]
    assert "came when the time had gone to somebody else" in words(page)
    assert "Book again" in words(page) and "on its way back to you" in words(page)
    assert act_as(system(shop.business_id), money_of, mine) == (20_000, 0, 20_000)
    assert act_as(system(shop.business_id), money_of, theirs) == (20_000, 0, 0)


async def test_what_a_browser_claims_is_not_believed(shop: Shop, merchant: Merchant, fresh_database: TwoShops) -> None:
    customer = await to_payment(shop)
    fields = await leave(customer)
    true = await pay_there(merchant, fields)
    forged = true | {"razorpay_signature": "0" * 64}
    for claim in (forged, {}, {"razorpay_order_id": fields["order_id"]}, {"error[code]": "BAD_REQUEST_ERROR"}):
        assert (await come_back(customer, claim)).status_code == 200
        assert statuses(shop) == ["pending_payment"]
    nowhere = [("razorpay_order_id", "order_X")]
    assert (await customer.post("/m/AAAAAAAAAAAAAAAAAAAAAA/paid", nowhere)).status_code == 404
    assert (await customer.post("/m/AAAAAAAAAAAAAAAAAAAAAA/pay", [])).status_code == 404
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await customer.post(f"/m/{token_of(customer)}/pay", [], headers=evil)).status_code == 403
    await come_back(customer, true)
    assert statuses(shop) == ["booked"]


async def test_answers_that_get_lost_and_pages_of_html(shop: Shop, merchant: Merchant) -> None:
    customer = await to_payment(shop)
    merchant.act("fault", kind="reset_after")
    lost = await customer.post(f"/m/{token_of(customer)}/pay", [])
    assert lost.status_code == 502 and "nothing is paid twice" in lost.text
    order = (await leave(customer))["order_id"]
    receipt = merchant.get(f"/v1/orders/{order}")["receipt"]
    assert merchant.get(f"/v1/orders?receipt={receipt}")["count"] == 1
    said = await pay_there(merchant, await leave(customer))
    merchant.act("fault", kind="html")
    page = await come_back(customer, said)  # charged, and Razorpay answers with a page of HTML
    assert statuses(shop) == ["pending_payment"]
    assert "do not pay twice" in words(page)
    await come_back(customer, said)
    assert statuses(shop) == ["booked"]


@pytest.mark.parametrize("language", ["hi", "kn"])
async def test_in_other_languages(shop: Shop, merchant: Merchant, language: str) -> None:
    customer = await to_payment(shop, language=language)
    assert "₹200" in words(customer.page) and "It is not booked yet" not in words(customer.page)
    page = await customer.post(f"/m/{token_of(customer)}/pay?lang={language}", [])
    fields = dict(re.findall(r'<input type="hidden" name="([\w]+)" value="([^"]*)"', page.text))
    assert fields["callback_url"].endswith(f"/paid?lang={language}")
