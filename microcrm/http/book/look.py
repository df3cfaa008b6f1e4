"""What the public pages look like: one small stylesheet inside the page, and one small script beside it.

The colours come from the app's own token file; only those that the stylesheet uses are sent. There is no web font: phones
have the letters of India's languages. Dark follows the system's setting, since there is no switch on these pages.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from microcrm.http.lasting import LastingText
from microcrm.http.policy import PUBLIC_POLICY

_STYLES = Path(__file__).resolve().parents[3] / "assets" / "styles"
_SCRIPT = Path(__file__).resolve().parents[1] / "templates" / "book" / "book.js"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANKS = re.compile(r"\s*([{};,>])\s*|\n\s*")
_TOKEN = re.compile(r"--([\w-]+):\s*([^;]+);")


@cache
def style() -> str:
    """All of it, as it stands between the tags."""
    rules = (_STYLES / "book.css").read_text()
    tokens = _COMMENT.sub("", (_STYLES / "tokens.css").read_text())
    used = set(re.findall(r"var\(--([\w-]+)", rules))
    light, dark = (_theme(tokens, selector, used) for selector in (":root", ".dark"))
    sheet = f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}"
    return _BLANKS.sub(lambda found: found[1] or "", _COMMENT.sub("", sheet)).replace(": ", ":")


@cache
def policy() -> str:
    """The Content-Security-Policy that lets exactly this stylesheet in."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return PUBLIC_POLICY.format(style=f"'sha256-{digest}'")


@cache
def script() -> LastingText:
    return LastingText(_SCRIPT.read_text(), "js", "text/javascript")


def _theme(tokens: str, selector: str, used: set[str]) -> str:
    bodies = re.findall(rf"^{re.escape(selector)}\s*\{{([^}}]*)\}}", tokens, re.MULTILINE)
    return "".join(f"--{name}:{value};" for body in bodies for name, value in _TOKEN.findall(body) if name in used)
