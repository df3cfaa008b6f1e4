"""Booking as customers do: on a small phone, without scripts, with the keyboard alone, against somebody quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from microcrm.adapters.reachable import plain
from microcrm.domain.permissions import Role
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device
from tests.browser.test_screens import TOO_SMALL, faults, overflow
from tests.support.site import Site

pytestmark = pytest.mark.browser
MOST_KB = 30
READ_IT = 1_100  # milliseconds; a form that comes back sooner was read by nobody
_phones = count(9_845_060_000)
Visitor = Callable[..., Page]


@pytest.fixture
def visitor(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A page of somebody who is not signed in, open at ``path``."""
    contexts: list[BrowserContext] = []

    def opened(path: str, device: Device = PHONE, **options: Any) -> Page:
        settings = {**device.options, "locale": "en-IN", "timezone_id": "Asia/Kolkata", "reduced_motion": "reduce"}
        context = chromium.new_context(**(settings | options))
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.url}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


def times_path(site: Site, days: int, member: Role | None = None) -> str:
    service = site.shops.a.service_id
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    whom = f"&w{service}={site.shops.a.members[member]}" if member else ""
    return f"/b/shop-a/when?s={service}{whom}&day={day}"


def take(page: Page, place: int = 0) -> str:
    page.wait_for_timeout(READ_IT)
    button = page.locator("#slots .slots button").nth(place)
    words = button.inner_text()
    button.click()
    return words


def fill_in(page: Page) -> None:
    page.locator("#name").fill("Ananya Hegde")
    page.locator("#phone").fill(str(next(_phones)))
    page.wait_for_timeout(READ_IT)


def test_a_booking_without_scripts_on_a_phone(visitor: Visitor) -> None:
    page = visitor("/b/shop-a", java_script_enabled=False)
    page.get_by_label("Plain haircut").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Plain manager").check()
    page.get_by_role("button", name="Continue").click()
    page.locator("a.day").nth(2).click()
    time = take(page, 2)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your details")
    expect(page.get_by_text("is kept for you")).to_contain_text(time)
    fill_in(page)
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re booked, Ananya")
    page.get_by_role("link", name="Change the time").click()
    moved = take(page, 5)
    expect(page.get_by_text("The new time is yours.")).to_be_visible()
    expect(page.locator(".facts").first).to_contain_text(moved)
    page.get_by_role("link", name="Cancel the visit").click()
    page.wait_for_timeout(READ_IT)
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")


def test_of_two_who_press_the_same_time_one_gets_three_others(visitor: Visitor, site: Site) -> None:
    path = times_path(site, 5, Role.FRONT_DESK)
    first, second = visitor(path), visitor(path, DESKTOP)
    lost = take(first, 3)
    expect(first.get_by_role("heading", level=1)).to_have_text("Your details")
    assert take(second, 3) == lost
    expect(second.get_by_role("alert")).to_contain_text("That time has just been taken.")
    others = second.locator(".stack > .card.pad .slots button")
    expect(others).to_have_count(3)
    second.wait_for_timeout(READ_IT)
    others.nth(1).click()
    fill_in(second)
    second.get_by_role("button", name="Book").click()
    expect(second.get_by_role("heading", level=1)).to_contain_text("You’re booked")


def test_another_day_needs_no_new_page(visitor: Visitor, site: Site) -> None:
    page = visitor(times_path(site, 2))
    page.evaluate("window.same = true")
    page.locator("a.day").nth(3).click()
    expect(page.locator("a.day").nth(3)).to_have_attribute("aria-current", "date")
    day = page.url
    page.get_by_label("Week after").click()
    expect(page.locator(".weekbar a")).to_have_count(2)
    page.go_back()
    expect(page).to_have_url(day)
    expect(page.locator("a.day").nth(3)).to_have_attribute("aria-current", "date")
    assert page.evaluate("window.same") is True


