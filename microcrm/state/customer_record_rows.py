"""Sealed records and forms to fill in, as rows of the screen: what may be known unopened, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass

from microcrm.domain.form_fields import FieldRule, Shown
from microcrm.domain.formatting import format_day, format_instant
from microcrm.domain.sealed_records import COMPARED, PURPOSES, Purpose
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.vault.reading import OpeningLine, RecordLine
from microcrm.state.forms import Option


@dataclass(frozen=True)
class AnswerRow:
    """What is not sensitive, and so may be in a State."""

    name: str
    label: str
    shape: str
    value: str
    words: str


@dataclass(frozen=True)
class RecordRow:
    """``date`` as 2026-11-30, ``day`` in words."""

    id: str
    form_id: str
    label: str
    date: str
    day: str
    detail: str
    version: int
    can_open: bool
    can_correct: bool
    is_erased: bool
    has_sealed: bool
    has_numbers: bool
    plain: tuple[AnswerRow, ...]


@dataclass(frozen=True)
class OpeningRow:
    """Who read what, and why."""

    key: str
    what: str
    who: str
    verb: str
    why: str
    when: str


@dataclass(frozen=True)
class OnlyIf:
    """Empty ``name``: always asked."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True)
class FormField:
    name: str
    label: str
    shape: str
    required: bool
    unit: str
    hint: str
    options: tuple[Option, ...]
    low: int
    high: int
    ends: tuple[str, str]
    only_if: OnlyIf


@dataclass(frozen=True)
class RecordForm:
    """``number`` of the form's version. ``record_id`` and ``version`` of a correction; "" and 0 for a new record. No ``form_id``:
    the form is closed. ``is_sealed``: something of it is sensitive."""

    form_id: str = ""
    number: int = 0
    customer: str = ""
    title: str = ""
    is_sealed: bool = True
    fill_key: str = ""
    record_id: str = ""
    version: int = 0
    day: str = ""
    day_label: str = ""
    fields: tuple[FormField, ...] = ()


def field_of(rule: FieldRule) -> FormField:
    only_if = OnlyIf(rule.only_if.name, rule.only_if.value) if rule.only_if else OnlyIf()
    options = tuple(Option(*option) for option in rule.options)
    return FormField(
        rule.name, rule.label, rule.shape, rule.required, rule.unit, rule.hint, options, rule.low, rule.high, rule.ends, only_if
    )  # fmt: skip


def row_of(line: RecordLine, zone: str) -> RecordRow:
    day = format_day(line.day)
    written = format_day(to_wall(line.written_at, zone_of(zone))[0])
    corrected = f", corrected on {written}" if line.version > 1 else ""
    signed = f", signed on {format_day(to_wall(line.signed_at, zone_of(zone))[0])}" if line.signed_at else ""
    return RecordRow(
        str(line.id), str(line.form_id), line.label, line.day.isoformat(), day,
        f"{day}, by {line.author}{signed}{corrected}", line.version, line.may_open, line.may_correct, line.is_erased,
        line.has_sealed, line.has_numbers, tuple(map(answer_of, line.plain)),
    )  # fmt: skip


def answer_of(one: Shown) -> AnswerRow:
    return AnswerRow(one.name, one.label, one.shape, one.value, one.words)


def opening_of(line: OpeningLine, zone: str, place: int) -> OpeningRow:
    label = f"{line.label[:1].lower()}{line.label[1:]}"
    what = label if line.count == 1 else f"{label} ({line.count})"
    why = PURPOSES[Purpose(line.purpose)]
    words = line.words if line.purpose == Purpose.OTHER else f"{why}: {line.words}" if line.words else why
    verb = " was warned of " if line.words.startswith(COMPARED) else " opened "
    return OpeningRow(str(place), what, line.who, verb, words, format_instant(line.at, zone_of(zone)))
