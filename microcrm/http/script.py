"""The one small script of the server-rendered pages, under an address that names its content. They work without it."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from microcrm.http.edge import FOREVER

_SCRIPT = Path(__file__).parent / "templates" / "public.js"


@cache
def script_text() -> str:
    return _SCRIPT.read_text()


@cache
def script_url() -> str:
    return f"/public-{sha256(script_text().encode()).hexdigest()[:12]}.js"


async def serve_script(request: Request) -> Response:  # noqa: ARG001 - Starlette passes it
    return Response(script_text(), media_type="text/javascript", headers={"cache-control": FOREVER})
