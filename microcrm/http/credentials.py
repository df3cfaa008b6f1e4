"""Passwords and addresses: forgotten, changed, confirmed."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError, Invalid
from microcrm.http.desk import account_of, in_accounts, seat_of, visitor, with_hashing
from microcrm.http.forms import EMPTY, Form, read_form
from microcrm.http.pages import again, answering, go, page
from microcrm.operations.accounts.credentials import (
    ChangeEmail,
    ChangePassword,
    ask_to_change_email,
    change_email,
    change_password,
    new_email_behind,
)
from microcrm.operations.accounts.entering import Refusal
from microcrm.operations.accounts.reset import ResetPassword, ask_for_reset, reset_password, whose_reset


@answering
async def show_reset(request: Request) -> Response:
    return page(request, "reset.html")


@answering
async def submit_reset(request: Request) -> Response:
    form = await read_form(request)
    try:
        await in_accounts(visitor(request), ask_for_reset, form.get("email"))
    except DomainError as error:
        return again(request, "reset.html", form, error)
    return go("/reset/sent")


@answering
async def show_reset_sent(request: Request) -> Response:
    return page(request, "reset_sent.html", mailbox=not wiring.sends_real_mail())


@answering
async def show_new_password(request: Request) -> Response:
    return await _new_password(request, request.query_params.get("token", ""), EMPTY)


@answering
async def submit_new_password(request: Request) -> Response:
    form = await read_form(request)
    command = ResetPassword(form.get("token"), form.get("password"))
    try:
        await with_hashing(visitor(request), reset_password, command, wiring.hasher())
    except Invalid as error:
        return await _new_password(request, form.get("token"), form, error.fields)
    return go("/sign-in?done=reset")


@answering
async def show_change_password(request: Request) -> Response:
    actor = await account_of(request)
    return page(request, "change_password.html", email=(await seat_of(request)).person_email, user_id=actor.user_id)


@answering
async def submit_change_password(request: Request) -> Response:
    form, actor = await read_form(request), await account_of(request)
    values: dict[str, Any] = {"email": (await seat_of(request)).person_email}
    command = ChangePassword(form.get("current"), form.get("password"))
    try:
        refused = await with_hashing(actor, change_password, command, wiring.hasher())
    except DomainError as error:
        return again(request, "change_password.html", form, error, **values)
    if refused:
        return _refused(request, "change_password.html", form, refused, **values)
    return page(request, "done.html", title="Your password is changed", text="Your other devices were signed out.")


@answering
async def show_change_email(request: Request) -> Response:
    await account_of(request)
    return page(request, "change_email.html", email=(await seat_of(request)).person_email)


@answering
async def submit_change_email(request: Request) -> Response:
    form, actor = await read_form(request), await account_of(request)
    values: dict[str, Any] = {"email": (await seat_of(request)).person_email}
    try:
        command = ChangeEmail(form.get("current"), form.get("email"))
        refused = await with_hashing(actor, ask_to_change_email, command, wiring.hasher())
    except DomainError as error:
        return again(request, "change_email.html", form, error, **values)
    if refused:
        return _refused(request, "change_email.html", form, refused, **values)
    text = f"We have sent a link to {form.get('email')}. Until you open it, your address stays as it is."
    return page(request, "done.html", title="Check your mail", text=text)


@answering
async def show_confirm_email(request: Request) -> Response:
    token = request.query_params.get("token", "")
    email = await in_accounts(visitor(request), new_email_behind, token)
    return page(request, "confirm_email.html", email=email, token=token)


@answering
async def submit_confirm_email(request: Request) -> Response:
    form = await read_form(request)
    email = await in_accounts(visitor(request), change_email, form.get("token"))
    text = f"From now on you sign in with {email}."
    return page(request, "done.html", title="Your new email address is confirmed", text=text)


async def _new_password(request: Request, token: str, form: Form, errors: dict[str, str] | None = None) -> Response:
    email = await in_accounts(visitor(request), whose_reset, token)
    status = 422 if errors else 200
    return page(request, "new_password.html", form=form, errors=errors, status=status, email=email, token=token)


def _refused(request: Request, template: str, form: Form, refusal: Refusal, **values: Any) -> Response:
    return page(request, template, form=form, errors={refusal.field: refusal.message}, status=422, **values)


ROUTES = (
    Route("/reset", show_reset, methods=["GET"]),
    Route("/reset", submit_reset, methods=["POST"]),
    Route("/reset/sent", show_reset_sent, methods=["GET"]),
    Route("/reset/new", show_new_password, methods=["GET"]),
    Route("/reset/new", submit_new_password, methods=["POST"]),
    Route("/account/password", show_change_password, methods=["GET"]),
    Route("/account/password", submit_change_password, methods=["POST"]),
    Route("/account/email", show_change_email, methods=["GET"]),
    Route("/account/email", submit_change_email, methods=["POST"]),
    Route("/account/email/confirm", show_confirm_email, methods=["GET"]),
    Route("/account/email/confirm", submit_confirm_email, methods=["POST"]),
)
