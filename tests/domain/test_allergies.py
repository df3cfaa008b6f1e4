"""Whether an allergy names what a service uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.allergies import LONGEST, MOST, is_named, read_substances, substances_in
from microcrm.domain.fields import Reader

WORDS = st.text("abcdefghijkl", min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("allergy", "substances"),
    [
        ("Latex gloves", ["latex"]),
        ("PPD (hair dye)", ["ammonia", "ppd"]),
        ("penicillin; nuts", ["nut"]),
        ("LATEX", ["Gloves of latex"]),
        ("Ammonia and peroxide", ["Peroxide 6 %"]),
        ("लेटेक्स", ["लेटेक्स"]),
        ("p-phenylenediamine", ["P Phenylenediamine"]),
        ("nickel/cobalt", ["cobalt"]),
    ],
)
def test_what_names_it(allergy: str, substances: list[str]) -> None:
    assert is_named(allergy, substances)


@pytest.mark.parametrize(
    ("allergy", "substances"),
    [("Latex", ["ammonia", "ppd"]), ("", ["latex"]), ("latex", []), ("relatexed", ["latex"]), ("!!", ["!!"]), ("oil", ["boiled"])],
)  # fmt: skip
def test_what_does_not(allergy: str, substances: list[str]) -> None:
    assert not is_named(allergy, substances)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4), WORDS)
def test_a_substance_is_found_among_other_words_however_it_is_written(
    before: list[str], after: list[str], substance: str
) -> None:
    allergy = " ".join([*before, substance.upper(), *after])
    assert is_named(allergy, ["zzz", f" {substance.title()} "])


def read(raw: object) -> tuple[str, dict[str, str]]:
    reader = Reader()
    return read_substances(reader, raw), reader.errors


def test_what_the_owner_types_is_kept_once_and_in_order() -> None:
    assert read(" PPD,  ammonia ; ppd,, Latex  gloves") == ("PPD, ammonia, Latex gloves", {})
    assert substances_in("PPD, ammonia") == ("PPD", "ammonia")
    assert read("") == ("", {}) and substances_in("") == ()
    assert read(" , ; ,") == ("", {})


@pytest.mark.parametrize(
    "raw", [", ".join(f"s{n}" for n in range(MOST + 1)), "x" * (LONGEST + 1), "x" * 100_000, 5, ["latex"], {"a": 1}]
)
def test_what_cannot_be_kept_is_refused_at_its_field(raw: object) -> None:
    assert set(read(raw)[1]) == {"substances"}


@given(st.text(max_size=400))
def test_what_was_kept_reads_as_it_was_kept(raw: str) -> None:
    kept, errors = read(raw)
    if not errors:
        assert read(kept) == (kept, {})
