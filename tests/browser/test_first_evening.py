"""A new owner's first evening: from the sign-up form to a shop with a customer whose time nobody else can have."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_accounts import open_newest_mail, sign_up
from tests.browser.test_screens import settle
from tests.support.desk import INDIA
from tests.support.site import Site

pytestmark = pytest.mark.browser

EMAIL = "kavya@evening.example"


def thursday() -> str:
    """A day ahead on which the trade's usual hours are open."""
    today = datetime.now(INDIA).date()
    return (today + timedelta(days=7 + (3 - today.weekday()) % 7)).isoformat()


def test_from_the_form_to_a_day_that_cannot_be_double_booked(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(
        base_url=site.url, locale="en-IN", timezone_id="Asia/Kolkata", reduced_motion="reduce"
    )
    page = context.new_page()
    sign_up(page, email=EMAIL)
    open_newest_mail(page, EMAIL)
    page.get_by_role("button", name="Confirm and open Glow & Go Salon").click()
    page.wait_for_url("**/welcome")  # Today leads there
    take_the_steps(page)
    page.wait_for_url("**/today")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    hire(page, "Anil Nair")
    add_customer(page, "Latha Menon")
    book_two_services(page)
    be_refused(page)
    cancel_and_bring_back(page)
    page.goto("/activity")
    expect(page.get_by_text("Kavya Rao finished a first step: opening hours")).to_be_visible()
    context.close()


def take_the_steps(page: Page) -> None:
    settle(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Address").fill("12, 100 Feet Road")
    page.get_by_label("PIN code").fill("560038")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="When are you open?")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="These are right").click()
    expect(page.get_by_alt_text("Code that opens your booking link")).to_be_visible()
    page.get_by_role("button", name="Done", exact=True).click()


def hire(page: Page, name: str) -> None:
    """Somebody without a sign-in, who does the first service of the list."""
    page.goto("/settings/staff")
    settle(page)
    page.get_by_role("button", name="Add a person").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Name", exact=True).fill(name)
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel.get_by_role("heading", name=name)).to_be_visible()  # what they do is asked next
    panel.get_by_role("checkbox").first.check()
    panel.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator(".notice", has_text="Services saved")).to_be_visible()


def add_customer(page: Page, name: str) -> None:
    page.goto("/customers?new=1")
    panel = page.get_by_role("dialog")
    panel.get_by_label("Name", exact=True).fill(name)
    panel.get_by_label("Mobile number").fill("94470 12345")
    panel.get_by_role("button", name="Add customer").click()
    page.wait_for_url("**/customer?id=*")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def book_two_services(page: Page) -> None:
    """From the customer's page; both times with the owner, the second service by a line of its own."""
    page.get_by_role("link", name="Book", exact=True).click()
    form = page.get_by_role("dialog", name="New booking")
    expect(form.get_by_role("radio")).to_be_checked()
    form.get_by_label("Service", exact=True).select_option(index=2)
    expect(form.get_by_label("With", exact=True)).not_to_have_value("")  # the only one who does it
    form.get_by_role("button", name="Add another service").click()
    form.get_by_label("Service 2", exact=True).select_option(index=3)
    form.get_by_label("Day", exact=True).fill(thursday())
    form.get_by_label("Time", exact=True).fill("11:00")
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form).to_be_hidden()
    expect(visits(page)).to_have_count(2)


def be_refused(page: Page) -> None:
    """The same hour again, for somebody new."""
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill("Maya Das")
    form.get_by_label("Service", exact=True).select_option(index=2)
    expect(form.get_by_label("With", exact=True)).not_to_have_value("")
    form.get_by_label("Time", exact=True).fill("11:15")
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form.locator("#b-time-error")).to_contain_text("Kavya Rao is not free at 11:15 am.")
    expect(form.get_by_label("Name", exact=True)).to_have_value("Maya Das")
    expect(form.get_by_text("These times are free")).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(visits(page)).to_have_count(2)


def cancel_and_bring_back(page: Page) -> None:
    visits(page).first.click()
    page.get_by_role("region", name="Booking").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel booking").click()
    expect(visits(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(visits(page)).to_have_count(2)


def visits(page: Page) -> Locator:
    return page.locator(".ec-event.ev", has_text="Latha Menon")
