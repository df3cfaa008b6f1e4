"""The built pages talk to the address they were loaded from.

Reflex writes the backend's address into the bundle, so that each port and each domain would need a build of its own.
Here pages and backend always share one address; the bundle asks the browser for it, and one build serves them all.
"""

from __future__ import annotations

from typing import Any

from reflex.plugins import Plugin

_STATE_JS = "utils/state.js"
_BEFORE = "const endpoint = new URL(url_str);"
_AFTER = (
    'const endpoint = typeof window === "undefined"\n'
    "    ? new URL(url_str)\n"
    "    : new URL(new URL(url_str).pathname, window.location.origin);"
)


class SameOriginPlugin(Plugin):
    """List it in ``rxconfig.py``."""

    def pre_compile(self, **context: Any) -> None:
        context["add_modify_task"](_STATE_JS, talk_to_own_origin)


def talk_to_own_origin(source: str) -> str:
    """Raises: ValueError, when Reflex's file no longer has the line that this replaces."""
    if _AFTER in source:
        return source
    if source.count(_BEFORE) != 1:
        raise ValueError(f"{_STATE_JS} has changed: look at getBackendURL and adapt {__name__}.")
    return source.replace(_BEFORE, _AFTER)
