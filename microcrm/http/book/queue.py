"""The walk-in queue for those who wait: the board in the window without names, and one's own number on the phone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.domain.errors import Conflict
from microcrm.domain.queue import Estimate, Ticket
from microcrm.http.book.limits import LINKS, LOOKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.services import onward
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.operations.queue_view import Place, leave_by_link, read_board, read_place
from microcrm.state.bridge import perform

FRESH_FOR = 20  # seconds; then the browser asks again
_STANDING = {
    Ticket.WAITING: mark("You are in the queue"),
    Ticket.CALLED: mark("It is your turn"),
    Ticket.SERVING: mark("You are being served"),
    Ticket.DONE: mark("Thank you for your visit"),
    Ticket.LEFT: mark("You have left the queue"),
    Ticket.MISSED: mark("Your number was called"),
}


@for_customers
async def show_board(request: Request) -> Response:
    """404 for a shop without a queue."""
    await check_address(request, LOOKS)
    board = await perform(visitor(request), read_board, request.path_params["slug"])
    tongue = tongue_of(request)
    return show(
        request, "board.html", None, board=board, shop_name=board.shop, shop_path=f"/b/{board.slug}",
        seconds=FRESH_FOR, newcomer=estimate_words(board.newcomer, tongue),
    )  # fmt: skip


@for_customers
async def show_ticket(request: Request) -> Response:
    await check_address(request, LINKS)
    slug, token = request.path_params["slug"], request.path_params["token"]
    place = await perform(visitor(request), read_place, slug, token)
    return show(request, "ticket.html", None, headers=SECRET, **ticket_page(request, place, tongue_of(request)))


@for_customers
async def leave(request: Request) -> Response:
    """Somebody who is served already stays where they are; the page shows it."""
    await read_form(request, needs_token=False)
    await check_address(request, LINKS)
    slug, token = request.path_params["slug"], request.path_params["token"]
    with suppress(Conflict):
        await perform(visitor(request), leave_by_link, slug, token)
    return onward(f"/q/{slug}/{token}?lang={tongue_of(request).code}")


def ticket_page(request: Request, place: Place, tongue: Tongue) -> dict[str, Any]:
    language = asked_language(request)
    is_in_line = place.state in (Ticket.WAITING, Ticket.CALLED)
    return {
        "place": place,
        "shop_name": place.shop,
        "shop_path": f"/b/{place.slug}",
        "heading": tongue.say(_STANDING[place.state]),
        "said": _said(place, tongue),
        "is_in_line": is_in_line,
        "is_called": place.state is Ticket.CALLED,
        "is_over": place.state in (Ticket.DONE, Ticket.LEFT, Ticket.MISSED),
        "seconds": FRESH_FOR if is_in_line or place.state is Ticket.SERVING else 0,
        "told": estimate_words(place.told, tongue) if place.state is Ticket.WAITING else "",
        "board": f"/q/{place.slug}{f'?lang={language}' if language else ''}",
        "action": f"/q/{place.slug}/{request.path_params['token']}{f'?lang={language}' if language else ''}",
    }


def _said(place: Place, tongue: Tongue) -> str:
    if place.state is Ticket.CALLED:
        return tongue.say("Please come to the desk.")
    if place.state is Ticket.MISSED:
        return tongue.say("Ask at the desk for a new number.")
    if place.state is not Ticket.WAITING:
        return ""
    if place.before == 0:
        return tongue.say("You are next.")
    return tongue.count("%(num)s person is before you.", "%(num)s people are before you.", place.before)


def estimate_words(told: Estimate, tongue: Tongue) -> str:
    """Like "About 10 to 20 min", "About 7 h 35 min"."""
    if told.least is None or told.most is None:
        return tongue.say("Not today any more")
    if told.most == 0:
        return tongue.say("Right away")
    if told.most >= 60:
        return _long_words(told.least, told.most, tongue)
    if told.least == 0:
        return tongue.say("Up to %(most)s min", most=told.most)
    if told.least == told.most:
        return tongue.say("About %(least)s min", least=told.least)
    return tongue.say("About %(least)s to %(most)s min", least=told.least, most=told.most)


def _long_words(least: int, most: int, tongue: Tongue) -> str:
    """In hours and minutes."""
    if least == 0:
        return tongue.say("Up to %(most)s", most=tongue.minutes(most))
    if least == most:
        return tongue.say("About %(least)s", least=tongue.minutes(least))
    return tongue.say("About %(least)s to %(most)s", least=tongue.minutes(least), most=tongue.minutes(most))


ROUTES = (
    Route("/q/{slug}", show_board, methods=["GET"]),
    Route("/q/{slug}/{token}", show_ticket, methods=["GET"]),
    Route("/q/{slug}/{token}", leave, methods=["POST"]),
)
