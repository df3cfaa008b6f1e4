"""The words of one message while somebody writes them: how they would arrive, what is wrong, and what they would cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_day
from microcrm.domain.message_text import VARIABLES, segment_words
from microcrm.domain.notice_texts import VARIABLES_OF, Template
from microcrm.domain.notices import MessageClass, class_of
from microcrm.domain.permissions import Permission
from microcrm.domain.step_words import STEP_WORDS, price_words
from microcrm.operations.messaging.templates import (
    TemplatePreview,
    WriteTemplate,
    preview_template,
    save_template,
    use_built_in,
    view_template,
)
from microcrm.operations.messaging.trying import Trial, try_template
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.bridge import outside
from microcrm.state.forms import Option, pick
from microcrm.state.gate import needs

FIELDS = ("text", "content_sid", "dlt_template_id", "dlt_text", "dlt_on")
_EXAMPLE = "a" * 22  # as long as a link's token


@dataclass(frozen=True)
class Words:
    """What the form begins with; ``turn`` is new when it is to be drawn anew."""

    step: str = ""
    title: str = ""
    channel: str = "whatsapp"
    language: str = "en"
    text: str = ""
    content_sid: str = ""
    dlt_template_id: str = ""
    dlt_text: str = ""
    dlt_on: str = ""
    places: tuple[Option, ...] = ()
    is_own: bool = False
    is_advertising: bool = False
    version: int = 0
    turn: int = 0


@dataclass(frozen=True)
class Shown:
    """``lines``: as they would arrive. ``count``: segments and price in words. ``register``: the text for WhatsApp."""

    lines: tuple[str, ...] = ()
    count: str = ""
    is_plainer: bool = False
    register: str = ""
    is_long: bool = False


class MessageWords(AppState):
    is_open: bool = False
    is_saving: bool = False
    is_trying: bool = False
    words: Words = Words()
    shown: Shown = Shown()
    wrong: dict[str, str] = {}

    _typed: dict[str, dict[str, Any]] = {}  # by channel and language: what was typed and not saved yet
    _to: str = ""

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        self.is_open, self.is_saving, self.is_trying, self._typed = False, False, False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def begin(self, step: str) -> None:
        self._typed = {}
        await self._show(step, self.words.channel, self.words.language)
        self.is_open = True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def pick_channel(self, channel: str) -> None:
        await self._show(self.words.step, channel, self.words.language)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def pick_language(self, language: str) -> None:
        await self._show(self.words.step, self.words.channel, language)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def put(self, name: str, value: str) -> None:
        """One more change of what is typed; ``to`` is the phone that a test goes to."""
        if name == "to":
            self._to = str(value)[:40]
        elif name in FIELDS:
            now = self._typed.get(self._key(), {})
            self._typed = {**self._typed, self._key(): {**now, name: str(value)[:8_000]}}
            await self._look_at_it()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def close(self) -> None:
        self.is_open, self.errors, self._typed = False, {}, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.is_saving = True
        yield
        try:
            undo = await self._perform(save_template, self._command(pick(form, *FIELDS)))
        finally:
            self.is_saving = False
        await self._begin_anew()
        self._notify("Saved. Messages that leave from now on say it so." if undo else "Nothing changed", undo=undo)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def drop(self) -> None:
        """The built-in words again."""
        undo = await self._perform(use_built_in, self._command({})) if self.words.is_own else ""
        await self._begin_anew()
        self._notify("The built-in text is in use again", undo=undo)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def send_test(self) -> AsyncGenerator[None]:
        self.is_trying = True
        yield
        try:
            trial = await self._perform(try_template, self._command(self._now()), self._to, wiring.sealer())
            await outside(_send, trial)
        finally:
            self.is_trying = False
        self._notify("It is on its way to your phone")

    async def _show(self, step: str, channel: str, language: str) -> None:
        found = await self._perform(view_template, step, channel, language)
        begun = words_of(found, self.words.turn + 1)
        mine = self._typed.get(f"{begun.channel}-{begun.language}", {})
        self.words = Words(**{**vars(begun), **mine})
        await self._look_at_it()

    async def _begin_anew(self) -> None:
        self._typed = {key: value for key, value in self._typed.items() if key != self._key()}
        await self._show(self.words.step, self.words.channel, self.words.language)

    async def _look_at_it(self) -> None:
        seen = await self._look(preview_template, self._command(self._now()))
        self.shown, self.wrong = shown_of(seen), dict(seen.problems)
        self.errors = {name: said for name, said in self.errors.items() if name not in FIELDS}

    def _key(self) -> str:
        return f"{self.words.channel}-{self.words.language}"

    def _now(self) -> dict[str, Any]:
        """All fields as they stand in the form."""
        return fields_of(self.words) | self._typed.get(self._key(), {})

    def _command(self, typed: dict[str, Any]) -> WriteTemplate:
        return WriteTemplate(
            self.words.step, self.words.channel, self.words.language, self.words.version, **typed,
            link=f"{settings().public_url}/m/{_EXAMPLE}",
        )  # fmt: skip


def _send(trial: Trial) -> None:
    wiring.messenger(trial.account).send(trial.outgoing)


def fields_of(words: Words) -> dict[str, Any]:
    return {name: getattr(words, name) for name in FIELDS}


def words_of(found: Template, turn: int) -> Words:
    places = tuple(Option(name, VARIABLES[name].label) for name in VARIABLES_OF[found.step])
    return Words(
        found.step.value, STEP_WORDS[found.step].label, found.channel.value, found.language, found.text,
        found.content_sid, found.dlt_template_id, found.dlt_text, format_day(found.dlt_on) if found.dlt_on else "",
        places, found.is_own, class_of(found.step) is MessageClass.PROMOTIONAL, found.version, turn,
    )  # fmt: skip


def shown_of(seen: TemplatePreview) -> Shown:
    count, is_long = "", False
    if seen.segments is not None:
        count, is_long = segment_words(seen.segments), seen.segments.count > 1
        if seen.sms_price is not None:
            count += f", {price_words(seen.sms_price * seen.segments.count)}"
        if seen.segments.encoding == "UCS-2":
            count += ". This script takes more room: 70 characters to an SMS."
    return Shown(tuple(seen.text.split("\n")) if seen.text else (), count, seen.is_plainer, seen.to_register, is_long)
