"""On Today, for those who read messages: customers wait for an answer."""

from __future__ import annotations

from microcrm.domain.formatting import format_count
from microcrm.state.today_view import AttentionRow


def inbox_rows(waiting: int) -> list[AttentionRow]:
    """``waiting``: how many numbers."""
    if not waiting:
        return []
    title = format_count(waiting, "customer waits for an answer", "customers wait for an answer")
    return [AttentionRow("message_circle", "warn", title, "They wrote by WhatsApp or SMS.", "/inbox", "Read")]
