"""What the customer on the screen agrees to: the lights of the header, and the panel that shows and records it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.consent import LIGHT_WORDS, WAYS, Decision, Light
from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.consents import (
    ConsentLight,
    ConsentLine,
    ConsentStep,
    RecordConsent,
    consents_of,
    record_consent,
)
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs

_TONES = {Light.GIVEN: "ok", Light.ALLOWED: "ok", Light.MISSING: "neutral", Light.EXPIRED: "warn"}
_DONE = {Decision.GIVEN: "Said yes", Decision.REFUSED: "Said no", Decision.WITHDRAWN: "Took the yes back"}
_TITLES = {
    Decision.GIVEN: "the customer says yes",
    Decision.REFUSED: "the customer says no",
    Decision.WITHDRAWN: "the customer takes the yes back",
}


@dataclass(frozen=True)
class LightRow:
    """``words`` stand beside the label unless ``is_on``, when only screen readers hear them."""

    key: str
    label: str
    words: str
    is_on: bool


@dataclass(frozen=True)
class StepRow:
    key: str
    text: str
    is_void: bool


@dataclass(frozen=True)
class ConsentRow:
    """``no``: the decision that ends or refuses it, which is what its second button records, called ``no_words``."""

    purpose: str
    label: str
    words: str
    tone: str
    detail: str
    can_give: bool
    no: str
    no_words: str
    steps: tuple[StepRow, ...]


@dataclass(frozen=True)
class ConsentForm:
    """No ``purpose``: the list is shown instead."""

    purpose: str = ""
    decision: str = ""
    title: str = ""
    notice: str = ""
    notice_note: str = ""
    day: str = ""
    is_yes: bool = False


NO_FORM = ConsentForm()


class CustomerConsents(AppState):
    """``lights`` are empty until they are read. ``not_asked``: those that nobody has asked for, in one line."""

    lights: list[LightRow] = []
    not_asked: str = ""
    is_open: bool = False
    lines: list[ConsentRow] = []
    form: ConsentForm = NO_FORM
    is_saving: bool = False

    _customer: str = ""
    _known: tuple[ConsentLine, ...] = ()
    _came_from_list: bool = False

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def show(self) -> None:
        self.form, self.is_open = NO_FORM, True
        await self._read()

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form, self.is_open = {}, NO_FORM, False

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def go_back(self) -> None:
        self.errors, self.form = {}, NO_FORM

    @rx.event
    @needs(Permission.CONSENTS_RECORD)
    async def begin(self, purpose: str, decision: str) -> None:
        await self._read()
        self.errors, self.is_open, self._came_from_list = {}, True, self.is_open
        self.form = next((self._form(line, decision) for line in self._known if line.purpose == purpose), NO_FORM)

    @rx.event
    @needs(Permission.CONSENTS_RECORD)
    async def save(self, typed: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        try:
            done = await self._perform(record_consent, self._said(typed))
        finally:
            self.is_saving = False
        self.form, self.is_open = NO_FORM, self._came_from_list
        self._notify(done.label if done.undo else "That was recorded already", undo=done.undo)
        yield self._reload()

    def _said(self, typed: dict[str, Any]) -> RecordConsent:
        rest = {name: typed.get(name) or "" for name in ("way", "day", "until", "evidence")}
        return RecordConsent(self._customer, self.form.purpose, self.form.decision, **rest)

    def _turn_to(self, asked: str) -> None:
        """Of another customer nothing stays."""
        if asked != self._customer:
            self.lights, self.not_asked, self.lines, self.is_open, self.form = [], "", [], False, NO_FORM
            self._customer, self._known = asked, ()

    async def _read(self) -> None:
        """The panel, when it is open."""
        self._known = await self._look(consents_of, self._customer)
        self.lines = [row_of(line) for line in self._known]
        self._show(self._known)

    def _show(self, lights: Sequence[ConsentLight]) -> None:
        self.lights = [light_of(one) for one in lights if one.light is not Light.MISSING]
        missing = [one.label for one in lights if one.light is Light.MISSING]
        self.not_asked = ", ".join(_within_sentence(label) for label in missing)

    def _form(self, line: ConsentLine, decision: str) -> ConsentForm:
        if decision not in _TITLES:
            return NO_FORM
        version = line.notice_version
        return ConsentForm(
            line.purpose.value, decision, f"{line.label}: {_TITLES[Decision(decision)]}", line.notice,
            f"Version {version}" if version else "A new version of the text",
            today_in(zone_of(current_seat().actor.zone), wiring.now()).isoformat(), decision == Decision.GIVEN,
        )  # fmt: skip

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)


def _within_sentence(label: str) -> str:
    """ "Photos" in the middle of a line, but "WhatsApp" and "SMS" as they are."""
    return label if label[1:2].isupper() or label.startswith("WhatsApp") else label[:1].lower() + label[1:]


def light_of(line: ConsentLight) -> LightRow:
    is_on = line.light in (Light.GIVEN, Light.ALLOWED) and not line.is_barred
    words = "not for children" if line.is_barred else LIGHT_WORDS[line.light]
    day = line.until if line.light is Light.EXPIRED else line.day
    return LightRow(line.purpose.value, line.label, f"{words} {format_day(day)}" if day else words, is_on)


def row_of(line: ConsentLine) -> ConsentRow:
    tone = "warn" if line.is_barred else _TONES.get(line.light, "bad")
    is_ended = line.light in (Light.REFUSED, Light.WITHDRAWN)
    no = Decision.WITHDRAWN if line.light in (Light.GIVEN, Light.EXPIRED) else Decision.REFUSED
    return ConsentRow(
        line.purpose.value, line.label, LIGHT_WORDS[line.light].capitalize(), tone, _detail(line),
        line.light is not Light.GIVEN and not line.is_barred, "" if is_ended else no.value,
        "Withdraw" if no is Decision.WITHDRAWN else "Record a no" if line.is_asked else "Record an objection",
        tuple(StepRow(str(step.id), step_words(step), step.is_void) for step in line.steps),
    )  # fmt: skip


def _detail(line: ConsentLine) -> str:
    if line.is_barred:
        return "The customer is under 18: no advertising, whoever agrees."
    if line.until is not None:
        return f"Until {format_day(line.until)}."
    return "" if line.is_asked else "Needs no consent; stops when the customer objects."


def step_words(step: ConsentStep) -> str:
    """ "03 Nov 2026: said yes, on paper. Written down by Priya Menon. Text version 1. Folder B"."""
    way = WAYS[step.way]
    said = f"{format_day(step.day)}: {_DONE[step.decision].lower()}, {way[:1].lower()}{way[1:]}."
    parts = [said, f"Written down by {step.who}."]
    if step.notice_version is not None:
        parts.append(f"Text version {step.notice_version}.")
    if step.until is not None:
        parts.append(f"Until {format_day(step.until)}.")
    if step.evidence:
        parts.append(step.evidence if step.evidence.endswith(".") else f"{step.evidence}.")
    if step.is_void:
        parts.append("Taken back as a mistake.")
    return " ".join(parts)
