"""The text of a form as it is stored, as it is edited, and as its fingerprint tells it from every other text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from microcrm.domain.fields import LINE, Reader
from microcrm.domain.form_fields import (
    DECIDING,
    OPTIONAL_SHAPES,
    SHAPES,
    WIDEST_SCALE,
    Condition,
    FieldRule,
    FormText,
    options_of,
)
from microcrm.domain.permissions import Role
from microcrm.domain.sealed_records import RecordKind

MOST_FIELDS, MOST_OPTIONS = 40, 20
FURTHEST = 1_000_000  # a number of a form lies within this of nought
WHO: tuple[Role, ...] = (Role.OWNER, Role.MANAGER, Role.FRONT_DESK, Role.STAFF)  # the accountant opens no records
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_OPTION = re.compile(r"[a-z0-9][a-z0-9_.]{0,30}")
# What the product looks at, and what stays in every version of such a form: fields, their shape, and answers of theirs.
NEEDED: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {RecordKind.PATCH_TEST: {"result": ("choice", ("clear",))}, RecordKind.ALLERGY: {"substance": ("line", ())}}
)


def to_json(text: FormText) -> dict[str, Any]:
    """Without what is as usual, so that a field added to `FieldRule` later changes no fingerprint."""
    usual = asdict(FieldRule("", ""))
    fields = [{k: v for k, v in asdict(f).items() if k in ("name", "label") or v != usual[k]} for f in text.fields]
    return {"title": text.title, "day_label": text.day_label, "fields": json.loads(json.dumps(fields))}


def from_json(stored: Mapping[str, Any]) -> FormText:
    return FormText(stored["title"], stored["day_label"], tuple(_stored(field) for field in stored["fields"]))


def _stored(raw: Mapping[str, Any]) -> FieldRule:
    values = dict(raw)
    if "options" in values:
        values["options"] = tuple((value, words) for value, words in values["options"])
    if "ends" in values:
        values["ends"] = tuple(values["ends"])
    if values.get("only_if"):
        values["only_if"] = Condition(**values["only_if"])
    return FieldRule(**values)


def fingerprint(text: FormText) -> str:
    """SHA-256 of the text, in hex: what a signature stands under."""
    canonical = json.dumps(to_json(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_roles(name: str, raw: Any, reader: Reader, within: frozenset[Role] = frozenset(WHO)) -> frozenset[Role]:
    """The owner always has what anybody has."""
    rows = raw if isinstance(raw, list | tuple) else ()
    known = [role for role in WHO if role in within]
    if not all(row in known for row in rows):
        reader.refuse(name, "Choose from the roles that may open it.")
    return frozenset({Role.OWNER, *(role for role in known if role in rows)})


def read_form(raw: Any, code: str, reader: Reader, made: int = 0) -> FormText:
    """As the editor sends it. A field keeps the name it came with; a new one comes as "new_1" and gets a number beyond ``made``, so
    that no later version gives the name of one question to another. What is wrong with the third field's label stands at
    "fields.2.label"."""
    typed = raw if isinstance(raw, Mapping) else {}
    title = reader.text("title", typed.get("title"), "Name of the form", limit=80)
    day_label = reader.text("day_label", typed.get("day_label"), "Name of the day", limit=40)
    rows = typed.get("fields")
    if not isinstance(rows, list) or not rows:
        reader.refuse("fields", "Add at least one field.")
        rows = []
    if len(rows) > MOST_FIELDS:
        reader.refuse("fields", f"A form can have {MOST_FIELDS} fields.")
        rows = []
    typed_fields = [row if isinstance(row, Mapping) else {} for row in rows]
    names = _names(typed_fields, made=made)
    renamed = _Renamed({_word(row, "name"): name for row, name in zip(typed_fields, names, strict=True)})
    fields: list[FieldRule] = []
    for place, (row, name) in enumerate(zip(typed_fields, names, strict=True)):
        fields.append(_read_field(row, name, f"fields.{place}", fields, renamed, reader))
    _check_needed(fields, code, reader)
    return FormText(title, day_label, tuple(fields))


@dataclass(slots=True)
class _Renamed:
    """What the editor called it -> what it is called: fields, and answers of a field (by its name)."""

    fields: dict[str, str]
    answers: dict[tuple[str, str], str] = field(default_factory=dict)


def _word(row: Mapping[str, Any], key: str) -> str:
    word = row.get(key)
    return word if isinstance(word, str) else ""


def numbered(text: FormText) -> int:
    """The highest number that names one of its fields."""
    return max((int(f.name[1:]) for f in text.fields if f.name[:1] == "f" and f.name[1:].isdecimal()), default=0)


def _names(rows: Sequence[Mapping[str, Any]], key: str = "name", start: str = "f", made: int = 0) -> list[str]:
    """Each its own; a row without gets the next number."""
    shape = _NAME if key == "name" else _OPTION
    taken: set[str] = set()
    words = [_word(row, key) for row in rows]
    known = [word if shape.fullmatch(word) and not word.startswith("new_") else "" for word in words]
    highest = max((int(one[1:]) for one in known if one[:1] == start and one[1:].isdecimal()), default=0)
    highest = max(highest, made)
    found = []
    for one in known:
        is_its_own = one and one not in taken and one != "day"
        highest += not is_its_own
        found.append(one if is_its_own else f"{start}{highest}")
        taken.add(found[-1])
    return found


def _read_field(
    row: Mapping[str, Any], name: str, at: str, earlier: Sequence[FieldRule], renamed: _Renamed, reader: Reader
) -> FieldRule:
    shape: Any = reader.choice(f"{at}.shape", row.get("shape"), "Kind of field", list(SHAPES)) or "line"
    low, high, decimals = _limits(row, shape, at, reader)
    typed_ends = row.get("ends")
    ends = typed_ends if isinstance(typed_ends, list) and len(typed_ends) == 2 else ["", ""]
    return FieldRule(
        name=name,
        label=reader.text(f"{at}.label", row.get("label"), "The question", limit=LINE),
        shape=shape,
        required=reader.flag(f"{at}.required", row.get("required"), "Required"),
        unit=_line(reader, f"{at}.unit", row.get("unit"), "Unit", 20) if shape == "number" else "",
        hint=_line(reader, f"{at}.hint", row.get("hint"), "Help text", 300),
        options=_options(row, name, at, renamed, reader) if shape in OPTIONAL_SHAPES else (),
        low=low,
        high=high,
        decimals=decimals,
        ends=(
            (_line(reader, f"{at}.low", ends[0], "Words", 40), _line(reader, f"{at}.high", ends[1], "Words", 40))
            if shape == "scale"
            else ("", "")
        ),
        # Who has signed is nobody else's business, and a drawing less so.
        is_sensitive=shape == "signature"
        or reader.flag(f"{at}.is_sensitive", row.get("is_sensitive", True), "Sensitive"),
        only_if=_condition(row.get("only_if"), at, earlier, renamed, reader),
    )


def _line(reader: Reader, name: str, raw: Any, label: str, limit: int) -> str:
    return reader.text(name, raw, label, limit=limit, required=False)


def _limits(row: Mapping[str, Any], shape: str, at: str, reader: Reader) -> tuple[int, int, int]:
    if shape not in ("number", "scale"):
        return 0, 0, 1
    edge = FURTHEST if shape == "number" else 100
    low = reader.whole_number(f"{at}.low", row.get("low"), "The least", low=-edge, high=edge, default=0)
    high = reader.whole_number(f"{at}.high", row.get("high"), "The most", low=-edge, high=edge)
    if low >= high:
        reader.refuse(f"{at}.high", "The most must be more than the least.")
    if shape == "scale" and high - low > WIDEST_SCALE:
        reader.refuse(f"{at}.high", f"A scale has at most {WIDEST_SCALE + 1} steps.")
    decimals = reader.whole_number(
        f"{at}.decimals", row.get("decimals"), "Digits after the point", low=0, high=2, default=1
    )
    return low, high, decimals if shape == "number" else 1


def _options(
    row: Mapping[str, Any], name: str, at: str, renamed: _Renamed, reader: Reader
) -> tuple[tuple[str, str], ...]:
    raw = row.get("options")
    rows = [one if isinstance(one, Mapping) else {} for one in raw] if isinstance(raw, list) else []
    if not 2 <= len(rows) <= MOST_OPTIONS:
        reader.refuse(f"{at}.options", f"Give from 2 to {MOST_OPTIONS} answers to choose from.")
        return ()
    words = [reader.text(f"{at}.options", one.get("words"), "Each answer", limit=120) for one in rows]
    if len(set(words)) < len(words):
        reader.refuse(f"{at}.options", "Two of the answers are the same.")
    values = _names(rows, "value", "o")
    renamed.answers |= {(name, _word(one, "value")): value for one, value in zip(rows, values, strict=True)}
    return tuple(zip(values, words, strict=True))


def _condition(raw: Any, at: str, earlier: Sequence[FieldRule], renamed: _Renamed, reader: Reader) -> Condition | None:
    if not raw:
        return None
    asked = raw if isinstance(raw, Mapping) else {}
    name = renamed.fields.get(_word(asked, "name"))
    decider = next((one for one in earlier if one.name == name and one.shape in DECIDING), None)
    if decider is not None:
        value = renamed.answers.get((decider.name, _word(asked, "value")), _word(asked, "value"))
        if value in [known for known, _ in options_of(decider)]:
            return Condition(decider.name, value)
    reader.refuse(f"{at}.only_if", "Choose an answer of a question that stands before this one.")
    return None


def _check_needed(fields: Sequence[FieldRule], code: str, reader: Reader) -> None:
    here = {one.name: one for one in fields}
    for name, (shape, answers) in NEEDED.get(code, {}).items():
        kept = here.get(name)
        is_whole = kept is not None and kept.shape == shape and set(answers) <= {v for v, _ in options_of(kept)}
        if kept is None or not is_whole or not kept.is_sensitive or not kept.required or kept.only_if is not None:
            reader.refuse(
                "fields",
                "Safety checks look at one of the fields that this form began with: keep it required, sensitive and always "
                "asked. You can put it into other words.",
            )
