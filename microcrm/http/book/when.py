"""The third step: choosing a time, which is then kept while the visitor types."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError, SlotTaken
from microcrm.domain.zones import today_in, zone_of
from microcrm.http.book import traps
from microcrm.http.book.fronts import front_of
from microcrm.http.book.holding import held_token, remember_held
from microcrm.http.book.limits import HOLDS, LOOKS, check_address
from microcrm.http.book.render import answer, for_customers, fragment, show
from microcrm.http.book.services import onward, steps_of, summary, wish_in
from microcrm.http.book.times import Strip, slot_at, span_of, strip_of, words_of
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.book.wish import MOST_SEATS, Wish, read_wish, wait_address
from microcrm.http.desk import visitor
from microcrm.http.forms import Form, read_form
from microcrm.operations.public_booking import TakeTime, TimesAsked, take_time, times_in_shop
from microcrm.operations.public_shop import PublicShop
from microcrm.state.bridge import perform, perform_in_turn

LOST = mark("That time has just been taken.")
RAN_OUT = mark("We could not keep that time any longer.")


@for_customers
async def show_times(request: Request) -> Response:
    shop = await front_of(request)
    wish = wish_in(request, shop)
    if wish.is_empty or wish.is_mixed:
        return onward(wish.address(f"/b/{shop.slug}", lang=asked_language(request), e="1"))
    strip = await _strip(request, shop, wish)
    return show(request, "times.html", shop, **_page(request, shop, wish, strip))


@for_customers
async def show_slots(request: Request) -> Response:
    """The part of the page that changes with the day, for the script."""
    shop = await front_of(request)
    strip = await _strip(request, shop, wish_in(request, shop))
    return answer(fragment(request, "slots.html", strip=strip))


@for_customers
async def submit_hold(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await check_address(request, HOLDS)
    traps.request_key(form, wiring.now())
    shop = await front_of(request)
    wish = posted_wish(form, shop)
    language = form.get("lang")
    if wish.is_empty or wish.is_mixed:
        return onward(wish.address(f"/b/{shop.slug}", lang=language, e="1"))
    start, session_id = words_of(form.get("start"))
    command = TakeTime(wish.asked, start, session_id, wish.seats, held_token(request))
    try:
        sought = (shop.slug, command.sought)
        held = await perform_in_turn(sought, visitor(request), take_time, shop.slug, command)
    except SlotTaken as lost:
        return await _again(request, shop, wish, lost)
    response = onward(wish.address(f"/b/{shop.slug}/you/{held.token}", lang=language))
    remember_held(response, shop.slug, held)
    return response


def posted_wish(form: Form, shop: PublicShop) -> Wish:
    """The fields of a posted form say the same as the address did; several services come with spaces between."""
    return read_wish(shop, form.get("services").split(), form.values)


def posted_fields(wish: Wish) -> list[tuple[str, str]]:
    """Each name once, as a form of ours is read."""
    services = " ".join(str(service.id) for service in wish.services)
    return [("services", services), *((name, value) for name, value in wish.fields if name != "s")]


async def _again(request: Request, shop: PublicShop, wish: Wish, lost: SlotTaken) -> Response:
    """The day of the lost time once more, with the nearest free ones on top."""
    tongue = tongue_of(request)
    zone = zone_of(shop.zone)
    nearest = [slot_at(tongue, zone, start) for start in lost.nearest]
    strip = await _strip(request, shop, wish, lost.nearest[0].astimezone(zone).date() if lost.nearest else None)
    then = tongue.say("These are the nearest free times.") if nearest else tongue.say("Nothing else is free near it.")
    page = _page(request, shop, wish, strip) | {"lost": tongue.say(LOST), "lost_next": then, "nearest": nearest}
    return show(request, "times.html", shop, status=409, **page)


async def _strip(request: Request, shop: PublicShop, wish: Wish, chosen: date | None = None) -> Strip:
    await check_address(request, LOOKS)
    zone = zone_of(shop.zone)
    query = request.query_params
    day = query.get("day", "") if chosen is None else chosen.isoformat()
    span = span_of(query.get("from", ""), day, today_in(zone, wiring.now()), shop.terms.horizon_days)
    asked = TimesAsked(wish.asked, span.first, span.last, wish.seats)
    found = await perform(visitor(request), times_in_shop, shop.slug, asked)

    def link(start: date, of_day: date | None) -> str:
        more = {"from": start.isoformat(), "day": of_day.isoformat() if of_day else ""}
        return wish.address(f"/b/{shop.slug}/when", lang=asked_language(request), **more)

    return strip_of(tongue_of(request), zone, span, found.days, link, is_class=wish.group_class is not None)


def _page(request: Request, shop: PublicShop, wish: Wish, strip: Strip) -> dict[str, Any]:
    tongue = tongue_of(request)
    language = asked_language(request)
    before = "who" if wish.has_choice_of_people else ""
    return {
        "heading": tongue.say("When suits you?"),
        "action": f"/b/{shop.slug}/hold",
        "steps": steps_of(tongue, wish),
        "back": wish.address(f"/b/{shop.slug}/{before}".rstrip("/"), lang=language),
        "back_words": tongue.say("Back to who") if before else tongue.say("Back to services"),
        "zone_words": tongue.zone(zone_of(shop.zone)),
        "zone_name": shop.zone,
        "lost": tongue.say(RAN_OUT) if request.query_params.get("gone") == "1" else "",
        "lost_next": tongue.say("Choose a time again."),
        "nearest": [],
        "fields": posted_fields(wish),
        "key": traps.new_key(wiring.now()),
        "seat_links": _seat_links(request, shop, wish),
        "strip": strip,
        "waiting": wait_address(shop, wish, language, request.query_params.get("day", "")),
        "fine": _kept_for(tongue, shop),
        **summary(wish, tongue),
    }


def _kept_for(tongue: Tongue, shop: PublicShop) -> str:
    minutes = shop.terms.hold_min
    return tongue.count(
        "The time you take is kept for %(num)s minute while you type.",
        "The time you take is kept for %(num)s minutes while you type.",
        minutes,
    )


def _seat_links(request: Request, shop: PublicShop, wish: Wish) -> list[dict[str, Any]]:
    """For a class: one link for each number of places."""
    if wish.group_class is None:
        return []
    query = request.query_params
    more = {name: query.get(name, "") for name in ("from", "day")} | {"lang": asked_language(request)}
    return [
        {
            "number": number,
            "is_chosen": number == wish.seats,
            "href": wish.with_seats(number).address(f"/b/{shop.slug}/when", **more),
        }
        for number in range(1, min(MOST_SEATS, wish.group_class.seats) + 1)
    ]


def refusal(tongue: Tongue, error: DomainError) -> dict[str, str]:
    """Messages by field, in the visitor's language; "form" is about the whole form."""
    if error.fields:
        return {name: tongue.say(text) for name, text in error.fields.items()}
    return {"form": f"{tongue.say(error.message)} {tongue.say(error.remedy)}"}


ROUTES = (
    Route("/b/{slug}/when", show_times, methods=["GET"]),
    Route("/b/{slug}/slots", show_slots, methods=["GET"]),
    Route("/b/{slug}/hold", submit_hold, methods=["POST"]),
)
