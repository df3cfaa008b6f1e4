"""Whatever a client sends is read or refused with a sentence at the field, and never comes back in that sentence."""

from __future__ import annotations

import json
import math
import time
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader, clean, parse_flag, parse_text, parse_whole
from microcrm.domain.permissions import Role

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def read_one(method: str, raw: Any, *args: Any, **options: Any) -> tuple[Any, str]:
    """The value and the message ("" for none) of one field."""
    reader = Reader()
    value = getattr(reader, method)("field", raw, "Name", *args, **options)
    return value, reader.errors.get("field", "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Asha Rao", "Asha Rao"),
        ("  Asha \t Rao\n", "Asha Rao"),
        ("Asha\u00a0Rao", "Asha Rao"),  # a no-break space from a web page
        ("\ufeffAsha\u200b", "Asha"),  # marks that come along with a paste
        ("Jose\u0301", "José"),  # two code points become one
        ("क्\u200dष", "क्\u200dष"),  # the joiner belongs to the word
        ("\u200d \u200c", ""),  # joiners alone are nothing
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # kept as typed: escaping is for the page
        ("👩\u200d🎨", "👩\u200d🎨"),
        ("", ""),
        (None, ""),
    ],
)
def test_text_is_tidied(typed: str | None, kept: str) -> None:
    assert parse_text(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["a\x00b", "\x1b[31mred", "a\x08", "a\u202egnp.exe", "a\u2066b", "\ud800", "a\x85b\x7f"],
    ids=["null", "escape", "backspace", "override", "isolate", "surrogate", "delete"],
)
def test_text_no_keyboard_types_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="cannot be saved"):
        parse_text(typed)


@pytest.mark.parametrize("raw", [5, 1.5, True, [], ["a"], {"a": 1}], ids=repr)
def test_text_of_another_type_is_refused(raw: Any) -> None:
    assert read_one("text", raw) == ("", "Name must be text.")


def test_line_breaks_stay_only_in_notes() -> None:
    assert parse_text("one\r\n  two \n", multiline=True) == "one\ntwo"
    assert parse_text("one\r\ntwo") == "one two"


def test_length_limit_is_named_and_exact() -> None:
    assert read_one("text", "x" * 20, limit=20) == ("x" * 20, "")
    assert read_one("text", "x" * 21, limit=20) == ("", "Name is too long: at most 20 characters.")
    assert read_one("text", "ab", least=3) == ("", "Name is too short: at least 3 characters.")
    assert read_one("text", "abc", least=3) == ("abc", "")


def test_a_huge_text_is_refused_at_once() -> None:
    huge = "x\u0301" * 1_000_000
    began = time.perf_counter()
    _, message = read_one("text", huge)
    assert message.startswith("Name is too long")
    assert time.perf_counter() - began < 0.25


def test_needed_and_optional_text() -> None:
    assert read_one("text", "  ") == ("", "Name is needed.")
    assert read_one("text", "  ", required=False) == ("", "")


@pytest.mark.parametrize(
    ("typed", "number"),
    [("12", 12), (" 12 ", 12), ("१२", 12), ("-3", -3), ("\u22123", -3), (12, 12), (12.0, 12), ("", None), (None, None)],
)
def test_whole_numbers(typed: Any, number: int | None) -> None:
    assert parse_whole(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["1.5", "1e3", "twelve", "--1", "1_000", "0x10", 1.5, math.inf, math.nan, True, [], {}, "9" * 5000],
    ids=repr,
)
def test_what_is_no_whole_number(typed: Any) -> None:
    with pytest.raises(Invalid, match="whole number"):
        parse_whole(typed)


def test_number_bounds() -> None:
    assert read_one("whole_number", "1", low=1, high=1500) == (1, "")
    assert read_one("whole_number", "1500", low=1, high=1500) == (1500, "")
    assert read_one("whole_number", "0", low=1, high=1500)[1] == "Name must be from 1 to 1,500."
    assert read_one("whole_number", "1501", low=1, high=1500)[1] == "Name must be from 1 to 1,500."
    assert read_one("whole_number", "", low=1, high=9)[1] == "Name is needed."
    assert read_one("whole_number", "", low=1, high=9, default=4) == (4, "")
    assert read_one("optional_number", "", low=1, high=9) == (None, "")


def test_ids() -> None:
    assert read_one("id", 7) == (7, "")
    assert read_one("id", "7") == (7, "")
    assert read_one("id", None) == (0, "Choose name.")
    for raw in (0, -1, 2**63, "99999999999999999999"):
        assert read_one("id", raw)[1] == "Name was not found. Choose one from the list."
    assert read_one("ids", ["3", 1, 3]) == ((3, 1), "")
    assert read_one("ids", None) == ((), "")
    assert read_one("ids", list(range(1, 52)))[1] == "Name: at most 50 at once."
    for raw in ("1,2", {"1": 2}, 5, True):
        assert read_one("ids", raw)[1] == "Name must be a list."