def test_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor("/b/shop-a", DESKTOP)

    def reach(words: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(() => { const n = document.activeElement; return n.labels?.[0]?.innerText ?? n.innerText ?? '' })()"
            )
            if words in focused:
                return
        raise AssertionError(f"{words} is not reached")

    reach("Plain haircut")
    page.keyboard.press("Space")
    reach("Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who should do it?")
    reach("Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("When suits you?")
    page.wait_for_timeout(READ_IT)
    reach("Take this time")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your details")
    reach("Your name")
    page.keyboard.type("Ananya")
    reach("Mobile number")
    page.keyboard.type(str(next(_phones)))
    page.wait_for_timeout(READ_IT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re booked, Ananya")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "device", [DESKTOP, TABLET, PHONE, Device("small phone", 320, 640, is_touch=True)], ids=lambda d: d.name
)
def test_every_step_can_be_read_and_pressed(visitor: Visitor, site: Site, device: Device, scheme: str) -> None:
    page = visitor("/b/shop-a", device, color_scheme=scheme, bypass_csp=True)
    seen = []

    def look(name: str) -> None:
        seen.append(name)
        assert (name, faults(page)) == (name, [])
        assert (name, overflow(page) <= 0) == (name, True)
        assert (name, page.evaluate(TOO_SMALL) if device.is_touch else []) == (name, [])

    look("services")
    service = site.shops.a.service_id
    page.goto(f"{site.url}/b/shop-a/who?s={service}")
    look("who")
    page.goto(f"{site.url}{times_path(site, 3)}")
    look("when")
    take(page, 1)
    look("you")
    page.locator("#name").fill("Ananya")
    page.locator("#phone").fill("12")
    page.wait_for_timeout(READ_IT)
    page.get_by_role("button", name="Book").click()
    expect(page.locator("#phone-error")).to_be_visible()
    look("a mistake")
    fill_in(page)
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You’re booked")
    look("done")
    own = page.url.partition("?")[0]
    for step in ("move", "cancel"):
        page.goto(f"{own}/{step}")
        look(step)
    page.goto(f"{site.url}/b/shop-a/wait?s={service}")
    look("waiting list")
    page.locator("#name").fill("Ananya")
    page.locator("#phone").fill("12")
    page.wait_for_timeout(READ_IT)
    page.get_by_role("button", name="Join the waiting list").click()
    expect(page.locator("#phone-error")).to_be_visible()
    look("a mistake on the waiting list")
    fill_in(page)
    page.get_by_role("button", name="Join the waiting list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are on the waiting list")
    look("one's own entry")
    assert len(seen) == 11


@pytest.mark.parametrize("language", ["en", "hi", "kn"])
def test_the_whole_page_is_light(chromium: Browser, site: Site, language: str) -> None:
    """All that travels for the first step, the script and the icon included."""
    context = chromium.new_context(**PHONE.options)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{site.url}/b/shop-a?lang={language}", wait_until="networkidle")
    assert len(sizes) >= 2, "the page and its script"
    assert sum(sizes) <= MOST_KB * 1024
    context.close()


def test_only_the_visitor_s_own_clock_is_mentioned_when_it_differs(visitor: Visitor, site: Site) -> None:
    note = "[data-zone]"
    assert not visitor(times_path(site, 1)).locator(note).is_visible()
    assert visitor(times_path(site, 1), timezone_id="Europe/London").locator(note).is_visible()


def switch_codes(site: Site, *, on: bool) -> None:
    """As the owner does under Booking rules; pages of the shop are kept for a few seconds."""
    with psycopg.connect(plain(site.variables["DATABASE_URL_DIRECT"]), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO booking_policies (business_id, is_code_needed, version) VALUES (%s, %s, 1) "
            "ON CONFLICT (business_id) DO UPDATE SET is_code_needed = excluded.is_code_needed",
            (site.shops.a.business_id, on),
        )


def last_code(page: Page, site: Site, email: str) -> str:
    """Out of the mailbox, once the worker has put it there."""
    query = "SELECT left(subject, 6) FROM mailbox WHERE recipient = %s ORDER BY id DESC"
    with psycopg.connect(plain(site.variables["DATABASE_URL_DIRECT"]), autocommit=True) as connection:
        for _ in range(60):
            if row := connection.execute(query, (email,)).fetchone():
                return str(row[0])
            page.wait_for_timeout(250)
    raise AssertionError("no mail came")


@pytest.fixture
def codes(site: Site) -> Iterator[None]:
    switch_codes(site, on=True)
    yield
    switch_codes(site, on=False)


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("language", ["en", "hi", "kn"])
def test_a_code_by_e_mail_before_it_counts(visitor: Visitor, site: Site, language: str) -> None:
    """Without scripts, on a phone; a wrong code first. Sound in both themes and at 320 px."""
    page = visitor(f"{times_path(site, 6)}&lang={language}", java_script_enabled=language != "en")
    page.wait_for_timeout(6_000)  # a page of the shop that was read before the switch is kept for five seconds
    page.reload()
    take(page, 7)
    email = f"ananya.{language}@example.com"
    page.locator("#email").fill(email)
    fill_in(page)
    page.locator(".sum button").click()
    expect(page.locator("#code")).to_be_visible()
    if language != "en":
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert faults(page) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert overflow(page) <= 0
    code = last_code(page, site, email)
    page.locator("#code").fill(f"{(int(code) + 1) % 1_000_000:06d}")
    page.wait_for_timeout(READ_IT)
    page.locator("#code").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#code").fill(f"{code[:3]} {code[3:]}")
    page.wait_for_timeout(READ_IT)
    page.locator("#code").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ananya")
    assert "/m/" in page.url
