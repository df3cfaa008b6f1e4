"""A form that a service asks for: missing, expired or good, and until when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.needed_forms import NeededForm, Standing, months_after, still_to_fill, why_not_started

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("months", "filled_on", "standing", "words"),
    [
        (None, None, Standing.MISSING, "Consent: not signed yet"),
        (12, None, Standing.MISSING, "Consent: not signed yet"),
        (None, date(2001, 1, 1), Standing.GOOD, "Consent: signed on 01 Jan 2001"),
        (12, date(2025, 12, 1), Standing.GOOD, "Consent: signed on 01 Dec 2025, good until 01 Dec 2026"),
        (12, date(2025, 11, 30), Standing.EXPIRED, "Consent: signed on 30 Nov 2025, expired on 30 Nov 2026"),
        (1, DAY, Standing.GOOD, "Consent: signed on 30 Nov 2026, good until 30 Dec 2026"),
    ],
)
def test_how_a_form_stands(months: int | None, filled_on: date | None, standing: Standing, words: str) -> None:
    form = NeededForm(1, "Consent", months, True, filled_on)
    assert (form.standing(DAY), form.in_words(DAY)) == (standing, words)
    assert bool(why_not_started([form], DAY)) == (standing is not Standing.GOOD)


def test_all_that_is_missing_is_named_in_one_sentence() -> None:
    needed = [
        NeededForm(1, "Consent", None, True),
        NeededForm(2, "Questions", None, False),
        NeededForm(3, "Test", None, False, DAY),
    ]
    assert why_not_started(needed, DAY) == "Before it starts: Consent: not signed yet; Questions: not filled in yet."


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)), (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)  # fmt: skip
def test_months_end_where_calendars_end_them(day: date, months: int, after: date) -> None:
    assert months_after(day, months) == after


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 120), st.integers(-400, 4000))
def test_a_form_is_good_from_its_day_until_it_expires_and_never_again(filled: date, months: int, later: int) -> None:
    form = NeededForm(1, "Consent", months, True, filled)
    until, day = form.good_until, filled + timedelta(days=later)
    assert until is not None and filled < until <= filled + timedelta(days=31 * months)
    assert (form.standing(day) is Standing.GOOD) == (day < until)


def test_a_visit_to_come_says_what_will_have_run_out_by_then() -> None:
    consent = NeededForm(1, "Consent", 1, True, DAY)
    other = NeededForm(2, "Questions", None, False)
    last, after = date(2026, 12, 29), date(2026, 12, 30)
    assert still_to_fill([consent], [last], DAY) == ""
    assert still_to_fill([consent], [after], DAY) == "Consent: signed on 30 Nov 2026, runs out on 30 Dec 2026."
    assert still_to_fill([consent], [after], after) == "Consent: signed on 30 Nov 2026, expired on 30 Dec 2026."
    both = still_to_fill([consent, other], [after, last], DAY)
    assert both == "Consent: signed on 30 Nov 2026, runs out on 30 Dec 2026; Questions: not filled in yet."
    assert still_to_fill([consent, other], [], DAY) == "" == still_to_fill([], [after], DAY)


@given(st.lists(st.dates(date(2026, 1, 1), date(2028, 1, 1)), min_size=1), st.integers(1, 24))
def test_of_several_days_the_latest_decides_whether_anything_is_said(days: list[date], months: int) -> None:
    form = NeededForm(1, "Consent", months, True, date(2026, 6, 1))
    said = still_to_fill([form], days, date(2026, 1, 1))
    assert bool(said) == (form.standing(max(days)) is not Standing.GOOD)
