"""In front of the app's pages: without a session there is nothing to see, so the browser is sent to sign in first.

A courtesy, not a wall: the pages are the same for everybody and hold no data; the gate decides about every event.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from microcrm.http.desk import seat_of
from microcrm.http.pages import go


class PageGuard:
    """ASGI wrapper. ``paths``: the screens of the app, such as "/today"."""

    def __init__(self, app: ASGIApp, *, paths: Collection[str]) -> None:
        self.app = app
        self.paths = frozenset(path.rstrip("/") for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        elsewhere = await self._elsewhere(scope)
        if elsewhere:
            await go(elsewhere)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _elsewhere(self, scope: Scope) -> str:
        """Where to go instead, or "" when the page may be shown."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return ""
        path: str = scope["path"].rstrip("/")
        if path not in self.paths:
            return ""
        seat = await seat_of(Request(scope))
        if not seat.is_signed_in:
            query = scope.get("query_string", b"").decode("latin-1")
            return f"/sign-in?next={quote(f'{path}?{query}' if query else path, safe='/')}"
        return "" if seat.actor.kind == "member" else "/shops"
