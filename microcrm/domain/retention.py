"""How long which rows are kept, and by which law: rules as data, each with the day from which it holds. Pure.

A rule counts from the moment that ``since`` names. Months are those of the calendar, so that "a year" is never a day short.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum


class DataClass(StrEnum):
    """What is kept and goes together. The database keeps these words."""

    MESSAGE_WORDS = "message_words"
    MESSAGES = "messages"
    MESSAGE_EVENTS = "message_events"
    INBOUND_MESSAGES = "inbound_messages"
    MESSAGE_LINKS = "message_links"
    CHANNEL_BLOCKS = "channel_blocks"


class End(StrEnum):
    """What becomes of a row. ``BLANKED``: its words and the address leave it, and the row stays."""

    BLANKED = "blanked"
    DELETED = "deleted"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class KeepRule:
    """``months`` after ``since``; None for what is never deleted. ``law``: where it is written. ``holds_from``: the first day of the
    rule; a later one of the same class takes its place."""

    data_class: DataClass
    words: str
    since: str
    months: int | None
    end: End
    law: str
    holds_from: date


_DPDP_YEAR = (
    "DPDP Act 2023 s.8(7): not longer than it serves; DPDP Rules 2025 r.8(3): personal data and logs at least one year"
)
_AGREED = date(2026, 1, 1)

KEEP_RULES: tuple[KeepRule, ...] = (
    KeepRule(
        DataClass.MESSAGE_WORDS, "What was written to customers", "the day it was to leave", 12, End.BLANKED, _DPDP_YEAR, _AGREED
    ),
    KeepRule(
        DataClass.MESSAGES,
        "That a message went, by which way and what became of it",
        "the day it was to leave",
        24,
        End.DELETED,
        _DPDP_YEAR,
        _AGREED,
    ),
    KeepRule(
        DataClass.MESSAGE_EVENTS,
        "What was decided and done about a message; goes with it, and holds it while younger",
        "the day it was done",
        12,
        End.DELETED,
        "DPDP Rules 2025 r.6(1)(e): logs at least one year; CERT-In directions 2022: 180 days",
        _AGREED,
    ),
    KeepRule(
        DataClass.INBOUND_MESSAGES,
        "What customers wrote, and what was done about it",
        "the day it came in, or was settled",
        12,
        End.DELETED,
        _DPDP_YEAR,
        _AGREED,
    ),
    KeepRule(
        DataClass.MESSAGE_LINKS,
        "Links that were sent and have run out",
        "the day it ran out",
        12,
        End.DELETED,
        "DPDP Rules 2025 r.8(3): traffic data, here when a link was last used, at least one year",
        _AGREED,
    ),
    KeepRule(
        DataClass.CHANNEL_BLOCKS,
        "Who wants no messages by which way",
        "the day they said so",
        None,
        End.KEPT,
        "DPDP Act 2023 s.6(4)-(6), TCCCPR 2018: the proof of a refusal stays, so that it keeps being respected",
        _AGREED,
    ),
)  # fmt: skip


def rule_of(data_class: DataClass, on: date, rules: Iterable[KeepRule] = KEEP_RULES) -> KeepRule | None:
    """The latest that holds on that day; None before the first."""
    held = [one for one in rules if one.data_class is data_class and one.holds_from <= on]
    return max(held, key=lambda one: one.holds_from, default=None)


def goes_before(rule: KeepRule, now: datetime) -> datetime | None:
    """What is older than this moment (UTC) may go; None for what stays. Counted in months back from ``now``: of 29 February the last
    day of February, which keeps a row a day longer and never shorter."""
    if rule.months is None:
        return None
    at = now.astimezone(UTC)
    months = at.year * 12 + at.month - 1 - rule.months
    year, month = divmod(months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
