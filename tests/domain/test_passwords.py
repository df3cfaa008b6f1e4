"""Passwords: NIST SP 800-63B 3.1.1 (length, a list of known ones, no rules about kinds of characters)."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.passwords import common_passwords, normalise_password, parse_password

ASHA = {"email": "asha.rao@glowsalon.in", "name": "Asha Rao", "business": "Glow Beauty Studio"}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "kaapi-1-tumbler",
        "सुबह की चाय और बिस्कुट",
        " leading and trailing ",
        "zxqwvbnm",  # eight letters, on no list
        "🌶🍋🥭🥥🌾🌻🪔🛺",
        "x7" * 100 + "yz",
    ],
)
def test_good_passwords_are_kept_as_typed(password: str) -> None:
    assert parse_password(password, **ASHA) == normalise_password(password)


@pytest.mark.parametrize(
    ("password", "what_to_do"),
    [
        ("zxqwvbn", "at least 8 characters"),
        ("password", "tried first"),
        ("PASSWORD", "tried first"),
        ("password123!", "tried first"),
        ("qwertyuiop", "tried first"),
        ("iloveyou2026", "tried first"),
        ("aaaaaaaaaaaa", "easy to guess"),
        ("abababababab", "easy to guess"),
        ("hijklmnopq", "easy to guess"),
        ("ponmlkjihg", "easy to guess"),
        ("my-asha-2026", "Leave your name"),
        ("ASHA!loves!tea", "Leave your name"),
        ("glowsalon in blr", "Leave your name"),
        ("studio seventeen", "Leave your name"),
        ("we use microcrm", "Leave your name"),
        ("null\x00byte here", "no keyboard types"),
        ("tab\there and there", "no keyboard types"),
        ("\ud800 surrogate", "no keyboard types"),
    ],
)
def test_bad_passwords_say_what_to_do(password: str, what_to_do: str) -> None:
    with pytest.raises(Invalid, match=what_to_do):
        parse_password(password, **ASHA)


def test_the_same_words_are_fine_for_somebody_else() -> None:
    assert parse_password("studio seventeen", email="ravi@example.com", name="Ravi", business="Fit Barn")
    assert parse_password("ASHA!loves!tea")


def test_both_ends_of_the_length() -> None:
    longest = ("mango tree " * 30)[:256]
    assert parse_password("mangotre") == "mangotre"
    assert parse_password(longest) == longest
    with pytest.raises(Invalid, match="at most 256"):
        parse_password(longest + "x")


def test_a_huge_password_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(Invalid, match="at most 256"):
        parse_password("ﷺ" * 1_000_000)
    assert time.perf_counter() - began < 0.25


@pytest.mark.parametrize("raw", [None, "", 12345678, ["a" * 9], {"a": 1}, True], ids=repr)
def test_only_text_is_a_password(raw: Any) -> None:
    with pytest.raises(Invalid):
        parse_password(raw)


def test_one_spelling_of_a_letter() -> None:
    assert parse_password("cafe\u0301 in the lane") == parse_password("café in the lane")


def test_the_bundled_list() -> None:
    assert 5_000 < len(common_passwords()) < 20_000
    assert {"password", "12345678", "sunshine", "football"} <= common_passwords()
    folder = files("microcrm.domain").joinpath("data")
    assert "Redistribution" in folder.joinpath("common_passwords.LICENSE.txt").read_text(encoding="utf-8")


@given(st.sampled_from(sorted(common_passwords() - {""})), st.sampled_from(["", "1", "!", "2026", "@123"]))
def test_no_listed_password_passes_with_a_tail(word: str, tail: str) -> None:
    with pytest.raises(Invalid):
        parse_password(word.upper() + (tail if word[-1].isalpha() else ""))
