"""GSTIN: CGST Rules 2017 r.10(2); check character india.md 4.1."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.gstin import check_character, check_gstin, display_gstin, parse_gstin
from microcrm.domain.states import STATES

GOOD = "29ABCFS1234K1Z3"
LETTER = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
FIRST_FOURTEEN = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(sorted(STATES)),
        st.text(LETTER, min_size=5, max_size=5),
        st.text("0123456789", min_size=4, max_size=4),
        LETTER,
        st.sampled_from("123456789ABCXYZ"),
        st.just("Z"),
    ),
)


def test_shared_vectors(vectors: dict[str, Any]) -> None:
    """A case with ``normalised`` is written badly but good once normalised; URP is for e-invoices only."""
    for case in vectors["gstin"]:
        verdict = check_gstin(case["gstin"])
        assert verdict.is_valid == (case["valid"] or "normalised" in case), case
        assert verdict.value == case.get("normalised", case["gstin"]), case
        assert bool(verdict.reason) == (not verdict.is_valid and case["gstin"] != ""), case


@pytest.mark.parametrize("typed", [GOOD, "29 ABCFS1234K 1Z3", "29-abcfs-1234k-1z3", f"  {GOOD}\n"])
def test_one_number_however_it_is_typed(typed: str) -> None:
    assert parse_gstin(typed) == GOOD


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("29ABCFS1234K1Z", "15 letters and digits"),
        ("29ABCFS1234K1Z33", "15 letters and digits"),
        ("29ABCFS1234K1Ü3", "15 letters and digits"),
        ("URP", "15 letters and digits"),
        ("00ABCFS1234K1Z3", "not a State code"),
        ("39ABCFS1234K1Z3", "not a State code"),
        ("25ABCFS1234K1Z3", "Dadra and Nagar Haveli and Daman and Diu has 26"),
        ("28ABCFS1234K1Z3", "Andhra Pradesh has 37"),
        ("29AB0FS1234K1Z3", "start of the PAN"),
        ("29ABCFSO234K1Z3", "letter O typed for a zero"),
        ("29ABCFS123411Z3", "ends the PAN"),
        ("29ABCFS1234K0Z3", "usually 1Z"),
        ("29ABCFS1234K1K3", "usually 1Z"),
        ("29ABCFS1234K1Z4", "check character"),
        ("29ABCFS1243K1Z3", "changed places"),
    ],
)
def test_what_is_wrong_is_said_in_words(typed: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        parse_gstin(typed)


@pytest.mark.parametrize("raw", [5, [], {"a": 1}, "9" * 100_000, True], ids=lambda raw: repr(raw)[:12])
def test_hostile_values(raw: Any) -> None:
    verdict = check_gstin(raw)
    assert (verdict.value, verdict.is_valid) == ("", False)
    assert verdict.reason


@pytest.mark.parametrize("raw", ["", "  ", "-", None])
def test_nothing_means_not_registered(raw: str | None) -> None:
    verdict = check_gstin(raw)
    assert (verdict.value, verdict.reason, verdict.is_valid) == ("", "", False)
    assert parse_gstin(raw) == ""


def test_parts_and_display() -> None:
    verdict = check_gstin(GOOD)
    assert (verdict.state_code, verdict.pan) == ("29", "ABCFS1234K")
    assert check_gstin(GOOD[:-1] + "4").state_code == ""
    assert display_gstin(GOOD) == "29 ABCFS1234K 1Z3"
    assert parse_gstin(display_gstin(GOOD)) == GOOD
    assert display_gstin("") == ""


def test_the_state_must_be_the_address_s() -> None:
    assert parse_gstin(GOOD, state_code="29") == GOOD
    with pytest.raises(Invalid, match="registered in Karnataka, but the address is in Maharashtra"):
        parse_gstin(GOOD, state_code="27")


@given(FIRST_FOURTEEN)
def test_every_number_with_its_check_character_is_good(first: str) -> None:
    assert check_gstin(first + check_character(first)).is_valid


@given(FIRST_FOURTEEN, st.integers(0, 14), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_changed_character_breaks_it(first: str, place: int, other: str) -> None:
    whole = first + check_character(first)
    changed = whole[:place] + other + whole[place + 1 :]
    assert check_gstin(changed).is_valid == (changed == whole)
