"""What may be typed into the fields of a form, when a field is asked, and how an answer reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.form_fields import (
    SHAPES,
    Condition,
    FieldRule,
    FormText,
    is_asked,
    is_signed,
    parse_measure,
    read_answers,
    shown,
    split,
)
from microcrm.domain.form_text import fingerprint, from_json, read_form, read_roles, to_json
from microcrm.domain.permissions import Role
from microcrm.domain.signatures import Signing, drawn_path, read_signature, signature_words
from microcrm.domain.starting_forms import STARTING_FORMS

AT = datetime(2026, 11, 30, 10, 45, tzinfo=UTC)
SIGNING = Signing(AT, "ab" * 32)
STROKE = [100, 200, 150, 210, 200, 180, 250, 220, 300, 190, 350, 200]
DRAWN = {"name": "Asha Rao", "how": "drawn", "strokes": [STROKE]}
TEXTS = [form.text for forms in STARTING_FORMS.values() for form in forms]


def text_of(*fields: FieldRule) -> FormText:
    return FormText("A form", "Filled in on", fields)


def read(text: FormText, raw: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    reader = Reader()
    return read_answers(text, raw, reader, SIGNING), reader.errors


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("72.5", "72.5"), ("72,5", "72.5"), (" 72.0 ", "72"), (72, "72"), ("100", "100"), ("", ""), (None, ""), (72.5, "72.5")],
)  # fmt: skip
def test_a_measure(raw: Any, kept: str) -> None:
    assert parse_measure(raw, "Weight", 1, 400) == kept


@pytest.mark.parametrize(
    "raw", ["72.55", "0", "401", "-5", "nan", "inf", "1e9", "1e-1", "x", "1" * 40, True, [], {}, "७२x", "\x00"]
)
def test_what_is_no_measure(raw: Any) -> None:
    with pytest.raises(Invalid):
        parse_measure(raw, "Weight", 1, 400)


def test_a_number_has_the_digits_that_its_form_allows() -> None:
    assert parse_measure("-1.25", "Power", -20, 20, 2) == "-1.25"
    assert parse_measure("-0", "Power", -20, 20, 2) == "0"
    with pytest.raises(Invalid, match="no digit"):
        parse_measure("7.5", "Times", 0, 20, 0)


@given(st.decimals(min_value=1, max_value=400, places=1))
def test_a_measure_is_kept_to_the_decimal(number: Any) -> None:
    assert float(parse_measure(str(number), "Weight", 1, 400)) == float(number)


anything = st.one_of(
    st.none(), st.text(), st.integers(), st.booleans(), st.lists(st.text(max_size=4), max_size=3), st.floats(),
    st.dictionaries(st.sampled_from(["name", "how", "strokes"]), st.one_of(st.text(), st.lists(st.lists(st.integers()))), max_size=3),
)  # fmt: skip


@given(st.sampled_from(TEXTS), st.data())
def test_whatever_is_sent_is_read_or_refused(text: FormText, data: st.DataObject) -> None:
    """And what was read is shown field by field, holds no answer to what was not asked, and is all sealed or all outside."""
    likely = {
        f.name: st.one_of(anything, st.sampled_from([v for v, _ in f.options] or ["yes", "no", "7", "2026-01-05"]))
        for f in text.fields
    }
    answers, errors = read(text, data.draw(st.fixed_dictionaries({}, optional=likely)))
    if errors:
        assert set(errors) <= {field.name for field in text.fields}
        return
    assert answers and set(answers) <= {field.name for field in text.fields}
    assert [one.name for one in shown(text, answers)] == list(answers) and all(
        one.words for one in shown(text, answers)
    )
    for field in text.fields:
        assert is_asked(field, answers) or field.name not in answers
    sealed, outside = split(text, answers)
    assert sealed | outside == answers and not sealed.keys() & outside.keys()
    unsigned = {name: value for name, value in answers.items() if not value.startswith("{")}
    again, _ = read(text, unsigned)
    assert unsigned.items() <= again.items() or is_signed(text, answers)


def test_a_field_is_asked_only_if_and_what_hangs_on_it_too() -> None:
    text = text_of(
        FieldRule("a", "A?", "yes_no", required=True),
        FieldRule("b", "Which?", "choices", options=(("o1", "One"), ("o2", "Two")), required=True, only_if=Condition("a", "yes")),
        FieldRule("c", "Why two?", required=True, only_if=Condition("b", "o2")),
    )  # fmt: skip
    assert read(text, {"a": "no", "b": ["o2"], "c": "Because"}) == ({"a": "no"}, {})
    assert set(read(text, {"a": "yes"})[1]) == {"b"}
    assert set(read(text, {"a": "yes", "b": ["o2", "o1"]})[1]) == {"c"}
    answers, errors = read(text, {"a": "yes", "b": ["o2", "o1", "o2"], "c": "Because"})
    assert (answers, errors) == ({"a": "yes", "b": "o1,o2", "c": "Because"}, {})
    assert [one.words for one in shown(text, answers)] == ["Yes", "One, Two", "Because"]


def test_an_empty_form_is_a_mistake_at_its_first_field() -> None:
    assert read(text_of(FieldRule("a", "A"), FieldRule("b", "B")), {})[1] == {"a": "Fill in at least one of these."}


def test_a_scale_has_its_steps() -> None:
    text = text_of(FieldRule("pain", "Pain", "scale", low=0, high=10, ends=("None", "The worst")))
    assert read(text, {"pain": "0"})[0] == {"pain": "0"}
    assert shown(text, {"pain": "4"})[0].words == "4 of 10"
    for wrong in ("11", "-1", "x", [], 4.5):
        assert "pain" in read(text, {"pain": wrong})[1]


def test_a_signature_says_who_when_and_under_what() -> None:
    kept = read_signature(DRAWN, "Signature", SIGNING)
    assert signature_words(kept) == "Drawn by Asha Rao, Mon, 30 Nov 2026, 4:15 pm. What was signed: abababababab"
    assert drawn_path(kept) == "M100 200L150 210L200 180L250 220L300 190L350 200"
    typed = read_signature({"name": " Asha  Rao ", "how": "typed", "strokes": [STROKE]}, "Signature", SIGNING)
    assert signature_words(typed).startswith("Typed by Asha Rao") and drawn_path(typed) == ""
    assert read_signature({"name": "", "how": "drawn", "strokes": []}, "Signature", SIGNING) == ""


@pytest.mark.parametrize(
    "raw",
    [
        "Asha", [], 5, {"name": "Asha"}, {"name": "Asha", "strokes": []}, {"name": "", "strokes": [STROKE]},
        {"name": "Asha", "strokes": [[1, 2]]}, {"name": "Asha", "strokes": [[*STROKE, 1]]}, {"name": "Asha", "strokes": "M0 0"},
        {"name": "Asha", "strokes": [[1.5, 2] * 8]}, {"name": "Asha", "strokes": [[True, 2] * 8]},
        {"name": "Asha", "strokes": [[1001, 2] * 8]}, {"name": "Asha", "strokes": [[1, 401] * 8]},
        {"name": "Asha", "strokes": [[1, -2] * 8]}, {"name": "Asha", "strokes": [STROKE] * 81},
        {"name": "Asha", "strokes": [[1, 2] * 2001]}, {"name": "A" * 81, "strokes": [STROKE]}, {"name": {}, "strokes": [STROKE]},
        {"name": "Asha", "how": "drawn", "strokes": {"0": STROKE}},
    ],
)  # fmt: skip
def test_what_is_no_signature(raw: Any) -> None:
    with pytest.raises(Invalid):
        read_signature(raw, "Signature", SIGNING)


@given(
    st.lists(
        st.lists(st.integers(0, 400), min_size=12, max_size=40).filter(lambda one: len(one) % 2 == 0),
        min_size=1,
        max_size=5,
    )
)
def test_a_drawing_is_drawn_again_as_it_was(strokes: list[list[int]]) -> None:
    path = drawn_path(read_signature({"name": "Asha", "how": "drawn", "strokes": strokes}, "Signature", SIGNING))
    drawn = [[int(n) for n in line.replace("L", " ").split()] for line in path.split("M")[1:]]
    assert drawn == strokes


words = st.text(st.characters(categories=("L", "N"), exclude_characters="\u3164"), min_size=1, max_size=20)
names = st.sampled_from(["", "f1", "f2", "new_1", "day", "DROP", "f9"])
condition = st.fixed_dictionaries(
    {"name": st.sampled_from(["f1", "new_1"]), "value": st.sampled_from(["yes", "o1", "new_1"])}
)
option = st.fixed_dictionaries({"value": st.sampled_from(["", "o1", "new_1"]), "words": words})
rows = st.lists(
    st.fixed_dictionaries(
        {"name": names, "label": words, "shape": st.sampled_from(list(SHAPES))},
        optional={
            "low": st.sampled_from(["0", "1", "x", None]), "high": st.sampled_from(["5", "0", "2000000"]),
            "required": st.booleans(), "options": st.lists(option, max_size=4), "only_if": st.one_of(st.none(), condition),
            "is_sensitive": st.booleans(), "ends": st.sampled_from([["a", "b"], ["a"], "ab"]),
        },
    ), max_size=6,
)  # fmt: skip


@given(rows, st.integers(0, 30))
def test_whatever_the_editor_sends_is_a_form_or_a_mistake(fields: list[dict[str, Any]], made: int) -> None:
    reader = Reader()
    text = read_form({"title": "A form", "day_label": "On", "fields": fields}, "own", reader, made)
    if reader.errors:
        assert set(reader.errors) <= {
            "fields",
            *(f"fields.{n}.{key}" for n in range(6) for key in ("options", "only_if", "low", "high")),
        }
        return
    names = [field.name for field in text.fields]
    assert len(set(names)) == len(names) and "day" not in names and not any(name.startswith("new_") for name in names)
    kept = {row["name"] for row in fields}
    assert all(name in kept or int(name[1:]) > made for name in names)
    for place, field in enumerate(text.fields):
        assert field.shape != "signature" or field.is_sensitive
        assert field.only_if is None or field.only_if.name in names[:place]
        assert len({value for value, _ in field.options}) == len(field.options)
    assert from_json(to_json(text)) == text
    assert fingerprint(from_json(to_json(text))) == fingerprint(text)


@pytest.mark.parametrize(
    "raw", [None, [], "x", {"fields": {}}, {"fields": [[]]}, {"fields": [None] * 41}, {"title": 5, "fields": [{}]}]
)
def test_what_is_no_form(raw: Any) -> None:
    reader = Reader()
    read_form(raw, "own", reader)
    assert reader.errors


def test_another_word_is_another_fingerprint() -> None:
    one, other = text_of(FieldRule("a", "I agree")), text_of(FieldRule("a", "I agree."))
    assert fingerprint(one) != fingerprint(other)


def test_the_owner_always_may_and_nobody_fills_in_what_they_cannot_open() -> None:
    reader = Reader()
    assert read_roles("readers", ["staff"], reader) == {Role.OWNER, Role.STAFF}
    assert read_roles("readers", None, reader) == {Role.OWNER}
    assert reader.errors == {}
    read_roles("writers", ["front_desk"], reader, frozenset({Role.OWNER, Role.STAFF}))
    read_roles("readers", ["accountant"], reader)
    assert set(reader.errors) == {"writers", "readers"}
