"""The bell with hands: it rings while one looks, says what happened, leads there, and is quiet when all is read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from microcrm import wiring
from microcrm.domain.bell import BellKind
from microcrm.domain.permissions import Role
from microcrm.operations.bell.ringing import ring
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site

pytestmark = pytest.mark.browser
_numbers = itertools.count(1)


@pytest.fixture
def tell(site: Site) -> Iterator[Callable[[Role], None]]:
    """A channel of the shop has stopped, as somebody of this role hears it."""
    engine = wiring.make_engine(site.variables["DATABASE_URL"], pool_size=1)

    def told(role: Role) -> None:
        with wiring.unit_of_work(site.shops.a.actor(), bind=engine) as uow:
            to = (site.shops.a.members[role],)
            ring(uow, BellKind.CHANNEL, f"test {next(_numbers)}", to=to, channel="sms")

    yield told
    engine.dispose()


def test_it_rings_on_an_open_page_and_leads_to_what_happened(open_page: Opener, tell: Callable[[Role], None]) -> None:
    watched = open_page("/customers")
    page = watched.page
    settle(page)
    page.get_by_role("button", name="What happened").click()
    panel = page.get_by_role("dialog", name="What happened")
    expect(panel.get_by_text("New sign-in to your account").first).to_be_visible()
    tell(Role.OWNER)
    expect(panel.get_by_text("SMS has stopped").first).to_be_visible()
    panel.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_role("button", name="What happened", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    tell(Role.OWNER)
    expect(page.get_by_role("button", name="What happened, 1 new")).to_be_visible()
    tell(Role.OWNER)
    expect(page.get_by_role("button", name="What happened, 2 new")).to_be_visible()
    page.get_by_role("button", name="What happened, 2 new").click()
    panel.get_by_role("link", name="New: SMS has stopped").first.click()
    page.wait_for_url("**/settings/messages")
    expect(page.get_by_role("button", name="What happened, 1 new")).to_be_visible()
    expect(page.get_by_role("dialog", name="What happened")).not_to_be_visible()
    page.get_by_role("button", name="What happened, 1 new").click()
    page.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_role("button", name="What happened", exact=True)).to_be_visible()
    assert watched.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_the_open_bell_is_sound_at_every_size(open_page: Opener, tell: Callable[[Role], None], device: Device) -> None:
    for _ in range(14):
        tell(Role.MANAGER)
    page = open_page("/today", device=device, role=Role.MANAGER).page
    settle(page)
    page.get_by_role("button", name="What happened").click()
    panel = page.get_by_role("dialog", name="What happened")
    expect(panel.get_by_role("button", name="Earlier")).to_be_attached()
    assert faults(page) == [] and overflow(page) <= 0
    box = panel.bounding_box()
    assert box is not None and box["x"] >= 0 and box["y"] >= 0
    assert box["x"] + box["width"] <= device.width and box["y"] + box["height"] <= device.height
    panel.get_by_role("button", name="Earlier").click()
    expect(panel.get_by_role("link", name="SMS has stopped").nth(13)).to_be_attached()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_have_count(1)
    assert faults(page) == []
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []


def test_what_is_told_is_chosen_on_the_account_page(open_page: Opener) -> None:
    watched = open_page("/account", role=Role.FRONT_DESK)
    page = watched.page
    settle(page)
    switch = page.get_by_role("switch", name="Mail: A booking waits for your yes")
    expect(switch).not_to_be_checked()
    switch.check()
    expect(page.get_by_text("A booking waits for your yes: comes by mail")).to_be_visible()
    page.reload()
    expect(page.get_by_role("switch", name="Mail: A booking waits for your yes")).to_be_checked()
    expect(page.get_by_text("Whoever takes over your account would switch this off first.").first).to_be_visible()
    assert page.get_by_role("switch", name="A sign-in from a new browser").count() == 0
    assert watched.complaints == []
