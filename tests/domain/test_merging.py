from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.duplicates import MOST, SUGGESTED_FROM, Known, likeness
from microcrm.domain.merging import FIELDS, MOST_TAGS, Choice, MergeField, chosen, default_of, options_of, taken_apart

TEXT = next(field for field in FIELDS if field.name == "address")
TAGS = next(field for field in FIELDS if field.name == "tags")
WORDS = st.frozensets(st.sampled_from(["asha", "iyer", "rao", "meera", "nair"]), max_size=3)
KNOWN = st.builds(
    Known,
    words=WORDS,
    sounds=WORDS,
    phone=st.sampled_from(["", "+919845012345", "+919845054321"]),
    email=st.sampled_from(["", "asha@glow.example"]),
    birthday=st.sampled_from([None, date(1990, 1, 2), date(1991, 3, 4)]),
    address=st.sampled_from(["", "12 hill road"]),
)


def known(name: str, **facts: Any) -> Known:
    words = frozenset(name.split())
    return Known(words, words, **facts)


def test_what_is_proposed_loses_nothing() -> None:
    assert default_of(TEXT, "12 Hill Road", "") is Choice.KEPT
    assert default_of(TEXT, "", "12 Hill Road") is Choice.GONE
    assert default_of(TEXT, "12 Hill Road", "9 Lake View") is Choice.KEPT
    assert default_of(TAGS, ["VIP"], ["Bridal"]) is Choice.BOTH
    assert options_of(TEXT, "same", "same") == () and options_of(TEXT, "", None) == ()
    assert options_of(TEXT, "a", "b") == (Choice.KEPT, Choice.GONE)


def test_both_is_one_after_the_other() -> None:
    assert chosen(Choice.BOTH, ["VIP", "Bridal"], ["vip", "Regular"]) == ["VIP", "Bridal", "Regular"]
    assert len(chosen(Choice.BOTH, [str(n) for n in range(9)], [str(n) for n in range(20, 29)])) == MOST_TAGS


VALUES = st.sampled_from(["", "a", "b", "c"])


@given(field=st.sampled_from([f for f in FIELDS if not f.has_both]), kept=VALUES, gone=VALUES)
def test_a_choice_that_is_open_can_be_made(field: MergeField, kept: str, gone: str) -> None:
    options = options_of(field, kept, gone)
    default = default_of(field, kept, gone)
    assert default in options or (options == () and default is Choice.KEPT)
    assert chosen(default, kept, gone) or not (kept or gone)
    assert (options == ()) == (kept == gone)


NAMES = st.sampled_from("xyz")


@given(
    before=st.fixed_dictionaries(dict.fromkeys("xyz", VALUES)),
    after=st.tuples(VALUES, VALUES, VALUES),
    edited=st.sets(NAMES),
)
def test_taken_apart_each_field_is_as_before_or_as_it_was_written_since(
    before: dict[str, str], after: tuple[str, str, str], edited: set[str]
) -> None:
    changes = {name: {"before": before[name], "after": value} for name, value in zip("xyz", after, strict=True)}
    now = {name: "written since" if name in edited else one["after"] for name, one in changes.items()}
    end = now | taken_apart(changes, now)
    assert end == {name: "written since" if name in edited else before[name] for name in changes}


def test_pairs_that_are_suggested_and_pairs_that_are_not() -> None:
    phone, email, born = {"phone": "+919845012345"}, {"email": "asha@glow.example"}, {"birthday": date(1990, 1, 2)}
    asha = known("asha iyer", **phone)
    for one, other in (
        (asha, known("asha iyer", **phone)),
        (asha, Known(frozenset({"aasha", "iyer"}), frozenset({"asha", "iyer"}), **phone)),
        (known("asha iyer", **email), known("asha iyer", **email)),
        (known("asha iyer", **born), known("asha iyer", **born)),
        (asha, known("asha iyer")),
        (known("asha iyer", address="12 hill road"), known("asha iyer", address="12 hill road")),
    ):
        assert likeness(one, other).score >= SUGGESTED_FROM, (one, other)
    for one, other in (
        (asha, known("ravi iyer", **phone)),  # a family on one phone
        (asha, known("meera nair", **phone)),
        (known("asha iyer", **email), known("ravi rao", **email)),
        (known("asha iyer", **born, **phone), known("asha iyer", birthday=date(1961, 5, 6), **phone)),
        (known("asha", **phone), known("asha")),  # half the town is called that
        (asha, known("asha iyer", phone="+919845054321")),
        (known(""), known("")),
    ):
        assert likeness(one, other).score < SUGGESTED_FROM, (one, other)


@given(one=KNOWN, other=KNOWN)
def test_a_score_is_the_same_from_both_sides_and_has_its_reasons(one: Known, other: Known) -> None:
    found = likeness(one, other)
    assert found == likeness(other, one)
    assert 0 <= found.score <= MOST
    assert found.score == 0 or found.reasons


@given(one=KNOWN, other=KNOWN)
def test_what_agrees_never_lowers_a_score(one: Known, other: Known) -> None:
    base = likeness(replace(one, address=""), replace(other, address="")).score
    assert likeness(replace(one, address="12 hill road"), replace(other, address="12 hill road")).score >= base
    assert likeness(replace(one, email=""), replace(other, email="")).score <= MOST
