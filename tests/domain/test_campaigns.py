"""At which moments the messages of a campaign leave, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.campaigns import (
    AHEAD,
    as_kept,
    campaign_in,
    not_ready,
    slots,
    subject_of,
    template_in,
    within_hours,
    words_for,
    words_in,
)
from microcrm.domain.messenger import Channel
from microcrm.domain.notice_texts import Template
from microcrm.domain.notices import NoticeStep
from microcrm.domain.send_gate import Timing, hours_for, may_still_leave
from microcrm.domain.zones import to_wall

INDIA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 12, 7, 12, 0, tzinfo=INDIA)
instants = st.integers(0, 15 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from(["Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland"]).map(ZoneInfo)
paces = st.integers(1, 600)


@given(now=instants, before=st.integers(-7200, 7200), pace=paces, zone=zones)
def test_moments_keep_the_pace_the_hours_and_their_order(now: datetime, before: int, pace: int, zone: ZoneInfo) -> None:
    after = now + timedelta(seconds=before)
    found = slots(after, now, pace, zone)
    step = timedelta(minutes=1) / pace
    moments = [*found.moments, found.then]
    assert all(max(after, now) <= one < now + AHEAD for one in found.moments)
    assert found.then >= min(now + AHEAD, max(after, now))
    assert all(b - a >= step for a, b in pairwise(moments))
    assert len(found.moments) <= pace * AHEAD / timedelta(minutes=1) + 1
    for one in found.moments:
        hours = hours_for(Timing.OFFERS, to_wall(one, zone)[0])
        assert hours is None or hours.begin <= to_wall(one, zone)[1] < hours.until


@given(now=instants, pace=paces, zone=zones)
def test_one_look_after_the_other_gives_the_same_moments_once(now: datetime, pace: int, zone: ZoneInfo) -> None:
    first = slots(now, now, pace, zone)
    second = slots(first.then, now + timedelta(seconds=15), pace, zone)
    assert not set(first.moments) & set(second.moments)
    assert not first.moments or not second.moments or first.moments[-1] < second.moments[0]


@given(at=instants, zone=zones)
def test_the_next_hour_for_offers_is_one(at: datetime, zone: ZoneInfo) -> None:
    opens = within_hours(at, zone)
    assert opens >= at and may_still_leave(Timing.OFFERS, zone, opens)
    assert opens - at < timedelta(days=1, hours=2) and within_hours(opens, zone) == opens


def test_what_a_worker_slept_through_is_not_made_up_for() -> None:
    found = slots(NOON - timedelta(hours=1), NOON, 60, INDIA)
    assert found.moments[0] == NOON and len(found.moments) == 120


def test_in_the_evening_it_ends_and_goes_on_in_the_morning() -> None:
    evening = NOON.replace(hour=20, minute=29)
    found = slots(evening, evening, 2, INDIA)
    assert found.moments == (evening, evening + timedelta(seconds=30))
    assert found.then == NOON.replace(day=8, hour=10)
    assert slots(found.then, evening + timedelta(minutes=1), 2, INDIA).moments == ()


def test_words_are_kept_and_read_back() -> None:
    said = Template(
        NoticeStep.CAMPAIGN, Channel.SMS, "hi", "नमस्ते", "", "1107160000000012345", "नमस्ते {#alphanumeric#}",
        NOON.date(), is_own=True,
    )  # fmt: skip
    assert template_in(Channel.SMS, "hi", as_kept(said)) == said
    words = words_in({"sms-hi": as_kept(said), "fax-en": {"text": "x"}, "sms-fr": {"text": "y"}})
    assert words == {(Channel.SMS, "hi"): said}
    assert words_for(words, Channel.SMS, "kn") == said and words_for(words, Channel.WHATSAPP, "hi") is None


@pytest.mark.parametrize(
    ("channels", "missing"),
    [
        ((), "Choose at least one way to send it."),
        ((Channel.SMS,), ""),
        ((Channel.SMS, Channel.EMAIL, Channel.WHATSAPP), "Write the text for e-mail and for WhatsApp."),
    ],
)
def test_what_is_missing_is_said(channels: tuple[Channel, ...], missing: str) -> None:
    words = {(Channel.SMS, "en"): Template(NoticeStep.CAMPAIGN, Channel.SMS, "en", "Hello")}
    assert not_ready(words, channels) == missing


def test_each_customer_is_written_to_once_by_the_key() -> None:
    assert campaign_in(subject_of(12, 345)) == 12
    assert len({subject_of(one, other) for one in range(1, 30) for other in range(1, 30)}) == 29 * 29
