"""What two customers are to each other, seen from either side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.family import TIE_WORDS, Side, Tie, duty_words, other_side, other_way


@given(tie=st.sampled_from(Tie), side=st.sampled_from(Side))
def test_twice_the_other_way_is_the_same_again(tie: Tie, side: Side) -> None:
    assert other_way(other_way(tie)) is tie and other_side(other_side(side)) is side
    assert TIE_WORDS[tie]


@pytest.mark.parametrize(
    ("tie", "other"), [(Tie.PARENT, Tie.CHILD), (Tie.WARD, Tie.GUARDIAN), (Tie.SPOUSE, Tie.SPOUSE)]
)
def test_a_child_s_parent_has_a_child(tie: Tie, other: Tie) -> None:
    assert other_way(tie) is other


@pytest.mark.parametrize(
    ("pays", "told", "words"),
    [
        (Side.NOBODY, Side.NOBODY, ""),
        (Side.RELATIVE, Side.NOBODY, "pays for this customer"),
        (Side.RELATIVE, Side.RELATIVE, "pays and is told for this customer"),
        (Side.NOBODY, Side.CUSTOMER, "this customer is told for them"),
        (Side.RELATIVE, Side.CUSTOMER, "pays for this customer, this customer is told for them"),
    ],
)
def test_duties_in_words(pays: Side, told: Side, words: str) -> None:
    assert duty_words(pays, told) == words
