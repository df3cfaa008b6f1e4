"""What fits a registered text, and how a difference is told."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.dlt import (
    MOST_TAGS,
    RULES,
    TAGS_TYPED_FROM,
    Tag,
    check_registered,
    difference,
    is_template_id,
    parts_of,
    registered_problems,
    rule_of,
)
from microcrm.domain.errors import MessageUnfit

DAY = date(2026, 11, 30)
VISIT = "{#alphanumeric#}: see you {#alphanumeric#}. Change: {#url#}"


def test_a_text_that_fits_passes() -> None:
    text = "Lotus Salon: see you Sat 5 Dec, 4:15 pm. Change: https://x.example/m/ab-cd_1?x=2"
    assert difference(text, VISIT, DAY) == ""
    check_registered(text, VISIT, DAY)
    assert difference("Hello", "Hello", DAY) == ""
    assert difference("लोटस: शनिवार 5 दिसंबर, शाम 4:15", "लोटस: {#alphanumeric#}", DAY) == ""


@pytest.mark.parametrize(
    ("text", "registered", "said"),
    [
        ("Lotus: See you", "Lotus: see you", "It has to begin with “Lotus: see you”."),
        ("Lotus: see  you 5", "Lotus: see you {#numeric#}", "It has to begin with “Lotus: see you ”."),
        ("Pay 5 now", "Pay {#numeric#} today", "“ today” is expected after “Pay ”."),
        ("Pay 5 now please", "Pay {#numeric#} now", "It has to end after “Pay 5 now”."),
        ("Pay now", "Pay {#numeric#} now", "“ now” is expected after “Pay ”."),
        ("Pay 1,500.00 now", "Pay {#numeric#} now", "only digits only may stand, but it holds “1,500.00”"),
        ("Call 98450", "Call {#email#}", "an e-mail address"),
        ("See a b", "See {#url#}", "a web address"),
        ("Hi www.x.example", "Hi {#alphanumeric#}", "no link"),
        ("Hi 9845012345", "Hi {#alphanumeric#}", "no phone number"),
        ("Hi " + "a" * 31, "Hi {#var#}", "has 31 characters; {#var#} takes at most 30"),
        ("Hi " + "a" * 41, "Hi {#alphanumeric#}", "takes at most 40"),
        ("", "Hi {#var#}", "It has to begin with “Hi ”."),
    ],
)
def test_a_difference_is_told_with_its_place(text: str, registered: str, said: str) -> None:
    assert said in difference(text, registered, DAY)
    with pytest.raises(MessageUnfit, match="registered on DLT"):
        check_registered(text, registered, DAY)


def test_two_tags_side_by_side_share_a_long_value() -> None:
    assert difference("Hi " + "a" * 60, "Hi {#var#}{#var#}", DAY) == ""
    assert difference("Hi " + "a" * 61, "Hi {#var#}{#var#}", DAY) != ""


@pytest.mark.parametrize(("registered", "said"), [
    ("Hi {#name#}", "not a DLT tag"), ("Hi {#var", "not complete"), ("Hi #}", "not complete"), ("Hi {#va r#}", "not complete"),
    ("{#var#}" * (MOST_TAGS + 1), "At most"), ("a" * 1_601, "At most"), ("Hi {#var#}", "typed tags"),
])  # fmt: skip
def test_a_registered_text_is_checked_when_it_is_pasted(registered: str, said: str) -> None:
    [problem] = registered_problems(registered, DAY)
    assert said in problem


def test_old_tags_stand_in_old_texts_and_portals_spell_tags_differently() -> None:
    assert registered_problems("Hi {#var#}", date(2025, 12, 1)) == []
    assert registered_problems("Hi {# Numeric #} {#number#}", DAY) == []
    assert [part.tag for part in parts_of("{#NUMBER#}a")] == [Tag.NUMERIC, None]


def test_template_ids_are_digits() -> None:
    assert is_template_id("1107161234567890123")
    assert not any(
        is_template_id(raw) for raw in ("", "12345", "11071612345678901x3", "1107161234567890123\n", "१" * 19)
    )


def test_every_rule_is_dated_and_says_where_it_is_from() -> None:
    assert {row.tag for row in RULES} == set(Tag)
    assert all(row.citation and row.most > 0 for row in RULES)
    assert rule_of(Tag.NUMERIC, date(2020, 1, 1)).valid_from == TAGS_TYPED_FROM


WORDS = st.text(alphabet="ab c", min_size=1, max_size=12)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["{#var#}", "{#alphanumeric#}"]), WORDS), min_size=1, max_size=5))
def test_what_is_filled_into_a_registered_text_fits_it(parts: list[tuple[str, str, str]]) -> None:
    registered = "".join(fixed + tag for fixed, tag, _ in parts) + "."
    text = "".join(fixed + value for fixed, _, value in parts) + "."
    assert difference(text, registered, DAY) == ""
    assert difference(text + "!", registered, DAY) != ""
    assert difference("!" + text, registered, DAY) != ""


def test_a_hostile_text_ends_soon() -> None:
    assert difference("a" * 1_600 + "!", "{#var#}" * MOST_TAGS + "b", DAY) != ""
    assert difference("a." * 800, "{#alphanumeric#}" * MOST_TAGS, DAY) != ""
