"""Short forms of names: a title is not a name, and a letter keeps its vowel sign."""

from __future__ import annotations

import pytest

from microcrm.domain.names import given_name, initials, short_name


@pytest.mark.parametrize(
    ("name", "letters", "short", "given"),
    [
        ("Lakshmi Venkatesh", "LV", "Lakshmi", "Lakshmi"),
        ("Dr Anjali Deshmukh", "AD", "Dr Anjali", "Anjali"),
        ("Dr. Anjali Deshmukh", "AD", "Dr. Anjali", "Anjali"),
        ("Prof Dr Rao", "R", "Prof Dr Rao", "Rao"),
        ("Meera", "M", "Meera", "Meera"),
        ("Dr", "D", "Dr", "Dr"),
        ("Driti Mrinal", "DM", "Driti", "Driti"),
        ("सुमा राव", "सु", "सुमा", "सुमा"),
        ("  ", "?", "", ""),
        ("· –", "?", "", ""),
    ],
)
def test_short_forms(name: str, letters: str, short: str, given: str) -> None:
    assert (initials(name), short_name(name), given_name(name)) == (letters, short, given)
