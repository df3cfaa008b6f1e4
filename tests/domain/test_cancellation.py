"""Fees by the owner's ladder, deadlines to the minute, and what customers are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.booking_policy import FeeStep, PolicyTerms
from microcrm.domain.cancellation import NO_FEE, cancel_until, fee_at, is_late, move_until, share
from microcrm.domain.notice_texts import TEXTS, notice
from microcrm.domain.notices import LANGUAGES, NEWS, NoticeFacts, NoticeStep, dates_in, when_in

FIVE_PM = datetime(2026, 12, 5, 11, 30, tzinfo=UTC)  # in India
LADDER = (FeeStep(60, 100), FeeStep(240, 50), FeeStep(1440, 20))
INDIA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("before", "percent"),
    [(2000, 0), (1441, 0), (1440, 20), (241, 20), (240, 50), (120, 50), (61, 50), (60, 100), (1, 100), (0, 100)],
)
def test_the_later_the_dearer(before: int, percent: int) -> None:
    """A customer who cancels at 3 pm for 5 pm pays 50 % of Rs 800."""
    fee = fee_at(LADDER, 80_000, FIVE_PM, FIVE_PM - timedelta(minutes=before))
    assert fee == (percent, 800 * percent)


def test_without_a_ladder_nothing_is_owed() -> None:
    assert fee_at((), 80_000, FIVE_PM, FIVE_PM) == NO_FEE


@given(st.integers(0, 10**9), st.integers(0, 100))
def test_a_share_is_never_more_than_the_whole(price: int, percent: int) -> None:
    fee = share(price, percent).paise
    assert 0 <= fee <= price
    assert abs(fee * 100 - price * percent) <= 50


def test_cut_offs_are_met_to_the_second() -> None:
    terms = PolicyTerms(cancel_cutoff_min=240, reschedule_cutoff_min=1440)
    assert cancel_until(terms, FIVE_PM) == FIVE_PM - timedelta(hours=4)
    assert move_until(terms, FIVE_PM) == FIVE_PM - timedelta(days=1)
    assert not is_late(240, FIVE_PM, FIVE_PM - timedelta(hours=4))
    assert is_late(240, FIVE_PM, FIVE_PM - timedelta(hours=4) + timedelta(seconds=1))
    assert not is_late(0, FIVE_PM, FIVE_PM)


FACTS = NoticeFacts(
    "Asha's Salon", ("Haircut", "Facial"), FIVE_PM, INDIA, "https://x.example/m/1", "We are ill.", FIVE_PM
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", sorted(NEWS))
def test_every_message_says_what_when_and_where(language: str, step: NoticeStep) -> None:
    text = notice(step, language, FACTS)
    assert text.startswith("Asha's Salon: ") and "Haircut + Facial" in text and FACTS.link in text
    assert when_in(language, FIVE_PM, INDIA) in text and "{" not in text
    if step in (NoticeStep.DECLINED, NoticeStep.CANCELLED, NoticeStep.CANCELLED_ALL):
        assert "We are ill." in text


def test_every_language_has_every_message_and_none_is_english_again() -> None:
    assert all(set(texts) == set(NoticeStep) for texts in TEXTS.values())
    for step in NoticeStep:
        assert len({texts[step] for texts in TEXTS.values()}) == len(LANGUAGES)
    assert notice(NoticeStep.BOOKED, "fr", FACTS) == notice(NoticeStep.BOOKED, "en", FACTS)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Sat 5 Dec, 5:00 pm"), ("hi", "शनिवार 5 दिसंबर, शाम 5:00"), ("kn", "ಶನಿವಾರ 5 ಡಿಸೆಂಬರ್, ಸಂಜೆ 5:00")],
)
def test_days_are_said_as_people_say_them(language: str, said: str) -> None:
    assert when_in(language, FIVE_PM, INDIA) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Sat 5, 12, 26 Dec, 2 Jan 2027, 5:00 pm; Sun 6 Dec, 5:00 pm"),
        ("hi", "शनिवार 5, 12, 26 दिसंबर, 2 जनवरी 2027, शाम 5:00; रविवार 6 दिसंबर, शाम 5:00"),
        ("kn", "ಶನಿವಾರ 5, 12, 26 ಡಿಸೆಂಬರ್, 2 ಜನವರಿ 2027, ಸಂಜೆ 5:00; ಭಾನುವಾರ 6 ಡಿಸೆಂಬರ್, ಸಂಜೆ 5:00"),
    ],
)
def test_many_days_are_all_said_and_what_they_share_once(language: str, said: str) -> None:
    days = [FIVE_PM + timedelta(days=n) for n in (0, 1, 7, 21, 28)]
    assert dates_in(language, days, INDIA) == said
    assert dates_in(language, days[:1], INDIA) == when_in(language, FIVE_PM, INDIA)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=104, unique=True).map(sorted), st.sampled_from(LANGUAGES))
def test_no_day_of_a_series_is_left_out(days: list[int], language: str) -> None:
    instants = [FIVE_PM + timedelta(days=n) for n in days]
    facts = NoticeFacts("Asha's Salon", ("Haircut",), FIVE_PM, INDIA, "x", dates=tuple(instants))
    text = notice(NoticeStep.MOVED_ALL, language, facts)
    said = dates_in(language, instants, INDIA)
    assert said in text
    days_said = [re.findall(r"\b\d{1,2}\b", group.rpartition(", ")[0]) for group in said.split("; ")]
    assert sum(map(len, days_said)) == len(days)
