"""The one small script of the server-rendered pages. They work without it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from microcrm.http.lasting import LastingText

_SCRIPT = Path(__file__).parent / "templates" / "public.js"


@cache
def public_script() -> LastingText:
    return LastingText(_SCRIPT.read_text(), "js", "text/javascript")


def script_url() -> str:
    return public_script().url
