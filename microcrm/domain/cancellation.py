"""What it costs to cancel late or not to come, and until when a customer may change things alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from microcrm.domain.booking_policy import FeeStep, PolicyTerms
from microcrm.domain.money import half_up


class Fee(NamedTuple):
    """``percent`` hundredths of the price, rounded half up to a paisa."""

    percent: int
    paise: int


NO_FEE = Fee(0, 0)


def share(price_paise: int, percent: int) -> Fee:
    return Fee(percent, half_up(price_paise * percent, 100))


def fee_at(ladder: Sequence[FeeStep], price_paise: int, starts_at: datetime, now: datetime) -> Fee:
    """Of the steps that are reached the nearest to the visit counts: the later, the dearer. A step of 240 minutes is
    reached four hours before the visit, to the second."""
    reached = [step for step in ladder if now >= starts_at - timedelta(minutes=step.within_min)]
    if not reached:
        return NO_FEE
    return share(price_paise, min(reached).percent)


def is_late(cutoff_min: int, starts_at: datetime, now: datetime) -> bool:
    """Whether less than ``cutoff_min`` minutes are left. 0: up to the start nothing is late."""
    return now > starts_at - timedelta(minutes=cutoff_min)


def cancel_until(terms: PolicyTerms, starts_at: datetime) -> datetime:
    """The last moment at which cancelling is not late."""
    return starts_at - timedelta(minutes=terms.cancel_cutoff_min)


def move_until(terms: PolicyTerms, starts_at: datetime) -> datetime:
    """The last moment at which a customer may choose another time alone."""
    return starts_at - timedelta(minutes=terms.reschedule_cutoff_min)
