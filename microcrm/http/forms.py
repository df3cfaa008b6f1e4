"""Reading a posted form: how large it may be, where it may come from, and whose page it was on.

Every POST must come from our own pages: the browser says so in ``Origin`` and ``Sec-Fetch-Site``, and the form carries a
token made from a cookie that other sites can neither read nor set.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from microcrm.http.cookies import form_cookie
from microcrm.settings import settings

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 60
_WRAPPING = 16 * 1024  # bytes of a form around its file
LANGUAGE = "language"  # in a request's state: what its form names
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
_SECRET_FIELDS = frozenset({"password", "current", "code", "token", TOKEN_FIELD})


class Refused(Exception):
    """A request that no page of ours sends, or that comes too late."""

    def __init__(self, status: int, title: str, text: str) -> None:
        self.status, self.title, self.text = status, title, text
        super().__init__(title)


@dataclass(frozen=True, slots=True)
class Form:
    values: dict[str, str]

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def shown(self) -> dict[str, str]:
        """What may be shown again after a mistake: never a password or a code."""
        return {name: value[:4000] for name, value in self.values.items() if name not in _SECRET_FIELDS}


EMPTY = Form({})


async def read_form(
    request: Request, *, needs_token: bool = True, most_bytes: int = MOST_BYTES, most_fields: int = _MOST_FIELDS
) -> Form:
    """Raises: Refused."""
    refuse_foreign(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request, most_bytes)
    if body and kind != "application/x-www-form-urlencoded":
        raise Refused(415, "That isn’t a form of ours", "Open the page and try again. Nothing was changed.")
    try:
        fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=most_fields)
    except ValueError:
        raise Refused(400, "That isn’t a form of ours", "Open the page and try again. Nothing was changed.") from None
    form = Form(dict(fields))
    setattr(request.state, LANGUAGE, form.get("lang"))  # what answers the form speaks as the page did that it stood on
    if needs_token and not _is_token_of(form.get(TOKEN_FIELD), form_cookie(request)):
        text = "It was open for too long, or your browser refuses cookies. Go back, refresh the page and try again."
        raise Refused(403, "That page has expired", text)
    return form


async def read_file(request: Request, name: str, largest: int) -> bytes | None:
    """The bytes of the file in field ``name`` of a form that is sent in parts; ``None`` as soon as more comes than
    ``largest`` and what the form wraps around it, b"" when there is no file. Raises: Refused."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest + _WRAPPING:
            return None

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, again).form(max_files=1, max_fields=4) as form:
            file = form.get(name)
            return b"" if file is None or isinstance(file, str) else await file.read()
    except HTTPException:
        raise Refused(400, "That isn’t a form of ours", "Open the page and try again. Nothing was changed.") from None


@dataclass(frozen=True, slots=True)
class Upload:
    """``name``: as the browser says the file is called."""

    data: bytes
    name: str = ""


class _TooMuch(Exception):
    pass


async def read_upload(request: Request, name: str, largest: int) -> Upload | None:
    """Like ``read_file``, for large files: what comes goes on to the disk meanwhile. Raises: Refused."""
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > largest + _WRAPPING:
            raise _TooMuch
        return message

    try:
        async with Request(request.scope, counted).form(max_files=1, max_fields=4) as form:
            file = form.get(name)
            if file is None or isinstance(file, str):
                return Upload(b"")
            return Upload(await file.read(), file.filename or "")
    except _TooMuch:
        return None
    except HTTPException:
        raise Refused(400, "That isn’t a form of ours", "Open the page and try again. Nothing was changed.") from None


def refuse_foreign(request: Request) -> None:
    """Raises: Refused, for what no page of ours has sent."""
    if not is_ours(request):
        raise Refused(403, "That came from another site", "Open the page here and try again. Nothing was changed.")


def is_ours(request: Request) -> bool:
    """Whether a page of ours sent it. At least one of the two headers must be there, and neither may object."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin in (None, "null"):
        return site is not None
    return origin == _origin(settings().public_url) or urlsplit(origin).netloc == request.headers.get("host", " ")


def new_form_value() -> str:
    return secrets.token_urlsafe(24)


def token_of(value: str) -> str:
    """What the form carries for the cookie ``value``."""
    return hmac.new(settings().secret_key.encode(), f"form:{value}".encode(), hashlib.sha256).hexdigest()


def _is_token_of(token: str, value: str) -> bool:
    return bool(value) and hmac.compare_digest(token.encode(), token_of(value).encode())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _body(request: Request, most_bytes: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise Refused(413, "That is too much text", "Shorten what you typed and try again. Nothing was saved.")
    return body


def safe_next(raw: str) -> str:
    """A path on this site to go on to, else "/": never another site, however it is spelled."""
    is_path = raw.startswith("/") and not raw.startswith(("//", "/\\")) and len(raw) <= 500
    if not is_path or "\\" in raw or any(ord(character) < 33 or ord(character) == 127 for character in raw):
        return "/"
    parts = urlsplit(raw)
    return "/" if parts.scheme or parts.netloc or parts.path.startswith(("//", "/sign-")) else raw
