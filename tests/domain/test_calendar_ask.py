"""Addresses of the calendar: read, written, and stepped through."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.calendar_ask import STATUS_FILTERS, By, CalendarAsk, View, read_ask

TODAY = date(2026, 11, 25)  # a Wednesday


def ask(**query: Any) -> CalendarAsk:
    return read_ask(query, TODAY)


@pytest.mark.parametrize(
    ("view", "first", "last"),
    [
        ("day", date(2026, 11, 25), date(2026, 11, 25)),
        ("week", date(2026, 11, 23), date(2026, 11, 29)),
        ("month", date(2026, 10, 26), date(2026, 12, 6)),
        ("agenda", date(2026, 11, 25), date(2026, 12, 1)),
    ],
)
def test_each_view_has_its_days(view: str, first: date, last: date) -> None:
    asked = ask(view=view)
    assert (asked.first, asked.last) == (first, last)
    assert len(asked.days) == (last - first).days + 1


@pytest.mark.parametrize(
    ("query", "back", "forth"),
    [
        ({"view": "day"}, date(2026, 11, 24), date(2026, 11, 26)),
        ({"view": "week"}, date(2026, 11, 18), date(2026, 12, 2)),
        ({"view": "month"}, date(2026, 10, 1), date(2026, 12, 1)),
        ({"view": "month", "date": "2027-01-31"}, date(2026, 12, 1), date(2027, 2, 1)),
        ({"view": "agenda"}, date(2026, 11, 18), date(2026, 12, 2)),
    ],
)
def test_the_arrows_go_by_the_view(query: dict[str, str], back: date, forth: date) -> None:
    assert (ask(**query).step(-1), ask(**query).step(1)) == (back, forth)


@pytest.mark.parametrize(
    "query",
    [
        {"view": "year", "by": "mood", "date": "soon", "staff": "x,-1,9999999999999999999", "service": "1.5",
         "status": "gone", "page": "0", "off": "yes"},
        {"view": 7, "by": None, "date": ["a"], "staff": 3, "service": "", "status": {}, "page": "²"},
        {},
    ],
)  # fmt: skip
def test_nonsense_shows_today(query: dict[str, Any]) -> None:
    assert read_ask(query, TODAY) == CalendarAsk(TODAY)


def test_far_away_days_are_today() -> None:
    assert ask(date="2029-01-01").day == TODAY
    assert ask(date="2028-01-01").day == date(2028, 1, 1)


def test_what_is_chosen_is_read() -> None:
    asked = ask(
        view="week", by="staff", date="2026-12-01", staff="3,5,3", service="7", status="here", page="2", off="1"
    )
    assert (asked.view, asked.staff, asked.service, asked.page, asked.shows_off) == (View.WEEK, (3, 5), 7, 2, True)
    assert asked.statuses == STATUS_FILTERS["here"][0] and asked.is_filtered
    assert not ask().is_filtered


@given(
    st.builds(
        CalendarAsk,
        day=st.dates(date(2025, 1, 1), date(2028, 1, 1)),
        view=st.sampled_from(View),
        by=st.sampled_from(By),
        staff=st.lists(st.integers(1, 2**50), max_size=8, unique=True).map(tuple),
        service=st.none() | st.integers(1, 2**50),
        status=st.sampled_from(["", *STATUS_FILTERS]),
        page=st.integers(1, 1000),
        shows_off=st.booleans(),
    )
)
def test_an_address_says_what_it_was_made_from(asked: CalendarAsk) -> None:
    query = dict(parse_qsl(urlsplit(asked.address()).query))
    assert read_ask(query, TODAY) == asked
