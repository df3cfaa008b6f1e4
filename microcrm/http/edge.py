"""The outermost layer of the web app: no redirect hop, lasting caches for hashed files, safety headers on everything."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from microcrm.http.policy import HSTS, SAFETY, STRICT_POLICY, policies

BUILD = Path(".web/build/client")
FOREVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
_HASHED = ("/assets/", "/fonts/")  # their names change with their content
_KEPT_A_DAY = (".svg", ".ico", ".png", ".webmanifest", ".css", ".js", ".txt")


class Edge:
    """Wraps the whole ASGI app. A response's own cache-control and content-security-policy win over the defaults here.

    Reflex answers ``/calendar`` with a redirect to ``/calendar/``, sends no cache-control and no safety headers.
    """

    def __init__(self, app: ASGIApp, *, public_url: str, build: Path = BUILD) -> None:
        self.app = app
        scheme, _, host = public_url.partition("://")
        self.is_https = scheme == "https"
        self.policies = policies(build.resolve(), f"{'wss' if self.is_https else 'ws'}://{host}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        page = path.rstrip("/")
        if page in self.policies and page == path:
            scope = {**scope, "path": f"{path}/", "raw_path": f"{path}/".encode()}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(raw=message.setdefault("headers", [])), path, page, message["status"])
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders, path: str, page: str, status: int) -> None:
        is_html = headers.get("content-type", "").startswith("text/html")
        headers.setdefault("cache-control", _cache_control(path, status, is_html))
        if is_html:
            headers.setdefault("content-security-policy", self._policy(page, status))
        for name, value in (*SAFETY, *((HSTS,) if self.is_https else ())):
            headers.setdefault(name.decode(), value.decode())

    def _policy(self, page: str, status: int) -> str:
        if page and page in self.policies:
            return self.policies[page]
        return self.policies[""] if status == 404 else STRICT_POLICY


def _cache_control(path: str, status: int, is_html: bool) -> str:
    if status not in (200, 206, 304):
        return "no-store"
    if path.startswith(_HASHED):
        return FOREVER
    if path.endswith(_KEPT_A_DAY) and not is_html:
        return A_DAY
    return "no-cache"
