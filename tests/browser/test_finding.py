"""Finding customers with hands: over a slow line, in groups, and the warning while typing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow
from tests.support.site import Site

pytestmark = pytest.mark.browser

# Whatever the browser sends or gets over the websocket takes 150 ms each way.
SLOW = """(() => {
  const kind = WebSocket.prototype, send = kind.send, heard = Object.getOwnPropertyDescriptor(kind, "onmessage");
  kind.send = function (data) { setTimeout(() => send.call(this, data), 150); };
  Object.defineProperty(kind, "onmessage", {
    get() { return heard.get.call(this); },
    set(hear) { heard.set.call(this, hear && ((event) => setTimeout(() => hear(event), 150))); },
  });
})()"""


def ready(page: Page) -> None:
    expect(page.get_by_role("link", name="Plain Iyer", exact=True)).to_be_visible()


def delete(page: Page) -> None:
    """The group that is shown. Behind an open dialog there are no roles, so it must have closed before anything is counted."""
    page.get_by_role("button", name="Change").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Regulars deleted").last).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_typing_loses_no_letter_over_a_slow_line(open_page: Opener) -> None:
    page = open_page("/customers").page
    page.add_init_script(SLOW)
    page.reload()
    ready(page)
    box = page.locator("[data-search]")
    for word in ("plain iyer", "nobody at all", "plain"):
        box.fill("")
        box.press_sequentially(word, delay=70)
        expect(box).to_have_value(word)
        if word.startswith("plain"):
            ready(page)
        else:
            expect(page.get_by_role("link", name="Plain Iyer", exact=True)).to_have_count(0)
        expect(box).to_have_value(word)
    page.get_by_role("button", name="New customer").first.click()
    name, phone = page.locator("#f-name"), page.locator("#f-phone")
    name.press_sequentially("Plain Iyer the second", delay=60)
    phone.press_sequentially("98451 12345", delay=60)
    expect(page.get_by_role("dialog").get_by_text("Same phone")).to_be_visible()
    expect(name).to_have_value("Plain Iyer the second")
    expect(phone).to_have_value("98451 12345")


def test_who_is_here_already_is_one_press_away(open_page: Opener, site: Site) -> None:
    page = open_page("/customers?new=1", device=PHONE).page
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Playn Ayer")
    expect(dialog.get_by_text("They are here already")).to_have_count(0)
    dialog.get_by_label("Name").fill("Iyer Plain")
    link = dialog.get_by_role("link", name="Plain Iyer", exact=True)
    expect(link).to_be_visible()
    link.click()
    page.wait_for_url(f"**/customer?id={site.shops.a.customer_id}")


def test_a_group_from_nothing_to_undo(open_page: Opener) -> None:
    page = open_page("/customers").page
    ready(page)
    page.get_by_role("button", name="New segment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Choose at least one rule.")).to_be_visible()
    dialog.get_by_label("Name").fill("Regulars")
    dialog.get_by_label("Added").select_option("365")
    dialog.get_by_role("button", name="Save").click()
    tab = page.get_by_role("navigation", name="Segments").get_by_role("button", name="Regulars")
    expect(tab).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Added in the last 365 days")).to_be_visible()
    delete(page)
    expect(tab).to_have_count(0)
    page.get_by_text("Regulars deleted").locator("..").get_by_role("button", name="Undo").click()
    expect(tab).to_have_count(1)
    tab.click()
    delete(page)
    expect(tab).to_have_count(0)


def test_a_tick_brings_tag_and_file(open_page: Opener) -> None:
    page = open_page("/customers").page
    ready(page)
    page.get_by_label("Select Plain Iyer").click()
    expect(page.get_by_text("1 selected").first).to_be_visible()
    with page.expect_download() as coming:
        page.locator(".picks-bar").get_by_role("button", name="Export").click()
        panel = page.get_by_role("dialog", name="Export customers")
        expect(panel.get_by_text("1 customer: those that are selected.")).to_be_visible()
        panel.get_by_label("Contact cards").check()
        panel.get_by_role("button", name="Export").click()
    assert coming.value.suggested_filename == "customers.vcf"
    assert b"FN:Plain Iyer" in Path(coming.value.path()).read_bytes()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("dialog").get_by_label("Tag", exact=True).fill("Regular")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Plain Iyer").get_by_text("Regular")).to_be_visible()
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("row", name="Plain Iyer").get_by_text("Regular")).to_have_count(0)


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_the_panel_of_exports_is_sound_and_its_shortcuts_tick(open_page: Opener, device: Device) -> None:
    watched = open_page("/customers", device=device)
    page = watched.page
    ready(page)
    page.get_by_role("button", name="Export").first.click()
    panel = page.get_by_role("dialog", name="Export customers")
    expect(panel.get_by_text("all that the list finds.")).to_be_visible()
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
    panel.get_by_role("button", name="As in the list").click()
    expect(panel.get_by_role("checkbox", name="Notes")).not_to_be_checked()
    expect(panel.get_by_role("checkbox", name="Phone")).to_be_checked()
    panel.get_by_role("button", name="Everything").click()
    expect(panel.get_by_role("checkbox", name="Notes")).to_be_checked()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert overflow(page) <= 0
    assert watched.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_a_message_becomes_links_by_keyboard(open_page: Opener, device: Device) -> None:
    watched = open_page("/customers", device=device)
    page = watched.page
    ready(page)
    page.get_by_label("Select Plain Iyer").click()
    expect(page.get_by_text("1 selected").first).to_be_visible()
    page.locator(".picks-bar").get_by_role("button", name="Message").press("Enter")
    panel = page.get_by_role("dialog", name="Message by WhatsApp")
    expect(panel.get_by_text("Reaches 1 customer")).to_be_visible()
    panel.get_by_label("An offer").press("Space")
    expect(panel.get_by_text("1 without a yes to WhatsApp offers")).to_be_visible()
    panel.get_by_label("About their bookings").press("Space")
    expect(panel.get_by_text("Reaches 1 customer")).to_be_visible()
    panel.get_by_role("button", name="Make the links").press("Enter")
    expect(panel.get_by_text("The text is needed.")).to_be_visible()
    panel.get_by_label("Text", exact=True).fill("Hello {name} & yours")
    expect(panel.locator("blockquote")).to_have_text("Hello Plain & yours")
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
    panel.get_by_role("button", name="Make the links").press("Enter")
    chat = panel.get_by_role("link", name="WhatsApp to Plain Iyer")
    expect(chat).to_have_attribute("href", re.compile(r"^https://wa\.me/91\d{10}\?text=Hello%20Plain%20%26%20yours$"))
    page.context.route("https://wa.me/**", lambda route: route.fulfill(body="chat"))
    with page.context.expect_page():
        chat.press("Enter")
    expect(panel.get_by_text("1 of 1 opened")).to_be_visible()
    assert faults(page) == []
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel).to_have_count(0)
    assert overflow(page) <= 0
    assert watched.complaints == []
