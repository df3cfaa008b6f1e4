"""How a shop lets itself be booked: the owner's terms, as operations and pages read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class FeeStep(NamedTuple):
    """Who cancels ``within_min`` minutes of the visit or later owes ``percent`` hundredths of its price."""

    within_min: int
    percent: int


class CodeWay(StrEnum):
    """To what whoever books online has to have access. ``PHONE`` asks for a channel that reaches phones; while there is none it
    is the e-mail."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What holds for the whole shop; a service may have terms of its own. ``version`` is 0 until something was saved."""

    is_online: bool = True
    min_notice_min: int = 60
    horizon_days: int = 60
    slot_step_min: int = 15
    most_per_day: int | None = None
    hold_min: int = 10
    needs_approval: bool = False
    approval_hours: int = 24
    payment_min: int = 15
    cancel_cutoff_min: int = 240
    reschedule_cutoff_min: int = 240
    fee_ladder: tuple[FeeStep, ...] = ()
    no_show_percent: int = 0
    deposit_kind: str = "none"
    deposit_paise: int = 0
    deposit_percent: int = 0
    is_override_allowed: bool = True
    is_telling_usual: bool = True
    is_code_needed: bool = False
    code_way: CodeWay = CodeWay.EMAIL
    is_waitlist_on: bool = True
    offer_min: int = 30
    offer_band: int = 1
    is_queue_on: bool = False
    note: str = ""
    version: int = 0


CODE_WAYS: Mapping[CodeWay, str] = {CodeWay.PHONE: "By WhatsApp or SMS", CodeWay.EMAIL: "By e-mail"}


class Range(NamedTuple):
    label: str
    low: int
    high: int


NUMBERS: Mapping[str, Range] = {
    "min_notice_min": Range("Shortest notice in minutes", 0, 43_200),
    "horizon_days": Range("Days ahead", 1, 366),
    "slot_step_min": Range("Minutes between start times", 5, 240),
    "hold_min": Range("Minutes a time is kept", 2, 60),
    "approval_hours": Range("Hours to answer a request", 1, 168),
    "payment_min": Range("Minutes to pay", 5, 1440),
    "cancel_cutoff_min": Range("Latest cancellation in minutes", 0, 43_200),
    "reschedule_cutoff_min": Range("Latest change in minutes", 0, 43_200),
    "no_show_percent": Range("Fee for not coming", 0, 100),
    "offer_min": Range("Minutes to answer an offer", 5, 1440),
    "offer_band": Range("People asked at once", 1, 50),
}
FLAGS: Mapping[str, str] = {
    "is_online": "Online booking",
    "needs_approval": "Approval",
    "is_override_allowed": "Booking outside the rules",
    "is_telling_usual": "Telling customers",
    "is_code_needed": "Code before a booking",
    "is_waitlist_on": "Waiting list",
    "is_queue_on": "Walk-in queue",
}
CODE_MINUTES = 10  # so long a code is good
CODE_TRIES = 5  # of one code
MOST_CODES = 5  # codes for one form and address
MOST_STEPS = 3  # of the fee ladder: more nobody keeps in mind


def read_ladder(rows: Iterable[Mapping[str, Any]]) -> tuple[FeeStep, ...]:
    """As stored, the latest cancellation first."""
    return tuple(sorted(FeeStep(int(row["within_min"]), int(row["percent"])) for row in rows))
