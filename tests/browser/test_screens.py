"""Every screen of the sitemap, at three sizes and in both themes: accessible, quiet, within its width, easy to hit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from microcrm.domain.permissions import ROLES, Role
from microcrm.sitemap import SCREENS
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.support.site import Site

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Buttons and fields are at least 44 px high where fingers press them; links inside sentences are exempt (WCAG 2.5.8).
TOO_SMALL = """() => [...document.querySelectorAll("button, input:not([type=checkbox], [type=radio]), select, a.btn, .tabs a")]
  .filter((node) => node.checkVisibility() && !node.closest(".ec, .hues, .trap"))
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height < 43.5)
  .map(([node, box]) => `${Math.round(box.height)} px: ${node.outerHTML.slice(0, 90)}`)"""
NEEDS_QUERY = dict.fromkeys(("/customer", "/customer/records", "/customer/folder"), "id={customer}")
VIEWS = ("/calendar?by=room", "/calendar?view=week", "/calendar?view=month", "/calendar?view=agenda")


def address_of(path: str, site: Site) -> str:
    query = NEEDS_QUERY.get(path, "").format(customer=site.shops.a.customer_id)
    return f"{path}?{query}" if query else path


def settle(page: Page) -> None:
    """The shell is filled and the screen's own data is there."""
    expect(page.locator(".rail .nav a, .tabs a").first).to_be_attached()
    expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
    expect(page.locator("main .skeleton:visible")).to_have_count(0)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wider


def faults(page: Page) -> list[str]:
    page.evaluate(AXE)
    answer: dict[str, Any] = page.evaluate(
        f"() => axe.run(document, {{runOnly: {{type: 'tag', values: {json.dumps(RULES)}}}}})"
    )
    return [
        f"{fault['impact']} {fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in answer["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
@pytest.mark.parametrize("path", [*(screen.path for screen in SCREENS), *VIEWS])
def test_a_screen_is_sound(open_page: Opener, site: Site, path: str, device: Device) -> None:
    watched = open_page(address_of(path, site), device=device)
    page = watched.page
    settle(page)
    expect(page.locator("h1")).to_have_count(1)
    assert overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_have_count(1)
    assert faults(page) == []
    if device is PHONE:  # as at 400 % zoom of a window of 1280 px (WCAG 1.4.10)
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
    # Nothing was refused by the content security policy, and no script complained.
    assert watched.complaints == []


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.STAFF], ids=str)
def test_a_screen_asks_for_nothing_that_whoever_opens_it_may_not_do(open_page: Opener, site: Site, role: Role) -> None:
    """What a page does by itself when it comes up is refused to nobody who may open it."""
    page = open_page("/today", role=role).page
    told = []
    for screen in SCREENS:
        if screen.needs in ROLES[role]:
            page.goto(f"{site.url}{address_of(screen.path, site)}")
            settle(page)
            told += [f"{screen.path}: {words}" for words in page.locator(".notices").all_inner_texts() if words.strip()]
    assert told == []
