"""The calendar with hands: a booking is made, moved by mouse, finger and keys, called off and brought back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from microcrm.adapters.reachable import plain
from microcrm.domain.formatting import format_weekday
from tests.browser.conftest import PHONE, TABLET, Opener
from tests.support.desk import INDIA
from tests.support.site import Site

pytestmark = pytest.mark.browser


def day(ahead: int) -> str:
    """Each test has a day of its own: what it books stays there."""
    return (datetime.now(INDIA) + timedelta(days=ahead)).date().isoformat()


def block(page: Page, name: str) -> Locator:
    return page.locator(".ec-event.ev").filter(has_text=name)


def book(page: Page, name: str, time: str = "10:00", who: str = "Plain manager") -> Locator:
    """A new customer's haircut, by the form. Returns its block."""
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label=who)
    form.get_by_label("Time", exact=True).fill(time)
    form.get_by_role("button", name="Book", exact=True).click()
    expect(form).to_be_hidden()
    expect(block(page, name)).to_be_visible()
    return block(page, name)


def minutes_high(element: Locator, minutes: int) -> float:
    """Pixels of that many minutes, from a block of 45."""
    box = element.bounding_box()
    assert box
    return box["height"] / 45 * minutes


def middle(element: Locator) -> tuple[float, float]:
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_booking_is_made_called_off_and_brought_back(open_page: Opener) -> None:
    watched = open_page(f"/calendar?date={day(20)}")
    page = watched.page
    made = book(page, "Tara Menon")
    made.click()
    card = page.get_by_role("region", name="Booking")
    expect(card).to_contain_text("Tara Menon")
    card.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel booking").click()
    expect(made).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(made).to_have_count(1)
    assert watched.complaints == []


PAINTED = """
window.paint = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
addEventListener("DOMContentLoaded", () => {
  window.painted = [];
  const look = () => {
    const title = document.querySelector(".toolbar h2 .wide-only")?.textContent;
    if (title && window.painted.at(-1) !== title) window.painted.push(title);
    requestAnimationFrame(look);
  };
  look();
});
"""


def test_no_other_day_is_painted_before_the_asked_one(open_page: Opener) -> None:
    """A tab remembers what it showed; whoever loads the page of another day, or comes back from another page, never sees it."""
    watched = open_page(f"/calendar?date={day(24)}")
    page = watched.page
    expect(page.locator(".toolbar h2 .wide-only")).to_have_text(title_of(24))
    page.add_init_script(PAINTED)
    page.goto(re.sub(r"date=[\d-]+", f"date={day(25)}", page.url))
    expect(page.locator(".toolbar h2 .wide-only")).to_have_text(title_of(25))
    assert page.evaluate("paint().then(() => painted)") == [title_of(25)]
    page.get_by_role("link", name="Today", exact=True).first.click()
    expect(page.locator(".toolbar")).to_have_count(0)
    page.get_by_role("link", name="Calendar", exact=True).first.click()
    expect(page.locator(".toolbar h2 .wide-only")).to_have_text(title_of(0))
    assert page.evaluate("paint().then(() => painted)") == [title_of(25), title_of(0)]
    assert watched.complaints == []


def title_of(ahead: int) -> str:
    return format_weekday(datetime.now(INDIA).date() + timedelta(days=ahead)).replace(",", "")


def test_the_mouse_moves_a_booking_and_a_refusal_puts_it_back(open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(21)}").page
    moved = book(page, "Uma Rao", "10:00")
    book(page, "Vimala Das", "13:00")
    x, y = middle(moved)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + minutes_high(moved, 60), steps=12)
    page.mouse.up()
    expect(block(page, "Uma Rao")).to_contain_text(re.compile("11:00", re.IGNORECASE))
    expect(page.get_by_text("Uma Rao moved to")).to_be_visible()
    x, y = middle(block(page, "Uma Rao"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + minutes_high(moved, 120), steps=12)
    page.mouse.up()
    expect(page.get_by_text("Plain manager is not free at 1:00 pm. Nearest free:")).to_be_visible()
    expect(block(page, "Uma Rao")).to_contain_text(re.compile("11:00", re.IGNORECASE))


def test_the_keys_move_a_booking_in_time_and_to_somebody_else(open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(22)}").page
    made = book(page, "Wahida Khan", "10:00")
    made.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(made).to_contain_text("10:15")
    expect(page.get_by_text("Wahida Khan moved to").last).to_contain_text("10:15 am with Plain manager")
    block(page, "Wahida Khan").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_text("Wahida Khan moved to").last).to_contain_text("with Plain front_desk")


@contextlib.contextmanager
def cleaning_after_haircuts(site: Site, minutes: int) -> Iterator[None]:
    change = "UPDATE services SET buffer_after_min = %s WHERE business_id = %s AND id = %s"
    shop = site.shops.a
    with psycopg.connect(plain(site.variables["DATABASE_URL_DIRECT"]), autocommit=True) as connection:
        connection.execute(change, (minutes, shop.business_id, shop.service_id))
        yield
        connection.execute(change, (0, shop.business_id, shop.service_id))


