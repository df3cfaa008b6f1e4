"""What came of a list of customers, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from microcrm.operations.customer_imports.looking import ImportLine, ImportView
from microcrm.state.import_view import about_of, past_of


def view(state: str, **counts: int) -> ImportView:
    line = ImportLine(7, state, "list.csv", "Sunanda Rao", datetime(2026, 1, 31, 20, 0, tzinfo=UTC), counts, False)
    return ImportView(line, version=1, kind="csv", fault="", total=1_20_000, done=0, day_order="")


@pytest.mark.parametrize(
    ("state", "counts", "words"),
    [
        ("done", {"added": 1_00_000, "changed": 3}, "1,00,000 customers added, 3 changed"),
        ("done", {"added": 1, "changed": 0}, "1 customer added"),
        ("done", {"added": 0, "changed": 2}, "2 customers changed"),
        ("done", {"added": 0, "changed": 0}, "No customer was changed"),
        ("undone", {"removed": 4, "restored": 0, "kept": 1}, "4 customers removed, 1 kept"),
        ("undone", {}, "No customer was changed"),
        ("rehearsed", {"new": 2, "same": 1, "refused": 0}, "1,20,000 rows: 2 new, 1 with nothing new"),
        ("mapping", {}, "1,20,000 rows"),
    ],
)
def test_only_what_came_of_it_is_said(state: str, counts: dict[str, Any], words: str) -> None:
    assert about_of(view(state, **counts)).words == words


def test_a_past_list_has_its_day_in_the_shop() -> None:
    assert past_of(view("done", added=2).line, "Asia/Kolkata").about == "01 Feb 2026 · Sunanda Rao · 2 customers added"
