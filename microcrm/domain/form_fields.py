"""The fields of a form that a shop keeps about its customers: what may be typed into each, when it is asked, how an answer reads.

Answers are texts by the names of their fields. A field that is not asked has no answer, whatever was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import LINE, NOTE, Reader, clean
from microcrm.domain.formatting import format_day
from microcrm.domain.phone import display_phone, parse_phone
from microcrm.domain.signatures import Signing, drawn_path, read_signature, signature_words

Shape = Literal["line", "note", "number", "choice", "choices", "yes_no", "scale", "day", "phone", "signature"]
SHAPES: Mapping[Shape, str] = {
    "line": "Short text",
    "note": "Long text",
    "number": "Number",
    "day": "Date",
    "choice": "One choice",
    "choices": "Several choices",
    "yes_no": "Yes or no",
    "scale": "Scale",
    "phone": "Phone number",
    "signature": "Signature",
}
OPTIONAL_SHAPES = frozenset({"choice", "choices"})  # those whose options the owner writes
DECIDING = frozenset({"choice", "choices", "yes_no"})  # those that a condition can look at
YES_NO = (("yes", "Yes"), ("no", "No"))
WIDEST_SCALE = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """Asked only while the field ``name``, which stands earlier, is (or includes) ``value``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldRule:
    """``options`` of a choice are (value, words). A number has at most ``decimals`` digits after the point and lies in
    ``low..high``; a scale goes from ``low`` to ``high``, whose words are in ``ends``. What is not ``is_sensitive`` stands outside
    the seal."""

    name: str
    label: str
    shape: Shape = "line"
    required: bool = False
    unit: str = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    low: int = 0
    high: int = 0
    decimals: int = 1
    ends: tuple[str, str] = ("", "")
    is_sensitive: bool = True
    only_if: Condition | None = None


