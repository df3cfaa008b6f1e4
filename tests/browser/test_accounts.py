"""From the sign-up form into the shop, the second step, and the plain pages at every size."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow
from tests.support.accounts import NEW_PASSWORD
from tests.support.site import Site

pytestmark = pytest.mark.browser
PLAIN_PAGES = ["/sign-in", "/sign-up", "/reset", "/verify?token=x", "/mailbox"]
OWN_PAGES = ["/shops", "/account/password", "/account/email", "/account/second-step"]


@pytest.fixture
def visitor(site: Site, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(base_url=site.url, locale="en-IN", reduced_motion="reduce")
    yield context.new_page()
    context.close()


def check(page: Page, device: Device) -> None:
    page.set_viewport_size({"width": device.width, "height": device.height})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        expect(page.locator("h1")).to_have_count(1)
        assert faults(page) == []
    assert overflow(page) <= 0
    page.set_viewport_size({"width": 320, "height": 700})
    assert overflow(page) <= 0


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=lambda device: device.name)
def test_plain_pages_are_sound(site: Site, chromium: Browser, device: Device) -> None:
    context = chromium.new_context(base_url=site.url, **device.options)
    page = context.new_page()
    for path in PLAIN_PAGES:
        page.goto(path)
        if device.is_touch:
            assert page.evaluate(TOO_SMALL) == [], path
        check(page, device)
        page.set_viewport_size({"width": device.width, "height": device.height})
    context.close()


def test_ones_own_plain_pages_are_sound(open_page: Opener, site: Site) -> None:
    for path in OWN_PAGES:
        watched = open_page(path, device=PHONE)
        assert watched.page.evaluate(TOO_SMALL) == [], path
        check(watched.page, PHONE)
        assert watched.complaints == []


def test_a_new_owner_signs_up_confirms_and_turns_on_the_second_step(visitor: Page, site: Site) -> None:
    sign_up(visitor)
    visitor.wait_for_url("**/sign-up/sent")
    open_newest_mail(visitor, "kavya@glow.example")
    visitor.get_by_role("button", name="Confirm and open Glow & Go Salon").click()
    visitor.wait_for_url("**/today", wait_until="commit")

    visitor.goto("/account")
    visitor.get_by_role("link", name="Set up").first.click()
    visitor.get_by_label("Your password").fill(NEW_PASSWORD)
    visitor.get_by_role("button", name="Set up").click()
    visitor.get_by_text("I can’t scan it").click()
    totp = pyotp.TOTP((visitor.locator(".secret").text_content() or "").replace(" ", ""))
    visitor.get_by_label("Six-digit code").fill(totp.now())  # sends itself at the sixth digit
    expect(visitor.get_by_role("heading", name="The second step is on")).to_be_visible()
    recovery = visitor.locator(".codes li").first.text_content() or ""
    visitor.get_by_role("link", name="I have kept them").click()
    expect(visitor.get_by_text("10 of 10 recovery codes left")).to_be_visible()

    visitor.goto("/shops")
    visitor.get_by_role("button", name="Sign out").click()
    visitor.goto("/account")
    expect(visitor).to_have_url(re.compile(r"/sign-in\?next=/account$"))
    visitor.get_by_label("Email").fill("kavya@glow.example")
    visitor.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("link", name="Use a recovery code").click()
    visitor.get_by_label("Recovery code").fill(recovery)
    visitor.get_by_role("button", name="Confirm").click()
    expect(visitor.get_by_text("9 of 10 recovery codes left")).to_be_visible()


def test_the_form_says_what_is_wrong_before_and_after_it_is_sent(visitor: Page) -> None:
    visitor.goto("/sign-up")
    visitor.get_by_label("State or Union Territory").select_option("27")
    visitor.get_by_label("GSTIN").fill("29ABCFS1234K1Z3")
    expect(
        visitor.get_by_text("This GSTIN is registered in Karnataka, but the address is in Maharashtra.")
    ).to_be_visible()
    visitor.get_by_label("State or Union Territory").select_option("29")
    expect(visitor.get_by_text("Registered in Karnataka.")).to_be_visible()
    sign_up(visitor, password="password1", email="other@glow.example")
    expect(visitor.get_by_label("Password", exact=True)).to_be_focused()
    expect(visitor.get_by_label("Password", exact=True)).to_have_value("")
    expect(visitor.get_by_label("Your name")).to_have_value("Kavya Rao")


def test_everything_works_without_scripts(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, email="plain@glow.example")
    page.wait_for_url("**/sign-up/sent")
    open_newest_mail(page, "plain@glow.example")
    page.get_by_role("button", name="Confirm and open Glow & Go Salon").click()
    page.goto("/shops")
    expect(page.get_by_text("Glow & Go Salon")).to_be_visible()
    context.close()


def sign_up(page: Page, *, email: str = "kavya@glow.example", password: str = NEW_PASSWORD) -> None:
    page.goto("/sign-up")
    page.get_by_label("Your name").fill("Kavya Rao")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Name of the business").fill("Glow & Go Salon")
    page.get_by_text("Salon or spa").click()
    page.get_by_label("City or town").fill("Bengaluru")
    page.get_by_label("State or Union Territory").select_option("29")
    page.get_by_label("Mobile number").fill("98450 12345")
    page.get_by_role("button", name="Create account").click()


def open_newest_mail(page: Page, to: str) -> None:
    """Wait until the worker has written to that address, then follow the mail's link."""
    mail = page.locator("a.mail", has_text=to)
    for _ in range(40):
        page.goto("/mailbox")
        if mail.count():
            break
        page.wait_for_timeout(500)
    mail.first.click()
    page.get_by_test_id("mail-link").click()
