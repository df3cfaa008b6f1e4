"""One's own visit behind its secret link: the fifth step of booking, and the page one comes back to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.booking import BookingStatus
from microcrm.domain.zones import zone_of
from microcrm.http.book.confirm import Held, hold_words, wish_of
from microcrm.http.book.deposit_words import (
    back_words,
    cancel_words,
    has_lapsed,
    instead,
    is_to_pay,
    money_terms,
    paid_words,
)
from microcrm.http.book.limits import LINKS, check_address
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.rules import form_rules, rules_of
from microcrm.http.book.services import onward, steps_of
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.operations.manage import OwnVisit, own_visit
from microcrm.operations.public_shop import PublicShop
from microcrm.operations.public_visit import PublicVisit, public_visit
from microcrm.settings import settings
from microcrm.state.bridge import perform

SECRET = {"referrer-policy": "no-referrer"}  # the address is the key
_S = BookingStatus
OVER = frozenset({_S.CANCELLED_BY_CUSTOMER, _S.CANCELLED_BY_BUSINESS, _S.LATE_CANCELLED, _S.EXPIRED})
_STANDS = frozenset({_S.BOOKED, _S.CONFIRMED})
_HEADINGS = {
    _S.PENDING_APPROVAL: mark("Your request is with the shop"),
    _S.PENDING_PAYMENT: mark("Waiting for payment"),
    _S.BOOKED: mark("Your visit"),
    _S.CONFIRMED: mark("Your visit"),
    _S.ARRIVED: mark("You are here"),
    _S.STARTED: mark("You are here"),
    _S.FINISHED: mark("Thank you for your visit"),
    _S.EXPIRED: mark("The shop did not answer in time"),
    _S.CANCELLED_BY_CUSTOMER: mark("This visit is cancelled"),
    _S.CANCELLED_BY_BUSINESS: mark("The shop has cancelled this visit"),
    _S.LATE_CANCELLED: mark("This visit is cancelled"),
    _S.NO_SHOW: mark("This visit did not take place"),
}


_TOLD = {"moved": mark("The new time is yours."), "cancelled": mark("It is cancelled. Nobody waits for you.")}


@for_customers
async def show_visit(request: Request) -> Response:
    await check_address(request, LINKS)
    token = request.path_params["token"]
    visit = await perform(visitor(request), public_visit, token)
    tongue = tongue_of(request)
    if visit.is_held:
        return onward(f"/b/{visit.shop.slug}/you/{token}?lang={tongue.code}")
    own = await perform(visitor(request), own_visit, token)
    page = visit_page(request, visit, tongue)
    page |= {"can_move": own.may_move, "can_cancel": own.may_cancel, "cost": fee_words(own, tongue)}
    if has_lapsed(visit):
        page |= await instead(request, visit, tongue, wish_of(visit, visit.shop))
    return show(request, "visit.html", visit.shop, headers=SECRET, **page)


def visit_page(request: Request, visit: PublicVisit, tongue: Tongue) -> dict[str, Any]:
    shop, zone = visit.shop, zone_of(visit.shop.zone)
    token = request.path_params["token"]
    language = asked_language(request)
    start = visit.starts_at.astimezone(zone)
    is_ahead = visit.starts_at > wiring.now()
    is_new = request.query_params.get("new") in ("4", "5") and is_ahead
    step_count = request.query_params.get("new", "")
    return {
        "heading": _heading(visit, tongue, is_new or (is_ahead and "paying" in request.query_params)),
        "said": _said(visit, tongue),
        "is_good": visit.status in _STANDS,
        "is_over": visit.status in OVER or has_lapsed(visit),
        "is_asked": visit.status is _S.PENDING_APPROVAL,
        "is_ahead": is_ahead and visit.status not in OVER and not has_lapsed(visit),
        "is_new": is_new,
        "steps": steps_of(tongue, None, has_choice=step_count == "5"),
        "day": tongue.day(start.date()),
        "times": f"{tongue.time(visit.starts_at, zone)} – {tongue.time(visit.ends_at, zone)}",
        "zone_words": tongue.zone(zone),
        "services": tongue.list([item.service for item in visit.items]),
        "with_whom": tongue.list(list(dict.fromkeys(item.member for item in visit.items))),
        "seats": tongue.count("%(num)s place", "%(num)s places", visit.items[0].seats)
        if visit.items[0].seats > 1
        else "",
        "total": tongue.rupees(visit.total_paise),
        "where": where(shop),
        "directions": directions(shop),
        "chat": chat(shop, visit, tongue),
        "subscribe": f"webcal://{settings().public_url.partition('://')[2]}/m/{token}/visit.ics",
        "link": f"{settings().public_url}/m/{token}",
        "own": f"/m/{token}",
        "lang": f"?lang={language}" if language else "",
        "phone": visit.phone,
        "number": visit.number,
        "rules": rules_of(shop.terms, tongue) if is_ahead else [],
        "forms": form_rules(visit.items, tongue) if is_ahead else [],
        "note": visit.note,
        "told": tongue.say(_TOLD.get(request.query_params.get("done", ""), ""))
        if "done" in request.query_params
        else "",
        "again": f"/b/{shop.slug}",
        "near": [],
        **_paying(request, visit, tongue),
    }


def _paying(request: Request, visit: PublicVisit, tongue: Tongue) -> dict[str, Any]:
    """What has to be paid ahead, or was."""
    to_pay, query = is_to_pay(visit), request.query_params
    held = Held("", visit.starts_at, visit.expires_at) if to_pay else Held("", visit.starts_at, None)
    asked = ""
    if to_pay and ("paying" in query or visit.deposit.is_at_bank):
        asked = tongue.say("Razorpay is being asked about your payment. Look again in a minute, and do not pay twice.")
    elif to_pay and "failed" in query:
        asked = tongue.say("The payment did not go through. You can try again.")
    is_paid = visit.deposit.paid > 0 and visit.status in _STANDS
    return {
        "to_pay": tongue.rupees(visit.deposit.asked) if to_pay else "",
        "asked_words": asked,
        "is_waiting": to_pay and "paying" in query,
        "price_words": paid_words(visit, tongue),
        "back_lines": back_words(visit, tongue),
        "money_terms": money_terms(
            tongue,
            visit.shop,
            visit.starts_at,
            visit.base_paise,
            visit.deposit.left if is_paid else visit.deposit.asked,
        )
        if to_pay or is_paid
        else [],
        **hold_words(tongue, visit.shop, held),
    }


def where(shop: PublicShop) -> str:
    return ", ".join(part for part in (shop.address, f"{shop.city} {shop.pin}".strip(), shop.state) if part)


def directions(shop: PublicShop) -> str:
    """A map that every phone opens in the app its owner likes."""
    return f"https://www.google.com/maps/dir/?api=1&destination={quote(f'{shop.name}, {where(shop)}')}"


def chat(shop: PublicShop, visit: PublicVisit, tongue: Tongue) -> str:
    """WhatsApp with the shop, the visit's number written already; "" without a phone."""
    if not shop.phone:
        return ""
    text = tongue.say("Hello %(shop)s, about my booking %(number)s:", shop=shop.name, number=visit.number)
    return f"https://wa.me/{shop.phone.removeprefix('+')}?text={quote(text)}"


