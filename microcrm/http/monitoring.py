"""``/metrics`` for a machine that watches, ``/status`` for a person: how the workers are doing.

Behind a password of the installation (HTTP Basic, any name); in development open, elsewhere hidden while none is set.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from microcrm.adapters.monitoring import Gauge, exposition, gauges
from microcrm.http.pages import NO_STORE
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.settings import settings
from microcrm.state.bridge import perform_in

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><meta http-equiv="refresh" content="15"><title>MicroCRM: workers</title><style>
:root {{ color-scheme: light dark; }} body {{ font: 15px/1.5 system-ui, sans-serif;
max-width: 720px; margin: 24px auto; padding: 0 16px; }}
table {{ width: 100%; border-collapse: collapse; }} th, td {{ padding: 8px; border-bottom: 1px solid #8884; text-align: left; }}
td:last-child {{ text-align: right; font-variant-numeric: tabular-nums; }} small {{ display: block; opacity: .8; }}
.bad td {{ font-weight: 700; }}</style></head><body><h1>{title}</h1>
<table><thead><tr><th>What</th><th>Now</th></tr></thead><tbody>{rows}</tbody></table></body></html>"""


async def metrics(request: Request) -> Response:
    refused = _refusal(request)
    return refused or PlainTextResponse(
        exposition(await _read()), media_type="text/plain; version=0.0.4", headers=NO_STORE
    )


async def status(request: Request) -> Response:
    refused = _refusal(request)
    return refused or HTMLResponse(_page(await _read()), headers=NO_STORE)


async def _read() -> list[Gauge]:
    def read(uow: UnitOfWork) -> list[Gauge]:
        return gauges(uow.session, uow.now)

    return await perform_in("worker", system(), read)


def _refusal(request: Request) -> Response | None:
    wanted = settings().monitor_password
    if not wanted:
        return None if settings().environment == "dev" else PlainTextResponse("not found", 404)
    if hmac.compare_digest(_given(request).encode(), wanted.encode()):
        return None
    return PlainTextResponse(
        "password?", 401, headers={"WWW-Authenticate": 'Basic realm="MicroCRM workers", charset="UTF-8"'}
    )


def _given(request: Request) -> str:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _page(found: list[Gauge]) -> str:
    bad = [gauge for gauge in found if not gauge.is_well]
    title = "The workers are well" if not bad else "Somebody should look"
    return _PAGE.format(title=title, rows="".join(_row(gauge) for gauge in found))


def _row(gauge: Gauge) -> str:
    about = " ".join(gauge.labels.values())
    name = gauge.name.removeprefix("microcrm_").replace("_", " ").removesuffix(" seconds").capitalize()
    value = f"{gauge.value:,.0f} s" if gauge.name.endswith("_seconds") else f"{gauge.value:,.0f}"
    value = "never" if gauge.value == math.inf else value
    limit = "" if gauge.limit is None or gauge.is_well else f" (at most {gauge.limit:g})"
    words = f"{escape(f'{name}: {about}' if about else name)}<small>{escape(gauge.help)}{escape(limit)}</small>"
    return f"<tr{'' if gauge.is_well else ' class=bad'}><td>{words}</td><td>{value}</td></tr>"


ROUTES = (Route("/metrics", metrics, methods=["GET"]), Route("/status", status, methods=["GET"]))
