"""When which message goes out by itself: the plan a shop starts with, and what a rule makes of a visit.

A reminder is sent while people are awake: what would fall into the night goes the evening before, or in the morning when the visit is
late enough (08:00 to 21:00 by our own courtesy; the law sets no hours for service messages, india.md 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.booking import BookingStatus
from microcrm.domain.formatting import format_clock, format_count, format_duration
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.zones import to_instant, to_wall

DAY = 24 * 60
MOST_OFFSET = 60 * DAY  # minutes
MORNING, EVENING = 8 * 60, 20 * 60 + 30  # nothing of its own accord before the one; what comes later goes at the other
NIGHT = 21 * 60
SOON = timedelta(minutes=30)  # so long before a visit a message is still of use in the morning
FRESH = timedelta(hours=1)  # who has just booked need not be reminded
THANKS_LAST = timedelta(days=2)
CHANNELS = (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL)


@dataclass(frozen=True, slots=True)
class StepRule:
    """``offset_min``: minutes before the visit begins, or after it has ended; with ``clock_min`` whole days, and then at that time
    of day. ``channels``: tried in this order; () as the shop does it otherwise."""

    step: NoticeStep
    is_on: bool
    offset_min: int
    clock_min: int | None = None
    channels: tuple[Channel, ...] = ()


class PlannedStep(NamedTuple):
    """``expires_at``: from when on it is of no use."""

    step: NoticeStep
    due_at: datetime
    expires_at: datetime
    channels: tuple[Channel, ...] = CHANNELS


_S = NoticeStep
BUILT_IN: Mapping[NoticeStep, StepRule] = MappingProxyType(
    {
        rule.step: rule
        for rule in (
            StepRule(_S.ASK_TO_CONFIRM, True, DAY),
            StepRule(_S.ASK_AGAIN, False, DAY, 18 * 60),
            StepRule(_S.REMINDER, True, 120),
            StepRule(_S.QUEUE_NEAR, True, 0),
            StepRule(_S.THANKS, False, 120),
            StepRule(_S.REBOOK, False, 0, 11 * 60),
            StepRule(_S.BIRTHDAY, False, 0, 10 * 60),
            StepRule(_S.DUES, False, 3 * DAY, 11 * 60),
        )
    }
)
BEFORE_VISIT = frozenset({_S.ASK_TO_CONFIRM, _S.ASK_AGAIN, _S.REMINDER})
AFTER_VISIT = frozenset({_S.THANKS})
BY_DAY = frozenset({_S.REBOOK, _S.BIRTHDAY, _S.DUES})  # planned each morning, not with a visit
BY_SERVICE = BEFORE_VISIT | AFTER_VISIT  # may differ by service
_LIVE_FOR: Mapping[NoticeStep, frozenset[BookingStatus]] = {
    _S.REMINDER: frozenset({BookingStatus.BOOKED, BookingStatus.CONFIRMED}),
    _S.ASK_TO_CONFIRM: frozenset({BookingStatus.BOOKED}),
    _S.ASK_AGAIN: frozenset({BookingStatus.BOOKED}),
    _S.THANKS: frozenset({BookingStatus.FINISHED}),
}


def still_fits(step: NoticeStep, status: BookingStatus) -> bool:
    """Asked when the message leaves: nobody who has confirmed is asked again, nobody who did not come is thanked."""
    return step not in _LIVE_FOR or status in _LIVE_FOR[step]


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """``rules``: where the shop differs from the plan it starts with, by step and service (nothing: for all of them)."""

    rules: Mapping[tuple[NoticeStep, int | None], StepRule] = field(default_factory=dict)
    channels: tuple[Channel, ...] = CHANNELS
    review_url: str = ""
    sms_price: int | None = None
    version: int = 0

    def rule(self, step: NoticeStep, services: Iterable[int] = ()) -> StepRule:
        """Of several services of one visit the first that has a rule of its own."""
        own = next((self.rules[step, one] for one in services if (step, one) in self.rules), None)
        found = own or self.rules.get((step, None)) or BUILT_IN[step]
        return found if found.channels else replace(found, channels=self.channels)

    def reminders(
        self, start: datetime, end: datetime, services: Iterable[int], zone: ZoneInfo, now: datetime
    ) -> list[PlannedStep]:
        """What is to go out about one visit."""
        known = tuple(services)
        return planned((self.rule(step, known) for step in sorted(BY_SERVICE)), start, end, zone, now)


def planned(
    rules: Iterable[StepRule], start: datetime, end: datetime, zone: ZoneInfo, now: datetime
) -> list[PlannedStep]:
    """What is to go out about a visit, in order of time. What would be due already is left out."""
    found = []
    for rule in rules:
        if not rule.is_on or rule.step not in BY_SERVICE:
            continue
        due = due_of(rule, start, end, zone)
        expires = start if rule.step in BEFORE_VISIT else due + THANKS_LAST
        if now + FRESH <= due < expires:
            found.append(PlannedStep(rule.step, due, expires, rule.channels or CHANNELS))
    return sorted(found, key=lambda one: one.due_at)


def due_of(rule: StepRule, start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC). Days are those of the shop's wall clock, minutes are real minutes."""
    is_before = rule.step in BEFORE_VISIT
    sign, anchor = (-1, start) if is_before else (1, end)
    if rule.clock_min is not None:
        day, _ = to_wall(anchor, zone)
        due = to_instant(day + timedelta(days=sign * (rule.offset_min // DAY)), rule.clock_min, zone)
    else:
        due = anchor + timedelta(minutes=sign * rule.offset_min)
    return _awake(due, start, zone) if is_before else due


def _awake(due: datetime, start: datetime, zone: ZoneInfo) -> datetime:
    day, minute = to_wall(due, zone)
    if minute >= NIGHT:
        return to_instant(day, EVENING, zone)
    if minute >= MORNING:
        return due
    morning = to_instant(day, MORNING, zone)
    return morning if morning + SOON <= start else to_instant(day - timedelta(days=1), EVENING, zone)


# --- in words -----------------------------------------------------------------------------------------------------------------------


def when_words(rule: StepRule) -> str:
    """Like "24 h before the visit", "the evening before at 6:00 pm", "2 h after the visit"."""
    days = rule.offset_min // DAY
    clock = "" if rule.clock_min is None else format_clock(rule.clock_min)
    if rule.step is _S.QUEUE_NEAR:
        return "When two are before them"
    if rule.step is _S.BIRTHDAY:
        return f"On the day at {clock}" if not days else f"{format_count(days, 'day')} before at {clock}"
    if rule.step is _S.REBOOK:
        return (
            f"When they are due, at {clock}"
            if not days
            else f"{format_count(days, 'day')} after they are due, at {clock}"
        )
    if rule.step is _S.DUES:
        return f"{format_count(days, 'day')} after the bill at {clock}"
    side = "before" if rule.step in BEFORE_VISIT else "after"
    if not clock:
        return f"{_length(rule.offset_min)} {side} the visit"
    if not days:
        return f"On the day of the visit at {clock}"
    return f"The day {side} at {clock}" if days == 1 else f"{format_count(days, 'day')} {side} at {clock}"


def _length(minutes: int) -> str:
    """Whole days beyond two as days: "3 days", "24 h", "1 h 30 min"."""
    return format_count(minutes // DAY, "day") if minutes > DAY and minutes % DAY == 0 else format_duration(minutes)
