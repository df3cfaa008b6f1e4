"""A browser, and people who are signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from microcrm.adapters.limits import PREFIX
from microcrm.domain.permissions import Role
from tests.support.shops import PASSWORD
from tests.support.site import Site

expect.set_options(timeout=15_000)  # milliseconds; what takes longer is broken, not slow
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True, slots=True)
class Device:
    name: str
    width: int
    height: int
    is_touch: bool

    @property
    def options(self) -> dict[str, Any]:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "has_touch": self.is_touch,
            "is_mobile": self.width < 500,
        }


DESKTOP = Device("desktop", 1440, 900, is_touch=False)
TABLET = Device("tablet", 1024, 768, is_touch=True)
PHONE = Device("phone", 390, 844, is_touch=True)


@dataclass
class Watched:
    """A page, and whatever its console or its scripts complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)


Opener = Callable[..., Watched]


@pytest.fixture(autouse=True)
def _an_hour_of_their_own(site: Site) -> None:
    """All browsers share one address, and the public pages count what an address does in an hour: nobody is refused for what earlier
    tests have done."""
    with redis.Redis.from_url(site.variables["REDIS_URL"]) as store:
        for key in store.scan_iter(f"{PREFIX}:*"):
            store.delete(key)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sign_in(site: Site, chromium: Browser) -> Callable[[Role], Any]:
    """Members of shop A, through the form, once each; returns what the browser then stores."""
    stored: dict[Role, Any] = {}

    def signed_in(role: Role) -> Any:
        if role not in stored:
            context = chromium.new_context()
            page = context.new_page()
            page.goto(f"{site.url}/sign-in")
            page.locator("[name=email]").fill(f"{role.value}@a.example")
            page.locator("[name=password]").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url, wait_until="commit")
            stored[role] = context.storage_state()
            context.close()
        return stored[role]

    return signed_in


@pytest.fixture
def open_page(site: Site, chromium: Browser, sign_in: Callable[[Role], Any]) -> Iterator[Opener]:
    """``open_page("/customers", device=PHONE, scheme="dark")`` as the owner of shop A; its shell is filled."""
    contexts: list[BrowserContext] = []

    def opened(
        path: str, *, device: Device = DESKTOP, scheme: str = "light", role: Role = Role.OWNER, **options: Any
    ) -> Watched:
        context = chromium.new_context(
            storage_state=sign_in(role),
            color_scheme=scheme,
            locale="en-IN",
            timezone_id="Asia/Kolkata",
            reduced_motion="reduce",
            **{**device.options, **options},
        )
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.on(
            "console",
            lambda said: watched.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        watched.page.goto(f"{site.url}{path}")
        return watched

    yield opened
    for context in contexts:
        context.close()
