"""The built-in texts: each says what it must, in its language, and an English reminder is one SMS."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from microcrm.domain.message_text import places_in, problems_of, render, segments_of, whatsapp_problems
from microcrm.domain.messenger import Channel
from microcrm.domain.notice_texts import TEXTS, VARIABLES_OF, built_in, needed_in
from microcrm.domain.notices import LANGUAGES, MessageClass, NoticeFacts, NoticeStep, class_of, stop_in, values_in

AT = datetime(2026, 12, 5, 10, 45, tzinfo=UTC)
STEPS = list(NoticeStep)


def facts_in(language: str) -> NoticeFacts:
    return NoticeFacts(
        "Lotus Salon", ("Haircut and finish",), AT, ZoneInfo("Asia/Kolkata"), "https://book.lotus.example/m/" + "x" * 22,
        reason="We are ill.", until=AT, dates=(AT, AT), ahead=20_000, customer="Asha", staff="Chandrika", address="12 MG Road",
        amount=50_000, people=2, code="246810", stop=stop_in(language, "https://book.lotus.example/s/" + "y" * 22),
    )  # fmt: skip


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", STEPS)
def test_each_text_can_be_sent_as_it_stands(step: NoticeStep, language: str, channel: Channel) -> None:
    text = built_in(step, channel, language)
    assert problems_of(text, VARIABLES_OF[step], needed_in(step, channel)) == []
    sent = render(text, values_in(language, facts_in(language)), channel).text
    assert "Lotus Salon" in sent and "{" not in sent and "  " not in sent
    if channel is Channel.WHATSAPP:
        assert whatsapp_problems(text) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", STEPS)
def test_advertising_says_how_to_end_it_and_nothing_else_does(step: NoticeStep, language: str) -> None:
    is_advertising = class_of(step) is MessageClass.PROMOTIONAL
    assert ("stop" in places_in(built_in(step, Channel.SMS, language))) is is_advertising
    assert ("STOP" in built_in(step, Channel.WHATSAPP, language)) is is_advertising
    assert "stop" not in places_in(built_in(step, Channel.EMAIL, language))


def test_what_follows_from_nothing_the_customer_did_is_advertising() -> None:
    advertising = {step for step in NoticeStep if class_of(step) is MessageClass.PROMOTIONAL}
    assert advertising == {NoticeStep.THANKS, NoticeStep.REBOOK, NoticeStep.BIRTHDAY, NoticeStep.CAMPAIGN}


@pytest.mark.parametrize("step", [NoticeStep.REMINDER, NoticeStep.ASK_TO_CONFIRM, NoticeStep.ASK_AGAIN])
def test_an_english_reminder_is_one_plain_sms(step: NoticeStep) -> None:
    sent = render(built_in(step, Channel.SMS, "en"), values_in("en", facts_in("en")), Channel.SMS).text
    assert (segments_of(sent).encoding, segments_of(sent).count) == ("GSM-7", 1), sent


@pytest.mark.parametrize("language", ["hi", "kn"])
@pytest.mark.parametrize("step", STEPS)
def test_an_indian_text_is_in_its_own_script(language: str, step: NoticeStep) -> None:
    first = {"hi": "\u0900", "kn": "\u0c80"}[language]
    fixed = "".join(one for one in TEXTS[language][step] if ord(one) > 127 and one not in "…")
    assert fixed and all(ord(first) <= ord(one) < ord(first) + 128 or one in "\u200c।" for one in fixed)


def test_an_unknown_language_gets_english() -> None:
    assert built_in(NoticeStep.BOOKED, Channel.SMS, "fr") == built_in(NoticeStep.BOOKED, Channel.SMS, "en")
