"""Signing up, and the link that turns it into an account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.gstin import display_gstin, parse_gstin
from microcrm.domain.states import STATES, choices
from microcrm.domain.trades import TRADES
from microcrm.http.cookies import browser_of, remember_device, remember_session
from microcrm.http.desk import in_accounts, visitor, with_hashing
from microcrm.http.forms import EMPTY, Form, read_form
from microcrm.http.pages import NO_STORE, again, answering, go, page
from microcrm.operations.accounts.entering import Refusal
from microcrm.operations.accounts.opening import OpenBusiness
from microcrm.operations.accounts.sign_up import (
    AskForAccount,
    ConfirmAccount,
    ask_for_account,
    confirm_account,
    look_at_link,
    mail_again,
    waiting_in,
)
from microcrm.operations.accounts.tokens import new_token

_BUSINESS = ("business", "trade", "city", "state", "gstin", "phone")


@answering
async def show_sign_up(request: Request) -> Response:
    return page(request, "sign_up.html", trades=TRADES.values(), states=choices())


@answering
async def submit_sign_up(request: Request) -> Response:
    form = await read_form(request)
    device_token = browser_of(request).device_token or new_token()[0]
    command = AskForAccount(
        name=form.get("name"),
        email=form.get("email"),
        password=form.get("password"),
        business=OpenBusiness(*(form.get(name) for name in _BUSINESS)),
        device_token=device_token,
    )
    try:
        await with_hashing(visitor(request), ask_for_account, command, wiring.hasher())
    except DomainError as error:
        return again(request, "sign_up.html", form, error, trades=TRADES.values(), states=choices())
    response = go("/sign-up/sent")
    remember_device(response, device_token)
    return response


async def check_gstin(request: Request) -> Response:
    """What the script of the form shows while it is filled in; the form itself is checked again when it arrives."""
    state = request.query_params.get("state", "")
    try:
        value = parse_gstin(request.query_params.get("value", ""), state_code=state if state in STATES else "")
    except Invalid as error:
        return JSONResponse({"ok": False, "message": error.message}, headers=NO_STORE)
    where = f"Registered in {STATES[value[:2]].name}." if value else ""
    return JSONResponse({"ok": True, "message": where, "shown": display_gstin(value)}, headers=NO_STORE)


@answering
async def show_sent(request: Request) -> Response:
    """For every address alike: a link was mailed, or a hint that there is an account."""
    email = await in_accounts(visitor(request), waiting_in, browser_of(request).device_token)
    if not email:
        return go("/sign-up")
    again_sent = request.query_params.get("again") == "1"
    return page(request, "check_mail.html", email=email, again_sent=again_sent, mailbox=not wiring.sends_real_mail())


@answering
async def submit_mail_again(request: Request) -> Response:
    await read_form(request)
    await in_accounts(visitor(request), mail_again, browser_of(request).device_token)
    return go("/sign-up/sent?again=1")


@answering
async def show_link(request: Request) -> Response:
    """A button, because programs that look into mails follow links but press nothing."""
    return await _link(request, request.query_params.get("token", ""), EMPTY)


@answering
async def submit_link(request: Request) -> Response:
    form = await read_form(request)
    command = ConfirmAccount(form.get("token"), browser_of(request), form.get("password"))
    try:
        result = await with_hashing(visitor(request), confirm_account, command, wiring.hasher())
    except Invalid as error:
        return await _link(request, form.get("token"), form, error.fields)
    if isinstance(result, Refusal):
        return await _link(request, form.get("token"), form, {result.field: result.message})
    response = go("/")
    remember_session(response, result)
    return response


async def _link(request: Request, token: str, form: Form, errors: dict[str, str] | None = None) -> Response:
    asked = await in_accounts(visitor(request), look_at_link, token, browser_of(request).device_token)
    status = 422 if errors else 200
    return page(request, "verify.html", form=form, errors=errors, status=status, asked=asked, token=token)


ROUTES = (
    Route("/sign-up", show_sign_up, methods=["GET"]),
    Route("/sign-up", submit_sign_up, methods=["POST"]),
    Route("/sign-up/gstin", check_gstin, methods=["GET"]),
    Route("/sign-up/sent", show_sent, methods=["GET"]),
    Route("/sign-up/sent", submit_mail_again, methods=["POST"]),
    Route("/verify", show_link, methods=["GET"]),
    Route("/verify", submit_link, methods=["POST"]),
)
