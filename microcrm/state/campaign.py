"""One campaign: while it is written, who would get it; afterwards, how it goes and what came of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.campaigns.drafts import SaveCampaign, remove_campaign, save_campaign
from microcrm.operations.campaigns.looking import preview_campaign, view_campaign
from microcrm.operations.campaigns.result import result_of
from microcrm.operations.campaigns.running import (
    StartCampaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.campaign_view import (
    CampaignForm,
    Figure,
    PreviewShown,
    ReasonRow,
    WordsRow,
    begun_words,
    figures_of,
    form_of,
    preview_shown,
    reason_rows,
    segment_options,
    words_rows,
)
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs
from microcrm.wiring import now

NONE = CampaignForm()
NOTHING = PreviewShown()


class CampaignPage(AppState):
    is_read: bool = False
    one: CampaignForm = NONE
    may_send: bool = False
    segments: list[Option] = []
    words: list[WordsRow] = []
    preview: PreviewShown = NOTHING
    figures: list[Figure] = []
    reasons: list[ReasonRow] = []
    is_saving: bool = False
    is_sending: bool = False
    is_at_hour: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.MESSAGES_VIEW)
    async def load(self) -> Any:
        wanted = self.router.url.query_parameters.get("id", "")
        if wanted != self.one.id:
            self.is_read, self.one, self.preview, self.is_at_hour = False, NONE, NOTHING, False
        self.is_saving, self.is_sending = False, False
        await self._read(wanted)
        return CampaignPage.look if self.one.state == "draft" and self.may_send else None

    @rx.event(supersedes=True)
    @needs(Permission.CAMPAIGNS_SEND)
    async def look(self) -> None:
        """Who would get it: counted after the page is there."""
        if self.one.id:
            link = f"{settings().public_url}/b/{self.shop_slug}"
            self.preview = preview_shown(await self._look(preview_campaign, self.one.id, link))

    @rx.event(supersedes=True)
    @needs(Permission.MESSAGES_VIEW)
    async def pulse(self) -> None:
        """How it goes, while somebody looks on. A draft is left alone: somebody may be typing."""
        if self.one.state not in ("", "draft"):
            await self._read(self.one.id)

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def save(self, form: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            typed = pick(form, "name", "segment", "channels", "pace")
            command = SaveCampaign(**typed, campaign_id=self.one.id, version=self.one.version)
            done = await self._perform(save_campaign, command)
        finally:
            self.is_saving = False
        self._notify("Saved" if done.undo else "Nothing changed", undo=done.undo)
        yield CampaignPage.load

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def choose_when(self, value: str) -> None:
        self.is_at_hour = value == "later"

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def send(self, form: dict[str, Any]) -> Any:
        self.is_sending = True
        yield
        try:
            when = pick(form, "day", "time").values() if self.is_at_hour else ()
            command = StartCampaign(self.one.id, self.one.version, *(one or "" for one in when))
            begins = await self._perform(start_campaign, command)
        finally:
            self.is_sending = False
        self._notify(begun_words(begins, current_seat().actor.zone, now()))
        yield CampaignPage.load

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def pause(self) -> None:
        await self._perform(pause_campaign, self.one.id)
        self._notify("Paused: nothing leaves until you go on")
        await self._read(self.one.id)

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def go_on(self) -> None:
        await self._perform(resume_campaign, self.one.id)
        self._notify("It goes on")
        await self._read(self.one.id)

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def stop(self) -> None:
        """One press, and nothing more leaves."""
        await self._perform(stop_campaign, self.one.id)
        self._notify("Stopped: nothing more leaves")
        await self._read(self.one.id)

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def discard(self) -> Any:
        undo = await self._perform(remove_campaign, self.one.id, self.one.version)
        self._notify("Deleted", undo=undo)
        return rx.redirect("/campaigns", replace=True)

    async def _read(self, wanted: str) -> None:
        if not wanted:
            self.one, self.is_read = NONE, True
            return
        found = await self._look(view_campaign, wanted)
        self.one = form_of(found, current_seat().actor.zone, now())
        self.may_send, self.segments, self.words = found.may_send, segment_options(found), words_rows(found)
        if self.one.state != "draft":
            came = await self._look(result_of, wanted)
            self.figures, self.reasons = figures_of(came), list(reason_rows(came.not_sent))
        self.is_read = True