def test_choices() -> None:
    assert read_one("choice", "a", ["a", "b"]) == ("a", "")
    assert read_one("choice", None, ["a", "b"], "b") == ("b", "")
    for raw in ("c", None, 1, ["a"], {"a": 1}):
        value, message = read_one("choice", raw, ["a", "b"])
        assert (value, message) == ("", "Choose one of the given answers for name.")
    assert read_one("member", "staff", Role) == (Role.STAFF, "")
    assert read_one("member", "king", Role)[1] == "Choose one of the given answers for name."
    assert read_one("member", "", Role, Role.STAFF) == (Role.STAFF, "")


@pytest.mark.parametrize(
    ("raw", "ticked"),
    [(True, True), ("on", True), ("TRUE", True), (1, True), (False, False), ("off", False), (None, False), ("", False)],
)
def test_flags(raw: Any, ticked: bool) -> None:
    assert parse_flag(raw) is ticked


@pytest.mark.parametrize("raw", ["maybe", 2, 1.0, [], {}, "x" * 1000], ids=lambda raw: repr(raw)[:12])
def test_what_is_no_flag(raw: Any) -> None:
    with pytest.raises(Invalid, match="on or off"):
        parse_flag(raw)


def test_days_and_their_bounds() -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 31)
    assert read_one("day", "2026-12-01", earliest=first, latest=last) == (first, "")
    assert read_one("day", "2026-12-31", earliest=first, latest=last) == (last, "")
    for typed in ("2026-11-30", "2027-01-01"):
        assert read_one("day", typed, earliest=first, latest=last)[1] == (
            "Name must be from 01 Dec 2026 to 31 Dec 2026."
        )
    assert read_one("day", "")[1] == "Name is needed."
    assert read_one("optional_day", "") == (None, "")


def test_clock_and_closing_time() -> None:
    assert read_one("clock", "9:30 am") == (570, "")
    assert read_one("clock", "00:00") == (0, "")
    assert read_one("clock", "00:00", closing=True) == (1440, "")
    assert read_one("clock", "")[1] == "Name is needed."
    assert read_one("clock", "25:00")[1] == "Name must be a time such as 9:30 am."


def test_every_mistake_is_told_at_once() -> None:
    reader = Reader()
    reader.text("name", "", "Name")
    reader.whole_number("minutes", "soon", "Minutes", low=5, high=60)
    reader.text("note", "fine", "Note")
    with pytest.raises(Invalid) as refusal:
        reader.done()
    assert refusal.value.fields == {"name": "Name is needed.", "minutes": "Minutes must be a whole number."}


def test_without_mistakes_done_says_nothing() -> None:
    reader = Reader()
    assert reader.text("name", "Asha", "Name") == "Asha"
    reader.done()


def test_by_keeps_the_sentence_of_another_module() -> None:
    def fussy(raw: str) -> int:
        if raw != "open":
            raise Invalid("Say open.")
        return 1

    reader = Reader()
    assert reader.by("door", fussy, "open", instead=0) == 1
    assert reader.by("gate", fussy, "shut", instead=0) == 0
    assert reader.errors == {"gate": "Say open."}


@given(ANY_JSON)
def test_nothing_but_a_refusal_comes_out_of_any_payload(raw: Any) -> None:
    reader = Reader()
    kept = reader.text("text", raw, "T", limit=50, required=False)
    reader.note("note", raw, "N")
    number = reader.whole_number("number", raw, "W", low=1, high=9)
    reader.id("id", raw, "I")
    reader.ids("ids", raw, "L")
    reader.choice("choice", raw, "C", ["a"])
    reader.flag("flag", raw, "F")
    reader.day("day", raw, "D")
    reader.clock("clock", raw, "K")
    assert 1 <= number <= 9
    assert len(kept) <= 50
    json.dumps(kept, ensure_ascii=False).encode()  # storable: no lone surrogate


@given(st.text(min_size=12, max_size=60).filter(lambda typed: len(set(typed)) > 6))
def test_messages_never_repeat_what_was_typed(typed: str) -> None:
    reader = Reader()
    reader.text("text", typed, "Name", limit=3)
    reader.whole_number("number", typed, "Minutes", low=1, high=2)
    reader.choice("choice", typed, "Colour", ["teal"])
    reader.day("day", typed, "Day")
    assert all(typed.strip() not in message for message in reader.errors.values())


@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    try:
        once = clean(typed, multiline=True)
    except Invalid:
        return
    assert clean(once, multiline=True) == once
    assert unicodedata.is_normalized("NFC", once)
