"""What the customer on the screen agrees to: the lights of the header, and the panel that shows and records it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.consent import LIGHT_WORDS, WAYS, Decision, Light
from microcrm.domain.errors import DomainError
from microcrm.domain.formatting import format_day
from microcrm.domain.guardian import BOND_WORDS
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.consent_guardians import SOMEBODY, THEMSELVES, WhoAgrees, who_agrees
from microcrm.operations.consents import (
    ConsentLight,
    ConsentLine,
    ConsentStep,
    RecordConsent,
    consents_of,
    record_consent,
)
from microcrm.state.base import AppState
from microcrm.state.forms import Option
from microcrm.state.gate import current_seat, needs

_TONES = {Light.GIVEN: "ok", Light.ALLOWED: "ok", Light.MISSING: "neutral", Light.EXPIRED: "warn", Light.ALONE: "warn"}
_DONE = {Decision.GIVEN: "Said yes", Decision.REFUSED: "Said no", Decision.WITHDRAWN: "Took the yes back"}
TYPED = ("way", "day", "until", "evidence", "by", "guardian_name", "guardian_bond", "guardian_proof")
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
    """``guardian_href``: the page of whoever spoke for the customer, if they have one."""

    key: str
    text: str
    is_void: bool
    guardian_href: str = ""


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
    """No ``purpose``: the list is shown instead. ``speakers``: who may have spoken for the customer."""

    purpose: str = ""
    decision: str = ""
    title: str = ""
    notice: str = ""
    notice_note: str = ""
    day: str = ""
    is_yes: bool = False
    is_child: bool = False
    speakers: list[Option] = field(default_factory=list)


NO_FORM = ConsentForm()


class CustomerConsents(AppState):
    """``lights`` are empty until they are read. ``not_asked``: those that nobody has asked for, in one line. ``by``: who speaks for the
    customer, as chosen in the form."""

    lights: list[LightRow] = []
    not_asked: str = ""
    is_open: bool = False
    lines: list[ConsentRow] = []
    form: ConsentForm = NO_FORM
    by: str = THEMSELVES
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
        line = next((line for line in self._known if line.purpose == purpose), None)
        who = await self._look(who_agrees, self._customer)
        self.form, self.by = NO_FORM if line is None else self._form(line, decision, who), THEMSELVES

    @rx.event
    @needs(Permission.CONSENTS_RECORD)
    async def pick_by(self, by: str) -> None:
        self.by = by if by in {one.value for one in self.form.speakers} else THEMSELVES
        self.errors = {}

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
        rest = {name: typed.get(name) or "" for name in TYPED}
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

    def _form(self, line: ConsentLine, decision: str, who: WhoAgrees) -> ConsentForm:
        if decision not in _TITLES:
            return NO_FORM
        version = line.notice_version
        return ConsentForm(
            line.purpose.value, decision, f"{line.label}: {_TITLES[Decision(decision)]}", line.notice,
            f"Version {version}" if version else "A new version of the text",
            today_in(zone_of(current_seat().actor.zone), wiring.now()).isoformat(), decision == Decision.GIVEN,
            who.is_child, speakers_of(who),
        )  # fmt: skip

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)


def speakers_of(who: WhoAgrees) -> list[Option]:
    tied = [Option(str(one.customer_id), f"{one.name}, {BOND_WORDS[one.bond].lower()}") for one in who.tied]
    return [*tied, Option(SOMEBODY, "Another parent or guardian" if tied else "A parent or guardian")]


def _within_sentence(label: str) -> str:
    """ "Photos" in the middle of a line, but "WhatsApp" and "SMS" as they are."""
    return label if label[1:2].isupper() or label.startswith("WhatsApp") else label[:1].lower() + label[1:]


def light_of(line: ConsentLight) -> LightRow:
    is_on = line.light in (Light.GIVEN, Light.ALLOWED) and not line.is_barred
    words = "not for children" if line.is_barred else LIGHT_WORDS[line.light]
    day = line.until if line.light is Light.EXPIRED else None if line.light is Light.ALONE else line.day
    return LightRow(line.purpose.value, line.label, f"{words} {format_day(day)}" if day else words, is_on)


def row_of(line: ConsentLine) -> ConsentRow:
    tone = "warn" if line.is_barred else _TONES.get(line.light, "bad")
    is_ended = line.light in (Light.REFUSED, Light.WITHDRAWN)
    no = Decision.WITHDRAWN if line.light in (Light.GIVEN, Light.ALONE, Light.EXPIRED) else Decision.REFUSED
    return ConsentRow(
        line.purpose.value, line.label, LIGHT_WORDS[line.light].capitalize(), tone, _detail(line),
        line.light is not Light.GIVEN and not line.is_barred, "" if is_ended else no.value,
        "Withdraw" if no is Decision.WITHDRAWN else "Record a no" if line.is_asked else "Record an objection",
        tuple(_step(step) for step in line.steps),
    )  # fmt: skip


def _step(step: ConsentStep) -> StepRow:
    guardian_id = step.guardian.customer_id if step.guardian else None
    href = f"/customer?id={guardian_id}" if guardian_id else ""
    return StepRow(str(step.id), step_words(step), step.is_void, href)


def _detail(line: ConsentLine) -> str:
    if line.is_barred:
        return "The customer is under 18: no advertising, whoever agrees."
    if line.light is Light.ALONE:
        return "The customer is under 18. Ask a parent or guardian, and record who agreed."
    if line.until is not None:
        return f"Until {format_day(line.until)}."
    return "" if line.is_asked else "Needs no consent; stops when the customer objects."


def step_words(step: ConsentStep) -> str:
    """ "03 Nov 2026: said yes, on paper. By Meera Rao (parent; known to us as an adult). Written down by Priya Menon. Text version 1.
    Folder B"."""
    way = WAYS[step.way]
    said = f"{format_day(step.day)}: {_DONE[step.decision].lower()}, {way[:1].lower()}{way[1:]}."
    spoke = [f"By {step.guardian.in_words()}."] if step.guardian else []
    parts = [said, *spoke, f"Written down by {step.who}."]
    if step.notice_version is not None:
        parts.append(f"Text version {step.notice_version}.")
    if step.until is not None:
        parts.append(f"Until {format_day(step.until)}.")
    if step.evidence:
        parts.append(step.evidence if step.evidence.endswith(".") else f"{step.evidence}.")
    if step.is_void:
        parts.append("Taken back as a mistake.")
    return " ".join(parts)
