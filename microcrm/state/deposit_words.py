"""The deposit of a visit in the desk's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from microcrm.domain.deposit import DepositMoney, kept_of
from microcrm.domain.formatting import format_day
from microcrm.domain.money import format_rupees
from microcrm.domain.zones import zone_of

CONCERNS = {
    "late": "It came after the time had gone to somebody else, and goes back by itself. Offer another time.",
    "twice": "It was paid a second time. That goes back by itself.",
    "cancelled": "It came when the visit was off, and goes back by itself.",
    "uncaptured": "A bank was late and the visit was not waiting any more. We did not take it.",
    "amount": "It is not the sum that was asked for, so nothing was booked. Book the visit, or give it back.",
    "currency": "It came in another currency, so nothing was booked. Give it back in Razorpay, or book the visit.",
}
DISPUTES = {
    "open": "The customer’s bank wants it back. Answer in Razorpay’s dashboard{until}, with the bill and what was done.",
    "action_required": "Their bank asks for more. Answer in Razorpay’s dashboard{until}.",
    "under_review": "Their bank looks at your answer. Nothing to do until it decides.",
    "won": "You won the dispute.",
    "lost": "You lost the dispute: their bank has taken it back.",
    "closed": "The dispute is closed.",
}


@dataclass(frozen=True)
class DepositLine:
    """``line``: what was paid and what became of it, "" for a visit without a deposit. ``mark``: that no real money moves.
    ``alert`` needs a look, ``may_leave`` that somebody may say so, ``may_give_back`` that something is left."""

    line: str = ""
    mark: str = ""
    alert: str = ""
    may_leave: bool = False
    may_give_back: bool = False


NO_DEPOSIT = DepositLine()


def deposit_line(money: DepositMoney, zone: str, *, may_give_back: bool) -> DepositLine:
    if not money.asked:
        return NO_DEPOSIT
    alerts = [CONCERNS[money.concern]] if money.concern and money.is_news else []
    if money.unsent:
        alerts.append(f"Razorpay refused to give back {format_rupees(money.unsent)}. Try again, or do it in Razorpay.")
    if money.dispute:
        alerts.append(dispute_words(money.dispute, money.respond_by, zone))
    return DepositLine(
        line=" · ".join(_parts(money)),
        mark=mode_mark(money.mode),
        alert=" ".join(alerts),
        may_leave=may_give_back and ((money.is_news and bool(money.concern)) or money.unsent > 0),
        may_give_back=may_give_back and money.left > 0,
    )


def mode_mark(mode: str) -> str:
    """Like "No money moves: sandbox"; "" for real money, and for a shop that takes none online."""
    return f"No money moves: {mode}" if mode in ("sandbox", "test") else ""


def deposit_words(deposit: int, fee: int) -> str:
    """What becomes of a deposit when the visit is off and that costs ``fee``; "" when nothing was paid ahead."""
    if not deposit:
        return ""
    kept = kept_of(deposit, fee)
    if not kept:
        return f"The deposit of {format_rupees(deposit)} goes back."
    if kept == deposit:
        return f"The deposit of {format_rupees(deposit)} is kept for it."
    return f"Of the deposit {format_rupees(kept)} are kept for it, {format_rupees(deposit - kept)} go back."


def dispute_words(status: str, respond_by: datetime | None, zone: str) -> str:
    day = f" by {format_day(respond_by.astimezone(zone_of(zone)).date())}" if respond_by else ""
    return DISPUTES[status].format(until=day)


def _parts(money: DepositMoney) -> list[str]:
    if not money.paid:
        waits = ", their bank has not answered yet" if money.is_at_bank else ""
        return [f"Deposit of {format_rupees(money.asked)} not paid{waits}"]
    parts = [f"Deposit of {format_rupees(money.paid)} paid online"]
    if money.going:
        parts.append(f"{format_rupees(money.going)} on the way back")
    if money.back:
        parts.append(f"{format_rupees(money.back)} went back")
    if money.used:
        parts.append(f"{format_rupees(money.used)} on the bill")
    return parts
