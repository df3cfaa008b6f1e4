"""How the booking page is put on another website, a poster or a bill: a plain link, a button, a code to scan."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.http.book.fronts import front_of
from microcrm.http.book.render import for_customers, show
from microcrm.http.book.tongues import tongue_of
from microcrm.settings import settings

_BUTTON = (
    '<a href="{address}" style="display:inline-block;padding:14px 24px;border-radius:10px;background:#0f766e;'
    'color:#fff;font:600 16px sans-serif;text-decoration:none">{words}</a>'
)


@for_customers
async def show_link(request: Request) -> Response:
    shop = await front_of(request)
    address = f"{settings().public_url}/b/{shop.slug}"
    words = tongue_of(request).say("Book at %(shop)s", shop=shop.name)
    snippet = _BUTTON.format(address=escape(address), words=escape(words))
    return show(request, "link.html", shop, address=address, snippet=snippet, code=Markup(_code(address)))  # noqa: S704 - our own drawing


def _code(address: str) -> str:
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=2, xmldecl=False, svgns=False, light="#fff")
    return drawn.getvalue().decode()


ROUTES = (Route("/b/{slug}/link", show_link, methods=["GET"]),)
