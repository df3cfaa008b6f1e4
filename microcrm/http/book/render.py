"""From a template and a language to an answer: what all public pages have in common."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from microcrm import wiring
from microcrm.domain.names import initials
from microcrm.domain.zones import to_wall, zone_of
from microcrm.http.book import look
from microcrm.http.book.tongues import Tongue, asked_language, tongue_of, tongues
from microcrm.http.pages import NO_STORE, edge
from microcrm.operations.public_shop import PublicShop
from microcrm.settings import settings

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


@cache
def _environment(code: str) -> Environment:
    """One for each language: the compiled templates then hold its catalogue."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = tongues()[code].words
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True, pgettext=words.pgettext)  # type: ignore[attr-defined]
    return made


def html(request: Request, tongue: Tongue, template: str, shop: PublicShop | None, **values: Any) -> str:
    """The text of a page. ``canonical``: the path that search engines shall know; without it they are told to pass by."""
    asked = asked_language(request)
    public_url = settings().public_url
    canonical = values.pop("canonical", "")
    common: dict[str, Any] = {
        "tongue": tongue,
        "tongues": list(tongues().values()),
        "languages": {code: _in_language(request, code) for code in tongues()},
        "language_field": [("lang", asked)] if asked else [],
        "style": Markup(look.style()),  # noqa: S704 - our own file
        "script": look.script().url,
        "canonical": f"{public_url}{canonical}{f'?lang={asked}' if asked else ''}" if canonical else "",
        "canonical_plain": f"{public_url}{canonical}",
        "og_image": f"{public_url}/icons/app-512.png",
        "shop": shop,
        "shop_lines": [],
        "home": "/",
        "path": "",
    }
    if shop is not None:
        common |= about(shop, tongue, asked)
        if shop.has_logo:
            common["og_image"] = f"{public_url}/b/{shop.slug}/logo?v={shop.version}"
    return _environment(tongue.code).get_template(f"book/{template}").render(common | values)


def fragment(request: Request, template: str, **values: Any) -> str:
    """A piece of a page, for the script."""
    return _environment(tongue_of(request).code).get_template(f"book/{template}").render(values)


def about(shop: PublicShop, tongue: Tongue, asked: str) -> dict[str, Any]:
    """What the head of each page says of the shop."""
    path = f"/b/{shop.slug}"
    lines = [line for line in (shop.city, open_words(shop, tongue, wiring.now())) if line]
    return {
        "shop_lines": lines,
        "initials": initials(shop.name),
        "path": path,
        "home": f"{path}?lang={asked}" if asked else path,
    }


def answer(body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Not kept by anybody unless ``headers`` say otherwise."""
    return HTMLResponse(body, status, headers={"content-security-policy": look.policy(), **NO_STORE, **(headers or {})})


def show(
    request: Request, template: str, shop: PublicShop | None, *, status: int = 200,
    headers: dict[str, str] | None = None, **values: Any,
) -> Response:  # fmt: skip
    return answer(html(request, tongue_of(request), template, shop, **values), status, headers)


class Kept:
    """A page without secrets that caches may keep for a while: its tag, and its bytes plain and compressed."""

    def __init__(self, body: str) -> None:
        self.plain = body.encode()
        self.zipped = gzip.compress(self.plain, 6, mtime=0)
        self.tag = f'"{sha256(self.plain).hexdigest()[:20]}"'

    def answer(self, request: Request, headers: dict[str, str], media_type: str = "text/html") -> Response:
        lasting = {**headers, "etag": self.tag}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=lasting)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.plain, media_type=media_type, headers=lasting)
        return Response(self.zipped, media_type=media_type, headers={**lasting, "content-encoding": "gzip"})


def problem(request: Request, status: int, title: str, text: str, **facts: str) -> Response:
    """In the visitor's language."""
    say = tongue_of(request).say
    return show(request, "problem.html", None, status=status, title=say(title), text=say(text, **facts))


for_customers = edge(problem)


def open_words(shop: PublicShop, tongue: Tongue, now: datetime) -> str:
    """Like "Open today till 8:00 pm", "Opens Mon at 9:00 am"; "" for a shop that has not said when it is open."""
    day, minute = to_wall(now, zone_of(shop.zone))
    for open_day, windows in shop.hours:
        if open_day < day:
            continue
        left = [window for window in windows if open_day > day or window.end > minute]
        if not left:
            continue
        if open_day > day:
            name = tongue.weekday(open_day)
            return tongue.say("Opens %(day)s at %(time)s", day=name, time=tongue.minute_of_day(left[0].start))
        if left[0].start > minute:
            return tongue.say("Opens today at %(time)s", time=tongue.minute_of_day(left[0].start))
        return tongue.say("Open today till %(time)s", time=tongue.minute_of_day(left[0].end))
    return ""


def as_json(facts: Any) -> Markup:
    """JSON that may stand inside a script element: no "<" of a shop's name can end it."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    for mark, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(mark, code)
    return Markup(text)  # noqa: S704 - escaped above


def _in_language(request: Request, code: str) -> str:
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*pairs, ('lang', code)])}"
