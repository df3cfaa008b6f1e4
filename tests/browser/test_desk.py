"""One visit at the desk: called off with its fee and the words for the customer, asked for and answered, booked again, and
booked with whoever is free. Every dialog is sound in both themes and on a narrow phone."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from microcrm.adapters.reachable import plain
from tests.browser.conftest import PHONE, TABLET, Opener
from tests.browser.test_calendar import block, book, day
from tests.browser.test_screens import TOO_SMALL, faults, overflow
from tests.support.site import Site

pytestmark = pytest.mark.browser


def ask_database(site: Site, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(plain(site.variables["DATABASE_URL_DIRECT"]), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.business_id', %s, false)", (str(site.shops.a.business_id),))
        cursor = connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def dear(site: Site) -> Any:
    """Whoever cancels within thirty days or does not come pays half."""
    ladder = '[{"within_min": 43200, "percent": 50}]'
    ask_database(
        site,
        "INSERT INTO booking_policies (business_id, fee_ladder, no_show_percent, version) VALUES (%s, %s, 50, 1) "
        "ON CONFLICT (business_id) DO UPDATE SET fee_ladder = excluded.fee_ladder, no_show_percent = 50",
        site.shops.a.business_id,
        ladder,
    )
    yield
    ask_database(site, "UPDATE booking_policies SET fee_ladder = '[]', no_show_percent = 0")


def marked(site: Site, name: str, status: str, until: str = "NULL") -> None:
    """The customer's visit as it would be after a while. ``until``: SQL of when it lapses."""
    ask_database(
        site,
        f"UPDATE bookings b SET status = %s, expires_at = {until}, version = b.version + 1 FROM customers c "
        "WHERE c.business_id = b.business_id AND c.id = b.customer_id AND c.name = %s",
        status,
        name,
    )


def book_with_phone(page: Page, name: str, phone: str, time: str) -> Locator:
    """Like ``book``, for somebody who can be told."""
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Mobile number").fill(phone)
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill(time)
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form).to_be_hidden()
    return block(page, name)


def messages(site: Site, name: str) -> list[str]:
    rows = ask_database(
        site,
        "SELECT m.step FROM messages m JOIN customers c ON c.business_id = m.business_id AND c.id = m.customer_id "
        "WHERE m.step NOT IN ('reminder', 'ask_to_confirm') AND m.state = 'planned' AND c.name = %s ORDER BY m.id",
        name,
    )
    return [step for (step,) in rows]


def test_a_late_cancellation_with_its_words_and_a_waiver(open_page: Opener, site: Site, dear: None) -> None:
    watched = open_page(f"/calendar?date={day(28)}")
    page = watched.page
    book_with_phone(page, "Charu Nair", "98450 88001", "10:00").click()
    page.get_by_role("region", name="Booking").get_by_role("button", name="Cancel").click()
    form = page.get_by_role("dialog", name="Cancel booking")
    expect(form.get_by_label("The customer, late")).to_be_checked()
    expect(form).to_contain_text("50 % of the price")
    expect(form.locator("blockquote")).to_contain_text("your visit is cancelled: Plain haircut")
    expect(form).to_contain_text("They go out once messaging is set up")
    form.get_by_label("Reason (optional)").fill("Power cut")
    expect(form.locator("blockquote")).to_contain_text("Power cut")
    form.get_by_label(re.compile("Waive the fee")).check()
    form.get_by_role("button", name="Cancel booking").click()
    expect(form.get_by_role("alert")).to_contain_text("Say why no fee is asked for.")
    expect(form.get_by_label("Reason (optional)")).to_have_value("Power cut")
    form.get_by_label("Why no fee is asked for").fill("Our fault")
    form.get_by_role("button", name="Cancel booking").click()
    expect(form).to_be_hidden()
    expect(page.get_by_text("waived").last).to_be_visible()
    assert messages(site, "Charu Nair") == ["booked", "cancelled"]
    page.get_by_role("button", name="Undo").last.click()
    expect(block(page, "Charu Nair")).to_have_count(1)
    assert messages(site, "Charu Nair") == ["booked"]
    assert watched.complaints == []


def test_a_move_by_keys_offers_to_tell(open_page: Opener, site: Site) -> None:
    page = open_page(f"/calendar?date={day(51)}").page
    book_with_phone(page, "Divya Rao", "98450 88002", "10:00").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(block(page, "Divya Rao")).to_contain_text("10:15")
    page.get_by_role("button", name="Tell customer").last.click()
    dialog = page.get_by_role("dialog", name="Tell the customer")
    expect(dialog).to_contain_text("your visit has a new time")
    dialog.get_by_role("button", name="Tell them").click()
    expect(page.get_by_text("Divya Rao will be told")).to_be_visible()
    assert messages(site, "Divya Rao") == ["booked", "moved"]


