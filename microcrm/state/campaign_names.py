"""Who gets nothing of a campaign that is being written, for the reason that was pressed."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.domain.send_gate import REASONS
from microcrm.operations.campaigns.looking import NAMED, who_gets_nothing
from microcrm.state.base import AppState
from microcrm.state.campaign import CampaignPage
from microcrm.state.gate import needs


@dataclass(frozen=True)
class NameRow:
    id: str
    name: str
    href: str
    contact: str


class CampaignNames(AppState):
    """``why``: the reason in words."""

    is_open: bool = False
    why: str = ""
    rows: list[NameRow] = []
    more: str = ""

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def close(self) -> None:
        self.is_open, self.rows = False, []

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def begin(self, reason: str) -> None:
        page = await self.get_state(CampaignPage)
        found = await self._perform(who_gets_nothing, page.one.id, reason)
        self.rows = [
            NameRow(str(one.customer_id), one.name, f"/customer?id={one.customer_id}", one.contact) for one in found
        ]
        self.why = REASONS[reason].words if reason in REASONS else ""
        self.more = f"The first {format_count(NAMED, 'customer')} by name." if len(found) == NAMED else ""
        self.is_open = True
