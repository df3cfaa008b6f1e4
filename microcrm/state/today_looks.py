"""On Today, for those who see the activity log: somebody looks at unusually many masked numbers."""

from __future__ import annotations

from collections.abc import Sequence

from microcrm.domain.formatting import format_count
from microcrm.operations.contact_reveals import HotMember
from microcrm.state.today_view import AttentionRow


def looks_rows(hot: Sequence[HotMember]) -> list[AttentionRow]:
    return [_row(one) for one in hot]


def _row(one: HotMember) -> AttentionRow:
    title = f"{one.name} looked at {format_count(one.count, 'customer contact')} today"
    text = "All that are allowed in one day." if one.is_spent else "Several of them within minutes."
    return AttentionRow("eye", "warn", title, text, f"/activity?kind=customers&member={one.member_id}", "See which")
