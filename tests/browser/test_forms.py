"""Forms with hands: the owner writes one, a tablet fills it in with a drawn signature, and it opens as it was signed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from microcrm.http.book.traps import QUICKEST
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The page of the records of shop A's customer; records and forms of one's own are gone afterwards."""
    yield f"/customer/records?id={site.shops.a.customer_id}"
    engine = create_engine(site.variables["DATABASE_URL_DIRECT"].replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM form_links"))
        connection.execute(text("DELETE FROM sealed_records"))
        connection.execute(text("DELETE FROM forms WHERE code = 'own'"))
    engine.dispose()


def add(page: Page, kind: str, question: str) -> None:
    page.get_by_label("Kind of question").select_option(kind)
    page.get_by_role("button", name="Add a question").click()
    page.get_by_label("Question", exact=True).last.fill(question)


def sign(page: Page, name: str) -> None:
    page.get_by_label("Name of who signs").fill(name)
    box = page.locator(".sign-box")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 40, place["y"] + 60)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(place["x"] + 40 + 8 * step, place["y"] + 60 + 8 * (step % 4))
    page.mouse.up()
    expect(page.get_by_text("Signed with the name above.")).to_be_visible()


def send(page: Page) -> None:
    """Of a public page: whoever is quicker than a person is taken for a machine."""
    page.wait_for_timeout(2 * QUICKEST.total_seconds() * 1000)
    page.locator("main button[type=submit]").click()


def test_a_form_is_written_filled_in_signed_and_opened(open_page: Opener, address: str) -> None:
    page = open_page("/settings/forms", device=TABLET).page
    page.get_by_role("button", name="New form").click()
    page.get_by_label("Name of the form").fill("Before your facial")
    add(page, "yes_no", "Do you use retinol?")
    add(page, "choices", "Which?")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Each answer is needed.")).to_be_visible()
    page.get_by_label("Answer 1", exact=True).fill("Cream")
    page.get_by_label("Answer 2", exact=True).fill("Serum")
    page.get_by_label("Ask it").last.select_option(label="Only depending on: Do you use retinol?")
    add(page, "signature", "I agree")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published: it can be filled in now")).to_be_visible()

    watched = open_page(address, device=TABLET)
    page = watched.page
    page.get_by_role("button", name="Before your facial").click()
    expect(page.get_by_text("Which?")).to_have_count(0)
    page.get_by_role("dialog").get_by_label("Yes").check()
    page.get_by_label("Serum").check()
    sign(page, "Asha Rao")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Before your facial").click()
    expect(page.get_by_text("You go on where you stopped.")).to_be_visible()
    expect(page.get_by_label("Serum")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sealed and saved")).to_be_visible()
    page.get_by_role("button", name="Open Before your facial").click()
    page.get_by_label("The customer asked").check()
    page.locator(".why").get_by_role("button", name="Open").click()
    expect(page.get_by_text("Drawn by Asha Rao")).to_be_visible()
    expect(page.get_by_role("img", name="I agree")).to_be_visible()
    expect(page.get_by_text("Serum")).to_be_visible()
    with page.context.expect_event("response", lambda answer: answer.url.endswith("/records/print")) as printed:
        page.get_by_role("button", name="Print Before your facial").click()
    assert (printed.value.status, printed.value.headers["content-type"]) == (200, "application/pdf")
    assert watched.complaints == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_editor_and_form_are_sound_at_every_size(open_page: Opener, address: str, device: Device) -> None:
    page = open_page("/settings/forms", device=device).page
    settle(page)
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Consent to a chemical treatment").click()
    page.locator("summary", has_text="What happened?").click()
    assert faults(page) == [] and overflow(page) <= 0
    page.get_by_role("button", name="Preview").click()
    assert faults(page) == [] and overflow(page) <= 0
    page = open_page(address, device=device).page
    page.get_by_role("button", name="Consent to a chemical treatment").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("A signature is needed.")).to_be_visible()
    assert faults(page) == [] and overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_a_forms_link_and_the_page_behind_it_are_sound(
    open_page: Opener, site: Site, address: str, device: Device
) -> None:
    def sound(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert faults(page) == []
        assert overflow(page) <= 0
        if device.is_touch:
            assert page.evaluate(TOO_SMALL) == []

    page = open_page(address, device=device).page
    page.get_by_role("button", name="Let the customer fill in a form").click()
    item = page.locator("[popover]:popover-open").get_by_text("Consent to a chemical treatment")
    expect(item).to_be_visible()
    sound(page)
    item.click()
    link = page.get_by_role("dialog").locator("code")
    expect(link).to_contain_text("/form/")
    sound(page)
    token = link.inner_text().rpartition("/")[2]
    watched = open_page(f"/form/{token}?lang=kn", device=device)
    page = watched.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Consent to a chemical treatment")
    sound(page)
    assert watched.complaints == []
    page.evaluate("document.querySelectorAll('[required]').forEach((field) => field.removeAttribute('required'))")
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page)
    if device is PHONE:
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
    page.locator("fieldset").first.get_by_role("radio").last.check()
    page.locator("input[autocomplete=name]").fill("Asha Rao")
    send(page)
    expect(page.locator("main form")).to_have_count(0)
    expect(page.locator("main .alert.ok")).to_be_visible()
    sound(page)
