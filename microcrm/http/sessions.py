"""Signing in, the second step, signing out, and which business is on the screen."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError
from microcrm.domain.states import choices
from microcrm.domain.trades import TRADES
from microcrm.http.cookies import browser_of, forget_session, remember_session
from microcrm.http.desk import account_of, in_accounts, seat_of, visitor, with_hashing
from microcrm.http.forms import EMPTY, Form, read_form, safe_next
from microcrm.http.pages import again, answering, go, page
from microcrm.operations.accounts.entering import Entry, Refusal
from microcrm.operations.accounts.my_sessions import choose_business, memberships, sign_out
from microcrm.operations.accounts.opening import OpenBusiness, open_another
from microcrm.operations.accounts.second_step import AnswerSecondStep, answer_second_step, whose_second_step
from microcrm.operations.accounts.sign_in import SignIn, sign_in
from microcrm.operations.sessions import token_in

# What has just been done, by the word in the address.
DONE = {
    "reset": "Your password is changed. Sign in with the new one.",
    "address": "Your new email address is confirmed.",
}


@answering
async def show_sign_in(request: Request) -> Response:
    seat = await seat_of(request)
    onward = safe_next(request.query_params.get("next", "/"))
    if seat.is_signed_in:
        return go(onward)
    done = DONE.get(request.query_params.get("done", ""), "")
    return page(request, "sign_in.html", onward=onward, done=done)


@answering
async def submit_sign_in(request: Request) -> Response:
    form = await read_form(request)
    onward = safe_next(form.get("next"))
    command = SignIn(form.get("email"), form.get("password"), form.get("keep"), browser_of(request))
    try:
        result = await with_hashing(visitor(request), sign_in, command, wiring.hasher())
    except DomainError as error:
        return again(request, "sign_in.html", form, error, onward=onward, done="")
    if isinstance(result, Refusal):
        errors = {result.field: result.message}
        return page(request, "sign_in.html", form=form, errors=errors, status=422, onward=onward, done="")
    if result.needs_second_step:
        return _entered(result, f"/sign-in/code?next={quote(onward, safe='/')}")
    return _entered(result, onward)


@answering
async def show_second_step(request: Request) -> Response:
    email = await in_accounts(visitor(request), whose_second_step, token_in(request.headers.get("cookie", "")))
    return _second_step(request, email, EMPTY)


@answering
async def submit_second_step(request: Request) -> Response:
    form = await read_form(request)
    is_recovery = form.get("with") == "recovery"
    browser = browser_of(request)
    email = await in_accounts(visitor(request), whose_second_step, browser.session_token)
    command = AnswerSecondStep(form.get("code"), browser, is_recovery, form.get("trust"))
    try:
        result = await in_accounts(visitor(request), answer_second_step, command, wiring.sealer())
    except DomainError as error:
        return _second_step(request, email, form, {"form": f"{error.message} {error.remedy}"})
    if isinstance(result, Refusal):
        return _second_step(request, email, form, {result.field: result.message})
    return _entered(result, safe_next(form.get("next")))


@answering
async def submit_sign_out(request: Request) -> Response:
    """The app's menu posts here without a form token; where the form stands is checked all the same."""
    await read_form(request, needs_token=False)
    await in_accounts(visitor(request), sign_out, token_in(request.headers.get("cookie", "")))
    response = go("/signed-out")
    forget_session(response)
    return response


@answering
async def show_signed_out(request: Request) -> Response:
    return page(request, "signed_out.html")


@answering
async def show_shops(request: Request) -> Response:
    return await _shops(request, EMPTY, None)


@answering
async def submit_shop(request: Request) -> Response:
    """Another business onto the screen, or a new one."""
    form = await read_form(request)
    actor = await account_of(request)
    if form.get("open"):
        await in_accounts(actor, choose_business, form.get("open"))
        return go("/")
    command = OpenBusiness(*(form.get(name) for name in ("business", "trade", "city", "state", "gstin", "phone")))
    try:
        await in_accounts(actor, open_another, command)
    except DomainError as error:
        return await _shops(request, form, error)
    return go("/")


async def _shops(request: Request, form: Form, error: DomainError | None) -> Response:
    found = await in_accounts(await account_of(request), memberships)
    seat = await seat_of(request)
    values: dict[str, Any] = {
        "shops": found,
        "email": seat.person_email,
        "trades": TRADES.values(),
        "states": choices(),
        "is_open": bool(form.values),
    }
    if error is not None:
        return again(request, "shops.html", form, error, **values)
    return page(request, "shops.html", **values)


def _second_step(request: Request, email: str, form: Form, errors: dict[str, str] | None = None) -> Response:
    """Digits of an app, or with ``?with=recovery`` a recovery code."""
    asked = form.get("with") or request.query_params.get("with", "")
    return page(
        request,
        "second_step.html",
        form=form,
        errors=errors,
        status=422 if errors else 200,
        email=email,
        is_recovery=asked == "recovery",
        onward=safe_next(form.get("next") or request.query_params.get("next", "/")),
    )


def _entered(entry: Entry, path: str) -> Response:
    response = go(path)
    remember_session(response, entry)
    return response


ROUTES = (
    Route("/sign-in", show_sign_in, methods=["GET"]),
    Route("/sign-in", submit_sign_in, methods=["POST"]),
    Route("/sign-in/code", show_second_step, methods=["GET"]),
    Route("/sign-in/code", submit_second_step, methods=["POST"]),
    Route("/sign-out", submit_sign_out, methods=["POST"]),
    Route("/signed-out", show_signed_out, methods=["GET"]),
    Route("/shops", show_shops, methods=["GET"]),
    Route("/shops", submit_shop, methods=["POST"]),
)
