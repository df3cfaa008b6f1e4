"""The name that is typed before a customer's key is destroyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.erasure import is_same_name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("asha rao", "Asha Rao"),
        (" Asha  Rao ", "Asha Rao"),
        ("Jose D'Souza", "José D’Souza"),
        ("रवि", "रवि"),
        ("!!", "!!"),
    ],
)
def test_the_same_name(typed: str, name: str) -> None:
    assert is_same_name(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"), [("Asha", "Asha Rao"), ("", "Asha"), ("", ""), ("!!", "??"), ("Rao Asha", "Asha Rao")]
)
def test_another_name(typed: str, name: str) -> None:
    assert not is_same_name(typed, name)


@given(st.text(min_size=1, max_size=60).filter(lambda one: one.strip() != ""))
def test_every_name_can_be_typed(name: str) -> None:
    assert is_same_name(name, name)
