"""Our cookies: none is readable by scripts, none goes along with a form on another site."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import CookieError, SimpleCookie

from starlette.requests import Request
from starlette.responses import Response

from microcrm.operations.accounts.entering import Browser, Entry
from microcrm.operations.sessions import KEPT, session_cookie, token_in
from microcrm.settings import settings

_DEVICE_FOR = timedelta(days=400)  # the longest that browsers keep a cookie
_DEVICE, _FORM = "device", "form"


def is_https() -> bool:
    return settings().public_url.startswith("https://")


def browser_of(request: Request) -> Browser:
    """The tokens of a request."""
    return Browser(token_in(request.headers.get("cookie", "")), _read(request, _DEVICE))


def remember_session(response: Response, entry: Entry) -> None:
    """Without ``is_kept``, or while the second step is missing, the cookie goes with the browser window."""
    kept = KEPT.at_most if entry.is_kept and not entry.needs_second_step else None
    _set(response, session_cookie(), entry.token, kept)
    remember_device(response, entry.device_token)


def remember_device(response: Response, token: str) -> None:
    if token:
        _set(response, _name(_DEVICE), token, _DEVICE_FOR)


def forget_session(response: Response) -> None:
    response.delete_cookie(session_cookie(), path="/", secure=is_https(), httponly=True, samesite="lax")


def form_cookie(request: Request) -> str:
    """The value that the token of a form is made from, or ""."""
    return _read(request, _FORM)


def remember_form(response: Response, value: str) -> None:
    _set(response, _name(_FORM), value, None)


def _name(name: str) -> str:
    return f"__Host-{name}" if is_https() else name


def _read(request: Request, name: str) -> str:
    try:
        jar = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return ""
    morsel = jar.get(_name(name))
    return morsel.value if morsel is not None and len(morsel.value) <= 200 else ""


def _set(response: Response, name: str, value: str, age: timedelta | None) -> None:
    seconds = int(age.total_seconds()) if age else None
    response.set_cookie(name, value, max_age=seconds, path="/", secure=is_https(), httponly=True, samesite="lax")
