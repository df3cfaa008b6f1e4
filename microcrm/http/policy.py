"""Content-Security-Policy and the other safety headers, per built page.

Reflex's pages carry inline scripts (theme, router context, stream chunks). Their hashes are read from the build at start,
so that the policy needs neither 'unsafe-inline' for scripts nor 'unsafe-eval'. Server-rendered pages have no inline script.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_COMMON = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'"
)
STRICT_POLICY = f"{_COMMON}; script-src 'self'; style-src 'self'; connect-src 'self'"
# The public pages carry their stylesheet inside and name it by its hash.
PUBLIC_POLICY = f"{_COMMON}; script-src 'self'; style-src {{style}}; connect-src 'self'"

SAFETY: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"),
)
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


def script_hashes(html: bytes) -> tuple[str, ...]:
    """``sha256-…`` of each inline script, in order and once."""
    found = (b64encode(sha256(script).digest()).decode() for script in _INLINE_SCRIPT.findall(html))
    return tuple(dict.fromkeys(f"'sha256-{digest}'" for digest in found))


def page_policy(html: bytes, socket_origin: str) -> str:
    """For one built page. Emotion and Radix write style elements, so styles may be inline; scripts only by hash."""
    scripts = " ".join(("'self'", *script_hashes(html)))
    return f"{_COMMON}; script-src {scripts}; style-src 'self' 'unsafe-inline'; connect-src 'self' {socket_origin}"


def policies(build: Path, socket_origin: str) -> dict[str, str]:
    """The policy of each page by its path, and under "" that of an address without a page."""
    pages = {
        f"/{page.parent.relative_to(build).as_posix()}": page_policy(page.read_bytes(), socket_origin)
        for page in build.rglob("index.html")
        if page.parent != build
    }
    unknown = b"".join(
        path.read_bytes() for path in (build / "404.html", build / "__spa-fallback.html") if path.exists()
    )
    return {**pages, "": page_policy(unknown, socket_origin)}
