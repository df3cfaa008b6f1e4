"""A customer's page with hands: the timeline and its filters, notes and tasks by keyboard, and what a second tablet sees of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from microcrm.domain.permissions import Role
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def address(site: Site) -> str:
    return f"/customer?id={site.shops.a.customer_id}"


def write(page: Page, button: str, label: str, words: str) -> None:
    """By keyboard alone."""
    page.get_by_role("button", name=button, exact=True).focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("dialog").get_by_label(label, exact=True)
    expect(field).to_be_focused()
    page.keyboard.type(words)
    page.get_by_role("dialog").get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_note_is_seen_on_the_second_tablet_and_comes_back_when_deleted(open_page: Opener, address: str) -> None:
    first, second = open_page(address), open_page(address, device=TABLET, role=Role.FRONT_DESK)
    settle(second.page)
    write(first.page, "Note", "Note", "Likes the window chair")
    theirs = second.page.locator(".notes li", has_text="window chair")
    expect(theirs).to_contain_text("Plain owner")
    expect(second.page.locator(".timeline li", has_text="window chair")).to_be_visible()
    theirs.get_by_role("button", name="Change note").click()
    second.page.get_by_role("button", name="Delete").locator("visible=true").click()
    expect(theirs).to_have_count(0)
    second.page.locator(".notices").get_by_role("button", name="Undo").last.click()
    expect(theirs).to_have_count(1)
    expect(first.page.locator(".notes li", has_text="window chair")).to_have_count(1)
    assert first.complaints == second.complaints == []


def test_a_task_waits_on_today_until_it_is_done(open_page: Opener, address: str) -> None:
    page = open_page(address).page
    write(page, "Task", "What to do", "Call about the colour")
    expect(page.locator(".todos li", has_text="Call about the colour")).to_contain_text("Today")
    today, other = open_page("/today", device=PHONE), open_page("/today", device=TABLET)
    waiting = other.page.locator(".todos li", has_text="Call about the colour")
    expect(waiting).to_be_visible()
    today.page.get_by_role("button", name="Done: Call about the colour").click()
    expect(waiting).to_have_count(0)
    page.reload()
    settle(page)
    page.get_by_role("button", name="Tasks", exact=True).click()
    expect(page.locator(".timeline li").first).to_contain_text("Done by Plain owner")
    assert today.complaints == other.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_its_forms_and_filters_are_sound(open_page: Opener, address: str, device: Device) -> None:
    watched = open_page(address, device=device)
    page = watched.page
    settle(page)
    page.get_by_role("button", name="Visits", exact=True).click()
    expect(page.get_by_role("button", name="Visits", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".timeline li")).to_contain_text(["Plain haircut"])
    for name in ("Note", "Task"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if device.is_touch:
            assert page.evaluate(TOO_SMALL) == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert faults(page) == []
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_contain_text("is needed")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert overflow(page) <= 0
    assert watched.complaints == []


def test_whoever_may_not_see_bills_sees_no_money_of_the_customer(open_page: Opener, address: str) -> None:
    page = open_page(address, role=Role.STAFF).page
    settle(page)
    expect(page.locator(".key-facts dt")).to_have_text(["Visits", "Did not come", "Own rhythm", "Next visit"])
    expect(page.get_by_role("button", name="Money", exact=True)).to_have_count(0)
