"""The one cookie of the public pages: which hold this browser has, so that taking another time gives the first one back.

It is set when a time is taken and not before, readable by no script, sent to this shop's pages only.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from microcrm.http.cookies import is_https
from microcrm.operations.hold import HoldDone

_NAME = "held"
_LONGEST = 3600  # seconds; no hold lasts longer


def held_token(request: Request) -> str:
    value = request.cookies.get(_NAME, "")
    return value if len(value) <= 64 else ""


def remember_held(response: Response, slug: str, held: HoldDone) -> None:
    response.set_cookie(
        _NAME, held.token, max_age=_LONGEST, path=f"/b/{slug}", secure=is_https(), httponly=True, samesite="lax"
    )


def forget_held(request: Request, response: Response, slug: str) -> None:
    if _NAME not in request.cookies:
        return
    response.delete_cookie(_NAME, path=f"/b/{slug}", secure=is_https(), httponly=True, samesite="lax")
