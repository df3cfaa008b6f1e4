"""Small texts of our own (a stylesheet, a script) that browsers may keep forever: their address names their content."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microcrm.http.edge import FOREVER


@dataclass(frozen=True)
class LastingText:
    """``suffix`` is css or js. They hold no secret, so they may be compressed (pages with a form's token may not)."""

    text: str
    suffix: str
    media_type: str

    @cached_property
    def url(self) -> str:
        return f"/public-{sha256(self.text.encode()).hexdigest()[:12]}.{self.suffix}"

    @cached_property
    def _zipped(self) -> bytes:
        return gzip.compress(self.text.encode(), 9, mtime=0)

    async def serve(self, request: Request) -> Response:
        headers = {"cache-control": FOREVER, "vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.text, media_type=self.media_type, headers=headers)
        return Response(self._zipped, media_type=self.media_type, headers={**headers, "content-encoding": "gzip"})

    @property
    def route(self) -> Route:
        return Route(self.url, self.serve)
