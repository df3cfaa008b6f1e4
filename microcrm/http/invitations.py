"""The link in an invitation: join with a new account, or with the one that is signed in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError, Invalid
from microcrm.http.cookies import browser_of, remember_session
from microcrm.http.desk import account_of, in_accounts, seat_of, visitor, with_hashing
from microcrm.http.forms import EMPTY, Form, read_form
from microcrm.http.pages import STATUS, answering, go, page
from microcrm.operations.accounts.joining import JoinAsNew, join_as_new, join_signed_in, look_at_invitation


@answering
async def show_invitation(request: Request) -> Response:
    return await _invitation(request, request.query_params.get("token", ""), EMPTY)


@answering
async def submit_invitation(request: Request) -> Response:
    form = await read_form(request)
    token = form.get("token")
    if form.get("as") == "me":
        await in_accounts(await account_of(request), join_signed_in, token)
        return go("/")
    command = JoinAsNew(token, form.get("name"), form.get("password"), browser_of(request))
    try:
        entry = await with_hashing(visitor(request), join_as_new, command, wiring.hasher())
    except Invalid as error:
        return await _invitation(request, token, form, error)
    response = go("/")
    remember_session(response, entry)
    return response


async def _invitation(request: Request, token: str, form: Form, error: DomainError | None = None) -> Response:
    invited = await in_accounts(visitor(request), look_at_invitation, token)
    seat = await seat_of(request)
    errors = error.fields if error else None
    if errors and seat.is_signed_in:  # the form was opened before signing in: its fields are not on the page any more
        errors = {"form": "You are signed in by now. Join with this account, or sign out to use another."}
    return page(
        request,
        "invitation.html",
        form=form,
        errors=errors,
        status=STATUS[Invalid] if error else 200,
        invited=invited,
        token=token,
        signed_in_as=seat.person_email,
    )


ROUTES = (
    Route("/invite", show_invitation, methods=["GET"]),
    Route("/invite", submit_invitation, methods=["POST"]),
)
