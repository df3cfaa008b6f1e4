"""The words of a campaign while somebody writes them: how they would arrive, what is wrong, and what an SMS of them costs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.campaigns.drafts import WriteWords, drop_words, look_at_words, save_words, words_to_write
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.campaign import CampaignPage
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.settings_texts import FIELDS, Shown, Words, fields_of, shown_of, words_of


class CampaignWords(AppState):
    is_open: bool = False
    is_saving: bool = False
    words: Words = Words()
    shown: Shown = Shown()
    wrong: dict[str, str] = {}

    _typed: dict[str, dict[str, Any]] = {}  # by channel and language: what was typed and not saved yet

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def load(self) -> None:
        self.is_open, self.is_saving, self._typed = False, False, {}

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def begin(self, channel: str, language: str) -> None:
        self._typed = {}
        await self._show(channel, language)
        self.is_open = True

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def pick_language(self, language: str) -> None:
        await self._show(self.words.channel, language)

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def put(self, name: str, value: str) -> None:
        """One more change of what is typed."""
        if name in FIELDS:
            now = self._typed.get(self._key(), {})
            self._typed = {**self._typed, self._key(): {**now, name: str(value)[:8_000]}}
            await self._look_at_it()

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def close(self) -> None:
        self.is_open, self.errors, self._typed = False, {}, {}

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        self.is_saving = True
        yield
        try:
            done = await self._perform(save_words, await self._command(self._now() | pick(form, "text")))
        finally:
            self.is_saving = False
        self.is_open, self._typed = False, {}
        self._notify("Saved" if done.undo else "Nothing changed", undo=done.undo)
        yield CampaignPage.load

    @rx.event
    @needs(Permission.CAMPAIGNS_SEND)
    async def drop(self) -> Any:
        """No words of its own in this language."""
        page = await self.get_state(CampaignPage)
        done = await self._perform(drop_words, page.one.id, page.one.version, self.words.channel, self.words.language)
        self.is_open, self._typed = False, {}
        self._notify("Taken out" if done.undo else "Nothing changed", undo=done.undo)
        return CampaignPage.load

    async def _show(self, channel: str, language: str) -> None:
        page = await self.get_state(CampaignPage)
        found = await self._perform(words_to_write, page.one.id, channel, language)
        begun = words_of(found, self.words.turn + 1)
        self.words = replace(begun, **self._typed.get(f"{begun.channel}-{begun.language}", {}))
        await self._look_at_it()

    async def _look_at_it(self) -> None:
        seen = await self._look(look_at_words, await self._command(self._now()))
        self.shown, self.wrong = shown_of(seen), dict(seen.problems)
        self.errors = {name: said for name, said in self.errors.items() if name not in FIELDS}

    def _key(self) -> str:
        return f"{self.words.channel}-{self.words.language}"

    def _now(self) -> dict[str, Any]:
        """All fields as they stand in the form."""
        return fields_of(self.words) | self._typed.get(self._key(), {})

    async def _command(self, typed: dict[str, Any]) -> WriteWords:
        page = await self.get_state(CampaignPage)
        link = f"{settings().public_url}/b/{self.shop_slug}"
        return WriteWords(page.one.id, page.one.version, self.words.channel, self.words.language, typed, link)
