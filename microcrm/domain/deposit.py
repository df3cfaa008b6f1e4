"""What a customer who books alone pays ahead, and how much of it comes back when they cancel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from microcrm.domain.booking_policy import FeeStep
from microcrm.domain.cancellation import share
from microcrm.domain.money import half_up

RUPEE = 100  # Razorpay takes nothing below
MOST_PAISE = 10**8


class DepositKind(StrEnum):
    NONE = "none"
    FIXED = "fixed"
    PERCENT = "percent"
    FULL = "full"


class DepositRule(NamedTuple):
    """``paise`` is for a fixed amount, ``percent`` (1..99) for a share of the price."""

    kind: str = DepositKind.NONE
    paise: int = 0
    percent: int = 0


NO_DEPOSIT = DepositRule()


class Part(NamedTuple):
    """One service of a visit: what all its seats cost with tax (paise), and its own rule; ``None``: the shop's."""

    price_paise: int
    own: DepositRule | None = None
    seats: int = 1


class Back(NamedTuple):
    """Paise of a deposit that stay and that come back, for who cancels from ``since`` on (``None``: up to the first step)."""

    since: datetime | None
    kept: int
    back: int


@dataclass(frozen=True, slots=True)
class DepositMoney:
    """Of one visit, in paise. ``asked``: what was to be paid ahead. ``paid`` came in, ``back`` is with the customer again,
    ``going`` is on its way there, ``used`` has paid bills, ``held`` is in dispute. ``concern``: why a payment of it needs a
    look, "" when none does; ``is_news``: nobody has said that it may stay so. ``is_at_bank``: a bank has not answered yet.
    ``unsent``: was to go back, and Razorpay refused. ``dispute``: how the latest one stands, to be answered by
    ``respond_by``."""

    asked: int = 0
    paid: int = 0
    back: int = 0
    going: int = 0
    used: int = 0
    held: int = 0
    concern: str = ""
    is_at_bank: bool = False
    is_news: bool = False
    unsent: int = 0
    dispute: str = ""
    respond_by: datetime | None = None
    mode: str = ""  # of the shop's account today: live, or test and sandbox, which move no money

    @property
    def stays(self) -> int:
        """What the shop has of it, used or not."""
        return max(0, self.paid - self.back - self.going)

    @property
    def left(self) -> int:
        """What the shop still has of it and no bill has used."""
        return max(0, self.paid - self.back - self.going - self.used - self.held)


def deposit_of(parts: Sequence[Part], shop: DepositRule) -> int:
    """Paise, whole rupees, never more than the price. The shop's fixed amount is asked once a visit, a service's own once for
    each seat; a share is of the price with tax. Below a rupee nothing is asked."""
    usual = sum(part.price_paise for part in parts if part.own is None)
    due = _of(shop, usual, 1) if usual else 0
    due += sum(_of(part.own, part.price_paise, part.seats) for part in parts if part.own is not None)
    return due if due >= RUPEE else 0


def _of(rule: DepositRule, price_paise: int, times: int) -> int:
    if rule.kind == DepositKind.FULL:
        return price_paise
    if rule.kind == DepositKind.FIXED:
        return min(rule.paise * times, price_paise)
    if rule.kind == DepositKind.PERCENT:
        return min(half_up(price_paise * rule.percent, 100 * RUPEE) * RUPEE, price_paise)
    return 0


def kept_of(deposit_paise: int, fee_paise: int) -> int:
    """What stays with the shop of a deposit when cancelling costs ``fee_paise``: never more than was paid."""
    return max(0, min(deposit_paise, fee_paise))


def backs_of(
    ladder: Iterable[FeeStep], price_paise: int, deposit_paise: int, starts_at: datetime, now: datetime
) -> list[Back]:
    """What comes back for whoever cancels, step by step until the visit begins; steps that are over are left out, and steps
    that change nothing."""
    steps: list[Back] = [Back(None, 0, deposit_paise)]
    for step in sorted(ladder, reverse=True):
        since = starts_at - timedelta(minutes=step.within_min)
        kept = kept_of(deposit_paise, share(price_paise, step.percent).paise)
        if kept == steps[-1].kept:
            continue
        one = Back(since if since > now else None, kept, deposit_paise - kept)
        steps = [one] if since <= now else [*steps, one]
    return steps
