"""The list of campaigns, and the panel in which one begins."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.campaigns import USUAL_PACE
from microcrm.domain.permissions import Permission
from microcrm.operations.campaigns.drafts import SaveCampaign, save_campaign
from microcrm.operations.campaigns.looking import list_campaigns
from microcrm.operations.segments import segments
from microcrm.state.base import AppState
from microcrm.state.campaign_view import ListRow, list_row
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now


class CampaignList(AppState):
    is_read: bool = False
    may_send: bool = False
    rows: list[ListRow] = []
    has_more: bool = False
    is_open: bool = False
    is_saving: bool = False
    segments: list[Option] = []
    segment: str = ""

    _before: int | None = None

    @rx.event(supersedes=True)
    @needs(Permission.MESSAGES_VIEW)
    async def load(self) -> Any:
        """An address that names a segment begins a campaign to it."""
        page = await self._look(list_campaigns)
        zone = current_seat().actor.zone
        self.rows, self.may_send = [list_row(one, zone, now()) for one in page.rows], page.may_send
        self._before, self.has_more, self.is_read = page.before, page.before is not None, True
        self.is_open, self.is_saving = False, False
        asked = self.router.url.query_parameters.get("segment", "")
        return CampaignList.begin(asked) if asked and page.may_send else None

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def show_more(self) -> None:
        if self._before is None:
            return
        page = await self._perform(list_campaigns, self._before)
        zone = current_seat().actor.zone
        self.rows = [*self.rows, *(list_row(one, zone, now()) for one in page.rows)]
        self._before, self.has_more = page.before, page.before is not None

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def begin(self, segment: str = "") -> None:
        self.segments = [Option(one.key, one.name) for one in await self._perform(segments)]
        self.segment, self.errors, self.is_open = str(segment)[:30], {}, True

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def create(self, form: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            typed = pick(form, "name", "segment", "channels")
            done = await self._perform(save_campaign, SaveCampaign(**typed, pace=USUAL_PACE))
        finally:
            self.is_saving = False
        self.is_open = False
        yield rx.redirect(f"/campaign?id={done.id}")
