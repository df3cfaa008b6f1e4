"""What may be done for a customer today, by what they said and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.consent import (
    PURPOSES,
    ConsentPurpose,
    Decision,
    Entry,
    Light,
    is_child,
    light,
    notice_text,
    permits,
    standing,
)

TODAY = date(2026, 7, 1)
PHOTOS, MESSAGES, SMS = ConsentPurpose.PHOTOS, ConsentPurpose.VISIT_MESSAGES, ConsentPurpose.SMS_OFFERS
GIVEN, REFUSED, WITHDRAWN, VOID = Decision.GIVEN, Decision.REFUSED, Decision.WITHDRAWN, Decision.VOID


def entry(
    number: int, decision: Decision, days_ago: int = 0, *, until: int | None = None, voids: int | None = None
) -> Entry:
    last = None if until is None else TODAY + timedelta(days=until)
    return Entry(number, PHOTOS, decision, TODAY - timedelta(days=days_ago), last, voids)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], Light.MISSING),
        ([entry(1, GIVEN)], Light.GIVEN),
        ([entry(1, GIVEN, until=0)], Light.GIVEN),  # its last day
        ([entry(1, GIVEN, 9, until=-1)], Light.EXPIRED),
        ([entry(1, GIVEN), entry(2, WITHDRAWN)], Light.WITHDRAWN),
        ([entry(1, WITHDRAWN, 1), entry(2, GIVEN)], Light.GIVEN),
        ([entry(1, WITHDRAWN, 1), entry(2, GIVEN, 5)], Light.WITHDRAWN),  # an old paper is found after the withdrawal
        ([entry(1, REFUSED)], Light.REFUSED),
        ([entry(1, GIVEN), entry(2, VOID, voids=1)], Light.MISSING),
        ([entry(1, GIVEN, 3), entry(2, WITHDRAWN), entry(3, VOID, voids=2)], Light.GIVEN),
    ],
)  # fmt: skip
def test_what_counts(entries: list[Entry], expected: Light) -> None:
    for order in (entries, entries[::-1]):
        stands = standing(order).get(PHOTOS)
        assert light(PHOTOS, stands, TODAY) is expected
        assert permits(PHOTOS, stands, TODAY, None) is (expected is Light.GIVEN)


def test_messages_about_own_visits_need_no_consent_and_end_with_an_objection() -> None:
    """DPDP Act s.7(a)."""
    assert (light(MESSAGES, None, TODAY), permits(MESSAGES, None, TODAY, None)) == (Light.ALLOWED, True)
    objection = Entry(1, MESSAGES, WITHDRAWN, TODAY)
    assert not permits(MESSAGES, objection, TODAY, None)


def test_no_advertising_to_children_whoever_agreed() -> None:
    """DPDP Act s.9(3)."""
    yes, birthday = Entry(1, SMS, GIVEN, TODAY), date(2008, 7, 2)
    assert not permits(SMS, yes, TODAY, birthday)
    assert permits(SMS, yes, TODAY + timedelta(days=1), birthday)
    assert not permits(SMS, replace(yes, is_for_child=True), TODAY, birthday)


def test_a_childs_yes_is_a_parents_or_guardians_to_give() -> None:
    """DPDP Act s.9(1). A no needs nobody, and neither does what needs no consent."""
    birthday, alone = date(2008, 7, 2), entry(1, GIVEN)
    led = replace(alone, is_for_child=True)
    assert (light(PHOTOS, alone, TODAY, birthday), permits(PHOTOS, alone, TODAY, birthday)) == (Light.ALONE, False)
    assert (light(PHOTOS, led, TODAY, birthday), permits(PHOTOS, led, TODAY, birthday)) == (Light.GIVEN, True)
    assert permits(PHOTOS, alone, TODAY + timedelta(days=1), birthday), "who is of age has said so"
    assert light(PHOTOS, entry(1, WITHDRAWN), TODAY, birthday) is Light.WITHDRAWN
    assert light(PHOTOS, replace(led, until=TODAY - timedelta(days=1)), TODAY, birthday) is Light.EXPIRED
    assert permits(MESSAGES, None, TODAY, birthday) and permits(
        MESSAGES, Entry(1, MESSAGES, GIVEN, TODAY), TODAY, birthday
    )


@given(birthday=st.dates(date(1950, 1, 1), date(2026, 1, 1)))
def test_the_eighteenth_birthday_ends_childhood(birthday: date) -> None:
    try:
        grown = birthday.replace(year=birthday.year + 18)
    except ValueError:  # 29 February
        grown = date(birthday.year + 18, 3, 1)
    assert not is_child(birthday, grown)
    assert is_child(birthday, grown - timedelta(days=1))


_decisions = st.sampled_from([GIVEN, REFUSED, WITHDRAWN])


@given(said=st.lists(st.tuples(_decisions, st.integers(0, 9)), min_size=1, max_size=8), extra=_decisions)
def test_what_was_taken_back_never_was(said: list[tuple[Decision, int]], extra: Decision) -> None:
    entries = [entry(number, decision, days) for number, (decision, days) in enumerate(said, 1)]
    mistake = [entry(100, extra), entry(101, VOID, voids=100)]
    assert standing(entries + mistake) == standing(entries)


@given(said=st.lists(st.tuples(_decisions, st.integers(0, 9)), max_size=8))
def test_a_withdrawal_of_today_always_ends_it(said: list[tuple[Decision, int]]) -> None:
    entries = [entry(number, decision, days) for number, (decision, days) in enumerate(said, 1)]
    assert not permits(PHOTOS, standing([*entries, entry(100, WITHDRAWN)]).get(PHOTOS), TODAY, None)


def test_each_purpose_says_what_for_and_names_the_shop() -> None:
    for rule in PURPOSES.values():
        words = notice_text(rule, "Lotus {x}")
        assert words.startswith("Lotus {x}") and "{shop}" not in words
        assert "take a yes back" in words or not rule.is_asked
