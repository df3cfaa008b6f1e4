"""Only what we have signed opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.signed_link import read_signed, signed

KEY = "a key of this installation"
IDS = st.integers(min_value=1, max_value=2**63 - 1)


@given(IDS, IDS)
def test_what_was_signed_is_read(business: int, customer: int) -> None:
    assert read_signed(KEY, signed(KEY, business, customer)) == (business, customer)
    assert read_signed("another key", signed(KEY, business, customer)) is None


@given(IDS, IDS, st.data())
def test_one_changed_character_opens_nothing(business: int, customer: int, data: st.DataObject) -> None:
    token = signed(KEY, business, customer)
    # The last character carries four bits only: another one of its group would be no other signature, and is refused all the same.
    place = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    other = data.draw(st.sampled_from("0123456789abcdefXYZ_-."))
    changed = token[:place] + other + token[place + 1 :]
    assert (read_signed(KEY, changed) is None) == (changed != token)


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        "",
        ".",
        "1.2.",
        "1.2",
        "0.1." + "A" * 22,
        "01.1." + "A" * 22,
        "f" * 17 + ".1." + "A" * 22,
        "१.२." + "A" * 22,
    ],
)
def test_nonsense_opens_nothing(token: object) -> None:
    assert read_signed(KEY, token) is None
