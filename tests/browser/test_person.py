"""A customer's page with hands: a consent, photos before and after, a field changed where it stands, family."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import FilePayload, expect
from sqlalchemy import create_engine, text

from microcrm import wiring
from microcrm.domain.zones import INDIA, today_in, zone_of
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.pictures import from_telephone, photo
from tests.support.site import Site

pytestmark = pytest.mark.browser

_TABLES = ("file_openings", "person_files", "consents", "consent_notices")


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The page of shop A's customer; afterwards it is as it was."""
    yield f"/customer?id={site.shops.a.customer_id}"
    engine = create_engine(site.variables["DATABASE_URL_DIRECT"].replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE person_files SET before_id = NULL"))
        for table in _TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


def picture(name: str, data: bytes = b"") -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data or photo((400, 300))}


def test_photos_ask_for_consent_and_stand_side_by_side(open_page: Opener, address: str) -> None:
    page = open_page(address.replace("?", "/folder?")).page
    expect(page.get_by_text("No consent for photos")).to_be_visible()
    page.get_by_label("What it shows").select_option("before")
    page.locator("input[type=file][multiple]").set_input_files([picture("before.jpg")])
    expect(page.get_by_role("heading", name="Photos: the customer says yes")).to_be_visible()
    expect(page.get_by_text("would like to take and keep photos of you")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Record").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("list", name="Consents").get_by_text("Photos", exact=False).first).to_be_visible()

    yesterday = today_in(zone_of(INDIA), wiring.now()) - timedelta(days=1)
    page.get_by_label("What it shows").select_option("before")
    page.get_by_label("Day", exact=True).fill(yesterday.isoformat())
    page.locator("input[type=file][multiple]").set_input_files([picture("before.jpg")])
    expect(page.get_by_role("button", name="Show large: Before")).to_be_visible()
    page.get_by_label("What it shows").select_option("after")
    page.get_by_label("Day", exact=True).fill((yesterday + timedelta(days=1)).isoformat())
    page.locator("input[type=file][multiple]").set_input_files([picture("after.jpg", from_telephone())])
    expect(page.get_by_text("1 day between them")).to_be_visible()
    for shown in page.locator(".photo-pair img").all():
        expect(shown).to_have_js_property("complete", True)
        assert shown.evaluate("picture => picture.naturalWidth") > 0
    page.locator("input[type=file][multiple]").set_input_files([picture("x.jpg", b"not a photo")])
    expect(page.get_by_role("alert").filter(has_text="not a JPEG, PNG or WebP photo")).to_be_visible()
    page.get_by_role("button", name="Leave it").click()

    page.get_by_role("button", name="Show large: After").click()
    expect(page.get_by_role("dialog", name="Before and after").locator("img")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator(".photo-pair figure").last.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Remove").last.click()
    expect(page.get_by_text("After photo removed")).to_be_visible()
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_text("1 day between them")).to_be_visible()


def test_a_name_is_changed_by_keyboard_where_it_stands(open_page: Opener, address: str) -> None:
    page = open_page(address).page
    expect(page.get_by_role("button", name="Change name")).to_be_attached()
    page.get_by_role("button", name="Change name").focus()
    before = page.get_by_role("heading", level=1).inner_text()
    page.keyboard.press("Enter")
    box = page.get_by_role("textbox", name="name", exact=True)
    expect(box).to_be_focused()
    box.fill("Somebody Else")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1, name=before)).to_be_visible()
    expect(page.get_by_role("button", name="Change name")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="name", exact=True).fill("!!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Type the name with letters.")).to_be_visible()
    expect(page.get_by_role("textbox", name="name", exact=True)).to_have_value("!!")
    page.get_by_role("textbox", name="name", exact=True).fill("Asha Menon")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Asha Menon")).to_be_visible()
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("heading", level=1, name=before)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_everybody_can_use_it(open_page: Opener, address: str, device: Device, scheme: str) -> None:
    page = open_page(address.replace("?", "/folder?"), device=device, scheme=scheme).page
    expect(page.get_by_text("Drop photos or a PDF here")).to_be_visible()
    settle(page)
    assert (faults(page), overflow(page)) == ([], 0)
    page.get_by_role("button", name="Consents", exact=True).click()
    expect(page.get_by_role("dialog", name="Consents")).to_be_visible()
    settle(page)
    assert faults(page) == []
    page.keyboard.press("Escape")
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []
