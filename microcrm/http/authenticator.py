"""Setting up the second step. Plain pages, so that neither the secret nor a recovery code ever enters a State."""

from __future__ import annotations

from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm import wiring
from microcrm.domain.errors import DomainError, Invalid, SealBroken
from microcrm.http.desk import account_of, in_accounts, with_hashing
from microcrm.http.forms import EMPTY, Form, read_form
from microcrm.http.pages import again, answering, page
from microcrm.operations.accounts.authenticator import (
    Enrolment,
    TurnOff,
    begin_enrolment,
    continue_enrolment,
    finish_enrolment,
    renew_codes,
    second_step_standing,
    turn_off,
)
from microcrm.operations.accounts.entering import Refusal
from microcrm.operations.unit_of_work import Actor

_PAGE = "authenticator.html"


@answering
async def show(request: Request) -> Response:
    return await _standing(request, await account_of(request), EMPTY)


@answering
async def begin(request: Request) -> Response:
    """The password was given; here is the secret."""
    form, actor = await read_form(request), await account_of(request)
    try:
        result = await with_hashing(actor, begin_enrolment, form.get("current"), wiring.hasher(), wiring.sealer())
    except Invalid as error:
        return await _standing(request, actor, form, error.fields)
    if isinstance(result, Refusal):
        return await _standing(request, actor, form, {result.field: result.message})
    return _scan(request, result)


@answering
async def finish(request: Request) -> Response:
    """A first code proves that the app has the secret."""
    form, actor = await read_form(request), await account_of(request)
    try:
        codes = await in_accounts(actor, finish_enrolment, form.get("code"), wiring.sealer())
    except Invalid as error:
        enrolment = await in_accounts(actor, continue_enrolment, wiring.sealer())
        return _scan(request, enrolment, error)
    return page(request, "recovery_codes.html", codes=codes, is_new=True)


@answering
async def renew(request: Request) -> Response:
    form, actor = await read_form(request), await account_of(request)
    try:
        result = await with_hashing(actor, renew_codes, form.get("current"), wiring.hasher())
    except Invalid as error:
        return await _standing(request, actor, form, error.fields)
    if isinstance(result, Refusal):
        return await _standing(request, actor, form, {result.field: result.message})
    return page(request, "recovery_codes.html", codes=result, is_new=False)


@answering
async def stop(request: Request) -> Response:
    form, actor = await read_form(request), await account_of(request)
    command = TurnOff(form.get("current"), form.get("code"))
    try:
        refused = await with_hashing(actor, turn_off, command, wiring.hasher(), wiring.sealer())
    except Invalid as error:
        return await _standing(request, actor, form, error.fields)
    except SealBroken as error:
        return await _standing(request, actor, form, {"code": f"{error.message} {error.remedy}"})
    if refused:
        return await _standing(request, actor, form, {refused.field: refused.message})
    return page(request, "done.html", title="The second step is off", text="Signing in asks for your password only.")


async def _standing(request: Request, actor: Actor, form: Form, errors: dict[str, str] | None = None) -> Response:
    standing = await in_accounts(actor, second_step_standing)
    return page(
        request,
        _PAGE,
        form=form,
        errors=errors,
        status=422 if errors else 200,
        standing=standing,
        which=form.get("which"),
    )


def _scan(request: Request, enrolment: Enrolment, error: DomainError | None = None) -> Response:
    """The QR code as an image in the page: it is on no address of its own."""
    picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=2, light="#ffffff", dark="#14201e")
    values: dict[str, Any] = {"picture": picture, "secret": enrolment.secret, "uri": enrolment.uri}
    if error is not None:
        return again(request, "scan.html", EMPTY, error, **values)
    return page(request, "scan.html", **values)


ROUTES = (
    Route("/account/second-step", show, methods=["GET"]),
    Route("/account/second-step/begin", begin, methods=["POST"]),
    Route("/account/second-step/finish", finish, methods=["POST"]),
    Route("/account/second-step/codes", renew, methods=["POST"]),
    Route("/account/second-step/off", stop, methods=["POST"]),
)
