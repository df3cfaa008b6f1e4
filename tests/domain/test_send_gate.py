"""The gate: every case by name, and what holds whatever the facts are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.messenger import Channel
from microcrm.domain.notices import MessageClass, NoticeStep
from microcrm.domain.send_gate import (
    CAPS,
    HOURS,
    REASONS,
    GateFacts,
    Standing,
    Timing,
    Verdict,
    decide,
    hours_for,
    is_mobile,
    may_still_leave,
    timing_of,
)
from microcrm.domain.zones import to_wall

INDIA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 12, 7, 12, 0, tzinfo=INDIA)
GOOD = GateFacts(
    now=NOON, zone=INDIA, channel=Channel.WHATSAPP, kind=MessageClass.SERVICE, timing=Timing.DAYTIME,
    expires_at=NOON + timedelta(days=1), address="+919845012345",
)  # fmt: skip
OFFER = replace(GOOD, kind=MessageClass.PROMOTIONAL, timing=Timing.OFFERS, may_advertise=True)


def at(hour: int, minute: int = 0, day: int = 7) -> datetime:
    return NOON.replace(day=day, hour=hour, minute=minute)


REFUSED: dict[str, tuple[GateFacts, dict[str, Any]]] = {
    "channel_off": (GOOD, {"channel_state": "off"}),
    "channel_broken": (GOOD, {"channel_state": "broken"}),
    "no_address": (GOOD, {"address": ""}),
    "not_mobile": (GOOD, {"address": "+914422334455"}),
    "blocked": (GOOD, {"is_blocked": True}),
    "opted_out": (GOOD, {"has_opted_out": True}),
    "objected": (GOOD, {"may_serve": False}),
    "no_consent": (OFFER, {"may_advertise": False}),
    "child": (OFFER, {"is_child": True}),
    "no_template": (GOOD, {"template": "no_template"}),
    "no_header": (OFFER, {"template": "no_header"}),
    "text_differs": (GOOD, {"template": "text_differs"}),
    "too_often": (OFFER, {"left_lately": CAPS[MessageClass.PROMOTIONAL].most}),
    "too_late": (GOOD, {"expires_at": NOON}),
    "off": (GOOD, {"standing": Standing.OFF}),
    "moved": (GOOD, {"standing": Standing.MOVED}),
    "superseded": (GOOD, {"standing": Standing.SUPERSEDED}),
    "answered": (GOOD, {"standing": Standing.ANSWERED}),
    "doubled": (OFFER, {"standing": Standing.DOUBLED}),
    "stopped": (OFFER, {"standing": Standing.STOPPED}),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_stands_against_a_message_is_said(code: str) -> None:
    facts, change = REFUSED[code]
    assert decide(facts) == Verdict("send")
    assert decide(replace(facts, **change)) == Verdict("refuse", code)
    assert REASONS[code].words.endswith(".")


WAITS: list[tuple[str, GateFacts, str, datetime]] = [
    ("a reminder at dawn", replace(GOOD, now=at(7, 59)), "night", at(8)),
    ("a reminder late in the evening", replace(GOOD, now=at(21)), "night", at(8, day=8)),
    ("an offer before ten", replace(OFFER, now=at(9, 59)), "offer_hours", at(10)),
    ("an offer after half past eight", replace(OFFER, now=at(20, 30)), "offer_hours", at(10, day=8)),
    (
        "a campaign that is paused",
        replace(OFFER, paused_until=NOON + timedelta(minutes=15)),
        "paused",
        NOON + timedelta(minutes=15),
    ),
    ("the second message in six seconds", replace(GOOD, last_left_at=NOON), "too_soon", NOON + timedelta(seconds=6)),
]


@pytest.mark.parametrize(("facts", "code", "until"), [one[1:] for one in WAITS], ids=[one[0] for one in WAITS])
def test_what_only_has_to_wait_says_until_when(facts: GateFacts, code: str, until: datetime) -> None:
    facts = replace(facts, expires_at=NOON + timedelta(days=3))
    verdict = decide(facts)
    assert (verdict.kind, verdict.code, verdict.until) == ("wait", code, until)
    assert verdict.until is not None
    assert decide(replace(facts, now=verdict.until, paused_until=None)) == Verdict("send")
    assert decide(replace(facts, expires_at=until)) == Verdict("refuse", "too_late"), "nobody waits for nothing"


@pytest.mark.parametrize(
    ("facts", "is_sent"),
    [
        (replace(GOOD, now=at(8)), True), (replace(GOOD, now=at(20, 59)), True), (replace(OFFER, now=at(10)), True),
        (replace(OFFER, now=at(20, 29)), True), (replace(GOOD, timing=Timing.AT_ONCE, now=at(23, 30)), True),
        (replace(GOOD, channel=Channel.EMAIL, address="meera@x.example"), True),
        (replace(OFFER, is_child=True, kind=MessageClass.SERVICE), True),
        (replace(GOOD, left_lately=CAPS[MessageClass.SERVICE].most), False),
        (replace(GOOD, channel=Channel.SMS, last_left_at=NOON), True), (replace(GOOD, expires_at=None), True),
    ],
)  # fmt: skip
def test_at_the_edges(facts: GateFacts, is_sent: bool) -> None:
    assert (decide(facts).kind == "send") is is_sent


def test_the_first_thing_that_is_wrong_is_named() -> None:
    """In the order of india.md 3.4: a shop puts its channel right before it asks for consents."""
    wrong: dict[str, Any] = {}
    order = [
        ("off", {"standing": Standing.OFF}), ("too_often", {"left_lately": 99}), ("offer_hours", {"now": at(3)}),
        ("no_template", {"template": "no_template"}), ("child", {"is_child": True}),
        ("no_consent", {"may_advertise": False}), ("opted_out", {"has_opted_out": True}), ("blocked", {"is_blocked": True}),
        ("no_address", {"address": ""}), ("channel_off", {"channel_state": "off"}),
    ]  # fmt: skip
    for code, change in order:
        wrong |= change
        assert decide(replace(OFFER, **wrong)).code == code


def test_the_hard_stop() -> None:
    assert may_still_leave(Timing.OFFERS, INDIA, at(20, 59)) and not may_still_leave(Timing.OFFERS, INDIA, at(21))
    assert may_still_leave(Timing.AT_ONCE, INDIA, at(3)) and not may_still_leave(Timing.DAYTIME, INDIA, at(3))
    assert not may_still_leave(Timing.OFFERS, INDIA, at(9, 59))


def test_hours_are_those_of_the_shop_not_of_the_server() -> None:
    london = replace(GOOD, zone=ZoneInfo("Europe/London"), now=at(12))  # half past six there
    verdict = decide(london)
    assert verdict.code == "night" and verdict.until == datetime(2026, 12, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phone", "is_one"),
    [("+919845012345", True), ("+918025551234", False), ("+918050123456", True), ("+447911123456", True), ("+442079460958", False),
     ("9845012345", True), ("+91984501234", False), ("", False), ("hello", False), ("+919845012345 ", True)],
)  # fmt: skip
def test_mobiles(phone: str, is_one: bool) -> None:
    assert is_mobile(phone) is is_one


def test_each_hour_has_its_source() -> None:
    assert all(one.source and one.begin < one.until <= one.stop for one in HOURS)


instants = st.integers(0, 15 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from(["Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Dubai"])
anything = st.builds(
    GateFacts,
    now=instants,
    zone=zones.map(ZoneInfo),
    channel=st.sampled_from(Channel),
    kind=st.sampled_from(MessageClass),
    timing=st.sampled_from(Timing),
    expires_at=st.none() | instants,
    channel_state=st.sampled_from(["", "", "", "off", "broken"]),
    address=st.sampled_from(["", "+919845012345", "+914422334455", "a@b.example"]),
    is_blocked=st.booleans(),
    has_opted_out=st.booleans(),
    may_serve=st.booleans(),
    may_advertise=st.booleans(),
    is_child=st.booleans(),
    template=st.sampled_from(["", "", "no_template", "text_differs"]),
    left_lately=st.integers(0, 30),
    last_left_at=st.none() | instants,
    standing=st.sampled_from(Standing),
)


@given(facts=anything)
def test_whatever_the_facts_are(facts: GateFacts) -> None:
    verdict = decide(facts)
    assert decide(facts) == verdict
    if verdict.kind == "wait":
        assert verdict.until is not None and facts.now < verdict.until
        assert facts.expires_at is None or verdict.until < facts.expires_at
        assert verdict.until - facts.now <= timedelta(days=366 * 16)
    if verdict.kind != "send":
        assert verdict.code in REASONS
        return
    assert facts.standing is Standing.LIVE and facts.channel_state == "" and not facts.template
    assert facts.address and not facts.is_blocked and not facts.has_opted_out
    assert facts.expires_at is None or facts.now < facts.expires_at
    assert may_still_leave(facts.timing, facts.zone, facts.now)
    if facts.kind is MessageClass.PROMOTIONAL:
        assert facts.may_advertise and not facts.is_child and facts.left_lately < CAPS[facts.kind].most
    else:
        assert facts.may_serve


@given(now=instants, zone=zones.map(ZoneInfo))
def test_an_offer_leaves_only_within_its_hours_in_every_zone(now: datetime, zone: ZoneInfo) -> None:
    facts = replace(OFFER, now=now, zone=zone, expires_at=None)
    verdict = decide(facts)
    opened = now if verdict.kind == "send" else verdict.until
    assert opened is not None
    minute = to_wall(opened, zone)[1]
    assert 10 * 60 <= minute < 20 * 60 + 30
    assert opened - now < timedelta(hours=24)


@given(step=st.sampled_from(NoticeStep), kind=st.sampled_from(MessageClass))
def test_offers_keep_to_their_hours_whatever_they_say(step: NoticeStep, kind: MessageClass) -> None:
    timing = timing_of(step, kind)
    assert (timing is Timing.OFFERS) == (kind is MessageClass.PROMOTIONAL)
    assert hours_for(Timing.AT_ONCE, NOON.date()) is None
