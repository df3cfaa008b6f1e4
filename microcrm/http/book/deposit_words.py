"""What a visitor reads about paying ahead: what is due when, what comes back of it, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request

from microcrm import wiring
from microcrm.domain.booking import CANCELLED, BookingStatus
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.cancellation import share
from microcrm.domain.deposit import backs_of, kept_of
from microcrm.domain.zones import zone_of
from microcrm.http.book import traps
from microcrm.http.book.rules import move_rule
from microcrm.http.book.times import Slot, slot_of
from microcrm.http.book.tongues import Tongue
from microcrm.http.book.when import posted_fields
from microcrm.http.book.wish import Wish
from microcrm.http.desk import visitor
from microcrm.operations.manage import OwnVisit
from microcrm.operations.public_shop import PublicShop
from microcrm.operations.public_visit import PublicVisit, times_instead
from microcrm.state.bridge import perform

_S = BookingStatus


def due_words(tongue: Tongue, due: int, total: int, *, is_asked_first: bool) -> str:
    """What is paid when, before anybody has promised anything."""
    if not due:
        return tongue.say("You pay at the shop.")
    now, rest = tongue.rupees(due), tongue.rupees(max(0, total - due))
    if is_asked_first:
        return (
            tongue.say(
                "Once the shop has said yes you pay %(now)s to book, and %(rest)s at the shop.", now=now, rest=rest
            )
            if due < total
            else tongue.say("Once the shop has said yes you pay %(now)s to book.", now=now)
        )
    if due < total:
        return tongue.say("You pay %(now)s now to book, and %(rest)s at the shop.", now=now, rest=rest)
    return tongue.say("You pay %(now)s now to book.", now=now)


def money_terms(
    tongue: Tongue, shop: PublicShop, starts_at: datetime, base_paise: int, deposit_paise: int
) -> list[str]:
    """What comes back of a deposit for who cancels when: in rupees, with day and time."""
    if not deposit_paise:
        return []
    zone, terms = zone_of(shop.zone), shop.terms
    steps = backs_of(terms.fee_ladder, base_paise, deposit_paise, starts_at, wiring.now())
    lines = [move_rule(terms, tongue)]
    for place, step in enumerate(steps):
        ends = steps[place + 1].since if place + 1 < len(steps) else None
        lines.append(_step(tongue, zone, step.since, ends, step.kept, step.back))
    return [*lines, *_missed(tongue, terms, base_paise, deposit_paise)]


def _step(tongue: Tongue, zone: ZoneInfo, since: datetime | None, ends: datetime | None, kept: int, back: int) -> str:
    kept_words, back_words = tongue.rupees(kept), tongue.rupees(back)
    if since is not None:
        time = moment(tongue, zone, since)
        if not back:
            return tongue.say("Cancel from %(time)s on: nothing comes back.", time=time)
        return tongue.say(
            "Cancel from %(time)s on: %(back)s comes back, %(kept)s stays with the shop.",
            time=time, back=back_words, kept=kept_words,
        )  # fmt: skip
    if ends is not None and not kept:
        time = moment(tongue, zone, ends)
        return tongue.say("Cancel before %(time)s: all %(back)s comes back.", time=time, back=back_words)
    if not kept:
        return tongue.say("Cancel before it begins: all %(back)s comes back.", back=back_words)
    if not back:
        return tongue.say("Nothing comes back when you cancel.")
    if ends is not None:
        return tongue.say(
            "Cancel before %(time)s: %(back)s comes back, %(kept)s stays with the shop.",
            time=moment(tongue, zone, ends), back=back_words, kept=kept_words,
        )  # fmt: skip
    return tongue.say(
        "Cancel before it begins: %(back)s comes back, %(kept)s stays with the shop.", back=back_words, kept=kept_words
    )


def _missed(tongue: Tongue, terms: PolicyTerms, base_paise: int, deposit_paise: int) -> list[str]:
    kept = kept_of(deposit_paise, share(base_paise, terms.no_show_percent).paise)
    if not kept:
        return []
    return [tongue.say("If you do not come, %(kept)s stays with the shop.", kept=tongue.rupees(kept))]


def moment(tongue: Tongue, zone: ZoneInfo, instant: datetime) -> str:
    return f"{tongue.short_day(instant.astimezone(zone).date())}, {tongue.time(instant, zone)}"


def is_to_pay(visit: PublicVisit) -> bool:
    return visit.status is _S.PENDING_PAYMENT and visit.expires_at is not None and visit.expires_at > wiring.now()


def has_lapsed(visit: PublicVisit) -> bool:
    """The time was kept for a payment and is not any more, whether or not the sweep has come by."""
    is_over = visit.status is _S.EXPIRED or (visit.status is _S.PENDING_PAYMENT and not is_to_pay(visit))
    return is_over and bool(visit.deposit.asked)


def paid_words(visit: PublicVisit, tongue: Tongue) -> str:
    """Beside the price: what was paid ahead and what is left for the shop."""
    money, total = visit.deposit, visit.total_paise
    if has_lapsed(visit) or visit.status in CANCELLED:
        return ""
    if is_to_pay(visit):
        return due_words(tongue, money.asked, total, is_asked_first=False)
    if visit.status is _S.PENDING_APPROVAL:
        return due_words(tongue, money.asked, total, is_asked_first=True)
    if not money.paid:
        return tongue.say("You pay at the shop.")
    left = max(0, money.paid - money.back - money.going)
    if left >= total:
        return tongue.say("Paid online.")
    return (
        tongue.say(
            "%(paid)s paid online, %(rest)s at the shop.", paid=tongue.rupees(left), rest=tongue.rupees(total - left)
        )
        if left
        else tongue.say("You pay at the shop.")
    )


def back_words(visit: PublicVisit, tongue: Tongue) -> list[str]:
    """Of a visit that is off: what became of the money."""
    money = visit.deposit
    lines = []
    if money.concern == "late":
        lines.append(tongue.say("Your payment came when the time had gone to somebody else."))
    if money.concern == "twice":
        lines.append(tongue.say("You paid twice. The second payment goes back to you."))
    if money.going:
        lines.append(
            tongue.say("%(back)s is on its way back to you; banks take some days.", back=tongue.rupees(money.going))
        )
    if money.back:
        lines.append(tongue.say("%(back)s went back to you.", back=tongue.rupees(money.back)))
    if money.concern == "amount":
        lines.append(tongue.say("Your payment was not the sum that was asked for. The shop has it and will tell you."))
    if money.concern == "currency":
        lines.append(tongue.say("Your payment came in another currency. The shop has it and will tell you."))
    return lines


def cancel_words(own: OwnVisit, tongue: Tongue) -> str:
    """What cancelling now means for the deposit; "" when nothing was paid ahead."""
    if not own.may_cancel or not own.deposit.left:
        return ""
    back, kept = tongue.rupees(own.back), tongue.rupees(own.kept)
    if not own.kept:
        return tongue.say("All of your deposit of %(back)s comes back.", back=back)
    if not own.back:
        return tongue.say("Your deposit of %(kept)s stays with the shop.", kept=kept)
    return tongue.say("%(back)s of your deposit comes back, %(kept)s stays with the shop.", back=back, kept=kept)


async def instead(request: Request, visit: PublicVisit, tongue: Tongue, wish: Wish) -> dict[str, Any]:
    """Three near times for who has lost theirs; one press keeps one of them."""
    found = await perform(visitor(request), times_instead, request.path_params["token"])
    slots: Sequence[Slot] = [slot_of(tongue, zone_of(visit.shop.zone), one) for one in found]
    return {
        "near": slots,
        "near_action": f"/b/{visit.shop.slug}/hold",
        "near_fields": posted_fields(wish) if not wish.is_empty else [],
        "near_key": traps.new_key(wiring.now()),
    }
