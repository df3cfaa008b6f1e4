"""The sandbox's phone in a browser: without a script, at every size, in both themes; and with its script, which shows what comes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device
from tests.support.sandbox import Sandbox, Texter
from tests.support.texting import TEMPLATE, client_of, settled

pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TOO_SMALL = """() => [...document.querySelectorAll("button, input:not([type=checkbox], [type=hidden]), textarea, select")]
  .filter((node) => node.checkVisibility() && node.offsetHeight < 43.5).map((node) => node.outerHTML.slice(0, 90))"""
WORDS = "नमस्ते 🌸 " + "Eyebrow threading, Wednesday 2 December, 11:00 am. " * 6 + "http://127.0.0.1/m/" + "x" * 60


@pytest.fixture
def texter(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Texter]:
    made = sandbox.texter(request.node.name)
    made.act("knobs", delivers_after=-1)
    made.act("hook", url="http://127.0.0.1:9/hooks/twilio/x/inbound")
    yield made
    made.act("knobs")


@pytest.fixture
def number(request: pytest.FixtureRequest) -> str:
    return f"+9197{random.Random(request.node.name).randrange(10**8):08d}"


def ask(texter: Texter, number: str) -> str:
    buttons = (("confirm", "I will come"), ("cancel", "Cancel"))
    client = client_of(texter)
    sid = client.send(replace(TEMPLATE, to=number, text=WORDS, buttons=buttons)).provider_id
    settled(client, sid, "sent")
    return sid


def opened(chromium: Browser, texter: Texter, number: str, **options: Any) -> Page:
    page = chromium.new_context(**options).new_page()
    page.goto(f"{texter.url}/phone?n={quote(number)}")
    return page


def answers(texter: Texter) -> list[dict[str, str]]:
    return [one["form"] for one in texter.act("state")["callbacks"] if one["form"].get("SmsStatus") == "received"]


def test_without_a_script_a_person_reads_answers_presses_and_marks(
    chromium: Browser, texter: Texter, number: str
) -> None:
    sid = ask(texter, number)
    page = opened(chromium, texter, number, java_script_enabled=False)
    expect(page.locator(".say")).to_contain_text("नमस्ते 🌸")
    page.get_by_role("button", name="I will come").click()
    page.get_by_role("textbox", name="Answer").fill("See you <b>then</b>")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".me .say")).to_have_text(["I will come", "See you <b>then</b>"])
    page.get_by_text("What becomes of it").click()
    page.get_by_role("button", name="Deliver", exact=True).click()
    expect(page.get_by_text("Delivered ✓✓")).to_be_visible()
    page.get_by_role("button", name="Read all").click()
    expect(page.get_by_text("Read ✓✓")).to_be_visible()
    assert [one["Body"] for one in answers(texter)] == ["I will come", "See you <b>then</b>"]
    assert answers(texter)[0]["OriginalRepliedMessageSid"] == sid
    page.context.close()


def test_what_comes_is_shown_by_itself_and_never_over_what_is_typed(
    chromium: Browser, texter: Texter, number: str
) -> None:
    sid = ask(texter, number)
    page = chromium.new_context().new_page()
    page.clock.install()
    page.goto(f"{texter.url}/phone?n={quote(number)}")
    box = page.get_by_role("textbox", name="Answer")
    box.fill("half a sent")
    texter.act("mark", sid=sid, status="delivered")
    page.clock.run_for(6_000)
    expect(box).to_have_value("half a sent")
    expect(page.get_by_text("Delivered ✓✓")).to_have_count(0)
    box.fill("")
    page.clock.run_for(3_000)
    expect(page.get_by_text("Delivered ✓✓")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_it_is_readable_everywhere(chromium: Browser, texter: Texter, number: str, device: Device, scheme: str) -> None:
    ask(texter, number)
    texter.act("answer", sender=number, receiver=texter.sender, text=WORDS)
    page = opened(chromium, texter, number, color_scheme=scheme, bypass_csp=True, **device.options)
    page.get_by_text("What becomes of it").first.click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(TOO_SMALL) == []
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    page.context.close()
