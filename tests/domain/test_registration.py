"""Kinds of registration by day."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.documents import Registration
from microcrm.domain.registration import Registrations, registrations

KINDS, DAYS = st.sampled_from(Registration), st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(KINDS, st.lists(st.tuples(KINDS, DAYS), max_size=6))
def test_the_last_word_holds_from_its_day_and_nothing_before_it_changes(
    first: Registration, changes: list[tuple[Registration, date]]
) -> None:
    history = Registrations(first)
    for kind, since in changes:
        before, history = history, history.changed(kind, since)
        assert history.on(since) is kind and history.last is kind
        assert all(
            history.on(day) is before.on(day)
            for day in (date(2019, 1, 1), *(c[0] for c in before.changes))
            if day < since
        )
        assert [day for day, _ in history.changes] == sorted({day for day, _ in history.changes})
    assert registrations(history.first.value, history.plain()) == history


def test_the_same_again_changes_nothing() -> None:
    history = Registrations(Registration.NONE).changed(Registration.REGULAR, date(2026, 4, 1))
    assert history.changed(Registration.REGULAR, date(2026, 11, 25)) == history
    assert history.changed(Registration.REGULAR, date(2026, 3, 1)).changes == (
        (date(2026, 3, 1), Registration.REGULAR),
    )
