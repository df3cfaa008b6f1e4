"""When which message goes out, on the shop's wall clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.booking import BookingStatus
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NEWS, NoticeStep
from microcrm.domain.step_plan import (
    BEFORE_VISIT,
    BUILT_IN,
    CHANNELS,
    DAY,
    FRESH,
    StepRule,
    due_of,
    planned,
    still_fits,
    when_words,
)

INDIA = ZoneInfo("Asia/Kolkata")
LONDON = ZoneInfo("Europe/London")
S = NoticeStep


def at(text: str, zone: ZoneInfo = INDIA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


START = at("2026-12-05 16:15")
END = START + timedelta(minutes=45)
EARLY = START - timedelta(days=10)


def steps(now: datetime, start: datetime = START) -> list[tuple[NoticeStep, str]]:
    rows = planned(BUILT_IN.values(), start, start + timedelta(minutes=45), INDIA, now)
    return [(row.step, row.due_at.astimezone(INDIA).strftime("%d %H:%M")) for row in rows]


def test_the_built_in_plan_asks_a_day_before_and_reminds_two_hours_before() -> None:
    assert steps(EARLY) == [(S.ASK_TO_CONFIRM, "04 16:15"), (S.REMINDER, "05 14:15")]


def test_what_would_be_due_already_is_left_out_and_so_is_what_comes_right_after_booking() -> None:
    assert steps(START - timedelta(hours=24)) == [(S.REMINDER, "05 14:15")]
    assert steps(START - timedelta(hours=25)) == steps(EARLY)
    assert steps(START - timedelta(hours=3, seconds=-1)) == []
    assert steps(START - timedelta(hours=3)) == [(S.REMINDER, "05 14:15")]
    assert steps(END) == []


@pytest.mark.parametrize(
    ("visit", "reminder"),
    [("09:45", "05 08:00"), ("08:30", "05 08:00"), ("08:29", "04 20:30"), ("06:00", "04 20:30"), ("23:30", "05 20:30")],
)
def test_nobody_is_woken_up(visit: str, reminder: str) -> None:
    assert dict(steps(EARLY, at(f"2026-12-05 {visit}")))[S.REMINDER] == reminder


def test_a_time_of_day_is_that_of_the_shop() -> None:
    rule = StepRule(S.ASK_AGAIN, True, DAY, 18 * 60)
    assert due_of(rule, START, END, INDIA) == at("2026-12-04 18:00")
    over_the_change = at("2026-10-25 12:00", LONDON)  # the clocks went back that morning
    assert due_of(rule, over_the_change, over_the_change, LONDON) == at("2026-10-24 18:00", LONDON)
    day_before = StepRule(S.REMINDER, True, DAY)
    assert over_the_change - due_of(day_before, over_the_change, over_the_change, LONDON) == timedelta(hours=24)


def test_thanks_come_after_the_visit_and_are_of_no_use_two_days_later() -> None:
    [row] = planned([replace(BUILT_IN[S.THANKS], is_on=True)], START, END, INDIA, EARLY)
    assert row.due_at == END + timedelta(hours=2) and row.expires_at == row.due_at + timedelta(days=2)
    assert row.channels == CHANNELS
    assert planned([BUILT_IN[S.THANKS]], START, END, INDIA, EARLY) == []


def test_a_rule_may_have_channels_of_its_own() -> None:
    [row] = planned([replace(BUILT_IN[S.REMINDER], channels=(Channel.SMS,))], START, END, INDIA, EARLY)
    assert row.channels == (Channel.SMS,)


RULES = st.builds(
    StepRule,
    st.sampled_from(sorted(BEFORE_VISIT)),
    st.just(True),
    st.integers(0, 60 * DAY),
    st.none() | st.integers(0, DAY - 1),
)


@given(RULES, st.integers(0, 40 * DAY), st.sampled_from([INDIA, LONDON]))
def test_a_reminder_comes_before_the_visit_by_day_and_not_before_it_was_booked(
    rule: StepRule, ahead: int, zone: ZoneInfo
) -> None:
    now = START - timedelta(minutes=ahead)
    for row in planned([rule], START, END, zone, now):
        wall = row.due_at.astimezone(zone)
        assert now + FRESH <= row.due_at < row.expires_at == START
        assert 8 <= wall.hour < 21


def test_nobody_who_confirmed_is_asked_and_nobody_who_stayed_away_is_thanked() -> None:
    asked = {status for status in BookingStatus if still_fits(S.ASK_TO_CONFIRM, status)}
    assert asked == {BookingStatus.BOOKED}
    assert {status for status in BookingStatus if still_fits(S.THANKS, status)} == {BookingStatus.FINISHED}
    assert {s for s in BookingStatus if still_fits(S.REMINDER, s)} == {BookingStatus.BOOKED, BookingStatus.CONFIRMED}
    assert all(still_fits(step, status) for step in NEWS for status in BookingStatus)


def test_every_step_that_is_no_news_has_a_rule_to_start_with() -> None:
    assert set(BUILT_IN) == set(NoticeStep) - NEWS - {S.CAMPAIGN, S.CODE}, "those go when somebody wants them"
    assert all(when_words(rule) for rule in BUILT_IN.values())


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (BUILT_IN[S.ASK_TO_CONFIRM], "24 h before the visit"),
        (BUILT_IN[S.ASK_AGAIN], "The day before at 6:00 pm"),
        (StepRule(S.REMINDER, True, 90), "1 h 30 min before the visit"),
        (StepRule(S.REMINDER, True, 3 * DAY), "3 days before the visit"),
        (StepRule(S.REMINDER, True, 2 * DAY, 540), "2 days before at 9:00 am"),
        (StepRule(S.REMINDER, True, 0, 540), "On the day of the visit at 9:00 am"),
        (BUILT_IN[S.THANKS], "2 h after the visit"),
        (BUILT_IN[S.BIRTHDAY], "On the day at 10:00 am"),
        (BUILT_IN[S.REBOOK], "When they are due, at 11:00 am"),
        (BUILT_IN[S.DUES], "3 days after the bill at 11:00 am"),
    ],
)
def test_a_rule_is_said_in_words(rule: StepRule, said: str) -> None:
    assert when_words(rule) == said
