"""One stylesheet for the server-rendered pages: the app's own files, joined."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from microcrm.http.lasting import LastingText

_STYLES = Path(__file__).resolve().parents[2] / "assets" / "styles"
_PARTS = ("tokens", "base", "parts", "forms", "public")
_COMMENT_OR_INDENT = re.compile(r"/\*.*?\*/|\n\s*", re.DOTALL)


@cache
def public_stylesheet() -> LastingText:
    joined = "\n".join((_STYLES / f"{name}.css").read_text() for name in _PARTS)
    return LastingText(_COMMENT_OR_INDENT.sub("", joined), "css", "text/css")


def public_stylesheet_url() -> str:
    """For ``<link rel="stylesheet">``."""
    return public_stylesheet().url
