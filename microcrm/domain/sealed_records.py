"""What a trade keeps under seal about its customers: kinds, their fields, and which roles may read and write each.

A record's text is the values of its fields; only kind, day and author stand outside the seal. Roles here narrow what the
permissions to open and to write records allow; they never widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import LINE, NOTE, Reader, clean
from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Role
from microcrm.domain.phone import display_phone, parse_phone
from microcrm.domain.trades import Trade


class RecordKind(StrEnum):
    COLOUR = "colour"
    PATCH_TEST = "patch_test"
    ALLERGY = "allergy"
    HEALTH = "health"
    MEASUREMENT = "measurement"
    GOAL = "goal"
    GUARDIAN = "guardian"
    LEVEL = "level"


class Purpose(StrEnum):
    """Why somebody opens a record."""

    VISIT = "visit"
    SAFETY = "safety"
    CORRECTION = "correction"
    ASKED = "asked"
    OTHER = "other"


PURPOSES: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.VISIT: "For a visit, now or soon",
        Purpose.SAFETY: "To check what is safe",
        Purpose.CORRECTION: "To correct or complete it",
        Purpose.ASKED: "The customer asked",
        Purpose.OTHER: "Something else",
    }
)

Shape = Literal["line", "note", "number", "choice", "day", "phone"]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """``options`` of a choice are (value, words); a number has at most one decimal and lies in ``low..high``."""

    name: str
    label: str
    shape: Shape = "line"
    required: bool = False
    unit: str = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class KindRule:
    """``day_label`` is about the day that stands outside the seal."""

    kind: RecordKind
    label: str
    day_label: str
    fields: tuple[FieldRule, ...]
    readers: frozenset[Role]
    writers: frozenset[Role]


_F = FieldRule
_LEADS = frozenset({Role.OWNER, Role.MANAGER})
_CARE = _LEADS | {Role.STAFF}  # who works on the customer, and who leads them
_DESK = _CARE | {Role.FRONT_DESK}
_DOCTORS = frozenset({Role.OWNER, Role.STAFF})  # a clinic's manager and reception treat nobody

_ALLERGY_FIELDS = (
    _F("substance", "Allergic to", required=True, hint="As PPD in hair colour, latex, penicillin"),
    _F(
        "severity", "How badly", "choice",
        options=(("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe: needs a doctor")),
    ),
    _F("reaction", "What happens", "note"),
    _F(
        "source", "How it is known", "choice",
        options=(("told", "The customer said so"), ("report", "A doctor’s report"), ("seen", "Seen here")),
    ),
)  # fmt: skip

_SALON = (
    KindRule(
        RecordKind.COLOUR, "Colour formula", "Coloured on",
        (
            _F("formula", "Formula", "note", required=True, hint="Shades and grams, as 6.1 30 g + 7.0 10 g"),
            _F("developer", "Developer", "choice", options=tuple((n, f"{n} %") for n in ("1.9", "3", "6", "9", "12"))),
            _F("minutes", "Timing", "number", unit="min", low=1, high=240),
            _F("grey", "Grey hair", "number", unit="%", low=0, high=100),
            _F("result", "Result, and next time", "note"),
        ),
        _CARE, _CARE,
    ),
    KindRule(
        RecordKind.PATCH_TEST, "Patch test", "Tested on",
        (
            _F("product", "Product", required=True, hint="Brand and shade that was tested"),
            _F("place", "Where", "choice", options=(("ear", "Behind the ear"), ("elbow", "Inside of the elbow"))),
            _F(
                "result", "Result", "choice", required=True,
                options=(("waiting", "Not read yet"), ("clear", "No reaction"), ("slight", "Slight reaction"),
                         ("reaction", "Reaction: do not use")),
            ),
            _F("read_on", "Read on", "day", hint="48 hours after the test"),
            _F("notes", "Notes", "note"),
        ),
        _DESK, _DESK,
    ),
    KindRule(RecordKind.ALLERGY, "Allergy", "Noted on", _ALLERGY_FIELDS, _DESK, _DESK),
    KindRule(
        RecordKind.HEALTH, "Skin or scalp note", "Noted on",
        (_F("note", "Note", "note", required=True), _F("advice", "What to do differently", "note")),
        _CARE, _CARE,
    ),
)  # fmt: skip
_CLINIC = (
    KindRule(
        RecordKind.HEALTH, "Medical note", "Seen on",
        (
            _F("complaint", "Complaint", "note", required=True),
            _F("findings", "Findings", "note"),
            _F("diagnosis", "Diagnosis"),
            _F("plan", "Treatment and advice", "note"),
        ),
        _DOCTORS, _DOCTORS,
    ),
    KindRule(RecordKind.ALLERGY, "Allergy", "Noted on", _ALLERGY_FIELDS, _DESK, _DESK),
    KindRule(
        RecordKind.MEASUREMENT, "Measurements", "Measured on",
        (
            _F("weight", "Weight", "number", unit="kg", low=1, high=400),
            _F("systolic", "Blood pressure, upper", "number", unit="mmHg", low=40, high=300),
            _F("diastolic", "Blood pressure, lower", "number", unit="mmHg", low=20, high=200),
            _F("pulse", "Pulse", "number", unit="a minute", low=20, high=250),
            _F("sugar", "Blood sugar", "number", unit="mg/dL", low=20, high=800),
        ),
        _DOCTORS, _DOCTORS,
    ),
)  # fmt: skip
_GYM = (
    KindRule(
        RecordKind.GOAL, "Goal", "Set on",
        (
            _F("goal", "Goal", required=True, hint="In the member’s own words"),
            _F("target", "Measured by", hint="As 68 kg, or ten pull-ups"),
            _F("until", "Until", "day"),
            _F("notes", "Notes", "note"),
        ),
        _CARE, _CARE,
    ),
    KindRule(
        RecordKind.MEASUREMENT, "Measurements", "Measured on",
        (
            _F("weight", "Weight", "number", unit="kg", low=20, high=400),
            _F("fat", "Body fat", "number", unit="%", low=2, high=70),
            _F("waist", "Waist", "number", unit="cm", low=30, high=250),
            _F("chest", "Chest", "number", unit="cm", low=40, high=250),
            _F("hips", "Hips", "number", unit="cm", low=40, high=250),
        ),
        _CARE, _CARE,
    ),
    KindRule(
        RecordKind.HEALTH, "Injury or condition", "Noted on",
        (_F("note", "What it is", "note", required=True), _F("advice", "What to leave out", "note")),
        _CARE, _CARE,
    ),
)  # fmt: skip
_TUTOR = (
    KindRule(
        RecordKind.GUARDIAN, "Guardian", "Noted on",
        (
            _F("name", "Name", required=True),
            _F(
                "relation", "Relation", "choice", required=True,
                options=(("mother", "Mother"), ("father", "Father"), ("guardian", "Guardian by law"), ("other", "Other")),
            ),
            _F("phone", "Phone", "phone"),
            # DPDP Act 2023, s.9(1): consent for somebody under 18 is a parent's or guardian's, and verifiable.
            _F(
                "proof", "How the consent was verified", "choice",
                options=(("none", "Not yet"), ("paper", "Signed on paper, ID seen"), ("digilocker", "DigiLocker token")),
            ),
            _F("notes", "Who may collect the child, and other notes", "note"),
        ),
        _DESK, _LEADS | {Role.FRONT_DESK},
    ),
    KindRule(
        RecordKind.LEVEL, "Level", "Assessed on",
        (
            _F("subject", "Subject", required=True),
            _F("level", "Level", required=True),
            _F("strengths", "Strengths", "note"),
            _F("next", "To work on", "note"),
        ),
        _CARE, _CARE,
    ),
)  # fmt: skip
KINDS: Mapping[Trade, tuple[KindRule, ...]] = MappingProxyType(
    {Trade.SALON: _SALON, Trade.CLINIC: _CLINIC, Trade.GYM: _GYM, Trade.TUTOR: _TUTOR}
)


def rule_of(trade: Trade, kind: str) -> KindRule | None:
    """A kind that only another trade keeps is none of this trade's."""
    return next((rule for rule in KINDS[trade] if rule.kind == kind), None)


