"""Goods over the counter, with hands: a scanned code becomes a line, the bill takes it off the shelf."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Page, expect

from microcrm import wiring
from microcrm.operations.products import archive_product
from microcrm.operations.unit_of_work import UnitOfWork
from tests.browser.conftest import PHONE, Opener
from tests.browser.test_screens import faults, overflow
from tests.support.goods import SERUM, shelve, stock_of
from tests.support.site import Site

pytestmark = pytest.mark.browser

_numbers = itertools.count(81)


@dataclass(frozen=True)
class Serum:
    id: int
    name: str
    code: str


Work = Callable[[], AbstractContextManager[UnitOfWork]]


@pytest.fixture
def work(site: Site) -> Iterator[Work]:
    """A unit of work of shop A's owner on the database of the site."""
    engine = wiring.make_engine(site.variables["DATABASE_URL"], pool_size=1)
    yield lambda: wiring.unit_of_work(site.shops.a.actor(), bind=engine)
    engine.dispose()


@pytest.fixture
def product(work: Work) -> Iterator[Serum]:
    """Two of a kind, so that the third sale says that there is none."""
    number = next(_numbers)
    name, code = f"Scanned serum {number}", f"20000000000{number}"
    with work() as uow:
        product_id = shelve(uow, replace(SERUM, name=name, barcode=code), stock="2")
    yield Serum(product_id, name, code)
    with work() as uow:
        archive_product(uow, product_id)


def scan(page: Page, code: str) -> None:
    """As a scanner does: quick keys, then Enter; the cursor stays where it is."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_barcode_is_sold_and_the_stock_falls(open_page: Opener, work: Work, product: Serum) -> None:
    watched = open_page("/invoice")
    page = watched.page
    box = page.get_by_label("Scan a barcode, or type a name")
    box.click()
    scan(page, product.code)
    line = page.locator("[data-line]").first
    expect(line.get_by_label("Description")).to_have_value(product.name)
    expect(line).to_contain_text("2 in stock")
    expect(box).to_be_focused()
    for many in ("2", "3"):
        scan(page, product.code)
        expect(line.get_by_label("Quantity")).to_have_value(many)
    expect(line.locator(".is-short")).to_have_text("2 in stock, −1 after this bill")
    expect(page.locator("[data-line]")).to_have_count(1)
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Issue", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Issue").click()
    expect(page.get_by_role("button", name="Take payment")).to_be_visible()
    with work() as uow:
        assert stock_of(uow, product.id) == -1
    page.goto(page.url.partition("/invoice")[0] + "/settings/products")
    row = page.locator(".list > li").filter(has_text=product.name)
    expect(row.locator(".is-short")).to_have_text("−1")
    assert watched.complaints == []


def test_a_delivery_is_noted_and_taken_back_on_a_phone(open_page: Opener, product: Serum) -> None:
    watched = open_page("/settings/products", device=PHONE)
    page = watched.page
    row = page.locator(".list > li").filter(has_text=product.name)
    row.get_by_role("button", name=product.name).click()
    drawer = page.get_by_role("dialog", name=product.name)
    expect(drawer.get_by_label("Barcode")).to_have_value(product.code)
    assert faults(page) == [] and overflow(page) <= 0
    drawer.get_by_role("button", name="Received").click()
    form = page.get_by_role("dialog", name="A delivery came in")
    form.get_by_label("How many?").fill("ten")
    form.get_by_role("button", name="Received").click()
    expect(form.get_by_text("must be a number")).to_be_visible()
    expect(form.get_by_label("How many?")).to_have_value("ten")
    form.get_by_label("How many?").fill("10")
    form.get_by_role("button", name="Received").click()
    expect(page.get_by_text(re.compile("received, 12 in stock"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(row.locator(".stock-count")).to_contain_text("12")
    page.get_by_role("button", name="Undo").last.click()
    expect(row.locator(".stock-count")).to_contain_text("2")
    assert watched.complaints == []


def test_a_list_is_read_with_a_verdict_on_each_row(open_page: Opener, site: Site) -> None:
    watched = open_page("/settings/products", device=PHONE)
    page = watched.page
    text = "Name,SKU,Price,Stock,HSN\nBrush of a list,L-1,90,4,96032900\nComb of a list,L-2,much,1,96151100\n"
    page.get_by_label("List").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What came of the list")
    lines = page.locator(".list > li")
    expect(lines.nth(0)).to_contain_text(re.compile("Comb of a list.*Not taken.*Row 3"))
    expect(lines.nth(1)).to_contain_text(re.compile("Brush of a list.*Added.*4 in stock"))
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("link", name="To the products").click()
    row = page.locator(".list > li").filter(has_text="Brush of a list")
    expect(row.locator(".stock-count")).to_contain_text("4")
    page.goto(f"{site.url}/stock")
    line = page.locator("tbody tr").filter(has_text="Brush of a list")
    expect(line.locator("td[data-label='At last']")).to_have_text("4")
    assert watched.complaints == []
