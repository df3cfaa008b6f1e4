"""Sealed records with hands: written, opened for a purpose, hidden again; and Valkey never hears what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from microcrm.adapters.sealing import MasterSeal
from microcrm.settings import settings
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site
from tests.support.vault import PLANTED, note

pytestmark = pytest.mark.browser


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The page of the records of shop A's customer; they are gone afterwards."""
    yield f"/customer/records?id={site.shops.a.customer_id}"
    engine = create_engine(site.variables["DATABASE_URL_DIRECT"].replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sealed_records"))
    engine.dispose()


def in_valkey(site: Site) -> bool:
    """Whether what was planted stands anywhere in what the web processes keep there."""
    client: Any = redis.Redis.from_url(site.variables["REDIS_URL"])
    kinds = {b"string": client.get, b"list": lambda key: client.lrange(key, 0, -1), b"hash": client.hgetall}
    kept = [kinds.get(client.type(key), client.dump)(key) for key in client.scan_iter()]
    assert kept, "the States are there"
    return PLANTED in repr(kept)


def open_record(page: Page, purpose: str = "For a visit, now or soon") -> None:
    page.get_by_role("button", name="Open Colour formula").click()
    page.get_by_label(purpose).check()
    page.locator(".why").get_by_role("button", name="Open").click()


def test_a_record_is_written_opened_corrected_and_hidden_again(open_page: Opener, site: Site, address: str) -> None:
    watched = open_page(address)
    page = watched.page
    expect(page.get_by_text("Nothing sealed yet")).to_be_visible()
    page.get_by_role("button", name="Colour formula").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Formula is needed.")).to_be_visible()
    page.get_by_role("textbox", name="Formula").fill(f"6.1 30 g {PLANTED}")
    page.get_by_label("6 %", exact=True).check()
    page.get_by_label("Timing").fill("35")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sealed and saved")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(PLANTED)).to_have_count(0)

    page.get_by_role("button", name="Open Colour formula").click()
    page.locator(".why").get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert").filter(has_text="why")).to_be_visible()
    page.get_by_label("Something else").check()
    page.locator(".why").get_by_role("button", name="Open").click()
    expect(page.get_by_text("Your own words is needed.")).to_be_visible()
    page.get_by_label("In your own words").fill("A call from the customer")
    page.locator(".why").get_by_role("button", name="Open").click()
    expect(page.get_by_text(f"6.1 30 g {PLANTED}")).to_be_visible()
    expect(page.get_by_text("Opened 1 time in seven days")).to_be_visible()
    expect(page.get_by_text("A call from the customer")).to_be_visible()
    assert not in_valkey(site)

    page.get_by_role("button", name="Correct").click()
    expect(page.get_by_role("textbox", name="Formula")).to_have_value(f"6.1 30 g {PLANTED}")
    page.get_by_role("textbox", name="Formula").fill(f"7.0 40 g {PLANTED}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("corrected on")).to_be_visible()
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_text(PLANTED)).to_have_count(0)
    open_record(page)
    expect(page.get_by_text(f"7.0 40 g {PLANTED}")).to_be_visible()
    assert not in_valkey(site)
    assert watched.complaints == [] or all("422" in one for one in watched.complaints)


def test_it_is_hidden_by_itself_and_on_leaving(open_page: Opener, site: Site, address: str) -> None:
    _write(site)
    page = open_page("/today").page
    page.clock.install()
    page.goto(f"{site.url}{address}")
    settle(page)
    open_record(page)
    expect(page.get_by_text(PLANTED)).to_be_visible()
    page.clock.run_for(4 * 60_000)
    expect(page.get_by_text(PLANTED)).to_be_visible()
    page.clock.run_for(61_000)
    expect(page.get_by_text(PLANTED)).to_have_count(0)
    open_record(page)
    expect(page.get_by_text(PLANTED)).to_be_visible()
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.get_by_text(PLANTED)).to_have_count(0)
    page.get_by_role("link", name="Sealed records").click()
    expect(page.get_by_role("button", name="Open Colour formula")).to_be_visible()
    expect(page.get_by_text(PLANTED)).to_have_count(0)
    open_record(page)
    expect(page.get_by_text(PLANTED)).to_be_visible()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.get_by_text(PLANTED)).to_have_count(0)


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_it_is_sound_at_every_size(open_page: Opener, site: Site, address: str, device: Device) -> None:
    _write(site)
    watched = open_page(address, device=device)
    page = watched.page
    settle(page)
    page.get_by_role("button", name="Open Colour formula").click()
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_label("To check what is safe").check()
    page.locator(".why").get_by_role("button", name="Open").click()
    expect(page.get_by_text(PLANTED)).to_be_visible()
    page.evaluate("scrollTo(0, 0)")  # nothing lies half under the bar
    assert faults(page) == [] and overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page) == []
    page.get_by_role("button", name="Patch test").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == [] and overflow(page) <= 0
    if device is PHONE:
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
    assert watched.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=lambda device: device.name)
def test_an_allergy_stands_above_the_customer_and_leads_to_the_records(
    open_page: Opener, site: Site, address: str, device: Device
) -> None:
    _write(site, "allergy")
    page = open_page(address.replace("/records", ""), device=device).page
    settle(page)
    expect(page.get_by_text("Allergy on record")).to_be_visible()
    expect(page.get_by_text(PLANTED)).to_have_count(0)
    assert faults(page) == [] and overflow(page) <= 0
    page.locator(".alert").get_by_role("link", name="Sealed records").click()
    expect(page.get_by_role("button", name="Open Allergy")).to_be_visible()


def _write(site: Site, kind: str = "colour") -> None:
    from microcrm import wiring

    engine = wiring.make_engine(site.variables["DATABASE_URL"], pool_size=1)
    work: AbstractContextManager[Any] = wiring.unit_of_work(site.shops.a.actor(), bind=engine)
    with work as uow:
        note(uow, site.shops.a.customer_id, kind, sealer=MasterSeal(settings().secret_key))
    engine.dispose()
