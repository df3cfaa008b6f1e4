"""A message in words for those who sent it: what it was, how far it has come, and what to do when it did not arrive. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.messages import MessageState
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.send_gate import REASONS
from microcrm.domain.step_words import CHANNEL_WORDS, STEP_WORDS
from microcrm.domain.twilio import why_of
from microcrm.domain.zones import to_wall

_M = MessageState
_STATES: dict[MessageState, tuple[str, str]] = {
    _M.PLANNED: ("Planned", "info"),
    _M.SENDING: ("Leaving now", "info"),
    _M.HANDED: ("On its way", "neutral"),
    _M.SENT: ("Sent", "neutral"),
    _M.DELIVERED: ("Delivered", "ok"),
    _M.READ: ("Read", "ok"),
    _M.FAILED: ("Not delivered", "bad"),
    _M.UNKNOWN: ("Perhaps not sent", "warn"),
    _M.SUPPRESSED: ("Not sent", "neutral"),
    _M.WITHDRAWN: ("Taken back", "neutral"),
}
ICONS = ("clock", "check", "check_check", "circle_alert", "x")  # of `Ticks`
_TICKS = {
    _M.PLANNED: "clock", _M.SENDING: "clock", _M.HANDED: "check", _M.SENT: "check", _M.DELIVERED: "check_check",
    _M.READ: "check_check", _M.FAILED: "circle_alert", _M.UNKNOWN: "circle_alert", _M.SUPPRESSED: "x", _M.WITHDRAWN: "x",
}  # fmt: skip
_OURS = {
    "unreachable": ("The provider could not be reached.", "It is tried again by itself."),
    "too_slow": ("The worker was too slow.", "It is tried again by itself."),
    "not_arrived": ("It had not arrived there.", "It is sent again by itself."),
    "unknown": ("No answer came when it was sent, and nobody can say whether it left.", "Ask them, or send it again."),
    "taken_back": ("The change was taken back in time.", ""),
    "told_by_hand": ("Somebody told them.", ""),
    "settings": ("The channel is not set up.", "Look at Settings, Messages."),
}


_TALK = {"reply": "Reply by itself", "answer": "Answer"}  # of a conversation (`domain/replies.py`)


class Ticks(NamedTuple):
    """``status`` with its ``tone`` and ``icon``; ``why`` and ``to_do`` are "" when nothing is wrong."""

    status: str
    tone: str
    icon: str
    why: str = ""
    to_do: str = ""


def title_of(step: str) -> str:
    return _TALK.get(step) or STEP_WORDS[NoticeStep(step)].label


def channel_of(channel: str) -> str:
    return CHANNEL_WORDS[Channel(channel)]


def ticks(state: str, reason: str, due_at: datetime, following: str, zone: ZoneInfo, now: datetime) -> Ticks:
    """``following``: the channel by which it went on, "" for none."""
    known = MessageState(state)
    status, tone = _STATES[known]
    why, to_do = reason_words(reason) if reason and known not in (_M.DELIVERED, _M.READ) else ("", "")
    if known is _M.PLANNED:
        status = f"Planned for {moment(due_at, zone, now)}" if due_at > now else "Waits to leave"
    if following:
        return Ticks(f"Went by {_within(channel_of(following))} instead", "neutral", _TICKS[known], why)
    return Ticks(status, tone, _TICKS[known], why, to_do if known in (_M.FAILED, _M.UNKNOWN, _M.SUPPRESSED) else "")


def reason_words(reason: str) -> tuple[str, str]:
    """Why, and what to do about it. A code is the provider's."""
    if reason in REASONS:
        return REASONS[reason].words, REASONS[reason].remedy
    if reason in _OURS:
        return _OURS[reason]
    if reason.isascii() and reason.isdigit():
        why = why_of(int(reason), int(reason) if len(reason) == 3 else 0)
        return f"{why.words} (code {reason})", why.to_do
    return "It was refused.", "Tell them yourself."


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Like "Today, 4:15 pm"."""
    return f"{format_near_day(to_wall(at, zone)[0], _today(now, zone))}, {format_time(at, zone)}"


def _today(now: datetime, zone: ZoneInfo) -> date:
    return to_wall(now, zone)[0]


def _within(name: str) -> str:
    return name if name.isupper() or name == "WhatsApp" else name.lower()
