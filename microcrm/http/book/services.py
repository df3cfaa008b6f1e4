"""The first two steps: which services, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from microcrm.domain.names import initials
from microcrm.domain.search_key import search_key
from microcrm.http.book import look
from microcrm.http.book.discovery import about_shop
from microcrm.http.book.fronts import FRESH_FOR, ShortMemory, front_of
from microcrm.http.book.render import Kept, answer, as_json, for_customers, html, show
from microcrm.http.book.tongues import Tongue, asked_language, tongue_of
from microcrm.http.book.wish import Wish, read_wish
from microcrm.http.desk import visitor
from microcrm.http.pages import NO_STORE
from microcrm.operations.public_shop import PublicService, PublicShop, public_logo
from microcrm.state.bridge import perform

_FOR_CACHES = {
    "cache-control": "public, max-age=30, stale-while-revalidate=300",
    "vary": "Accept-Language, Accept-Encoding",
}
_first_pages: ShortMemory[Kept] = ShortMemory(FRESH_FOR)


@dataclass(frozen=True, slots=True)
class Line:
    """One service in the summary."""

    name: str
    price: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One service in the list. ``paise`` and ``minutes`` are for the script that adds up."""

    id: int
    name: str
    why: str
    price: str
    paise: int
    minutes: int
    length: str
    is_class: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: tuple[Row, ...]


def forget_pages() -> None:
    """For tests, which change a shop faster than anybody."""
    _first_pages.clear()


@for_customers
async def show_services(request: Request) -> Response:
    """Step 1. Without any choice it is the same for everybody, so that caches may keep it."""
    is_plain = set(request.query_params) <= {"lang"}
    tongue = tongue_of(request)
    if not is_plain:
        return answer(_services(request, tongue, await front_of(request)))
    key = f"{request.path_params['slug']} {tongue.code} {asked_language(request)}"
    page = _first_pages.get(key)
    if page is None:
        page = _first_pages.keep(key, Kept(_services(request, tongue, await front_of(request))))
    return page.answer(request, {**_FOR_CACHES, "content-security-policy": look.policy()})


@for_customers
async def show_people(request: Request) -> Response:
    """Step 2, unless there is nobody to choose between."""
    shop = await front_of(request)
    wish = wish_in(request, shop)
    if wish.is_empty or wish.is_mixed:
        return onward(wish.address(f"/b/{shop.slug}", lang=asked_language(request), e="1"))
    if not wish.has_choice_of_people:
        return onward(wish.address(f"/b/{shop.slug}/when", lang=asked_language(request)))
    tongue = tongue_of(request)
    return show(
        request, "people.html", shop, wish=wish, choices=_people(shop, wish, tongue), steps=steps_of(tongue, wish),
        back=wish.address(f"/b/{shop.slug}", lang=asked_language(request)),
        go=button(tongue.say("Continue")), **summary(wish, tongue),
    )  # fmt: skip


@for_customers
async def show_public_logo(request: Request) -> Response:
    data, kind = await perform(visitor(request), public_logo, request.path_params["slug"])
    return Response(data, media_type=kind, headers={"cache-control": "public, max-age=86400"})


def wish_in(request: Request, shop: PublicShop) -> Wish:
    return read_wish(shop, request.query_params.getlist("s"), request.query_params)


def steps_of(tongue: Tongue, wish: Wish | None, *, has_choice: bool | None = None) -> list[str]:
    """The names of the steps; choosing somebody is none where there is nobody to choose between."""
    is_asked = wish.has_choice_of_people if has_choice is None and wish is not None else bool(has_choice)
    who = [tongue.say("Who")] if is_asked else []
    return [tongue.say("Services"), *who, tongue.say("When"), tongue.say("You"), tongue.say("Done")]


def summary(wish: Wish, tongue: Tongue) -> dict[str, Any]:
    """What the bar at the bottom, or the card at the side, says of the choice so far."""
    lines = [
        Line(
            seats_words(service.name, wish.seats),
            tongue.rupees(wish.price(place)),
            tongue.minutes(wish.minutes_of(place)),
        )
        for place, service in enumerate(wish.services)
    ]
    how_many = tongue.count("%(num)s service", "%(num)s services", len(lines))
    return {
        "lines": lines,
        "total": tongue.rupees(wish.total_paise),
        "is_from": wish.is_from,
        "brief": f"{how_many}, {tongue.minutes(wish.minutes)}" if lines else tongue.say("Nothing chosen yet"),
    }


