"""A message to many customers at once: how far it has come, and at which moments its messages leave. Pure.

A campaign is planned as it goes: only what leaves within the next two minutes is written down. So it can be stopped and paused at
any moment, and no more of it than that ever stands before anybody's reminder.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.errors import Invalid
from microcrm.domain.messenger import Channel
from microcrm.domain.notice_texts import Template
from microcrm.domain.notices import LANGUAGES, NoticeStep
from microcrm.domain.send_gate import Timing, hours_for
from microcrm.domain.zones import to_instant, to_wall


class CampaignState(StrEnum):
    """``running``: from when it was sent on its way, also while it waits for its hour."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


STATE_WORDS: Mapping[CampaignState, tuple[str, str]] = {
    CampaignState.DRAFT: ("Draft", "neutral"),
    CampaignState.RUNNING: ("Going out", "info"),
    CampaignState.PAUSED: ("Paused", "warn"),
    CampaignState.STOPPED: ("Stopped", "bad"),
    CampaignState.DONE: ("Done", "ok"),
}
NAME_LIMIT = 60
LEAST_PACE, USUAL_PACE, MOST_PACE = 1, 60, 600  # messages a minute
FURTHEST = timedelta(days=92)  # from now
AHEAD = timedelta(minutes=2)  # what is written down before it leaves
GOOD_FOR = timedelta(days=1)  # of one message, from when it was to leave
RESULT_DAYS = 7  # so long after a message an answer, a no and a booking are counted as following from it


class Slots(NamedTuple):
    """``moments``: when the next messages leave; ``then``: the first one after them."""

    moments: tuple[datetime, ...]
    then: datetime


def slots(after: datetime, now: datetime, pace: int, zone: ZoneInfo) -> Slots:
    """The moments until `AHEAD` from ``now``, ``pace`` a minute, none before ``after`` or outside the hours for offers. What could not
    leave meanwhile is not made up for."""
    step = timedelta(minutes=1) / pace
    moment, end = within_hours(max(after, now), zone), now + AHEAD
    found = []
    while moment < end:
        found.append(moment)
        moment = within_hours(moment + step, zone)
    return Slots(tuple(found), moment)


def within_hours(at: datetime, zone: ZoneInfo) -> datetime:
    """The moment itself, or the next one at which offers may leave."""
    day, minute = to_wall(at, zone)
    hours = hours_for(Timing.OFFERS, day)
    if hours is None or hours.begin <= minute < hours.until:
        return at
    opens = day if minute < hours.begin else day + timedelta(days=1)
    return to_instant(opens, (hours_for(Timing.OFFERS, opens) or hours).begin, zone)


def subject_of(campaign_id: int, customer_id: int) -> str:
    """What a message is about: once for each customer, however often it is planned."""
    return f"campaign:{campaign_id}:{customer_id}"


def campaign_in(subject: str) -> int:
    return int(subject.split(":")[1])


Words = Mapping[tuple[Channel, str], Template]  # by channel and language


def key_of(channel: Channel, language: str) -> str:
    return f"{channel.value}-{language}"


def words_in(kept: Mapping[str, Any]) -> dict[tuple[Channel, str], Template]:
    """As they are stored, by `key_of`."""
    return {
        (channel, language): template_in(channel, language, kept[key_of(channel, language)])
        for channel in Channel
        for language in LANGUAGES
        if key_of(channel, language) in kept
    }


def template_in(channel: Channel, language: str, kept: Mapping[str, Any]) -> Template:
    from_day = kept.get("dlt_on")
    return Template(
        NoticeStep.CAMPAIGN, channel, language, str(kept.get("text", "")), str(kept.get("content_sid", "")),
        str(kept.get("dlt_template_id", "")), str(kept.get("dlt_text", "")),
        datetime.fromisoformat(from_day).date() if from_day else None, is_own=True,
    )  # fmt: skip


def as_kept(template: Template) -> dict[str, Any]:
    """Only what says something."""
    said = {
        "text": template.text, "content_sid": template.content_sid, "dlt_template_id": template.dlt_template_id,
        "dlt_text": template.dlt_text, "dlt_on": template.dlt_on.isoformat() if template.dlt_on else "",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def words_for(words: Words, channel: Channel, language: str) -> Template | None:
    """In the customer's language, else in the first that is written."""
    spoken = (language, *LANGUAGES)
    return next((words[channel, one] for one in spoken if (channel, one) in words), None)


def not_ready(words: Words, channels: tuple[Channel, ...]) -> str:
    """What is missing before it can leave, in words; "" for nothing. Ids of templates are asked for elsewhere: they depend on the
    account."""
    if not channels:
        return "Choose at least one way to send it."
    bare = [one for one in channels if words_for(words, one, "en") is None]
    return f"Write the text for {' and for '.join(_NAMES[one] for one in bare)}." if bare else ""


_NAMES = {Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS", Channel.EMAIL: "e-mail"}


def check_start(begins_at: datetime | None, now: datetime) -> None:
    if begins_at is not None and begins_at > now + FURTHEST:
        raise Invalid(fields={"day": f"At most {FURTHEST.days} days from now."})
