"""A customer's own page of which messages they want. Looking changes nothing; each choice is one button."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.errors import DomainError
from microcrm.domain.messenger import Channel
from microcrm.http.book.limits import CONFIRMS, LINKS, check_address
from microcrm.http.book.manage import SECRET
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.services import onward
from microcrm.http.book.tongues import Tongue, asked_language, mark, tongue_of
from microcrm.http.desk import visitor
from microcrm.http.forms import read_form
from microcrm.operations.replies.preferences import Choose, Preferences, choose, own_preferences
from microcrm.settings import settings
from microcrm.state.bridge import perform

_CHANNELS = {Channel.WHATSAPP: mark("By WhatsApp"), Channel.SMS: mark("By SMS"), Channel.EMAIL: mark("By email")}
_OFFERS = {
    ConsentPurpose.WHATSAPP_OFFERS: mark("By WhatsApp"),
    ConsentPurpose.SMS_OFFERS: mark("By SMS"),
    ConsentPurpose.EMAIL_OFFERS: mark("By email"),
}


@for_customers
async def show_choices(request: Request) -> Response:
    await check_address(request, LINKS)
    chosen = await perform(visitor(request), own_preferences, request.path_params["token"], settings().link_key)
    page = choices_page(request, chosen, tongue_of(request))
    return show(request, "choices.html", chosen.shop, headers=SECRET, **page)


@for_customers
async def submit_choice(request: Request) -> Response:
    form = await read_form(request, needs_token=False)
    await check_address(request, CONFIRMS)
    token, tongue = request.path_params["token"], tongue_of(request)
    command = Choose(token, form.get("what"), form.get("is_on"))
    await perform(visitor(request), choose, command, settings().link_key)
    return onward(f"/u/{token}?lang={tongue.code}&done=1")


async def stop_mail(request: Request) -> Response:
    return await _stop(request, Channel.EMAIL.value)


async def stop_offers(request: Request) -> Response:
    """Of a letter that advertises: what is about their own visits still comes."""
    return await _stop(request, ConsentPurpose.EMAIL_OFFERS.value)


async def _stop(request: Request, what: str) -> Response:
    """What a mail program posts when somebody presses its own "Unsubscribe" (RFC 8058 section 3.1): from no page of ours, without a
    cookie, and nothing is shown."""
    try:
        await check_address(request, CONFIRMS)
        command = Choose(request.path_params["token"], what, is_on=False)
        await perform(visitor(request), choose, command, settings().link_key)
    except DomainError as error:
        return PlainTextResponse(error.message, 404)
    return PlainTextResponse("unsubscribed")


def choices_page(request: Request, chosen: Preferences, tongue: Tongue) -> dict[str, Any]:
    token, language = request.path_params["token"], asked_language(request)
    return {
        "action": f"/u/{token}{f'?lang={language}' if language else ''}",
        "is_done": request.query_params.get("done") == "1",
        "channels": [
            {
                "what": one.channel.value,
                "label": tongue.say(_CHANNELS[one.channel]),
                "address": one.address,
                "is_on": one.is_on,
            }
            for one in chosen.channels
        ],
        "offers": [
            {"what": one.purpose.value, "label": tongue.say(_OFFERS[one.purpose]), "address": "", "is_on": one.is_on}
            for one in chosen.offers
            if not one.is_barred
        ],
    }


ROUTES = (
    Route("/u/{token}", show_choices, methods=["GET"]),
    Route("/u/{token}", submit_choice, methods=["POST"]),
    Route(
        "/u/{token}/mail", show_choices, methods=["GET"]
    ),  # for mail programs that open the address instead of posting to it
    Route("/u/{token}/mail", stop_mail, methods=["POST"]),
    Route("/u/{token}/offers", show_choices, methods=["GET"]),
    Route("/u/{token}/offers", stop_offers, methods=["POST"]),
)
