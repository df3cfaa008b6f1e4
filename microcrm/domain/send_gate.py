"""The one decision whether a message leaves now: asked at the moment of sending, in the order of india.md 3.4. Pure.

The order matters to whoever reads the reason: the first thing that stands against a message is what the shop has to put right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.errors import Invalid
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NEWS, MessageClass, NoticeStep
from microcrm.domain.phone import parse_phone
from microcrm.domain.zones import to_instant, to_wall


class Timing(StrEnum):
    """``AT_ONCE``: news of a change that was made just now, which nobody wants in the morning."""

    AT_ONCE = "at_once"
    DAYTIME = "daytime"
    OFFERS = "offers"


class Standing(StrEnum):
    """Whether what a message speaks of is still so. ``SUPERSEDED``: a later message about the same visit says it better.
    ``DOUBLED``: of the same campaign another one goes to this address. ``STOPPED``: somebody has stopped the campaign."""

    LIVE = "live"
    OFF = "off"
    MOVED = "moved"
    SUPERSEDED = "superseded"
    ANSWERED = "answered"
    DOUBLED = "doubled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Hours:
    """From which day on what may leave when, in minutes of the shop's day. ``stop``: what was let through before ``until`` must
    have left by then."""

    since: date
    timing: Timing
    begin: int
    until: int
    stop: int
    source: str


# The latest that has begun counts.
HOURS = (
    Hours(date(2018, 7, 19), Timing.DAYTIME, 8 * 60, 21 * 60, 21 * 60, "our own courtesy: no law sets hours for reminders"),
    Hours(
        date(2018, 7, 19), Timing.OFFERS, 10 * 60, 20 * 60 + 30, 21 * 60,
        "TCCCPR 2018 Schedule II, time bands; 10:00 to 21:00 is what operators let through (india.md 3.1)",
    ),
)  # fmt: skip


class Cap(NamedTuple):
    most: int
    within: timedelta


# To one customer. Of offers fewer than the channels' own limits; the one for service is a stop for a runaway program.
CAPS: Mapping[MessageClass, Cap] = MappingProxyType(
    {
        MessageClass.PROMOTIONAL: Cap(2, timedelta(days=7)),
        MessageClass.SERVICE: Cap(20, timedelta(days=1)),
    }
)
# Meta takes one message in six seconds for the same person (payments-messaging.md 2.7).
APART: Mapping[Channel, timedelta] = MappingProxyType({Channel.WHATSAPP: timedelta(seconds=6)})


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known at the moment of sending. ``channel_state``: "" live, else ``off`` or ``broken``. ``address``: E.164 or a mail
    address, "" where there is none. ``is_blocked``: nobody may write there. ``may_serve``: nobody has objected to messages about their
    own visits. ``may_advertise``: there is a consent for this channel's offers, not minding age. ``template``: "" when the text may go
    out on this channel, else why not. ``left_lately``: messages of the class within its cap. ``last_left_at``: the last message to them
    by this channel. ``paused_until``: when to ask again about what somebody has paused."""

    now: datetime
    zone: ZoneInfo
    channel: Channel
    kind: MessageClass
    timing: Timing
    expires_at: datetime | None = None
    channel_state: Literal["", "off", "broken"] = ""
    address: str = ""
    is_blocked: bool = False
    has_opted_out: bool = False
    may_serve: bool = True
    may_advertise: bool = False
    is_child: bool = False
    template: str = ""
    left_lately: int = 0
    last_left_at: datetime | None = None
    standing: Standing = Standing.LIVE
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code``: of `REASONS`; "" for send. ``until``: of a wait."""

    kind: Literal["send", "wait", "refuse"]
    code: str = ""
    until: datetime | None = None


class Reason(NamedTuple):
    """``words``: for staff; ``remedy``: what to do, "" when nothing is wrong. ``tries_next``: another channel may take it."""

    words: str
    remedy: str = ""
    tries_next: bool = False


_CALL = "Call them."
REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "channel_off": Reason("This channel is switched off.", "Switch it on in Settings, Messages.", tries_next=True),
        "channel_broken": Reason("This channel has stopped.", "Look at Settings, Messages.", tries_next=True),
        "no_address": Reason("They have no address for this channel.", "Add one to their page.", tries_next=True),
        "not_mobile": Reason("Their number is no mobile number.", "Ask for one, or call them.", tries_next=True),
        "blocked": Reason("Nobody may write to this address.", _CALL),
        "opted_out": Reason("They asked for no messages on this channel.", _CALL),
        "objected": Reason("They object to messages about their visits.", _CALL),
        "no_consent": Reason("They have not agreed to offers on this channel.", "Ask them at their next visit.", tries_next=True),
        "child": Reason("Children get no offers.", ""),
        "no_template": Reason("There is no approved template for this.", "Add one in Settings, Messages.", tries_next=True),
        "no_header": Reason("There is no header for offers by SMS.", "Add it in Settings, Messages.", tries_next=True),
        "text_differs": Reason(
            "The text is not the registered one.", "Compare it with the registered text in Settings.", tries_next=True
        ),
        "unfit": Reason("Something that it says is not known.", "Look at its words in Settings, Messages.", tries_next=True),
        "night": Reason("It waits until people are awake."),
        "offer_hours": Reason("It waits for the hours in which offers may go out."),
        "too_often": Reason("They had enough messages of this kind lately."),
        "too_soon": Reason("The last message to them has only just left."),
        "too_late": Reason("It was too late to be of use.", _CALL),
        "off": Reason("What it speaks of is off."),
        "moved": Reason("The visit has another time by now."),
        "superseded": Reason("A later message says it better."),
        "answered": Reason("They have answered already."),
        "doubled": Reason("Somebody else with this number or address gets it."),
        "stopped": Reason("The campaign was stopped."),
        "paused": Reason("The campaign is paused."),
    }
)  # fmt: skip
SEND = Verdict("send")
# Landlines with their area code can begin with 6 to 8, as Bengaluru's 80 does; with 9 only mobiles do (National Numbering Plan 2003).
_INDIAN_MOBILE = re.compile(r"\+919[0-9]{9}", re.ASCII)


def decide(facts: GateFacts) -> Verdict:
    """The first rule that has something against it."""
    for rule in _RULES:
        verdict = rule(facts)
        if verdict is not None:
            return verdict
    return SEND


def hours_for(timing: Timing, day: date) -> Hours | None:
    """``None``: any hour."""
    found = [one for one in HOURS if one.timing is timing and one.since <= day]
    return max(found, key=lambda one: one.since, default=None)


def may_still_leave(timing: Timing, zone: ZoneInfo, now: datetime) -> bool:
    """Asked once more when it is handed over: the hard stop."""
    day, minute = to_wall(now, zone)
    hours = hours_for(timing, day)
    return hours is None or hours.begin <= minute < hours.stop


def is_mobile(phone: str) -> bool:
    if _INDIAN_MOBILE.fullmatch(phone):  # most, and a hundred times quicker
        return True
    try:
        return bool(parse_phone(phone, mobile=True))
    except Invalid:
        return False


def _refuse(code: str) -> Verdict:
    return Verdict("refuse", code)


def _wait(facts: GateFacts, code: str, until: datetime) -> Verdict:
    """What would be of no use by then is not kept waiting."""
    if facts.expires_at is not None and until >= facts.expires_at:
        return _refuse("too_late")
    return Verdict("wait", code, until)


def _channel(facts: GateFacts) -> Verdict | None:
    return _refuse(f"channel_{facts.channel_state}") if facts.channel_state else None


def _address(facts: GateFacts) -> Verdict | None:
    if not facts.address:
        return _refuse("no_address")
    if facts.channel is not Channel.EMAIL and not is_mobile(facts.address):
        return _refuse("not_mobile")
    return None


def _block(facts: GateFacts) -> Verdict | None:
    return _refuse("blocked") if facts.is_blocked else None


def _opt_out(facts: GateFacts) -> Verdict | None:
    return _refuse("opted_out") if facts.has_opted_out else None


def _consent(facts: GateFacts) -> Verdict | None:
    if facts.kind is MessageClass.PROMOTIONAL:
        return None if facts.may_advertise else _refuse("no_consent")
    return None if facts.may_serve else _refuse("objected")


def _minor(facts: GateFacts) -> Verdict | None:
    """Digital Personal Data Protection Act 2023 s.9(3): nothing is advertised to children, whoever agreed."""
    return _refuse("child") if facts.is_child and facts.kind is MessageClass.PROMOTIONAL else None


def _template(facts: GateFacts) -> Verdict | None:
    return _refuse(facts.template) if facts.template else None


def _hours(facts: GateFacts) -> Verdict | None:
    day, minute = to_wall(facts.now, facts.zone)
    hours = hours_for(facts.timing, day)
    if hours is None or hours.begin <= minute < hours.until:
        return None
    opens = day if minute < hours.begin else day + timedelta(days=1)
    begin = (hours_for(facts.timing, opens) or hours).begin
    code = "offer_hours" if facts.timing is Timing.OFFERS else "night"
    return _wait(facts, code, to_instant(opens, begin, facts.zone))


def _frequency(facts: GateFacts) -> Verdict | None:
    if facts.left_lately >= CAPS[facts.kind].most:
        return _refuse("too_often")
    apart = APART.get(facts.channel)
    if apart is not None and facts.last_left_at is not None and facts.now < facts.last_left_at + apart:
        return _wait(facts, "too_soon", facts.last_left_at + apart)
    return None


def _alive(facts: GateFacts) -> Verdict | None:
    if facts.expires_at is not None and facts.now >= facts.expires_at:
        return _refuse("too_late")
    return None if facts.standing is Standing.LIVE else _refuse(facts.standing.value)


def _pause(facts: GateFacts) -> Verdict | None:
    return _wait(facts, "paused", facts.paused_until) if facts.paused_until else None


_RULES: Sequence[Callable[[GateFacts], Verdict | None]] = (
    _channel, _address, _block, _opt_out, _consent, _minor, _template, _hours, _frequency, _alive, _pause,
)  # fmt: skip

# Nobody waits for these. Who stands in a queue or is asked for a code does.
_BY_ITSELF = frozenset(NoticeStep) - NEWS - {NoticeStep.QUEUE_NEAR, NoticeStep.CODE}


def timing_of(step: NoticeStep, kind: MessageClass) -> Timing:
    if kind is MessageClass.PROMOTIONAL:
        return Timing.OFFERS
    return Timing.DAYTIME if step in _BY_ITSELF else Timing.AT_ONCE
