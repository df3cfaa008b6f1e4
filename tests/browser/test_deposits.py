"""Paying ahead with hands, without scripts: choose, pay on the stand-in's page, be booked, cancel, get the money back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine

from microcrm import wiring
from microcrm.adapters.sandbox import register_hook
from microcrm.operations.booking_policy import FeeRung
from microcrm.operations.online.keys import use_sandbox, view_account
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings, sqlalchemy_url
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device
from tests.browser.test_screens import TOO_SMALL, faults, overflow
from tests.support.deposits import ask_ahead
from tests.support.shops import Shop
from tests.support.site import Site, with_sandbox

pytestmark = pytest.mark.browser
READ_IT = 1_100  # milliseconds; a form that comes back sooner was read by nobody
Visitor = Callable[..., Page]


@pytest.fixture(scope="module")
def shop(site: Site) -> Iterator[Shop]:
    """The neighbour's shop: the others book in A and pay at the desk."""
    engine = create_engine(sqlalchemy_url(site.variables["DATABASE_URL"]))
    neighbour = site.shops.b

    def ready(uow: UnitOfWork, url: str) -> None:
        ask_ahead(uow, fee_ladder=[FeeRung(240, 50)])
        keys, secret = use_sandbox(uow, settings().sandbox_seed, wiring.sealer())
        hook = f"{site.url}/hooks/razorpay/{view_account(uow, wiring.sealer()).hook_token}"
        register_hook(url, keys.key_id, keys.key_secret, hook_url=hook, hook_secret=secret)

    with with_sandbox(site) as url:
        with wiring.unit_of_work(neighbour.actor(), bind=engine) as uow:
            ready(uow, url)
        yield neighbour
    engine.dispose()


@pytest.fixture
def visitor(site: Site, chromium: Browser) -> Iterator[Visitor]:
    contexts: list[BrowserContext] = []

    def opened(path: str, device: Device = PHONE, **options: Any) -> Page:
        usual = {**device.options, "locale": "en-IN", "timezone_id": "Asia/Kolkata", "reduced_motion": "reduce"}
        contexts.append(chromium.new_context(**(usual | options)))
        page = contexts[-1].new_page()
        page.goto(f"{site.url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def to_details(page: Page, shop: Shop, days: int, place: int) -> None:
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    page.goto(f"{page.url.split('/b/')[0]}/b/shop-b/when?s={shop.service_id}&day={day}")
    page.wait_for_timeout(READ_IT)
    page.locator("#slots .slots button").nth(place).click()
    page.locator("#name").fill("Ananya Hegde")
    page.locator("#phone").fill(f"98450 7{days:02d}{place:02d}")
    page.wait_for_timeout(READ_IT)


def pay(page: Page, way: str = "Pay by UPI") -> None:
    page.get_by_role("button", name="Pay ₹200").click()
    page.get_by_role("button", name="Go on to Razorpay").click()
    page.get_by_role("button", name=way).click()
    if page.get_by_role("button", name="Back to the shop").count():
        page.get_by_role("button", name="Back to the shop").click()


def until_said(page: Page, words: str) -> None:
    """As somebody looks again and again; the worker is told meanwhile."""
    for _ in range(20):
        if page.get_by_text(words).count():
            return
        time.sleep(1)
        page.goto(page.url)
    expect(page.get_by_text(words)).to_be_visible()


def test_pay_be_booked_cancel_and_get_it_back_without_scripts(visitor: Visitor, shop: Shop) -> None:
    page = visitor("/b/shop-b", java_script_enabled=False)
    to_details(page, shop, 4, 2)
    expect(page.get_by_text("At the shop", exact=True)).to_be_visible()
    page.get_by_role("button", name="Go on to pay ₹200").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay ₹200 to book")
    pay(page, "The bank declines")
    expect(page.get_by_text("The payment did not go through. You can try again.")).to_be_visible()
    pay(page, "Give up")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay ₹200 to book")
    pay(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re booked, Ananya")
    expect(page.get_by_text("₹200 paid online, ₹400 at the shop.")).to_be_visible()
    page.get_by_role("link", name="Cancel the visit").click()
    expect(page.get_by_text("All of your deposit of ₹200 comes back.")).to_be_visible()
    page.wait_for_timeout(READ_IT)
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")
    until_said(page, "₹200 went back to you.")


def test_with_scripts_the_page_leads_on_by_itself(visitor: Visitor, shop: Shop) -> None:
    page = visitor("/b/shop-b", DESKTOP)
    to_details(page, shop, 5, 4)
    page.get_by_role("button", name="Go on to pay ₹200").click()
    page.get_by_role("button", name="Pay ₹200").click()
    page.get_by_role("button", name="Pay by card").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re booked, Ananya")
    page.goto(page.url.partition("?")[0])
    assert page.get_by_role("button", name="Pay ₹200").count() == 0


NARROW = Device("narrow", 320, 640, is_touch=True)
LOOKS = [
    (PHONE, "light", "en"), (PHONE, "dark", "hi"), (PHONE, "light", "kn"), (TABLET, "light", "hi"), (DESKTOP, "dark", "kn"),
    (DESKTOP, "light", "en"), (NARROW, "dark", "kn"),
]  # fmt: skip


@pytest.mark.parametrize(("device", "scheme", "language"), LOOKS, ids=lambda one: getattr(one, "name", str(one)))
def test_every_page_of_it_can_be_read_and_pressed(
    visitor: Visitor, shop: Shop, device: Device, scheme: str, language: str
) -> None:
    options = {"color_scheme": scheme, "extra_http_headers": {"accept-language": language}, "bypass_csp": True}
    page = visitor("/b/shop-b", device, **options)
    seen = []

    def look() -> None:
        seen.append(page.locator("h1").inner_text())
        assert (seen[-1], faults(page)) == (seen[-1], [])
        assert (seen[-1], overflow(page) <= 0) == (seen[-1], True)
        assert (seen[-1], page.evaluate(TOO_SMALL) if device.is_touch else []) == (seen[-1], [])

    to_details(page, shop, 7 + LOOKS.index((device, scheme, language)), 3)
    look()
    page.locator("aside button.main").click()
    look()
    page.locator("a[href*='/cancel']").click()
    look()
    assert len(set(seen)) == 3