@dataclass(frozen=True, slots=True)
class FormText:
    """What one version of a form asks. ``day_label`` is about the day that stands outside the seal."""

    title: str
    day_label: str
    fields: tuple[FieldRule, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer. ``value`` is what a form starts with, ``words`` what a person reads; ``drawn`` the outline of a signature."""

    name: str
    label: str
    shape: Shape
    value: str
    words: str
    drawn: str = ""


def options_of(field: FieldRule) -> tuple[tuple[str, str], ...]:
    return YES_NO if field.shape == "yes_no" else field.options


def is_asked(field: FieldRule, answers: Mapping[str, str]) -> bool:
    """``answers`` of the fields before it: one that was not asked itself has none."""
    if field.only_if is None:
        return True
    return field.only_if.value in answers.get(field.only_if.name, "").split(",")


def read_answers(text: FormText, raw: Mapping[str, Any], reader: Reader, signing: Signing) -> dict[str, str]:
    """What was filled in, in the order of the form. Notes mistakes in ``reader``; an empty form is one."""
    found: dict[str, str] = {}
    for field in text.fields:
        if is_asked(field, found):
            value = _value(field, raw.get(field.name), reader, signing)
            if value:
                found[field.name] = value
    if not found and not reader.errors and text.fields:
        reader.refuse(text.fields[0].name, "Fill in at least one of these.")
    return found


def shown(text: FormText, answers: Mapping[str, str]) -> tuple[Shown, ...]:
    """In the order of the form."""
    return tuple(_shown(field, answers[field.name]) for field in text.fields if field.name in answers)


def split(text: FormText, answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(what is sealed, what stands outside the seal)."""
    outside = {field.name for field in text.fields if not field.is_sensitive}
    sealed = {name: value for name, value in answers.items() if name not in outside}
    return sealed, {name: value for name, value in answers.items() if name in outside}


def is_signed(text: FormText, answers: Mapping[str, str]) -> bool:
    return any(field.shape == "signature" and field.name in answers for field in text.fields)


def _shown(field: FieldRule, value: str) -> Shown:
    words, drawn = value, ""
    match field.shape:
        case "choice" | "choices" | "yes_no":
            known = dict(options_of(field))
            words = ", ".join(known.get(one, one) for one in value.split(","))
        case "day":
            words = format_day(date.fromisoformat(value))
        case "phone":
            words = display_phone(value)
        case "scale":
            words = f"{value} of {field.high}"
        case "signature":
            words, drawn = signature_words(value), drawn_path(value)
        case _:
            words = f"{value} {field.unit}".strip()
    return Shown(field.name, field.label, field.shape, value if field.shape != "signature" else "", words, drawn)


def has_measures(text: FormText) -> bool:
    """Whether most of what it asks are numbers, which are worth a line over time."""
    return 2 * sum(field.shape in ("number", "scale") for field in text.fields) > len(text.fields)


def _needed(field: FieldRule) -> str:
    """A question is no noun: "What happened? is needed" would be none of our sentences."""
    match field.shape:
        case "choice" | "yes_no" | "scale":
            return "Choose an answer."
        case "signature":
            return "A signature is needed."
    is_noun = len(field.label) <= 40 and field.label[-1:].isalnum()
    return f"{field.label} is needed." if is_noun else "This needs an answer."


def _value(field: FieldRule, raw: Any, reader: Reader, signing: Signing) -> str:
    name, label = field.name, field.label
    match field.shape:
        case "choice" | "yes_no":
            found = reader.choice(name, raw, "this question", [value for value, _ in options_of(field)], "")
        case "choices":
            return _several(field, raw, reader)
        case "day":
            day = reader.optional_day(name, raw, label)
            found = day.isoformat() if day else ""
        case "number":
            found = reader.by(name, parse_measure, raw, label, field.low, field.high, field.decimals, instead="")
        case "scale":
            step = reader.optional_number(name, raw, label, low=field.low, high=field.high)
            found = "" if step is None else str(step)
        case "phone":
            found = reader.by(name, parse_phone, raw, instead="", required=False)
        case "signature":
            found = reader.by(name, read_signature, raw, label, signing, instead="")
        case _:
            is_note = field.shape == "note"
            limit = NOTE if is_note else LINE
            found = reader.text(name, raw, label, limit=limit, required=False, multiline=is_note)
    if field.required and not found:
        reader.refuse(name, _needed(field))
    return found


def _several(field: FieldRule, raw: Any, reader: Reader) -> str:
    """In the order of the form, each once; as a list, or as it is kept: with commas between."""
    chosen = raw.split(",") if isinstance(raw, str) and raw else raw or []
    known = [value for value, _ in field.options]
    if not isinstance(chosen, list | tuple) or not all(isinstance(one, str) and one in known for one in chosen):
        reader.refuse(field.name, "Choose from the given answers.")
        return ""
    if field.required and not chosen:
        reader.refuse(field.name, "Choose at least one.")
    return ",".join(value for value in known if value in chosen)


def parse_measure(raw: Any, label: str, low: int, high: int, decimals: int = 1) -> str:
    """A number with at most so many decimals as "72.5" or "72"; "" for nothing. Raises: Invalid."""
    if raw in (None, ""):
        return ""
    text = clean(str(raw), label).replace(",", ".") if isinstance(raw, str | int | float) and raw is not True else "?"
    try:
        number = Decimal(text) if len(text) <= 12 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not low <= number <= high:
        raise Invalid(f"{label} must be a number from {low} to {high}.")
    if number != round(number, decimals):
        digits = {0: "no digit", 1: "one digit", 2: "two digits"}[decimals]
        raise Invalid(f"{label} can have {digits} after the point.")
    return f"{number.normalize() + 0:f}"


def earlier_deciders(fields: Sequence[FieldRule], place: int) -> Iterable[FieldRule]:
    """The fields that a condition of the one at ``place`` can look at."""
    return (field for field in fields[:place] if field.shape in DECIDING)
