"""What surrounds every screen: keys, palette, theme, unknown addresses, and what a role may see."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from microcrm.domain.permissions import Role
from microcrm.pages.navigation import NAVIGATION
from tests.browser.conftest import PHONE, Opener
from tests.support.shops import PASSWORD
from tests.support.site import Site

pytestmark = pytest.mark.browser

HOME = "/customers"


def test_the_first_tab_stop_skips_to_the_content(open_page: Opener) -> None:
    page = open_page(HOME).page
    expect(page.locator(".rail .nav a").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_palette_goes_to_pages_and_finds_customers(open_page: Opener, site: Site) -> None:
    page = open_page(HOME).page
    expect(page.locator(".rail .nav a").first).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_placeholder("Search customers, or go to…")
    expect(box).to_be_focused()
    box.fill("plain")
    page.get_by_role("option", name="Plain Iyer").click()
    page.wait_for_url(f"**/customer?id={site.shops.a.customer_id}")
    assert "CANARY" not in page.content()


def test_letters_are_keys_only_while_nobody_types(open_page: Opener) -> None:
    page = open_page(HOME).page
    search = page.locator("[data-search]")
    expect(page.locator(".rail .nav a").first).to_be_visible()  # the prerendered page has no keys yet
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("n?[")
    expect(search).to_have_value("n?[")
    expect(page.locator("#keys-sheet")).not_to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("Shift+?")
    expect(page.locator("#keys-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys-sheet")).not_to_be_visible()


def test_the_theme_is_kept(open_page: Opener) -> None:
    page = open_page(HOME).page
    expect(page.locator(".rail .nav a").first).to_be_visible()
    expect(page.locator("html.light")).to_have_count(1)
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html.dark")).to_have_count(1)
    page.reload()
    expect(page.locator("html.dark")).to_have_count(1)


def test_an_unknown_address_says_so(open_page: Opener, site: Site) -> None:
    page = open_page("/nowhere").page
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    assert page.request.get(f"{site.url}/nowhere").status == 404


def test_the_bundled_fonts_know_indic_scripts_and_the_rupee(open_page: Opener) -> None:
    page = open_page(HOME).page
    for letter in ("आ", "ಕ", "₹"):
        assert page.evaluate(
            f"async () => (await document.fonts.load('16px Inter, \"Noto Indic\"', '{letter}')).length > 0"
        )


@pytest.mark.parametrize("role", [Role.OWNER, Role.STAFF, Role.ACCOUNTANT])
def test_the_navigation_shows_what_a_role_may_open(open_page: Opener, site: Site, role: Role) -> None:
    page = open_page(HOME, role=role).page
    expect(page.locator(".rail .nav a").first).to_be_visible()
    may = site.shops.a.actor(role).permissions
    assert page.locator(".rail .nav a").all_inner_texts() == [p.label for p in NAVIGATION if p.needs in may]


def test_the_phone_has_tabs_at_the_thumb(open_page: Opener) -> None:
    page = open_page(HOME, device=PHONE).page
    tabs = page.locator(".tabs")
    expect(tabs.get_by_role("link", name="Customers")).to_have_attribute("aria-current", "page")
    box = tabs.bounding_box()
    assert box is not None
    assert round(box["y"] + box["height"]) == PHONE.height
    tabs.get_by_role("button", name="More").click()
    expect(page.get_by_role("navigation", name="More").get_by_role("link", name="Settings")).to_be_visible()


def test_an_owner_looks_as_somebody_else_stops_and_signs_out(site: Site, chromium: Browser) -> None:
    """In a session of its own: the others of this run stay signed in."""
    page = chromium.new_context(base_url=site.url).new_page()
    page.goto("/sign-in")
    page.get_by_label("Email").fill(f"{Role.OWNER.value}@a.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/today", wait_until="commit")

    page.goto("/settings/members")
    row = page.get_by_role("listitem").filter(has_text="staff@a.example")
    row.get_by_role("button", name="More").click()
    row.get_by_role("button", name="View as").click()
    page.wait_for_url("**/today", wait_until="commit")
    ribbon = page.locator(".ribbon", has_text="Nothing can be changed")
    expect(ribbon).to_contain_text("Plain staff")
    ribbon.get_by_role("button", name="Stop").click()
    page.wait_for_url("**/settings/members", wait_until="commit")
    expect(page.get_by_role("button", name="Invite")).to_be_visible()
    expect(ribbon).to_have_count(0)

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signed-out", wait_until="commit")
    page.goto("/today")
    page.wait_for_url("**/sign-in?next=/today", wait_until="commit")
    page.context.close()
