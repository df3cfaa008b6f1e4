"""Reminders and texts with hands: a rule, and a message's words with the variables put in where the cursor is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle

pytestmark = pytest.mark.browser


def test_words_are_written_with_chips_and_seen_as_they_arrive(open_page: Opener) -> None:
    watched = open_page("/settings/reminders", device=TABLET)
    page = watched.page
    page.get_by_role("button", name="Booked One visit was booked.").click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="SMS", exact=True).click()
    expect(panel.get_by_text("1 SMS:")).to_be_visible()
    box = panel.get_by_label("Text", exact=True)
    box.fill("Dear , it’s booked: {when}. {link}")
    box.evaluate("box => box.setSelectionRange(5, 5)")
    panel.get_by_role("button", name="Customer’s first name").click()
    expect(box).to_have_value("Dear {customer}, it’s booked: {when}. {link}")
    expect(panel.get_by_role("status")).to_contain_text("Dear Asha, it's booked:")
    expect(panel.get_by_text("because that takes less room")).to_be_visible()
    box.fill("Dear {custmer}")
    expect(panel.get_by_text("Did you mean {customer}?")).to_be_visible()
    expect(box).to_have_attribute("aria-invalid", "true")
    box.fill("Dear {customer}, it is booked: {when}. {link}")
    expect(panel.get_by_text("Did you mean")).to_have_count(0)
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Messages that leave from now on say it so.")).to_be_visible()
    panel.get_by_role("button", name="Use the built-in text").click()
    expect(box).to_have_value("{shop}: you are booked: {service}, {when}. Change or cancel: {link}")
    assert watched.complaints == []


def test_a_rule_is_changed_and_taken_back(open_page: Opener) -> None:
    page = open_page("/settings/reminders").page
    page.get_by_role("button", name="Reminder 2 h before the visit").click()
    panel = page.get_by_role("dialog")
    panel.get_by_text("At a time of day").click()
    panel.get_by_label("Time", exact=True).fill("19:00")
    panel.get_by_label("Sent by").select_option("SMS, then e-mail")
    panel.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Reminder The day before at 7:00 pm · SMS, then e-mail")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Reminder 2 h before the visit · WhatsApp")).to_be_visible()


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_page_and_panels_are_sound_at_every_size(open_page: Opener, device: Device) -> None:
    page = open_page("/settings/reminders", device=device).page
    settle(page)
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_label("Days before or after")).to_be_visible()
    assert faults(page) == [] and overflow(page) <= 0
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Booked One visit was booked.").click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="SMS", exact=True).click()
    expect(panel.get_by_text("1 SMS:")).to_be_visible()
    panel.locator("summary", has_text="Registered on DLT").click()
    panel.get_by_label("DLT template id").fill("12")
    expect(panel.get_by_text("The DLT template id is a number")).to_be_visible()
    panel.get_by_role("button", name="ಕನ್ನಡ").click()
    expect(panel.get_by_text("70 characters to an SMS")).to_be_visible()
    assert faults(page) == [] and overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
