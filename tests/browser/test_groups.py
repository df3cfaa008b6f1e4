"""Classes and series with hands: scheduled, joined, left; booked ahead, and changed from one visit on. Sound at every step."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from microcrm.domain.formatting import format_weekday_short
from tests.browser.conftest import PHONE, TABLET, Opener
from tests.browser.test_calendar import block, book, drag_by_finger, middle
from tests.browser.test_screens import faults, overflow
from tests.support.desk import INDIA

pytestmark = pytest.mark.browser


def day(ahead: int) -> date:
    """Each test has days of its own: what it books stays there."""
    return datetime.now(INDIA).date() + timedelta(days=ahead)


def to_day(page: Page, ahead: int) -> None:
    """The calendar of that day, when it has been read."""
    page.goto(re.sub(r"date=[\d-]+", f"date={day(ahead)}", page.url))
    expect(page.locator(".toolbar")).to_contain_text(format_weekday_short(day(ahead)))


def check(page: Page) -> None:
    """Accessible in both themes, and within its width at 320 px as well."""
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("html.dark")).to_have_count(1 if scheme == "dark" else 0)
        assert faults(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert overflow(page) <= 0
    assert size
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def class_of_three(page: Page, name: str) -> None:
    """A service with three seats, that everybody gives."""
    page.get_by_role("button", name="New service").click()
    form = page.get_by_role("dialog", name="New service")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Price", exact=True).fill("200")
    form.get_by_label("Seats in a class").fill("3")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def to_class_form(page: Page) -> Locator:
    page.get_by_role("button", name="New booking").click()
    page.get_by_role("dialog", name="New booking").get_by_role("button", name="Class", exact=True).click()
    return page.get_by_role("dialog", name="New class")


def test_somebody_joins_a_class_and_leaves_it(open_page: Opener) -> None:
    watched = open_page("/settings/services")
    page = watched.page
    class_of_three(page, "Evening yoga")
    page.goto(re.sub(r"/settings.*", f"/calendar?date={day(30)}", page.url))
    form = to_class_form(page)
    check(page)
    form.get_by_label("Class", exact=True).select_option(label="Evening yoga · 30 min · 3 seats")
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill("17:00")
    form.get_by_role("button", name="Schedule").click()
    expect(form).to_be_hidden()
    block(page, "Evening yoga").click()
    panel = page.get_by_role("dialog", name="Evening yoga")
    expect(panel).to_contain_text("0 of 3 seats taken")
    panel.get_by_role("button", name="Add somebody").click()
    panel.get_by_role("button", name="New customer").click()
    panel.get_by_label("Name", exact=True).fill("Gita Rao")
    panel.get_by_label("Seats", exact=True).fill("2")
    check(page)
    panel.get_by_role("button", name="Add to the class").click()
    expect(panel).to_contain_text("2 of 3 seats taken")
    expect(block(page, "Evening yoga")).to_contain_text("2 of 3")
    check(page)
    panel.get_by_role("button", name="More for this customer").click()
    page.get_by_role("button", name="Cancel their place").click()
    check(page)
    panel.get_by_role("button", name="Cancel their place").last.click()
    expect(panel).to_contain_text("0 of 3 seats taken")
    expect(panel).to_contain_text("Nobody has booked yet")
    panel.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Undo").last.click()
    expect(block(page, "Evening yoga")).to_contain_text("2 of 3")
    assert watched.complaints == []


def test_a_series_is_booked_and_moved_from_one_visit_on(open_page: Opener) -> None:
    watched = open_page(f"/calendar?date={day(31)}")
    page = watched.page
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill("Hema Nair")
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill("10:00")
    form.get_by_label("Repeat", exact=True).select_option("week")
    form.get_by_label("Times", exact=True).fill("3")
    form.get_by_role("button", name="See the dates").click()
    expect(form.locator(".date")).to_have_count(3)
    check(page)
    form.get_by_role("button", name="Book 3 visits").click()
    expect(form).to_be_hidden()
    to_day(page, 38)
    block(page, "Hema Nair").click()
    card = page.get_by_role("region", name="Booking")
    expect(card).to_contain_text("Visit 2 of 3")
    card.get_by_role("button", name="Move", exact=True).click()
    dialog = page.get_by_role("dialog", name="Move visits of a series")
    check(page)
    dialog.get_by_role("button", name="This and following").click()
    dialog.get_by_label("Time", exact=True).fill("15:00")
    check(page)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("2 visits moved")).to_be_visible()
    for ahead, at in ((31, "10:00"), (38, "3:00"), (45, "3:00")):
        to_day(page, ahead)
        expect(block(page, "Hema Nair")).to_contain_text(at)
    assert watched.complaints == []


def test_on_a_phone_a_class_is_opened_from_the_list(open_page: Opener) -> None:
    page = open_page("/settings/services").page
    class_of_three(page, "Morning yoga")
    page.goto(re.sub(r"/settings.*", f"/calendar?date={day(32)}", page.url))
    form = to_class_form(page)
    form.get_by_label("Class", exact=True).select_option(label="Morning yoga · 30 min · 3 seats")
    form.get_by_label("With", exact=True).select_option(label="Plain owner")
    form.get_by_label("Time", exact=True).fill("10:00")
    form.get_by_role("button", name="Schedule").click()
    expect(form).to_be_hidden()
    small = open_page(f"/calendar?date={day(32)}", device=PHONE).page
    small.locator(".agenda-block").filter(has_text="Morning yoga").click()
    panel = small.get_by_role("dialog", name="Morning yoga")
    panel.get_by_role("button", name="Cancel class").click()
    panel.get_by_role("button", name="Cancel the class").click()
    expect(small.locator(".agenda-block").filter(has_text="Morning yoga")).to_have_count(0)
    expect(small.get_by_text("Class cancelled")).to_be_visible()


def drag(page: Page, element: Locator, minutes: int, *, from_edge: bool = False) -> None:
    """Down by so many minutes, taken in the middle or, to stretch it, by its lower edge."""
    x, y = middle(element)
    box = element.bounding_box()
    assert box
    at = box["y"] + box["height"] - 3 if from_edge else y
    page.mouse.move(x, at)
    page.mouse.down()
    page.mouse.move(x, at + minutes * quarter(page) / 15, steps=12)
    page.mouse.up()


def press_until(element: Locator, key: str, shown: Locator) -> None:
    """A panel that has just closed gives the focus back in its own time, and a block that is drawn anew loses it."""
    for _ in range(5):
        element.focus()
        element.page.keyboard.press(key)
        try:
            expect(shown).to_be_visible(timeout=1_500)
        except AssertionError:
            continue
        return
    expect(shown).to_be_visible()


def quarter(page: Page) -> float:
    """Pixels of a quarter of an hour: a label of the axis is an hour high."""
    box = page.locator(".ec-time-grid .ec-slot").nth(1).bounding_box()
    assert box
    return box["height"] / 4


def scheduled(page: Page, name: str, ahead: int, *, times: str = "") -> Locator:
    """A class with the manager at five, perhaps weekly. Returns its block."""
    class_of_three(page, name)
    page.goto(re.sub(r"/settings.*", f"/calendar?date={day(ahead)}", page.url))
    form = to_class_form(page)
    form.get_by_label("Class", exact=True).select_option(label=f"{name} · 30 min · 3 seats")
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill("11:00")
    if times:
        form.get_by_label("Repeat", exact=True).select_option("week")
        form.get_by_label("Times", exact=True).fill(times)
        form.get_by_role("button", name="See the dates").click()
        form.get_by_role("button", name=f"Schedule {times} classes").click()
    else:
        form.get_by_role("button", name="Schedule").click()
    expect(form).to_be_hidden()
    return block(page, name)


def test_a_class_is_dragged_stretched_and_asks_where_seats_are_sold(open_page: Opener) -> None:
    watched = open_page("/settings/services")
    page = watched.page
    made = scheduled(page, "Noon stretch", 33)
    drag(page, made, 60)
    expect(page.get_by_text("Class moved:")).to_be_visible()
    expect(made).to_contain_text(re.compile("12:00", re.IGNORECASE))
    made.focus()
    page.keyboard.press("Alt+Shift+ArrowDown")
    expect(page.get_by_text("Class takes 45 min now")).to_be_visible()
    made.click()
    panel = page.get_by_role("dialog", name="Noon stretch")
    panel.get_by_role("button", name="Add somebody").click()
    panel.get_by_role("button", name="New customer").click()
    panel.get_by_label("Name", exact=True).fill("Indu Nair")
    panel.get_by_label("Mobile number").fill("98860 12121")
    panel.get_by_role("button", name="Add to the class").click()
    expect(panel).to_contain_text("1 of 3 seats taken")
    panel.get_by_role("button", name="Change", exact=True).click()
    panel.get_by_label("Seats", exact=True).fill("0")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_label("Seats", exact=True)).to_have_attribute("aria-invalid", "true")
    panel.get_by_label("Seats", exact=True).fill("5")
    panel.get_by_label("Note").fill("Bring a mat")
    check(page)
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_contain_text("1 of 5 seats taken")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(made).to_contain_text("1 of 5")
    dialog = page.get_by_role("dialog", name="Move Noon stretch")
    press_until(made, "Alt+ArrowDown", dialog)
    expect(dialog).to_contain_text("12:15 pm")
    expect(dialog).to_contain_text("Message to 1 customer.")
    expect(made).to_contain_text(re.compile("12:00", re.IGNORECASE))
    check(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    drag(page, made, 120)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(made).to_contain_text(re.compile("2:00", re.IGNORECASE))
    page.get_by_role("button", name="Undo").last.click()
    expect(made).to_contain_text(re.compile("12:00", re.IGNORECASE))
    assert watched.complaints == []


def test_repeating_classes_are_moved_from_the_panel(open_page: Opener) -> None:
    watched = open_page("/settings/services")
    page = watched.page
    scheduled(page, "Weekly flow", 34, times="3").click()
    panel = page.get_by_role("dialog", name="Weekly flow")
    panel.get_by_role("button", name="Move", exact=True).click()
    dialog = page.get_by_role("dialog", name="Move Weekly flow")
    dialog.get_by_label("All still to come").check()
    dialog.get_by_label("Time", exact=True).fill("15:00")
    check(page)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("3 classes moved")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    for ahead in (34, 41, 48):
        to_day(page, ahead)
        expect(block(page, "Weekly flow")).to_contain_text(re.compile("3:00", re.IGNORECASE))
    assert watched.complaints == []


def test_repeating_classes_are_called_off_and_all_come_back(open_page: Opener) -> None:
    watched = open_page("/settings/services")
    page = watched.page
    scheduled(page, "Weekly stretch", 35, times="3").click()
    panel = page.get_by_role("dialog", name="Weekly stretch")
    panel.get_by_role("button", name="Cancel class").click()
    expect(panel).to_contain_text("Nobody has booked. The time becomes free.")
    panel.get_by_label("All still to come").check()
    expect(panel).to_contain_text("3 classes will be cancelled by you. Their time becomes free.")
    check(page)
    panel.get_by_role("button", name="Cancel 3 classes").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_text("3 classes cancelled")).to_be_visible()
    expect(block(page, "Weekly stretch")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    for ahead in (35, 42, 49):
        to_day(page, ahead)
        expect(block(page, "Weekly stretch")).to_be_visible()
    assert watched.complaints == []


def test_what_is_in_the_way_of_a_dragged_series_is_listed_before_it_is_moved(open_page: Opener) -> None:
    watched = open_page(f"/calendar?date={day(57)}")
    page = watched.page
    book(page, "Kala Reddy", "13:15")
    page.goto(page.url.partition("/calendar")[0] + "/settings/services")
    made = scheduled(page, "Weekly breath", 50, times="2")
    drag(page, made, 120)
    dialog = page.get_by_role("dialog", name="Move Weekly breath")
    expect(dialog).to_contain_text("Now:")
    expect(dialog.get_by_text("These stay where they are:")).to_have_count(0)
    dialog.get_by_label("All still to come").check()
    expect(dialog.get_by_role("alert")).to_contain_text("These stay where they are:")
    expect(dialog.get_by_role("alert")).to_contain_text("Plain manager is not free at 1:00 pm")
    check(page)
    dialog.get_by_role("button", name="Move the others").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("1 class moved")).to_be_visible()
    expect(made).to_contain_text(re.compile("1:00", re.IGNORECASE))
    assert watched.complaints == []


def test_a_dragged_visit_of_a_series_asks_which_go_with_it(open_page: Opener) -> None:
    watched = open_page(f"/calendar?date={day(36)}")
    page = watched.page
    page.get_by_role("button", name="New booking").click()
    form = page.get_by_role("dialog", name="New booking")
    form.get_by_role("button", name="New customer").click()
    form.get_by_label("Name", exact=True).fill("Jaya Pillai")
    form.get_by_label("Mobile number").fill("98860 23232")
    form.get_by_label("Service", exact=True).select_option(index=1)
    form.get_by_label("With", exact=True).select_option(label="Plain manager")
    form.get_by_label("Time", exact=True).fill("11:00")
    form.get_by_label("Repeat", exact=True).select_option("week")
    form.get_by_label("Times", exact=True).fill("3")
    form.get_by_role("button", name="See the dates").click()
    form.get_by_role("button", name="Book 3 visits").click()
    made = block(page, "Jaya Pillai")
    drag(page, made, 120)
    ask = page.get_by_role("dialog", name="What moves?")
    expect(ask).to_contain_text("1:00 pm")
    expect(made).to_contain_text("11:00")
    check(page)
    page.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    made.focus()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Tab")
    expect(ask).to_contain_text("11:15 am")
    ask.get_by_role("button", name="This and following").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Move visits of a series")
    expect(dialog.get_by_label("Time", exact=True)).to_have_value("11:15")
    expect(dialog).to_contain_text("your visits have new times")
    check(page)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("3 visits moved")).to_be_visible()
    expect(made).to_contain_text("11:15")
    assert watched.complaints == []


def test_a_finger_moves_a_class_on_a_tablet_and_the_other_screen_sees_it(open_page: Opener) -> None:
    watched = open_page("/settings/services")
    made = scheduled(watched.page, "Finger yoga", 37)
    tablet = open_page(f"/calendar?date={day(37)}", device=TABLET).page
    there = block(tablet, "Finger yoga")
    expect(there).to_be_visible()
    drag_by_finger(tablet, there, quarter(tablet) * 4)
    expect(tablet.get_by_text("Class moved:")).to_be_visible()
    expect(made).to_contain_text(re.compile("12:00", re.IGNORECASE))
    assert watched.complaints == []
