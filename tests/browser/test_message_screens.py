"""The screens of messages with something on them: sound at every size and in both themes, and linked with each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from microcrm import wiring
from microcrm.domain.messenger import Channel, Inbound
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.browser.conftest import DESKTOP, PHONE, TABLET, Device, Opener
from tests.browser.test_screens import TOO_SMALL, faults, overflow, settle
from tests.support.site import Site

pytestmark = pytest.mark.browser
LONG = "Is there parking for a very long car, and may my sister come along? " * 6


@pytest.fixture(scope="module")
def written(site: Site) -> Iterator[None]:
    """Somebody wrote, a message failed, and one was read; afterwards nobody waits, as other tests expect it."""
    engine, shop = wiring.make_engine(site.variables["DATABASE_URL"], pool_size=1), site.shops.a
    with wiring.unit_of_work(system(shop.business_id), bind=engine) as uow:
        phone = uow.session.get_one(Customer, shop.customer_id).phone
        take_inbound(uow, Inbound(
            provider_id="SM" + "5" * 32, channel=Channel.WHATSAPP, sender=phone, receiver="+14155238886", text=LONG, button="",
            answers="", profile="", pieces=0, at=uow.now,
        ))  # fmt: skip
        for version, state in enumerate(("failed", "read", "unknown"), start=900):
            _left(uow, site, version, state)
    yield
    with wiring.unit_of_work(system(shop.business_id), bind=engine) as uow:
        uow.session.execute(update(InboundMessage).values(settled_at=uow.now))
        uow.session.execute(delete(Message).where(Message.subject_version >= 900))
    engine.dispose()


def _left(uow: UnitOfWork, site: Site, version: int, state: str) -> None:
    shop, subject = site.shops.a, f"booking:{site.shops.a.booking_id}"
    plan(uow, Plan(
        subject, "moved", True, uow.now, uow.now + timedelta(days=1), version=version, customer_id=shop.customer_id,
        booking_id=shop.booking_id, about_at=uow.now, language="en",
    ))  # fmt: skip
    values = {"state": state, "handed_at": uow.now, "finished_at": uow.now, "text": LONG, "reason": "63016"}
    mine = (Message.business_id == shop.business_id, Message.subject_version == version)
    uow.session.execute(update(Message).where(*mine).values(**values))


def sound(page: Page, device: Device) -> None:
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator(f"html.{theme}")).to_have_count(1)
        assert faults(page) == []
    assert overflow(page) <= 0
    if device.is_touch:
        assert page.evaluate(TOO_SMALL) == []


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=lambda device: device.name)
def test_full_screens_are_sound(open_page: Opener, device: Device) -> None:
    watched = open_page("/inbox", device=device)
    page = watched.page
    settle(page)
    page.get_by_role("link", name="Plain Iyer").first.click()
    expect(page.get_by_label("Your answer")).to_be_visible()
    sound(page, device)
    page.get_by_role("link", name="Sent messages").click()
    expect(page.get_by_text("Send again").first).to_be_visible()
    sound(page, device)
    page.goto(page.url.replace("/messages", "/settings/messages"))
    expect(page.get_by_role("button", name="Copy confirm")).to_be_visible()
    sound(page, device)
    page.get_by_role("link", name="Reminders and texts").last.click()
    expect(page.get_by_role("button", name="Reminder 2 h before the visit")).to_be_visible()
    sound(page, device)
    page.get_by_role("link", name="Channels and account").click()
    expect(page.get_by_role("button", name="Copy confirm")).to_be_visible()
    assert watched.complaints == []


@pytest.mark.usefixtures("written")
def test_the_ids_of_a_template_s_buttons_are_copied(open_page: Opener) -> None:
    page = open_page("/settings/messages", permissions=["clipboard-read", "clipboard-write"]).page
    for one in ("confirm", "change", "cancel"):
        page.get_by_role("button", name=f"Copy {one}").click()
        expect(page.get_by_role("button", name=f"Copy {one}").get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == one
