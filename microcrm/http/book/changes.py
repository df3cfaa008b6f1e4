"""Changing one's own visit by its link: another time, or none. Looking changes nothing; only a pressed button does."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Invalid, SlotTaken
from microcrm.domain.zones import today_in, zone_of
from microcrm.http.book import traps
from microcrm.http.book.limits import CONFIRMS, LINKS, LOOKS, check_address
from microcrm.http.book.manage import SECRET, fee_words, visit_page
from microcrm.http.book.render import answer, for_customers, fragment, show
from microcrm.http.book.rules import form_rules, rules_of, timer_rules
from microcrm.http.book.services import Line, onward
from microcrm.http.book.times import Strip, slot_at, span_of, strip_of, words_of
from microcrm.http.book.tongues import Tongue, asked_language, tongue_of
from microcrm.http.book.when import LOST
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.operations.manage import CustomerCancel, CustomerMove, customer_cancel, customer_move, own_visit
from microcrm.operations.public_visit import PublicVisit, public_visit, times_to_move
from microcrm.state.bridge import perform


@for_customers
async def show_cancel(request: Request) -> Response:
    return await _cancel_page(request)


@for_customers
async def submit_cancel(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    traps.request_key(form, wiring.now())
    token = request.path_params["token"]
    command = CustomerCancel(token, form.get("version"), form.get("fee"), form.get("reason"))
    try:
        await perform(visitor(request), customer_cancel, command)
    except (Conflict, Invalid) as error:
        return await _cancel_page(request, error)
    return onward(_own(request, form.get("lang"), done="cancelled"))


@for_customers
async def show_move(request: Request) -> Response:
    return await _move_page(request)


@for_customers
async def show_move_slots(request: Request) -> Response:
    visit = await _visit(request)
    return answer(fragment(request, "slots.html", strip=await _strip(request, visit)), headers=SECRET)


@for_customers
async def submit_move(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    traps.request_key(form, wiring.now())
    start, _ = words_of(form.get("start"))
    command = CustomerMove(request.path_params["token"], form.get("version"), start)
    try:
        await perform(visitor(request), customer_move, command)
    except (Conflict, Invalid) as error:
        return await _move_page(request, error)
    return onward(_own(request, form.get("lang"), done="moved"))


async def _visit(request: Request) -> PublicVisit:
    await check_address(request, LINKS)
    return await perform(visitor(request), public_visit, request.path_params["token"])


async def _cancel_page(request: Request, error: DomainError | None = None) -> Response:
    visit = await _visit(request)
    tongue = tongue_of(request)
    own = await perform(visitor(request), own_visit, request.path_params["token"])
    if not own.may_cancel and error is None:
        return onward(_own(request, asked_language(request)))
    page = visit_page(request, visit, tongue) | {
        "said": _words(error, tongue) if error else "",
        "can_cancel": own.may_cancel,
        "cost": fee_words(own, tongue) or tongue.say("Cancelling now costs nothing."),
        "fields": [("version", str(own.version)), ("fee", str(own.fee.paise)), ("key", traps.new_key(wiring.now()))],
    }
    return show(request, "cancel.html", visit.shop, status=409 if error else 200, headers=SECRET, **page)


async def _move_page(request: Request, error: DomainError | None = None) -> Response:
    visit = await _visit(request)
    tongue, zone = tongue_of(request), zone_of(visit.shop.zone)
    own = await perform(visitor(request), own_visit, request.path_params["token"])
    if not own.may_move and error is None:
        return onward(_own(request, asked_language(request)))
    nearest = [slot_at(tongue, zone, start) for start in error.nearest] if isinstance(error, SlotTaken) else []
    lost = "" if error is None else tongue.say(LOST) if isinstance(error, SlotTaken) else _words(error, tongue)
    then = tongue.say("These are the nearest free times.") if nearest else ""
    page = _times_page(request, visit, tongue, await _strip(request, visit, error))
    more = {"lost": lost, "lost_next": then, "nearest": nearest}
    return show(request, "times.html", visit.shop, status=409 if error else 200, headers=SECRET, **(page | more))


def _times_page(request: Request, visit: PublicVisit, tongue: Tongue, strip: Strip) -> dict[str, Any]:
    """The page of the third step, told about a visit that there is already."""
    zone = zone_of(visit.shop.zone)
    now = f"{tongue.short_day(visit.starts_at.astimezone(zone).date())}, {tongue.time(visit.starts_at, zone)}"
    rules = [*timer_rules(visit.items, tongue), *form_rules(visit.items, tongue), *rules_of(visit.shop.terms, tongue)]
    return {
        "heading": tongue.say("Which time instead?"),
        "action": f"/m/{request.path_params['token']}/move",
        "steps": [],
        "back": _own(request, asked_language(request)),
        "back_words": tongue.say("Back to the visit"),
        "zone_words": tongue.zone(zone),
        "zone_name": visit.shop.zone,
        "fields": [("version", str(visit.version))],
        "key": traps.new_key(wiring.now()),
        "seat_links": [],
        "strip": strip,
        "waiting": "",
        "fine": " ".join(rules),
        "lines": [Line(item.service, tongue.rupees(item.price_paise), item.member) for item in visit.items],
        "total": tongue.rupees(visit.total_paise),
        "is_from": False,
        "brief": tongue.say("Now: %(time)s", time=now),
    }


async def _strip(request: Request, visit: PublicVisit, error: DomainError | None = None) -> Strip:
    await check_address(request, LOOKS)
    zone, query = zone_of(visit.shop.zone), request.query_params
    today, own_day = today_in(zone, wiring.now()), visit.starts_at.astimezone(zone).date()
    day, start = query.get("day", ""), query.get("from", "")
    if isinstance(error, SlotTaken) and error.nearest:
        day = error.nearest[0].astimezone(zone).date().isoformat()
    if not day and not start:  # first of all the day of the visit itself
        day = own_day.isoformat()
    span = span_of(start, day, today, visit.shop.terms.horizon_days)
    found = await perform(visitor(request), times_to_move, request.path_params["token"], span.first, span.last)
    language = asked_language(request)

    def link(start: date, of_day: date | None) -> str:
        more = f"&day={of_day.isoformat()}" if of_day else ""
        tail = f"&lang={language}" if language else ""
        return f"/m/{request.path_params['token']}/move?from={start.isoformat()}{more}{tail}"

    days = [
        each._replace(starts=tuple(one for one in each.starts if one.start != visit.starts_at)) for each in found.days
    ]
    return strip_of(tongue_of(request), zone, span, days, link)


def _words(error: DomainError, tongue: Tongue) -> str:
    texts = list(error.fields.values()) or [error.message, error.remedy]
    return " ".join(tongue.say(text) for text in texts)


def _own(request: Request, language: str, done: str = "") -> str:
    pairs = [f"{name}={value}" for name, value in (("lang", language), ("done", done)) if value]
    return f"/m/{request.path_params['token']}" + (f"?{'&'.join(pairs)}" if pairs else "")


ROUTES = (
    Route("/m/{token}/cancel", show_cancel, methods=["GET"]),
    Route("/m/{token}/cancel", submit_cancel, methods=["POST"]),
    Route("/m/{token}/move", show_move, methods=["GET"]),
    Route("/m/{token}/move", submit_move, methods=["POST"]),
    Route("/m/{token}/slots", show_move_slots, methods=["GET"]),
)
