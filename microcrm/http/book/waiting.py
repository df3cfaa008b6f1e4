"""The waiting list for customers: joining it when no time suits, and the page of one's own entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import Invalid, LimitReached, NotFound
from microcrm.domain.phone import display_phone
from microcrm.domain.waitlist import MOST_PREFERENCES, PARTS, Preference
from microcrm.domain.zones import today_in, zone_of
from microcrm.http.book import traps
from microcrm.http.book.confirm import phone_of
from microcrm.http.book.fronts import front_of
from microcrm.http.book.limits import CONFIRMS, LINKS, check_address, check_phone
from microcrm.http.book.manage import SECRET, where
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.services import onward, wish_in
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.book.when import posted_fields, posted_wish, refusal
from microcrm.http.book.wish import Wish, wait_address
from microcrm.http.desk import visitor
from microcrm.http.forms import Form, read_form
from microcrm.operations.public_shop import PublicService, PublicShop
from microcrm.operations.public_waiting import JoinList, JoinWish, OwnEntry, join_list, leave_list, own_entry, way_on
from microcrm.operations.waitlist import FURTHEST
from microcrm.settings import settings
from microcrm.state.bridge import perform

_TYPED = ("name", "phone", "note", "updates")
_PARTS = {
    "": mark("Any time of day"),
    "morning": mark("Morning"),
    "afternoon": mark("Afternoon"),
    "evening": mark("Evening"),
}
# What each state is called, and what it means for whoever waits.
_SAID = {
    "waiting": (
        mark("You are on the waiting list"),
        mark("When a time that suits you comes free, it is kept for you and you see it here."),
    ),
    "offered": (mark("A time has become free"), mark("You are on the waiting list, and it is your turn.")),
    "unpaid": (
        mark("A time has become free"),
        mark("It is not booked yet. Without the payment the time is free for others again."),
    ),
    "booked": (mark("You have a time"), mark("You are no longer on the waiting list for this.")),
    "withdrawn": (mark("You have left the waiting list"), mark("Nobody will write to you about this any more.")),
    "expired": (mark("The days you asked for are over"), mark("No time came free that was yours.")),
}


@dataclass(frozen=True, slots=True)
class WishFields:
    """One of the times that would suit, as its fields start."""

    place: int
    first_day: str
    last_day: str
    part: str
    who: str
    is_open: bool


@for_customers
async def show_form(request: Request) -> Response:
    shop = await front_of(request)
    wish = wish_in(request, shop)
    language = asked_language(request)
    if wish.is_empty or not wait_address(shop, wish, language):
        return onward(wish.address(f"/b/{shop.slug}", lang=language, e="1"))
    day = request.query_params.get("day", "")[:10] or _tomorrow(shop)
    return _page(request, shop, wish, {"first_day_1": day} | {f"who_{n}": who for n, who in _wished(wish)})


@for_customers
async def submit_form(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    shop = await front_of(request)
    traps.request_key(form, wiring.now())
    wish, language = posted_wish(form, shop), form.get("lang")
    if wish.is_empty or not wait_address(shop, wish, language):
        raise NotFound
    try:
        await check_phone(shop.slug, phone_of(form))
        token = await perform(visitor(request), join_list, shop.slug, _joining(form, wish, tongue_of(request)))
    except (Invalid, LimitReached) as error:
        errors = refusal(tongue_of(request), error)
        status = 422 if isinstance(error, Invalid) else 429
        return _page(request, shop, wish, form.values, errors=errors, status=status)
    return onward(f"/l/{token}?lang={language}" if language else f"/l/{token}")


@for_customers
async def show_entry(request: Request) -> Response:
    await check_address(request, LINKS)
    entry = await perform(visitor(request), own_entry, request.path_params["token"])
    return show(request, "entry.html", entry.shop, headers=SECRET, **entry_page(request, entry, tongue_of(request)))


@for_customers
async def submit_entry(request: Request) -> Response:
    """Leaving leads back here; going on to the page of the offer, or of the visit."""
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    token, code = request.path_params["token"], tongue_of(request).code
    if form.get("do") == "go":
        return onward(f"{await perform(visitor(request), way_on, token)}?lang={code}")
    await perform(visitor(request), leave_list, token)
    return onward(f"/l/{token}?lang={code}")


def entry_page(request: Request, entry: OwnEntry, tongue: Tongue) -> dict[str, Any]:
    heading, said = _SAID[entry.state]
    token, language = request.path_params["token"], asked_language(request)
    to_visit = tongue.say("To your visit")
    ways = {"offered": tongue.say("See the time that is kept for you"), "unpaid": to_visit, "booked": to_visit}
    return {
        "heading": tongue.say(heading),
        "said": tongue.say(said),
        "is_open": entry.state in ("waiting", "offered"),
        "is_good": entry.state in ("offered", "booked"),
        "is_over": entry.state in ("withdrawn", "expired"),
        "way": ways.get(entry.state, ""),
        "service": entry.service,
        "wishes": [_wish_words(wish, entry, tongue) for wish in entry.wishes],
        "where": where(entry.shop),
        "action": f"/l/{token}{f'?lang={language}' if language else ''}",
        "link": f"{settings().public_url}/l/{token}",
        "phone": entry.phone,
    }


def _wish_words(wish: Preference, entry: OwnEntry, tongue: Tongue) -> dict[str, str]:
    days = tongue.short_day(wish.first_day)
    if wish.last_day != wish.first_day:
        days = f"{days} – {tongue.short_day(wish.last_day)}"
    part = next((name for name, window in PARTS.items() if window == (wish.start_min, wish.end_min)), None)
    rest = [
        tongue.say(_PARTS[part])
        if part is not None
        else f"{tongue.minute_of_day(wish.start_min)} – {tongue.minute_of_day(wish.end_min)}"
    ]
    if wish.member_id in entry.members:
        rest.append(tongue.say("with %(names)s", names=entry.members[wish.member_id]))
    return {"days": days, "rest": ", ".join(rest)}


def _joining(form: Form, wish: Wish, tongue: Tongue) -> JoinList:
    service = _chosen(form.values, wish)
    doers = {str(doer.member_id): doer.member_id for doer in service.doers}
    wishes = [
        JoinWish(
            form.get(f"first_day_{n}"),
            form.get(f"last_day_{n}"),
            form.get(f"part_{n}"),
            doers.get(form.get(f"who_{n}")),
        )
        for n in range(1, MOST_PREFERENCES + 1)
    ]
    return JoinList(
        service.id, wishes, form.get("name"), form.get("phone"), form.get("note"), tongue.code,
        updates=form.get("updates") == "on",
    )  # fmt: skip


def _chosen(typed: Mapping[str, str], wish: Wish) -> PublicService:
    able = [service for service in wish.services if service.doers]
    return next((service for service in able if str(service.id) == typed.get("service")), able[0])


def _wished(wish: Wish) -> list[tuple[int, str]]:
    """Who was chosen before, in each of the wishes."""
    member = next((one for one in wish.members if one is not None), None)
    return [(n, str(member)) for n in range(1, MOST_PREFERENCES + 1)] if member is not None else []


def _page(
    request: Request, shop: PublicShop, wish: Wish, typed: Mapping[str, str], *,
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    tongue, language = tongue_of(request), typed.get("lang") or asked_language(request)
    service, today = _chosen(typed, wish), _today(shop)
    is_one = len(wish.services) == 1
    people = [(str(doer.member_id), shop.members[doer.member_id].name) for doer in service.doers]
    able = [one for one in wish.services if one.doers]
    values: dict[str, Any] = {
        "action": f"/b/{shop.slug}/wait",
        "back": wish.address(f"/b/{shop.slug}/when", lang=language),
        "fields": posted_fields(wish),
        "language_field": [("lang", language)] if language else [],
        "key": traps.new_key(wiring.now()),
        "services": [{"id": one.id, "name": one.name, "is_chosen": one is service} for one in able],
        "wishes": [_fields(typed, n, errors or {}) for n in range(1, MOST_PREFERENCES + 1)],
        "parts_of_day": [(value, tongue.say(words)) for value, words in _PARTS.items()],
        "people": people if is_one and len(people) > 1 else [],
        "today": today.isoformat(),
        "latest": (today + FURTHEST).isoformat(),
        "typed": defaultdict(str, {name: typed.get(name, "") for name in _TYPED}),
        "errors": defaultdict(str, errors or {}),
        "contact": ", ".join(part for part in (display_phone(shop.phone), shop.email) if part) or shop.name,
    }
    return show(request, "wait.html", shop, status=status, **values)


def _fields(typed: Mapping[str, str], n: int, errors: Mapping[str, str]) -> WishFields:
    first, last, part, who = (typed.get(f"{name}_{n}", "")[:40] for name in ("first_day", "last_day", "part", "who"))
    return WishFields(n, first, last, part, who, is_open=n == 1 or bool(first) or any(f"_{n}" in one for one in errors))


def _today(shop: PublicShop) -> date:
    return today_in(zone_of(shop.zone), wiring.now())


def _tomorrow(shop: PublicShop) -> str:
    return (_today(shop) + timedelta(days=1)).isoformat()


ROUTES = (
    Route("/b/{slug}/wait", show_form, methods=["GET"]),
    Route("/b/{slug}/wait", submit_form, methods=["POST"]),
    Route("/l/{token}", show_entry, methods=["GET"]),
    Route("/l/{token}", submit_entry, methods=["POST"]),
)
