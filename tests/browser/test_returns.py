"""The GST return with hands: from a total to its documents and the steps of a line, the files, and the e-invoice of a bill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Device
from tests.browser.test_groups import check
from tests.support.returns import SELLER
from tests.support.returns_books import last_month
from tests.support.shops import PASSWORD
from tests.support.site import Site
from tests.support.sources import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def books(site: Site) -> None:
    """Shop B has a GSTIN and a month of bills; shop A, where other tests work, stays as it is."""
    command = [sys.executable, "-m", "tests.support.returns_books"]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **site.variables}, timeout=120)


@pytest.fixture
def page(books: None, site: Site, chromium: Browser) -> Iterator[Page]:
    with_hands = signed_in(site, chromium, DESKTOP)
    yield with_hands.pages[0]
    with_hands.close()


def signed_in(site: Site, chromium: Browser, device: Device) -> BrowserContext:
    context = chromium.new_context(locale="en-IN", reduced_motion="reduce", **device.options)
    page = context.new_page()
    page.goto(f"{site.url}/sign-in?next=/returns")
    page.locator("[name=email]").fill("accountant@b.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GST returns")
    return context


def test_a_total_leads_to_documents_and_lines(page: Page) -> None:
    expect(page.get_by_label("Month or quarter")).to_have_value(last_month().key)
    expect(page.locator(".alert-ok")).to_contain_text("agree to the paisa")
    check(page)
    card = page.locator("section.card", has=page.get_by_role("heading", name="4A · Customers with a GSTIN"))
    expect(card.get_by_role("link", name="₹2,663.13")).to_be_visible()
    card.get_by_role("link", name="₹2,663.13").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why this number")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".strip")).to_contain_text("₹2,663.13")
    check(page)
    page.get_by_role("button", name="Lines of INV/").first.click()
    panel = page.get_by_role("dialog", name="Line by line")
    expect(panel).to_contain_text("less ₹50.00 discount = ₹450.00")
    expect(panel).to_contain_text("without the 5 % in it: ₹428.57 taxable")
    check(page)
    panel.get_by_role("link", name="Open the document").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tax Invoice INV/")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="E-invoice").click()
    form = json.loads(Path(download.value.path()).read_text())
    assert len(form["Irn"]) == 64 and form["SellerDtls"]["Gstin"] == SELLER


def test_a_long_list_has_pages(page: Page) -> None:
    page.locator("section.card", has=page.get_by_role("heading", name="7 · Other customers")).get_by_role(
        "link", name="61"
    ).click()
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("tbody tr")).to_have_count(11)
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_files_come_down(page: Page) -> None:
    for name, file in (
        ("GSTR-1 for the portal", "GSTR1"),
        ("XLSX Sales register", "register"),
        ("CSV Day-book", "day-book"),
    ):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.startswith(f"{file}-{last_month().key}.")
        assert Path(download.value.path()).stat().st_size > 500


def test_what_to_mend_leads_where_it_is_mended(page: Page) -> None:
    mend = page.locator("section.card", has=page.get_by_role("heading", name="Before you file"))
    expect(mend).to_contain_text("Lines without HSN or SAC")
    expect(page.locator(".return-gaps")).to_contain_text("Cancelled: Written twice")
    mend.get_by_role("link", name="See the bills").click()
    expect(page.locator("main")).to_contain_text("Without HSN or SAC")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_month_without_bills_says_so(page: Page) -> None:
    choice = page.get_by_label("Month or quarter")
    choice.select_option(index=6)
    expect(page.get_by_role("heading", name="No documents in this period")).to_be_visible()
    check(page)


def test_on_a_phone(books: None, site: Site, chromium: Browser) -> None:
    context = signed_in(site, chromium, PHONE)
    page = context.pages[0]
    expect(page.locator(".alert-ok")).to_be_visible()
    check(page)
    page.get_by_role("link", name="998313").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why this number")
    expect(page.locator("tbody tr")).to_have_count(1)
    check(page)
    context.close()
