"""A list of customers with hands: from the file to the customers and back, on a phone and by keyboard; a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.test_screens import faults, overflow, settle

pytestmark = pytest.mark.browser

LIST = """Name,Mobile,Date of birth,Notes
Gargi Phadnis,98450 66601,05/06/1991,Likes a window seat
गार्गी फडणीस,98450 66602,,
Nobody,12345,,
"""


def choose(page: Page, name: str, kind: str, data: bytes) -> None:
    page.get_by_label("List of customers").set_input_files({"name": name, "mimeType": kind, "buffer": data})
    press(page, page.get_by_role("button", name="Read the file"))


def press(page: Page, button: Locator) -> None:
    """By keyboard."""
    button.focus()
    page.keyboard.press("Enter")


def sound(page: Page) -> None:
    settle(page)
    assert overflow(page) <= 0
    assert faults(page) == []


def test_a_list_comes_in_by_keyboard_and_goes_again(open_page: Opener) -> None:
    watched = open_page("/customers", device=PHONE)
    page = watched.page
    page.get_by_role("link", name="Import").click()
    choose(page, "desk.csv", "text/csv", LIST.encode())
    expect(page.get_by_role("heading", name="What are the columns?")).to_be_visible()
    sound(page)
    page.get_by_label("How are days written in this file?").select_option("dmy")
    press(page, page.get_by_role("button", name="Check the rows"))
    expect(page.get_by_role("cell", name="This is no phone number.")).to_be_visible()
    sound(page)
    with page.expect_download() as coming:
        press(page, page.get_by_role("link", name="Rows left out (CSV)"))
    assert 'Nobody,12345,,,4,"This is no phone number.' in Path(coming.value.path()).read_text("utf-8-sig")
    press(page, page.get_by_role("button", name="Import 2 customers"))
    expect(page.get_by_text("2 customers added")).to_be_visible()
    sound(page)
    page.get_by_role("link", name="To the customers").click()
    expect(page.get_by_role("link", name="Gargi Phadnis", exact=True)).to_be_visible()
    page.go_back()
    press(page, page.get_by_role("button", name="Undo import"))
    expect(page.get_by_text("2 customers removed")).to_be_visible()
    sound(page)
    page.get_by_role("link", name="To the customers").click()
    expect(page.get_by_role("link", name="Plain Iyer", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Gargi Phadnis", exact=True)).to_have_count(0)
    assert watched.complaints == []


def test_a_file_that_is_no_list_is_refused_in_words(open_page: Opener) -> None:
    page = open_page("/customers/import").page
    for name, data, words in (
        ("customers.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "This is a PDF."),
        ("customers.csv", b"Name,Phone\n", "There is no customer in this file."),
    ):
        choose(page, name, "text/csv", data)
        expect(page.get_by_text(words)).to_be_visible()
        sound(page)
