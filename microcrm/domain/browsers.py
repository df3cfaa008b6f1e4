"""Which browser this is, in two words that its owner recognises. For lists and alerts only; it proves nothing."""

from __future__ import annotations

# Order matters: most browsers also claim to be the ones further down.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Like "Chrome on Windows"; "Unknown browser" when nothing is recognised."""
    known = user_agent[:400]
    browser = next((name for mark, name in _BROWSERS if mark in known), "")
    system = next((name for mark, name in _SYSTEMS if mark in known), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"
