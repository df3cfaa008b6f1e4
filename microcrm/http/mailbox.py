"""Development only: what would have been mailed. Gone in production, and as soon as an SMTP server is configured."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.adapters.mailbox import list_messages, read_message
from microcrm.domain.errors import NotFound
from microcrm.http.pages import NO_STORE, answering, page
from microcrm.http.policy import STRICT_POLICY
from microcrm.operations.unit_of_work import system
from microcrm.state.bridge import perform_in

# The mail's own styles are inline; nothing in it may run, load, or send a form.
_FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"


@answering
async def show_mailbox(request: Request) -> Response:
    _only_in_development()
    found = await perform_in("worker", system(), lambda uow: list_messages(uow.session, uow.now))
    return page(request, "mailbox.html", messages=found)


@answering
async def show_message(request: Request) -> Response:
    _only_in_development()
    number = request.path_params["number"]
    message = await perform_in("worker", system(), lambda uow: read_message(uow.session, number, uow.now))
    response = page(request, "mail.html", message=message)
    response.headers["content-security-policy"] = f"{STRICT_POLICY}; frame-src 'self'"
    return response


@answering
async def show_html(request: Request) -> Response:
    """The HTML side of a mail, for the frame on its page."""
    _only_in_development()
    number = request.path_params["number"]
    message = await perform_in("worker", system(), lambda uow: read_message(uow.session, number, uow.now))
    headers = {**NO_STORE, "content-security-policy": _FRAME_POLICY, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(message.html, headers=headers)


def _only_in_development() -> None:
    if wiring.sends_real_mail():
        raise NotFound("There is nothing at this address.", remedy="The link may be old, or a letter is missing.")


ROUTES = (
    Route("/mailbox", show_mailbox, methods=["GET"]),
    Route("/mailbox/{number:int}", show_message, methods=["GET"]),
    Route("/mailbox/{number:int}/html", show_html, methods=["GET"]),
)