def reading_rule_of(trade: Trade, kind: str) -> KindRule:
    """The same for what was written while the shop was of another trade. ``kind`` is one that was stored."""
    return rule_of(trade, kind) or next(rule for rules in KINDS.values() for rule in rules if rule.kind == kind)


def may(roles: frozenset[Role], role: Role | None) -> bool:
    """No role: a task or the command line, which no table narrows."""
    return role is None or role in roles


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of an opened record. ``value`` is what a form starts with, ``words`` what a person reads."""

    name: str
    label: str
    value: str
    words: str


def shown(rule: KindRule, values: Mapping[str, str]) -> tuple[Shown, ...]:
    """In the order of the form; a field that the form no longer has comes last, under its own name."""
    known = {field.name: field for field in rule.fields}
    names = [*(name for name in known if name in values), *(name for name in values if name not in known)]
    return tuple(
        _shown(known.get(name, FieldRule(name, name.replace("_", " ").capitalize())), values[name]) for name in names
    )


def _shown(field: FieldRule, value: str) -> Shown:
    words = dict(field.options).get(value, value)
    if field.shape == "day":
        words = format_day(date.fromisoformat(value))
    elif field.shape == "phone":
        words = display_phone(value)
    return Shown(field.name, field.label, value, f"{words} {field.unit}".strip())


def read_values(rule: KindRule, raw: Mapping[str, Any], reader: Reader) -> dict[str, str]:
    """The fields that were filled in, as texts. Notes mistakes in ``reader``; an empty record is one."""
    found = {field.name: _value(field, raw.get(field.name), reader) for field in rule.fields}
    filled = {name: value for name, value in found.items() if value}
    if not filled and not reader.errors:
        reader.refuse(rule.fields[0].name, "Fill in at least one of these.")
    return filled


def _value(field: FieldRule, raw: Any, reader: Reader) -> str:
    name, label = field.name, field.label
    match field.shape:
        case "choice":
            known = [value for value, _ in field.options]
            return reader.choice(name, raw, label, known, None if field.required else "")
        case "day":
            day = reader.optional_day(name, raw, label)
            return day.isoformat() if day else ""
        case "number":
            return reader.by(name, parse_measure, raw, label, field.low, field.high, instead="")
        case "phone":
            return reader.by(name, parse_phone, raw, instead="", required=False)
        case _:
            is_note = field.shape == "note"
            limit = NOTE if is_note else LINE
            return reader.text(name, raw, label, limit=limit, required=field.required, multiline=is_note)


def is_clear(rule: KindRule, values: Mapping[str, str]) -> bool:
    """Whether it is a patch test without a reaction: the one thing that safety timers have to know (docs/adr/0022-vault.md)."""
    return rule.kind is RecordKind.PATCH_TEST and values.get("result") == "clear"


def parse_measure(raw: Any, label: str, low: int, high: int) -> str:
    """A number with at most one decimal as "72.5" or "72"; "" for nothing. Raises: Invalid."""
    if raw in (None, ""):
        return ""
    text = clean(str(raw), label).replace(",", ".") if isinstance(raw, str | int | float) and raw is not True else "?"
    try:
        number = Decimal(text) if len(text) <= 12 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not low <= number <= high:
        raise Invalid(f"{label} must be a number from {low} to {high}.")
    if number != round(number, 1):
        raise Invalid(f"{label} can have one digit after the point.")
    return f"{number.normalize():f}"