def test_requests_are_answered_from_the_drawer(open_page: Opener, site: Site) -> None:
    page = open_page(f"/calendar?date={day(52)}").page
    for name, time in (("Esha Pai", "10:00"), ("Farida Beg", "12:00")):
        book(page, name, time)
        marked(site, name, "pending_approval", "now() + interval '3 hours'")
    page.reload()
    expect(block(page, "Esha Pai")).to_have_class(re.compile("st-held"))
    page.get_by_role("link", name="Requests, 2").click()
    drawer = page.get_by_role("complementary", name="Requests")
    drawer.get_by_role("button", name="Approve: Esha Pai").click()
    expect(block(page, "Esha Pai")).to_have_class(re.compile("st-booked"))
    expect(page.get_by_role("link", name="Requests, 1")).to_be_visible()
    drawer.get_by_role("button", name="Decline: Farida Beg").click()
    form = page.get_by_role("dialog", name="Decline request")
    form.get_by_label("Reason (optional)").fill("We are closed then")
    form.get_by_role("button", name="Decline").click()
    expect(block(page, "Farida Beg")).to_have_count(0)
    expect(drawer).to_contain_text("No requests")


def test_a_finished_visit_is_booked_again(open_page: Opener, site: Site) -> None:
    page = open_page(f"/calendar?date={day(53)}").page
    book(page, "Gita Sen", "10:00")
    marked(site, "Gita Sen", "finished")
    page.reload()
    block(page, "Gita Sen").click()
    page.get_by_role("region", name="Booking").get_by_role("button", name="Book again").click()
    form = page.get_by_role("dialog", name="Book again")
    form.get_by_role("button", name=re.compile("^1 wk")).click()
    expect(form.get_by_label("Day")).to_have_value(day(60))
    form.get_by_role("button", name="11:15 am").click()
    expect(form.get_by_label("Time", exact=True)).to_have_value("11:15")
    form.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_text("Gita Sen is booked").last).to_contain_text("11:15 am with Plain manager")


def test_anybody_who_is_free_and_a_refusal_that_keeps_what_was_typed(open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(54)}").page
    book(page, "Hina Khan", "10:00")
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill("Indu Das")
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill("10:15")
    form.get_by_role("button", name="Book", exact=True).click()
    offered = form.get_by_role("status").filter(has_text="These times are free")
    expect(offered.get_by_role("button")).to_have_count(3)
    expect(form.get_by_label("Name", exact=True)).to_have_value("Indu Das")
    form.get_by_label("With", exact=True).select_option(label="Anybody who is free")
    chip = form.get_by_role("group", name=re.compile("^Free on")).get_by_role("button", name="10:00 am")
    assert chip.evaluate("it => { it.click(); return it.form.elements.time.value }") == "10:00", "before any answer"
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form).to_be_hidden()
    notice = page.get_by_text("Indu Das is booked")
    expect(notice).to_contain_text("10:00 am")
    expect(notice).not_to_contain_text("Plain manager")


@pytest.mark.parametrize("device", [TABLET, PHONE], ids=lambda device: device.name)
def test_the_dialogs_are_sound(open_page: Opener, site: Site, dear: None, device: Any) -> None:
    watched = open_page(f"/calendar?date={day(55 if device is TABLET else 56)}&new=new", device=device)
    page = watched.page
    form = page.get_by_role("dialog", name="New booking")
    name = f"Jaya {device.name}"
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Mobile number").fill("98450 88010" if device is TABLET else "98450 88011")
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("Time", exact=True).fill("16:00")
    expect(form.locator(".letter")).to_be_visible()
    sound(page)
    form.get_by_role("button", name="Book", exact=True).click()
    visit = page.locator(".agenda-block" if device is PHONE else ".ec-event.ev").filter(has_text=name)
    visit.click()
    card = page.get_by_role("region", name="Booking")
    for button, title in (("Move", "Move booking"), ("Cancel", "Cancel booking")):
        card.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog", name=title)).to_be_visible()
        sound(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name=title)).to_be_hidden()
    card.get_by_role("button", name="More steps").click()
    page.get_by_role("button", name="Did not come").click()
    expect(page.get_by_role("dialog", name="Did not come")).to_be_visible()
    sound(page)
    page.get_by_role("dialog").get_by_role("button", name="Did not come").click()
    expect(card).to_contain_text("Fee to be paid")
    card.get_by_role("button", name="Waive it").click()
    expect(page.get_by_role("dialog", name="Waive the fee")).to_be_visible()
    sound(page)
    page.keyboard.press("Escape")
    card.get_by_role("button", name="Book again").click()
    expect(page.get_by_role("dialog", name="Book again")).to_be_visible()
    sound(page)
    assert watched.complaints == []


def sound(page: Page) -> None:
    """What is open now: accessible in both themes, big enough for a finger, and whole at 320 px."""
    size = page.viewport_size
    assert size
    assert page.evaluate(TOO_SMALL) == []
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark")).to_have_count(1)
    assert faults(page) == []
    page.emulate_media(color_scheme="light")
    expect(page.locator("html.dark")).to_have_count(0)
    if size["width"] < 500:
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
        assert page.evaluate(
            "() => [...document.querySelectorAll('.overlay-body')].every((n) => n.scrollWidth <= n.clientWidth)"
        )
        page.set_viewport_size(size)