def seats_words(name: str, seats: int) -> str:
    return f"{name} × {seats}" if seats > 1 else name


def _services(request: Request, tongue: Tongue, shop: PublicShop) -> str:
    wish = wish_in(request, shop)
    query = request.query_params.get("q", "")[:60]
    groups = _groups(shop, wish, tongue, query)
    is_refused = request.query_params.get("e") == "1"
    has_choice = any(len(service.doers) > 1 and not service.is_class for service in shop.services)
    is_first = not query and wish.is_empty
    return html(
        request, tongue, "services.html", shop,
        canonical=f"/b/{shop.slug}" if is_first else "",
        structured=as_json(about_shop(shop, tongue)) if is_first else "",
        groups=groups, query=query, error=_refusal(wish, tongue) if is_refused else "",
        searching=tongue.count("Search %(num)s service", "Search %(num)s services", len(shop.services)),
        script_words=_script_words(tongue), steps=steps_of(tongue, None, has_choice=has_choice),
        go=button(tongue.say("Continue")), **summary(wish, tongue),
    )  # fmt: skip


def _script_words(tongue: Tongue) -> dict[str, str]:
    """What the script that adds up says; it puts its numbers where the {} is."""
    return {
        "one": tongue.count("%(num)s service", "%(num)s services", 1),
        "many": tongue.words.ngettext("%(num)s service", "%(num)s services", 2) % {"num": "{}"},
        "hours": tongue.say("%(hours)s h", hours="{}"),
        "minutes": tongue.say("%(minutes)s min", minutes="{}"),
        "none": tongue.say("Nothing chosen yet"),
    }


def _refusal(wish: Wish, tongue: Tongue) -> str:
    if wish.is_mixed:
        return tongue.say("A class is booked by itself. Choose either the class or the other services.")
    return tongue.say("Choose at least one service.")


def _groups(shop: PublicShop, wish: Wish, tongue: Tongue, query: str) -> list[Group]:
    """As the shop has ordered them; what is chosen already stays in sight while one searches."""
    wanted = search_key(query).split()
    shown = [each for each in shop.services if each in wish.services or _matches(each, wanted)]
    return [
        Group(name or tongue.say("Services"), tuple(_row(each, wish, tongue) for each in rows))
        for name, rows in groupby(shown, key=lambda each: each.group)
    ]


def _matches(service: PublicService, wanted: Sequence[str]) -> bool:
    text = search_key(f"{service.name} {service.description} {service.group}")
    return all(word in text for word in wanted)


def _row(service: PublicService, wish: Wish, tongue: Tongue) -> Row:
    price = tongue.rupees(service.price_paise) if service.price_paise else tongue.say("Free")
    return Row(
        id=service.id,
        name=service.name,
        why=tongue.say("Class") if service.is_class and not service.description else service.description,
        price=tongue.say("from %(price)s", price=price) if service.is_from else price,
        paise=service.price_paise,
        minutes=service.minutes,
        length=tongue.minutes(service.minutes),
        is_class=service.is_class,
        is_chosen=service in wish.services,
    )


def _people(shop: PublicShop, wish: Wish, tongue: Tongue) -> list[dict[str, Any]]:
    """For each service with a choice: who does it, and what they take where that differs."""
    return [
        {
            "id": service.id,
            "name": service.name,
            "chosen": wish.members[place],
            "people": [
                {
                    "id": doer.member_id,
                    "name": shop.members[doer.member_id].name,
                    "initials": initials(shop.members[doer.member_id].name),
                    "price": tongue.rupees(doer.price_paise) if service.is_from else "",
                    "length": tongue.minutes(doer.minutes) if doer.minutes != service.minutes else "",
                }
                for doer in service.doers
            ],
        }
        for place, service in enumerate(wish.services)
        if len(service.doers) > 1
    ]


def button(words: str) -> Markup:
    return Markup('<button class="btn main" type="submit">{}</button>').format(words)


def onward(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers=NO_STORE)


ROUTES = (
    Route("/b/{slug}", show_services, methods=["GET"]),
    Route("/b/{slug}/who", show_people, methods=["GET"]),
    Route("/b/{slug}/logo", show_public_logo, methods=["GET"]),
)
