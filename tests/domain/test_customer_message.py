"""Who gets a message through the shop's own WhatsApp, who does not and why, and what each reads."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.customer_message import (
    NAME,
    Candidate,
    LeftOut,
    called,
    chat_number,
    filled_in,
    link_parts,
    reach_of,
)

PHONES = ("+919845012345", "+919845012346", "+918026601234", "", "+971501234567")
ASHA = Candidate(1, "Asha Rao", PHONES[0])
CANDIDATES = st.lists(
    st.builds(
        Candidate, id=st.integers(1, 10_000), name=st.text(min_size=1, max_size=20), phone=st.sampled_from(PHONES),
        is_sharing=st.booleans(), is_archived=st.booleans(), may_send=st.booleans(),
    ),
    max_size=12, unique_by=lambda one: one.id,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"is_archived": True}, LeftOut.ARCHIVED),
        ({"is_archived": True, "phone": "", "may_send": False}, LeftOut.ARCHIVED),
        ({"phone": ""}, LeftOut.NO_MOBILE),
        ({"phone": PHONES[2]}, LeftOut.NO_MOBILE),
        ({"may_send": False}, LeftOut.NO_CONSENT),
    ],
)
def test_who_is_left_out(changes: dict[str, object], why: LeftOut) -> None:
    reach = reach_of([replace(ASHA, **changes)])  # type: ignore[arg-type]
    assert (reach.reached, reach.left) == ((), {why: 1})


def test_a_family_on_one_phone_is_written_to_once_as_whose_phone_it_is() -> None:
    child = Candidate(2, "Anu Rao", ASHA.phone, is_sharing=True)
    reach = reach_of([child, ASHA])
    assert (reach.reached, reach.left) == ((ASHA,), {LeftOut.SAME_PHONE: 1})
    no = replace(ASHA, may_send=False)
    assert reach_of([child, no]).reached == (child,), "who agreed is written to, by their own name"


@given(CANDIDATES)
def test_each_is_reached_or_left_out_and_no_phone_is_written_to_twice(candidates: list[Candidate]) -> None:
    reach = reach_of(candidates)
    assert len(reach.reached) + sum(reach.left.values()) == len(candidates)
    assert [one for one in candidates if one in reach.reached] == list(reach.reached)
    phones = [one.phone for one in reach.reached]
    assert len(phones) == len(set(phones))
    assert all(one.may_send and not one.is_archived and one.phone not in ("", PHONES[2]) for one in reach.reached)
    able = {one.phone for one in candidates if one.may_send and not one.is_archived} - {"", PHONES[2]}
    assert set(phones) == able


@given(st.text(max_size=60), st.integers(0, 3), st.text(alphabet="abcअ &?#%{}\n", max_size=20))
def test_a_link_says_what_the_preview_says(before: str, times: int, name: str) -> None:
    text = before + NAME * times
    link = link_parts(text)
    assert unquote(NAME.join(link)) == text
    assert not set("".join(link)) & set(" &?#{}\n+")
    assert len(link) - 1 == text.count(NAME)
    assert unquote("".join(link)) == filled_in(text, "\u200b").replace("\u200b", "")
    assert called(name) in filled_in(NAME, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [("Asha Rao", "Hi Asha!"), ("Dr Asha Rao", "Hi Asha!"), ("ರಮ್ಯಾ ಗೌಡ", "Hi ರಮ್ಯಾ!"), ("{name}", "Hi {name}!")],
)
def test_the_first_name_is_filled_in_once(name: str, said: str) -> None:
    assert filled_in("Hi {name}!", name) == said


def test_a_number_for_a_chat_is_digits() -> None:
    assert chat_number("+919845012345") == "919845012345"
