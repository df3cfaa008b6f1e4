"""The page of an offer of the waiting list: which time, yes or no, and kindly when it is too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.zones import zone_of
from microcrm.http.book.deposit_words import due_words, money_terms
from microcrm.http.book.limits import CONFIRMS, LINKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.services import onward
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.operations.waitlist_offers import OfferView, answer_offer, read_offer
from microcrm.state.bridge import perform

# What each state is called, and what it means for whoever waits.
_SAID = {
    "open": (mark("A time has become free"), mark("You are on the waiting list, and it is your turn.")),
    "accepted": (mark("It is yours"), mark("The shop expects you. You are no longer on the waiting list for this.")),
    "declined": (mark("You said no to this time"), mark("You stay on the waiting list and are asked again.")),
    "expired": (
        mark("The time to answer is over"),
        mark("We asked the next in line. You stay on the waiting list and are asked again."),
    ),
    "unpaid": (
        mark("Pay %(amount)s to book"),
        mark("It is not booked yet. Without the payment the time is free for others again."),
    ),
    "lapsed": (
        mark("The payment did not come in time"),
        mark("We asked the next in line. You stay on the waiting list and are asked again."),
    ),
    "lost": (
        mark("Somebody else was quicker"),
        mark("This time is gone. You stay on the waiting list and are asked again."),
    ),
}


@for_customers
async def show_offer(request: Request) -> Response:
    await check_address(request, LINKS)
    offer = await perform(visitor(request), read_offer, request.path_params["token"])
    return show(request, "offer.html", None, headers=SECRET, **offer_page(request, offer, tongue_of(request)))


@for_customers
async def submit_offer(request: Request) -> Response:
    """Yes leads to the visit's own page; everything else back to this one, which says how it stands."""
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    token, tongue = request.path_params["token"], tongue_of(request)
    offer = await perform(visitor(request), answer_offer, token, form.get("answer"), tongue.code)
    if offer.manage:
        return onward(f"/m/{offer.manage}?lang={tongue.code}")
    return onward(f"/w/{token}?lang={tongue.code}")


def offer_page(request: Request, offer: OfferView, tongue: Tongue) -> dict[str, Any]:
    zone = zone_of(offer.zone)
    start = offer.starts_at.astimezone(zone)
    heading, said = _SAID[offer.state]
    language = asked_language(request)
    due = offer.cost.due if offer.cost is not None else 0
    return {
        "heading": tongue.say(heading, amount=tongue.rupees(due)) if offer.state == "unpaid" else tongue.say(heading),
        "said": tongue.say(said),
        "state": offer.state,
        "shop_name": offer.shop,
        "shop_path": f"/b/{offer.slug}",
        "phone": offer.phone,
        "day": tongue.day(start.date()),
        "times": f"{tongue.time(offer.starts_at, zone)} – {tongue.time(offer.ends_at, zone)}",
        "zone_words": tongue.zone(zone),
        "service": offer.service,
        "member": offer.member,
        "action": f"/w/{request.path_params['token']}{f'?lang={language}' if language else ''}",
        **_due(offer, tongue),
        **countdown(offer, tongue),
    }


def _due(offer: OfferView, tongue: Tongue) -> dict[str, Any]:
    """What a yes costs ahead, what of it comes back until when, and the words of the button."""
    cost = offer.cost
    if cost is None or not cost.due:
        yes = tongue.say("Yes, I will come")
        return {"due_words": "", "money_terms": [], "pay_limit": "", "is_trial": False, "yes": yes}
    return {
        "due_words": due_words(tongue, cost.due, cost.total, is_asked_first=False),
        "money_terms": money_terms(tongue, cost.shop, offer.starts_at, cost.base, cost.due),
        "pay_limit": tongue.count(
            "Your time is kept while you pay, for %(num)s minute at most.",
            "Your time is kept while you pay, for %(num)s minutes at most.",
            cost.shop.terms.payment_min,
        ),
        "is_trial": cost.shop.online != "live",
        "yes": tongue.say("Go on to pay %(now)s", now=tongue.rupees(cost.due)),
    }


def countdown(offer: OfferView, tongue: Tongue) -> dict[str, Any]:
    """How long the time is kept, in words; the script counts on."""
    left = -(-(offer.expires_at - wiring.now()) // timedelta(minutes=1))
    over = tongue.say("Answer now: the next in line is asked at any moment.")
    until = tongue.say("Until %(time)s.", time=tongue.time(offer.expires_at, zone_of(offer.zone)))
    return {
        "until": offer.expires_at.isoformat(),
        "words_one": _kept(tongue, 1),
        "words_many": _kept(tongue, 2, num="{}"),
        "words_over": over,
        "left_words": _kept(tongue, left) if left > 0 else over,
        "until_words": until if left > 0 else "",
        "is_late": left <= 0,
    }


def _kept(tongue: Tongue, minutes: int, **shown: str) -> str:
    """``num`` stands in for the number where the script puts its own."""
    return tongue.count(
        "We keep it for you for another %(num)s minute.",
        "We keep it for you for another %(num)s minutes.",
        minutes, **shown,
    )  # fmt: skip


ROUTES = (
    Route("/w/{token}", show_offer, methods=["GET"]),
    Route("/w/{token}", submit_offer, methods=["POST"]),
)