def _heading(visit: PublicVisit, tongue: Tongue, is_new: bool) -> str:
    if has_lapsed(visit):
        return tongue.say("The payment did not come in time")
    if is_to_pay(visit):
        return tongue.say("Pay %(amount)s to book", amount=tongue.rupees(visit.deposit.asked))
    if is_new and visit.status in _STANDS:
        return tongue.say("You’re booked, %(name)s", name=visit.first_name)
    return tongue.say(_HEADINGS[visit.status])


def _said(visit: PublicVisit, tongue: Tongue) -> str:
    """What holds now and what will happen, and nothing that will not."""
    zone = zone_of(visit.shop.zone)
    if visit.status is _S.PENDING_APPROVAL and visit.expires_at is not None:
        until = f"{tongue.short_day(visit.expires_at.astimezone(zone).date())}, {tongue.time(visit.expires_at, zone)}"
        return tongue.say(
            "It is not booked yet. The time is kept for you until %(until)s; look here for the answer.", until=until
        )
    if is_to_pay(visit):
        return tongue.say("It is not booked yet. Without the payment the time is free for others again.")
    if has_lapsed(visit):
        return tongue.say(
            "The time is free for everybody again. What is paid later goes back, or books it if nobody has it."
        )
    if visit.status in OVER and visit.fee_paise:
        return tongue.say("The fee for cancelling late is %(fee)s.", fee=tongue.rupees(visit.fee_paise))
    if visit.status in _STANDS:
        return tongue.say("Keep this page: it is your way back to the visit.")
    return ""


def fee_words(own: OwnVisit, tongue: Tongue) -> str:
    """What cancelling would cost now, said before anybody presses; "" when nothing."""
    if own.may_cancel and own.deposit.left:
        return " ".join(part for part in (_only_fee(own, tongue), cancel_words(own, tongue)) if part)
    return _only_fee(own, tongue)


def _only_fee(own: OwnVisit, tongue: Tongue) -> str:
    if not own.may_cancel or not own.fee.paise:
        return ""
    fee = tongue.rupees(own.fee.paise)
    return tongue.say("Cancelling now costs %(fee)s, %(percent)s%% of the price.", fee=fee, percent=own.fee.percent)


ROUTES = (Route("/m/{token}", show_visit, methods=["GET"]),)