def test_the_cleaning_after_a_visit_goes_where_the_visit_goes(site: Site, open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(27)}").page
    with cleaning_after_haircuts(site, 30):
        made = book(page, "Xenia Rao", "10:00")
    band = page.locator(".off-buffer")
    expect(band).to_have_text("Clean-up")

    def is_below() -> bool:
        visit, after = made.bounding_box(), band.bounding_box()
        assert visit and after
        return abs(after["y"] - visit["y"] - visit["height"]) < 4 and abs(after["height"] - minutes_high(made, 30)) < 4

    assert is_below()
    made.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_text("Xenia Rao moved to").last).to_contain_text("10:15 am")
    expect(band).to_have_count(1)
    assert is_below()
    page.reload()
    expect(band).to_have_count(1)
    assert is_below()
    made.click()
    page.get_by_role("region", name="Booking").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel booking").click()
    expect(made).to_have_count(0)
    expect(band).to_have_count(0)


FOCUSED = "(() => { const n = document.activeElement; return n.labels?.[0]?.innerText ?? n.innerText ?? '' })()"


def reach(page: Page, words: str) -> None:
    """By the Tab key."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if words in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{words} is not reached")


def book_by_keys(page: Page, name: str) -> Locator:
    expect(page.locator(".toolbar")).to_be_visible()
    reach(page, "New booking")
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="New booking")
    expect(form).to_be_visible()
    reach(page, "New customer")
    page.keyboard.press("Enter")
    expect(form.get_by_label("Name", exact=True)).to_be_visible()
    reach(page, "Name")
    page.keyboard.type(name)
    reach(page, "Service")
    page.keyboard.press("ArrowDown")
    taker = form.get_by_label("With", exact=True).locator("option")
    expect(taker.filter(has_text="Plain manager")).to_have_count(1)
    reach(page, "With")
    page.keyboard.type("Plain manager")
    expect(taker.and_(page.locator(":checked"))).to_have_text("Plain manager")
    expect(form.get_by_role("group", name=re.compile("^Free on"))).to_be_visible()
    reach(page, "Time")
    page.keyboard.type("1000AM")
    expect(form.get_by_label("Time", exact=True)).to_have_value("10:00")
    page.keyboard.press("Enter")
    expect(form).to_be_hidden()
    return block(page, name)


def test_a_day_at_the_desk_with_the_keyboard_alone(open_page: Opener) -> None:
    """Booked, moved, made longer, opened, called off and brought back: no press of a mouse."""
    page = open_page(f"/calendar?date={day(29)}").page
    made = book_by_keys(page, "Xenia Das")
    expect(made).to_contain_text("10:00")
    reach(page, "Xenia Das")
    page.keyboard.press("Alt+ArrowDown")
    expect(made).to_contain_text("10:15")
    expect(made).to_be_focused()
    page.keyboard.press("Alt+Shift+ArrowDown")
    expect(page.get_by_text("Xenia Das: now 1 h")).to_be_visible()
    expect(made).to_be_focused()
    card, dialog = page.get_by_role("region", name="Booking"), page.get_by_role("dialog", name="Cancel booking")
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Xenia Das")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(made).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_be_visible()
    reach(page, "Cancel")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    reach(page, "Cancel booking")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(made).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(made).to_contain_text("10:15")


def drag_by_finger(page: Page, element: Locator, far: float) -> None:
    """Down by so many pixels, after a long press."""
    x, y = middle(element)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, at: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": at}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", y)
    page.wait_for_timeout(600)  # EventCalendar takes a press of 350 ms for the wish to drag
    for part in range(1, 13):
        touch("touchMove", y + far * part / 12)
    touch("touchEnd", y + far)


def test_a_finger_moves_a_booking_after_a_long_press(open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(23)}", device=TABLET).page
    made = book(page, "Yasmin Ali", "10:00")
    drag_by_finger(page, made, minutes_high(made, 60))
    expect(page.get_by_text("Yasmin Ali moved to")).to_contain_text("11:00 am")


def test_a_tap_on_an_empty_place_starts_a_booking_there(open_page: Opener) -> None:
    page = open_page(f"/calendar?date={day(24)}").page
    made = book(page, "Zoya Shah", "10:00")
    x, y = middle(made)
    page.mouse.click(x, y + minutes_high(made, 150))
    form = page.get_by_role("dialog", name="New booking")
    expect(form.get_by_label("Time", exact=True)).to_have_value(re.compile("12:[0-5]"))
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()


def test_phones_book_from_the_list_and_open_the_card(open_page: Opener) -> None:
    page = open_page(f"/calendar?new=walk_in&date={day(25)}", device=PHONE).page
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label="Plain owner")
    form.get_by_label("Time", exact=True).fill("15:00")
    form.get_by_role("button", name="Book", exact=True).click()
    row = page.locator(".agenda-block").filter(has_text="Walk-in")
    row.click()
    card = page.get_by_role("region", name="Booking")
    expect(card).to_contain_text("3:00 pm")
    card.get_by_role("button", name="Confirm").click()
    expect(row).to_contain_text("Confirmed")


def test_two_screens_live(open_page: Opener) -> None:
    """What one desk does shows on the other within a second, and what is typed there stays."""
    here, there = (open_page(f"/calendar?date={day(26)}").page for _ in range(2))
    made = book(here, "Bina Paul", "10:00")
    expect(block(there, "Bina Paul")).to_be_visible(timeout=1000)
    there.get_by_role("button", name="New booking").click()
    form = there.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill("Half a na")
    form.get_by_label("Time", exact=True).fill("17:45")
    made.focus()
    here.keyboard.press("Alt+ArrowDown")
    expect(block(there, "Bina Paul")).to_contain_text("10:15", timeout=1500)
    expect(form.get_by_label("Name", exact=True)).to_have_value("Half a na")
    expect(form.get_by_label("Time", exact=True)).to_have_value("17:45")
    expect(form.get_by_label("Name", exact=True)).to_be_visible()
