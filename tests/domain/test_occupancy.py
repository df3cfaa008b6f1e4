from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.occupancy import Gap, Span, occupied_spans, timing_errors, whole_span

START = datetime(2026, 12, 5, 4, 30, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@st.composite
def timings(draw: st.DrawFn) -> tuple[int, int, int, Gap | None]:
    duration = draw(st.integers(5, 720))
    before, after = draw(st.integers(0, 240)), draw(st.integers(0, 240))
    first = draw(st.integers(1, duration - 2))
    gap = Gap(first, draw(st.integers(1, duration - 1 - first)))
    return duration, before, after, draw(st.sampled_from([None, gap]))


def test_a_plain_visit() -> None:
    assert occupied_spans(START, 45) == (Span(START, at(45)),)


def test_buffers_are_taken_too() -> None:
    assert occupied_spans(START, 45, 10, 5) == (Span(at(-10), at(50)),)


def test_a_processing_gap_frees_the_person_but_not_the_chair() -> None:
    assert occupied_spans(START, 90, 10, 5, Gap(30, 30)) == (Span(at(-10), at(30)), Span(at(60), at(95)))
    assert whole_span(START, 90, 10, 5) == Span(at(-10), at(95))


@given(timings())
def test_spans_lie_apart_inside_the_whole(timing: tuple[int, int, int, Gap | None]) -> None:
    duration, before, after, gap = timing
    spans = occupied_spans(START, duration, before, after, gap)
    whole = whole_span(START, duration, before, after)
    assert spans[0].start == whole.start
    assert spans[-1].end == whole.end
    assert all(span.start < span.end for span in spans)
    assert len(spans) == (2 if gap else 1)
    assert len(spans) == 1 or spans[0].end < spans[1].start
    busy = sum((span.end - span.start for span in spans), timedelta())
    assert busy == timedelta(minutes=before + duration + after - (gap.minutes if gap else 0))


@pytest.mark.parametrize(
    ("timing", "field"),
    [
        ((4, 0, 0, None), "duration"),
        ((721, 0, 0, None), "duration"),
        ((60, -1, 0, None), "buffer_before"),
        ((60, 241, 0, None), "buffer_before"),
        ((60, 0, 241, None), "buffer_after"),
        ((60, 0, 0, Gap(0, 20)), "gap"),
        ((60, 0, 0, Gap(30, 30)), "gap"),
        ((60, 0, 0, Gap(30, 0)), "gap"),
        ((60, 0, 0, Gap(30, -5)), "gap"),
    ],
)
def test_impossible_minutes(timing: tuple[int, int, int, Gap | None], field: str) -> None:
    assert set(timing_errors(*timing)) == {field}
    with pytest.raises(ValueError, match=r"\."):
        occupied_spans(START, *timing)


@pytest.mark.parametrize("timing", [(5, 0, 0, None), (720, 240, 240, None), (60, 0, 0, Gap(1, 58))])
def test_possible_minutes(timing: tuple[int, int, int, Gap | None]) -> None:
    assert timing_errors(*timing) == {}


@pytest.mark.parametrize("zone", [None, ZoneInfo("Asia/Kolkata")])
def test_only_utc_can_be_added_to(zone: ZoneInfo | None) -> None:
    with pytest.raises(ValueError, match="UTC"):
        occupied_spans(START.replace(tzinfo=zone), 45)
