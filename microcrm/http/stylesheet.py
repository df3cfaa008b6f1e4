"""One stylesheet for the server-rendered pages: the app's own files joined, under an address that names their content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from microcrm.http.edge import FOREVER

_STYLES = Path(__file__).resolve().parents[2] / "assets" / "styles"
_PARTS = ("tokens", "base", "parts", "forms", "public")


@cache
def public_stylesheet() -> str:
    return "\n".join((_STYLES / f"{name}.css").read_text() for name in _PARTS)


@cache
def public_stylesheet_url() -> str:
    """For ``<link rel="stylesheet">``; it may be cached forever."""
    return f"/public-{sha256(public_stylesheet().encode()).hexdigest()[:12]}.css"


async def serve_stylesheet(request: Request) -> Response:  # noqa: ARG001 - Starlette passes it
    return Response(public_stylesheet(), media_type="text/css", headers={"cache-control": FOREVER})
