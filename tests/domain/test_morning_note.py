"""The lines that an owner reads at seven."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.morning_note import MOST_NAMES, Due, Line, Morning, lines_of

QUIET = Morning(date(2026, 12, 10), date(2026, 12, 11), 0, 0, 0, 0, "", 0, 0, 0, 0, 0, (), 0)
FULL = replace(
    QUIET, taken=1_234_000, owed=450_000, debtors=3, visits=8, first_at="10:00 am", expected=620_000, gaps=3, gap_minutes=270,
    visits_tomorrow=9, unconfirmed=5, due=(Due(7, "Asha Rao", "5 weeks"),), due_count=1,
)  # fmt: skip


def test_a_quiet_day_says_so_and_nothing_else() -> None:
    assert lines_of(QUIET) == [
        Line("No money came in yesterday", "/invoices"),
        Line("No visits today yet", "/calendar?date=2026-12-10"),
    ]


def test_a_full_day_says_what_wants_doing_and_where() -> None:
    assert lines_of(FULL) == [
        Line("₹12,340 came in yesterday", "/invoices"),
        Line("3 customers owe ₹4,500", "/dues"),
        Line("8 visits today, the first at 10:00 am; ₹6,200 expected", "/today"),
        Line("3 gaps today, 4 h 30 min in all", "/calendar?date=2026-12-10"),
        Line("5 of 9 visits tomorrow not confirmed yet", "/calendar?date=2026-12-11"),
        Line("Asha Rao is due: comes every 5 weeks", "/customer?id=7"),
    ]


def test_one_is_said_as_one() -> None:
    said = [
        line.words
        for line in lines_of(replace(FULL, debtors=1, visits=1, gaps=1, visits_tomorrow=1, unconfirmed=1, due_count=2))
    ]
    assert said[1:5] == [
        "1 customer owes ₹4,500", "1 visit today, the first at 10:00 am; ₹6,200 expected", "1 gap today, 4 h 30 min in all",
        "1 of 1 visit tomorrow not confirmed yet",
    ]  # fmt: skip
    assert said[-1] == "1 more is due"


def test_money_that_went_back_is_said_too() -> None:
    assert lines_of(replace(QUIET, taken=-50_000))[0].words == "₹500 more went out than came in yesterday"


@given(st.integers(0, 40))
def test_few_are_named_and_the_rest_are_counted(count: int) -> None:
    due = tuple(Due(n + 1, f"Customer {n}", "5 weeks") for n in range(min(count, MOST_NAMES)))
    lines = lines_of(replace(QUIET, due=due, due_count=count))[2:]
    assert len(lines) == min(count, MOST_NAMES + 1)
    assert all(urlsplit(line.path).path.startswith("/customer") for line in lines)
