"""Those who wait: a cancelled visit goes to the waiting list and comes back as theirs; a walk-in from the door to the chair."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_calendar import block, book, middle, minutes_high
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site

pytestmark = pytest.mark.browser

DAY = (datetime.now(UTC) + timedelta(days=45)).date()


def work_off(site: Site) -> None:
    """What the clock and the worker would do a few seconds later."""
    with psycopg.connect(plain(site.variables["DATABASE_URL_DIRECT"]), autocommit=True) as connection:
        connection.execute("UPDATE outbox SET due_at = now() WHERE kind = 'time_freed' AND state = 'queued'")
    program = [sys.executable, "-c", "from tasks.outbox import sweep; sweep()"]
    subprocess.run(program, env={**os.environ, **site.variables}, check=True)


def offer_path(desk: Page, name: str) -> str:
    """The secret link in the words that the desk sends by hand."""
    desk.locator(".waiter", has_text=name).get_by_role("button", name="Ask them").click()
    dialog = desk.get_by_role("dialog", name="Ask them by hand")
    text = dialog.locator(".offer-text").inner_text()
    dialog.get_by_role("button", name="Close").last.click()
    found = re.search(r"/w/[\w-]{22}", text)
    assert found is not None, text
    return found[0]


def wait_for_that_day(page: Page, name: str, phone: str) -> None:
    wait_for_that_day_at(page, name, phone, DAY.isoformat())


def wait_for_that_day_at(page: Page, name: str, phone: str, day: str) -> None:
    page.get_by_role("button", name="Add somebody").click()
    panel = page.get_by_role("dialog", name="Onto the waiting list")
    panel.get_by_role("button", name="New customer").click()
    panel.get_by_label("Name", exact=True).fill(name)
    panel.get_by_label("Mobile number").fill(phone)
    panel.get_by_label("Service", exact=True).select_option(label="Plain haircut")
    panel.get_by_label("First day").fill(day)
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_be_hidden()


def test_a_cancelled_visit_is_offered_and_becomes_theirs(site: Site, open_page: Opener, chromium: Browser) -> None:
    calendar = open_page(f"/calendar?date={DAY.isoformat()}")
    visit = book(calendar.page, "Tara Menon", "11:00")
    desk = open_page("/waitlist")
    wait_for_that_day(desk.page, "Meghana Waits", "98450 77001")
    expect(desk.page.locator(".waiter", has_text="Meghana Waits")).to_be_visible()

    visit.click()
    calendar.page.get_by_role("region", name="Booking").get_by_role("button", name="Cancel").click()
    calendar.page.get_by_role("dialog").get_by_role("button", name="Cancel booking").click()
    expect(visit).to_have_count(0)
    work_off(site)
    expect(desk.page.locator(".waiter", has_text="Meghana Waits")).to_contain_text("11:00 am with Plain manager")

    context = chromium.new_context(**PHONE.options, java_script_enabled=False)
    phone = context.new_page()
    phone.goto(f"{site.url}{offer_path(desk.page, 'Meghana Waits')}")
    expect(phone.get_by_role("heading", name="A time has become free")).to_be_visible()
    phone.get_by_role("button", name="Yes, I will come").click()
    expect(phone).to_have_url(re.compile("/m/"))
    expect(phone.get_by_role("main")).to_contain_text("11:00 am – 11:45 am")
    context.close()

    expect(desk.page.locator(".waiter", has_text="Meghana Waits")).to_have_count(0)
    expect(block(calendar.page, "Meghana Waits")).to_be_visible()
    assert desk.complaints == [] and calendar.complaints == []


def test_a_walk_in_draws_is_called_and_the_step_is_taken_back(site: Site, open_page: Opener, chromium: Browser) -> None:
    desk = open_page("/queue", device=TABLET)
    page = desk.page
    page.get_by_role("button", name="Switch the queue on").or_(
        page.get_by_role("button", name="Draw a number")
    ).first.click()
    if page.get_by_role("dialog", name="Draw a number").count() == 0:
        page.get_by_role("button", name="Draw a number").click()
    panel = page.get_by_role("dialog", name="Draw a number")
    panel.get_by_text("Plain haircut").click()
    panel.get_by_role("button", name="Draw", exact=True).click()
    number = panel.locator(".drawn-number").inner_text()
    link = panel.get_by_role("link", name="Open the page of this number").get_attribute("href") or ""
    panel.get_by_role("button", name="Finished").click()

    ticket = page.locator(".ticket", has_text=re.compile(rf"^{number}\D"))
    ticket.get_by_role("button", name="Call").click()
    expect(ticket.get_by_role("button", name="Call")).to_have_count(0)
    context = chromium.new_context(**PHONE.options)
    phone = context.new_page()
    phone.goto(f"{site.url}{link[link.index('/q/') :]}")
    expect(phone.get_by_role("heading", name="It is your turn")).to_be_visible()
    page.get_by_role("button", name="Undo").last.click()
    expect(ticket.get_by_role("button", name="Call")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("heading", name="You are in the queue")).to_be_visible()
    phone.get_by_role("button", name="Leave the queue").click()
    expect(phone.get_by_role("heading", name="You have left the queue")).to_be_visible()
    expect(ticket.get_by_role("button", name="Call")).to_have_count(0)
    context.close()
    assert desk.complaints == []


def test_who_waits_gets_a_time_by_a_press_on_the_calendar(open_page: Opener, chromium: Browser, site: Site) -> None:
    day = (DAY + timedelta(days=1)).isoformat()
    context = chromium.new_context(**PHONE.options, java_script_enabled=False)
    phone = context.new_page()
    phone.goto(f"{site.url}/b/shop-a/when?s={site.shops.a.service_id}&day={day}")
    phone.get_by_role("link", name="Join the waiting list").click()
    phone.get_by_label("Day").first.fill(day)
    phone.get_by_label("Your name").fill("Nalini Waits")
    phone.get_by_label("Mobile number").fill("98450 77055")
    phone.wait_for_timeout(1_100)  # a form that comes back sooner was read by nobody
    phone.get_by_role("button", name="Join the waiting list").click()
    expect(phone.get_by_role("heading", name="You are on the waiting list")).to_be_visible()

    desk = open_page(f"/calendar?date={day}")
    page = desk.page
    page.get_by_role("link", name=re.compile("Waiting list,")).click()
    expect(page).to_have_url(re.compile("drawer=waitlist"))
    entry = page.locator(".calendar-drawer .waiter", has_text="Nalini Waits")
    expect(entry).to_contain_text("From the booking page")
    entry.get_by_role("button", name="Offer a time").click()
    expect(page.get_by_text("Press a free place for")).to_be_visible()
    page.get_by_role("button", name="Type the time instead").click()
    panel = page.get_by_role("dialog", name="Offer a time")
    panel.get_by_label("Time", exact=True).fill("11:00")
    panel.get_by_label("With").select_option(label="Plain manager")
    panel.get_by_text("They have said yes: book it now").click()
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_be_hidden()
    made = block(page, "Nalini Waits")
    expect(made).to_be_visible()
    expect(entry).to_have_count(0)
    phone.reload()
    phone.get_by_role("button", name="To your visit").click()
    expect(phone).to_have_url(re.compile("/m/"))
    expect(phone.get_by_role("main")).to_contain_text("11:00 am – 11:45 am")

    wait_for_that_day_at(page, "Omana Waits", "98450 77056", day)
    other = page.locator(".calendar-drawer .waiter", has_text="Omana Waits")
    other.get_by_role("button", name="Offer a time").click()
    x, y = middle(made)
    page.mouse.click(x, y + minutes_high(made, 150))
    expect(panel.get_by_label("Time", exact=True)).to_have_value(re.compile("13:[0-5]"))
    expect(panel.get_by_label("With")).to_have_value(str(site.shops.a.members[Role.MANAGER]))
    page.keyboard.press("Escape")
    context.close()
    assert desk.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
@pytest.mark.parametrize("name", ["gaps", "waitlist", "queue"])
def test_a_drawer_is_sound(open_page: Opener, name: str, device: Device) -> None:
    watched = open_page(f"/calendar?drawer={name}&date={DAY.isoformat()}", device=device)
    page = watched.page
    settle(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults(page) == []
    assert overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
    if device is PHONE:
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
    assert watched.complaints == []
