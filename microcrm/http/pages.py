"""Server-rendered pages: the templates, and what every answer with one has in common."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from microcrm.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
    SignedOut,
    Upstream,
)
from microcrm.http.cookies import form_cookie, remember_form
from microcrm.http.forms import EMPTY, TOKEN_FIELD, Form, Refused, new_form_value, token_of
from microcrm.http.script import script_url
from microcrm.http.stylesheet import public_stylesheet_url
from microcrm.observability import new_request_id

log = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[Response]]

STATUS: Mapping[type[DomainError], int] = {
    Invalid: 422,
    NotFound: 404,
    Forbidden: 403,
    SignedOut: 401,
    Conflict: 409,
    LimitReached: 429,
    Upstream: 502,
}
NO_STORE = {"cache-control": "no-store"}
BROKE = ("Something broke on our side", "Nothing was lost. Try again in a minute. Reference: %(reference)s")


class Tell(Protocol):
    """Makes the page of a refusal. ``text`` may hold places for ``facts``, like ``%(reference)s``."""

    def __call__(self, request: Request, status: int, title: str, text: str, **facts: str) -> Response: ...


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request,
    template: str,
    *,
    form: Form = EMPTY,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """``errors``: by field; "form" is about the whole form. What was typed is shown again, passwords never."""
    cookie = form_cookie(request) or new_form_value()
    html = _environment.get_template(template).render(
        typed=defaultdict(str, form.shown),
        errors=defaultdict(str, errors or {}),
        form_token=token_of(cookie),
        token_field=TOKEN_FIELD,
        stylesheet=public_stylesheet_url(),
        script=script_url(),
        **values,
    )
    response = HTMLResponse(html, status, headers=NO_STORE)
    remember_form(response, cookie)
    return response


def go(path: str) -> RedirectResponse:
    """After a POST: the browser asks for ``path``, so that a reload repeats nothing."""
    return RedirectResponse(path, status_code=303, headers=NO_STORE)


def go_sign_in(request: Request) -> RedirectResponse:
    """And come back here afterwards."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go(f"/sign-in?next={quote(here, safe='/')}")


def again(request: Request, template: str, form: Form, error: DomainError, **values: Any) -> Response:
    """The same page with what was typed and why it did not work."""
    errors = error.fields or {"form": f"{error.message} {error.remedy}"}
    return page(request, template, form=form, errors=errors, status=status_of(error), **values)


def problem(request: Request, status: int, title: str, text: str, **facts: str) -> Response:
    return page(request, "problem.html", status=status, title=title, text=text % facts if facts else text)


def edge(tell: Tell, signed_out: Callable[[Request], Response] | None = None) -> Callable[[Endpoint], Endpoint]:
    """The edge of a page: refusals become pages that ``tell`` makes, in its reader's language, and what nobody foresaw a
    reference and nothing else. ``signed_out`` sends people without a session on."""

    def guard(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Refused as refused:
                return tell(request, refused.status, refused.title, refused.text)
            except DomainError as error:
                if signed_out is not None and isinstance(error, SignedOut):
                    return signed_out(request)
                return tell(request, status_of(error), error.message, error.remedy)
            except HTTPException:  # said on purpose, such as "no such file"
                raise
            except Exception:  # an edge
                reference = new_request_id()
                log.exception("page_failed", reference=reference, endpoint=endpoint.__name__)
                return tell(request, 500, *BROKE, reference=reference)

        return answer

    return guard


answering = edge(problem, go_sign_in)


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), STATUS[Invalid])
