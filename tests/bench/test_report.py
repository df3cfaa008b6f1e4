"""What the benchmarks say, and the load that they rest on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bench import dataset
from bench.dataset import MEDIUM, Size
from bench.load import quantiles
from bench.main import BENCHMARKS, run
from bench.report import Report
from microcrm.processes import Failed

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_a_report_has_the_six_fields_and_knows_what_it_missed() -> None:
    report = Report("x", {"p99_ms": 21, "per_s": 900}, goal={"p99_ms": "<= 20", "per_s": ">= 900"})
    assert set(json.loads(report.as_json())) == {"name", "figures", "goal", "peer", "limit", "ok"}
    assert report.missed == ["p99_ms"]
    assert not report.ok
    assert "MISSED p99_ms" in report.as_text()


def test_a_figure_that_was_not_measured_is_no_success() -> None:
    assert Report("x", {"p99_ms": None}, goal={"p99_ms": "<= 20"}).missed == ["p99_ms"]
    assert Report("x", {"p99_ms": 20.0}, goal={"p99_ms": "<= 20"}).ok


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Failed, match="events"):
        run(["evnts"])
    names = {
        "book-race",
        "cal-week",
        "customer-page",
        "events",
        "gstr1-100k",
        "hooks",
        "import-100k",
        "invoice",
        "lighthouse",
        "public-page",
        "remind-100k",
        "remind-faults",
        "replies",
        "seal",
        "signin",
        "slots-month",
        "start",
        "typeahead",
        "weight",
    }
    assert names == set(BENCHMARKS)


def test_quantiles_of_a_hundred_values() -> None:
    seen = quantiles([float(n) for n in range(1, 101)])
    assert (seen["count"], seen["p50"], seen["p99"], seen["max"]) == (100, 51.0, 100.0, 100.0)


def test_the_medium_data_set_has_a_million_customers_most_of_them_in_large_shops() -> None:
    sizes = [MEDIUM.customers_of(place) for place in range(1, MEDIUM.businesses + 1)]
    assert 0.95e6 < sum(sizes) < 1.05e6
    assert sizes[0] > 100_000
    assert sorted(sizes)[500] < 500


def test_the_same_size_gives_the_same_customers_with_phones_of_their_own() -> None:
    size = Size("tiny", businesses=3, largest=30)
    first, again = (list(dataset._customers(size, NOW)) for _ in range(2))
    assert first == again
    assert len({(row[1], row[4]) for row in first}) == len(first) == sum(size.customers_of(n) for n in (1, 2, 3))
