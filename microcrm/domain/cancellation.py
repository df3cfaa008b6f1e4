"""What it costs to cancel late or not to come, and until when a customer may change things alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from microcrm.domain.booking_policy import FeeStep, PolicyTerms
from microcrm.domain.formatting import format_clock, format_duration
from microcrm.domain.money import format_rupees, half_up


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


def example(terms: PolicyTerms) -> str:
    """The owner's terms on one visit of Rs 800 at 5 pm, to be read beside the fields."""
    price, starts = 80_000, 17 * 60
    sentences = []
    for step in terms.fee_ladder:
        minute = starts - max(1, step.within_min // 2)
        if minute < 0:
            sentences.append(
                f"A customer who cancels less than {format_duration(step.within_min)} before pays {step.percent} % of "
                f"{format_rupees(price)} = {format_rupees(share(price, step.percent).paise)}."
            )
            continue
        sentences.append(
            f"A customer who cancels at {format_clock(minute)} for {format_clock(starts)} pays {step.percent} % of "
            f"{format_rupees(price)} = {format_rupees(share(price, step.percent).paise)}."
        )
    if terms.no_show_percent:
        fee = format_rupees(share(price, terms.no_show_percent).paise)
        sentences.append(f"Who does not come pays {terms.no_show_percent} % of {format_rupees(price)} = {fee}.")
    return " ".join(sentences) or "Cancelling and not coming cost nothing."
