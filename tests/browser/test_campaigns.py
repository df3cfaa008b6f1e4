"""Campaigns with hands: begun, written, looked at, sent and stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from microcrm import wiring
from microcrm.operations.messaging.channels import switch_channel
from microcrm.settings import sqlalchemy_url
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.campaigns import people
from tests.support.site import Site

pytestmark = pytest.mark.browser
_TIDY = (
    "DELETE FROM messages WHERE business_id = :business AND campaign_id IS NOT NULL",
    "DELETE FROM campaigns WHERE business_id = :business",
    "DELETE FROM message_channels WHERE business_id = :business",
    "DELETE FROM consents WHERE business_id = :business AND purpose = 'email_offers'",
    "DELETE FROM customers WHERE business_id = :business AND email LIKE 'person%@x.example'",
)


def begun(page: Page, name: str) -> None:
    """A draft of that name to everybody added this month, on the screen."""
    page.get_by_role("button", name="New campaign").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Name").fill(name)
    panel.get_by_label("To", exact=True).select_option("New this month")
    panel.get_by_label("Sent by").select_option("E-mail")
    panel.get_by_role("button", name="Write it").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.fixture
def shop(site: Site) -> Iterator[None]:
    """It sends letters, and has two customers who agreed to offers and one who did not. Afterwards nothing of that is left: the other
    tests have the same shop."""
    engine, behind = (
        create_engine(sqlalchemy_url(site.variables[name])) for name in ("DATABASE_URL", "DATABASE_URL_DIRECT")
    )
    with wiring.unit_of_work(site.shops.a.actor(), bind=engine) as uow:
        switch_channel(uow, "email", 0, is_on=True)
        for number, agree in enumerate((("email_offers",), ("email_offers",), ())):
            address = f"person{number}@x.example"
            people(uow, 1, agree=agree, email=address, email_key=address)
    yield
    with behind.begin() as owner:
        for statement in _TIDY:
            owner.execute(text(statement), {"business": site.shops.a.business_id})
    engine.dispose()
    behind.dispose()


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
@pytest.mark.usefixtures("shop")
def test_from_a_segment_to_a_stop(open_page: Opener, device: Device) -> None:
    watched = open_page("/campaigns", device=device)
    page = watched.page
    settle(page)
    begun(page, f"Offer on a {device.name}")
    expect(page.get_by_text("Write the text for e-mail.")).to_be_visible()
    page.get_by_role("button", name="E-mail · English").click()
    panel = page.get_by_role("dialog")
    box = panel.get_by_label("Text", exact=True)
    box.fill("Hello from {shop}: half price, {customer}!")
    expect(panel.get_by_role("status")).to_contain_text("half price, Asha!")
    assert faults(page) == [] and overflow(page) <= 0
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Written", exact=True)).to_be_visible()
    expect(page.get_by_text("customers get it")).to_be_visible()
    page.get_by_role("button", name="They have not agreed to offers on this channel.").click()
    panel = page.get_by_role("dialog", name="They get nothing")
    expect(panel.get_by_role("link").first).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("How it goes")).to_be_visible()
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    assert watched.complaints == []
