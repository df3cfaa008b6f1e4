"""The code to the phone that was typed: it really leaves through the stand-in for Twilio, and is stored nowhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text, update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.adapters import queue
from microcrm.domain.booking_policy import CODE_MINUTES
from microcrm.domain.messages import ELIDED
from microcrm.domain.messenger import Channel
from microcrm.domain.notice_texts import TEXTS
from microcrm.domain.notices import NoticeStep
from microcrm.http.book import fronts, limits, services, traps
from microcrm.models.codes import BookingCode
from microcrm.models.messages import Message
from microcrm.models.records import OutboxMessage
from microcrm.operations.parts.channel_blocks import block
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import Settings, settings
from tasks import messages
from tests.http.test_public_booking import held, policy, visits
from tests.support.booking import Customer, errors_of, words
from tests.support.messages import Outbox, outbox_of, senders
from tests.support.sandbox import SEED, Sandbox
from tests.support.shops import TwoShops

PHONE = "+919845054321"
ANANYA = {"name": "Ananya Hegde", "phone": "98450 54321"}


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    settings.cache_clear()
    queue.client().flushdb()
    policy(fresh_database.a, is_code_needed=True, code_way="phone")
    yield outbox_of(fresh_database.a, sandbox)
    fronts.fronts.clear()
    services.forget_pages()
    settings.cache_clear()


async def asked(outbox: Outbox, address: str = "203.0.113.5", place: int = 0, **typed: str) -> Customer:
    """As far as the page with the code."""
    customer = Customer(address)
    await held(customer, outbox.shop, place)
    await customer.press(**(ANANYA | typed))
    return customer


async def arrived(outbox: Outbox) -> list[str]:
    """The codes that the phone has, the newest last."""
    await asyncio.to_thread(messages.sweep)
    return [re.findall(r"\b\d{6}\b", one["body"])[0] for one in outbox.there()]


async def test_the_code_comes_by_whatsapp_and_books(shop: Outbox) -> None:
    customer = await asked(shop)
    assert "The code from your phone" in words(customer.page) and 'name="email"' not in customer.page.text
    assert "We have sent you a code 98450 54321" in words(customer.page)
    assert [one.status for one in visits(shop.shop)] == ["hold"]
    [code] = await arrived(shop)
    [there] = shop.there()
    assert there["to"] == f"whatsapp:{PHONE}" and "the code for your booking is" in there["body"]
    assert code not in customer.page.text
    await customer.press(code=f"{code[:3]} {code[3:]}")
    assert "You’re booked, Ananya" in words(customer.page)
    assert [one.status for one in visits(shop.shop)] == ["booked"]


async def test_the_digits_are_stored_nowhere(shop: Outbox) -> None:
    await asked(shop)
    [code] = await arrived(shop)
    [row] = [one for one in shop.rows() if one.step == "code"]
    assert ELIDED in row.text and code not in row.text
    assert shop.story(row.id or 0)[0] == ("let_through", "")

    def all_that_is_stored(uow: UnitOfWork) -> str:
        kept = [uow.session.execute(text(f"SELECT t::text FROM {table} t")).scalars().all() for table in
                ("messages", "message_events", "booking_codes", "outbox", "audit_events")]  # fmt: skip
        return str(kept)

    assert not re.search(rf"(?<!\d){code}(?!\d)", shop.do(all_that_is_stored))


async def test_one_that_was_on_its_way_when_the_worker_died_is_found_by_its_words(shop: Outbox) -> None:
    customer = await asked(shop)
    shop.texter.act("fault", kind="reset_after")
    [code] = await arrived(shop)
    assert [one.state for one in shop.rows() if one.step == "code"] == ["sending"]
    shop.hurry()
    assert await arrived(shop) == [code], "looked up, and not sent twice"
    assert [one.state for one in shop.rows() if one.step == "code"] != ["sending"]
    await customer.press(code=code)
    assert "You’re booked" in words(customer.page)


async def test_another_phone_needs_another_code_and_a_new_one_ends_the_old(shop: Outbox) -> None:
    customer = await asked(shop)
    [first] = await arrived(shop)
    await customer.press(("edit", "1"))
    await customer.press(phone="98450 54322")
    await customer.press(code=first)
    assert customer.page.status_code == 422 and "Look at the newest message" in words(customer.page)
    earlier = BookingCode.sent_at - timedelta(minutes=1)
    shop.do(lambda uow: uow.session.execute(update(BookingCode).values(sent_at=earlier)))
    await customer.press(("again", "1"))
    _, third = await arrived(shop)
    assert ("withdrawn", "taken_back") in [(one.state, one.reason) for one in shop.rows()], (
        "one that nobody needs any more"
    )
    await customer.press(code=first)
    assert customer.page.status_code == 422
    await customer.press(code=third)
    assert "You’re booked" in words(customer.page)


async def test_of_no_use_any_more_it_does_not_leave(shop: Outbox) -> None:
    await asked(shop)
    past = wiring.now() - timedelta(minutes=CODE_MINUTES + 1)
    shop.do(lambda uow: uow.session.execute(update(Message).values(due_at=past, expires_at=past)))
    assert await arrived(shop) == []
    assert [(one.state, one.reason) for one in shop.rows()] == [("suppressed", "too_late")]


async def test_it_leaves_at_night_and_to_whoever_objects_to_messages_but_not_after_stop(shop: Outbox) -> None:
    await asked(shop)
    assert len(await arrived(shop)) == 1
    shop.do(lambda uow: block(uow, Channel.WHATSAPP, "+919845054329", "word"))
    await asked(shop, "203.0.113.6", 1, phone="98450 54329")
    assert len(await arrived(shop)) == 1
    assert ("suppressed", "opted_out") in [(one.state, one.reason) for one in shop.rows()]


async def test_without_whatsapp_it_goes_by_sms(shop: Outbox) -> None:
    senders(shop, Channel.WHATSAPP, broken="63016")
    customer = await asked(shop)
    [code] = await arrived(shop)
    assert [one["to"] for one in shop.there()] == [PHONE]
    await customer.press(code=code)
    assert "You’re booked" in words(customer.page)


async def test_while_nothing_reaches_phones_it_goes_by_mail(shop: Outbox) -> None:
    for channel in (Channel.WHATSAPP, Channel.SMS):
        senders(shop, channel, is_on=False)
    customer = Customer()
    await held(customer, shop.shop)
    await customer.press(**ANANYA)
    assert errors_of(customer.page)["email"].startswith("An email address is needed")
    await customer.press(email="ananya@example.com")
    assert "The code from your e-mail" in words(customer.page)
    mails = shop.do(lambda uow: uow.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "mail")).all())
    assert [one.payload["to"] for one in mails] == ["ananya@example.com"] and await arrived(shop) == []


async def test_codes_to_one_phone_and_of_one_shop_are_limited(shop: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CODES_TO", counters.Limit("few-to", 1, 3600))
    assert (await asked(shop)).page.status_code == 200
    again = await asked(shop, "203.0.113.7", 1, phone="9845054321")
    assert again.page.status_code == 429 and 'value="Ananya Hegde"' in again.page.text
    monkeypatch.setattr(limits, "CODES_OF", counters.Limit("few-of", 1, 3600))
    await asked(shop, "203.0.113.8", 2, phone="98450 54325")
    over = await asked(shop, "203.0.113.9", 3, phone="98450 54326")
    assert over.page.status_code == 429 and len(await arrived(shop)) == 2


@pytest.mark.parametrize("phone", ["", "12", "9" * 5000, "080 2345 6789"])
async def test_a_phone_that_is_none_gets_no_code(shop: Outbox, phone: str) -> None:
    customer = await asked(shop, phone=phone)
    assert customer.page.status_code == 422 and "phone" in errors_of(customer.page)
    assert await arrived(shop) == []


@pytest.mark.parametrize(("language", "said"), [("hi", "आपके फ़ोन पर आया कोड"), ("kn", "ನಿಮ್ಮ ಫೋನ್‌ಗೆ ಬಂದ ಕೋಡ್")])
async def test_it_speaks_the_visitor_s_language(shop: Outbox, language: str, said: str) -> None:
    customer = Customer(language=language)
    await held(customer, shop.shop)
    await customer.press(**ANANYA)
    assert said in words(customer.page)
    assert len(await arrived(shop)) == 1 and [one.language for one in shop.rows()] == [language]


async def test_a_neighbour_sees_no_code(shop: Outbox, fresh_database: TwoShops) -> None:
    await asked(shop)
    with wiring.unit_of_work(system(fresh_database.b.business_id)) as uow:
        theirs = uow.session.scalars(select(BookingCode)).all(), uow.session.scalars(select(Message)).all()
    assert theirs == ([], [])
    mine = shop.do(lambda uow: uow.session.scalars(select(BookingCode)).all())
    assert len(mine) == len(shop.rows()) == 1


def test_the_words_say_how_long_it_is_good() -> None:
    said = (TEXTS["en"][NoticeStep.CODE], TEXTS["hi"][NoticeStep.CODE], TEXTS["kn"][NoticeStep.CODE])
    assert CODE_MINUTES == 10 and all(ten in text for ten, text in zip(("ten", "दस", "ಹತ್ತು"), said, strict=True))
