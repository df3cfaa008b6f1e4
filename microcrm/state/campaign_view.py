"""A campaign as its screens show it: in words, with figures as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from microcrm.domain.campaigns import RESULT_DAYS, STATE_WORDS, CampaignState
from microcrm.domain.formatting import format_count
from microcrm.domain.message_text import cost_paise
from microcrm.domain.message_words import channel_of, moment, reason_words
from microcrm.domain.messenger import Channel
from microcrm.domain.money import format_rupees, group_indian
from microcrm.domain.notices import LANGUAGE_NAMES
from microcrm.domain.step_words import order_words
from microcrm.domain.zones import zone_of
from microcrm.operations.campaigns.looking import LOOKED_AT, CampaignLine, CampaignView, Preview
from microcrm.operations.campaigns.result import CampaignResult
from microcrm.state.forms import Option

NOBODY = "Nobody is in this segment now."


@dataclass(frozen=True)
class ListRow:
    id: str
    href: str
    name: str
    line: str
    status: str
    tone: str


@dataclass(frozen=True)
class WordsRow:
    """Of one channel in one language."""

    key: str
    channel: str
    language: str
    label: str
    is_written: bool


@dataclass(frozen=True)
class ReasonRow:
    """``about``: what to do, "" when nothing is wrong."""

    code: str
    words: str
    about: str
    count: str


@dataclass(frozen=True)
class Figure:
    label: str
    value: str


@dataclass(frozen=True)
class CampaignForm:
    """``id`` "" while the address names none. ``line``: when, by whom, how fast."""

    id: str = ""
    version: int = 0
    name: str = ""
    state: str = ""
    status: str = ""
    tone: str = "neutral"
    segment: str = ""
    segment_words: str = ""
    ways: str = ""
    ways_words: str = ""
    pace: str = ""
    line: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreviewShown:
    is_read: bool = False
    total: str = ""
    ways: tuple[Figure, ...] = ()
    reasons: tuple[ReasonRow, ...] = ()
    note: str = ""
    gets: int = 0


def list_row(one: CampaignLine, zone: str, now: datetime) -> ListRow:
    status, tone = STATE_WORDS[one.state]
    at = one.begins_at or one.started_at
    when = f"written {moment(one.created_at, zone_of(zone), now)}" if at is None else moment(at, zone_of(zone), now)
    left = f"{format_count(one.left, 'message')} sent" if one.state is not CampaignState.DRAFT else ""
    if one.state is CampaignState.RUNNING and one.begins_at is not None and one.begins_at > now:
        status, left = "Planned", ""
    parts = (order_words(one.channels), when, left)
    return ListRow(
        str(one.id), f"/campaign?id={one.id}", one.name, " · ".join(part for part in parts if part), status, tone
    )


def form_of(one: CampaignView, zone: str, now: datetime) -> CampaignForm:
    status, tone = STATE_WORDS[one.state]
    if one.state is CampaignState.RUNNING and one.begins_at is not None and one.begins_at > now:
        status = "Planned"
    return CampaignForm(
        str(one.id), one.version, one.name, one.state.value, status, tone, one.segment_key, one.segment,
        ",".join(one.channels), order_words(one.channels), str(one.pace), _line(one, zone, now), one.lacks,
    )  # fmt: skip


def _line(one: CampaignView, zone: str, now: datetime) -> str:
    parts = [order_words(one.channels), f"{format_count(one.pace, 'message')} a minute"]
    if one.begins_at is not None:
        word = "begins" if one.begins_at > now else "began"
        parts.append(f"{word} {moment(one.begins_at, zone_of(zone), now)}")
    elif one.started_at is not None:
        parts.append(f"sent {moment(one.started_at, zone_of(zone), now)}")
    if one.sender:
        parts.append(f"by {one.sender}")
    is_waiting = one.state is CampaignState.RUNNING and one.next_at is not None and one.next_at > now
    if is_waiting and one.next_at is not None and (one.next_at - now).total_seconds() > 600:
        parts.append(f"goes on {moment(one.next_at, zone_of(zone), now)}")
    return " · ".join(parts)


def segment_options(one: CampaignView) -> list[Option]:
    return [Option(each.key, each.name) for each in one.segments]


def words_rows(one: CampaignView) -> list[WordsRow]:
    written = set(one.written)
    return [
        WordsRow(
            f"{channel}-{language}", channel.value, language, f"{channel_of(channel)} · {name}",
            (channel, language) in written,
        )
        for channel in one.channels
        for language, name in LANGUAGE_NAMES.items()
    ]  # fmt: skip


def preview_shown(one: Preview) -> PreviewShown:
    gets = sum(one.by_way.values())
    notes = []
    if one.is_cut:
        notes.append(
            f"The first {group_indian(LOOKED_AT)} were counted. Whether each of the others gets it is decided when it leaves."
        )
    if one.sms_segments and one.sms_price is not None:
        many = one.by_way[Channel.SMS]
        cost = format_rupees(cost_paise(many * one.sms_segments, one.sms_price))
        notes.append(f"SMS: {format_count(many, 'message')} of {format_count(one.sms_segments, 'part')}, about {cost}.")
    return PreviewShown(
        True,
        f"{group_indian(gets)} of {format_count(one.people, 'customer')} get it" if one.people else NOBODY,
        tuple(
            Figure(channel_of(channel), group_indian(one.by_way[channel]))
            for channel in Channel
            if one.by_way.get(channel)
        ),
        reason_rows(one.left_out),
        " ".join(notes),
        gets,
    )


def reason_rows(counts: Mapping[str, int]) -> tuple[ReasonRow, ...]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(ReasonRow(code, *reason_words(code), group_indian(many)) for code, many in ordered if many)


def figures_of(one: CampaignResult) -> list[Figure]:
    """Noughts too: that nobody answered is a result."""
    pairs: Iterable[tuple[str, int]] = (
        ("Sent", one.sent), ("Delivered", one.delivered), ("Read", one.read), ("About to leave", one.waiting),
        ("Not delivered", one.failed + one.unknown), ("Got none", sum(one.not_sent.values())),
        (f"Answered within {RESULT_DAYS} days", one.answered), (f"Booked within {RESULT_DAYS} days", one.booked),
        (f"Ended offers within {RESULT_DAYS} days", one.opted_out),
    )  # fmt: skip
    return [Figure(label, group_indian(many)) for label, many in pairs]


def begun_words(begins_at: datetime | None, zone: str, now: datetime) -> str:
    if begins_at is None:
        return "It is going out now"
    return f"It begins {moment(begins_at, zone_of(zone), now)}. Stop it any time."
