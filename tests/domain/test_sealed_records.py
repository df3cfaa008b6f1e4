"""Kinds of sealed records and what may be written into them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.sealed_records import (
    KINDS,
    RecordKind,
    parse_measure,
    read_values,
    reading_rule_of,
    rule_of,
    shown,
)
from microcrm.domain.trades import Trade

RULES = [(trade, rule) for trade, rules in KINDS.items() for rule in rules]


@pytest.mark.parametrize(("trade", "rule"), RULES, ids=lambda one: getattr(one, "kind", one))
def test_each_kind_is_whole(trade: Trade, rule: Any) -> None:
    names = [field.name for field in rule.fields]
    assert len(set(names)) == len(names) and "day" not in names, "the day has a field of its own"
    assert Role.OWNER in rule.readers and rule.writers <= rule.readers
    for role in rule.readers:
        assert Permission.RECORDS_OPEN in permissions_of(role)
    for field in rule.fields:
        assert bool(field.options) == (field.shape == "choice")
        assert (field.high > field.low) == (field.shape == "number")
    assert rule_of(trade, rule.kind) is rule


def test_each_kind_can_be_read_whatever_the_trade_is_now() -> None:
    for trade in Trade:
        for kind in RecordKind:
            assert reading_rule_of(trade, kind).kind == kind
    assert rule_of(Trade.GYM, "colour") is None


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("72.5", "72.5"),
        ("72,5", "72.5"),
        (" 72.0 ", "72"),
        (72, "72"),
        ("100", "100"),
        ("", ""),
        (None, ""),
        (72.5, "72.5"),
    ],
)
def test_a_measure(raw: Any, kept: str) -> None:
    assert parse_measure(raw, "Weight", 1, 400) == kept


@pytest.mark.parametrize(
    "raw", ["72.55", "0", "401", "-5", "nan", "inf", "1e9", "1e-1", "x", "1" * 40, True, [], {}, "७२x", "\x00"]
)
def test_what_is_no_measure(raw: Any) -> None:
    with pytest.raises(Invalid):
        parse_measure(raw, "Weight", 1, 400)


@given(st.decimals(min_value=1, max_value=400, places=1))
def test_a_measure_is_kept_to_the_decimal(number: Any) -> None:
    assert float(parse_measure(str(number), "Weight", 1, 400)) == float(number)


@given(
    st.sampled_from(RULES),
    st.dictionaries(st.text(max_size=12), st.one_of(st.none(), st.text(), st.integers(), st.booleans())),
)
def test_whatever_is_sent_is_read_or_refused(which: Any, raw: dict[str, Any]) -> None:
    """And what was read is shown again, field by field, and can be read again."""
    _, rule = which
    raw |= {field.name: value for field, value in zip(rule.fields, raw.values(), strict=False)}
    reader = Reader()
    values = read_values(rule, raw, reader)
    if reader.errors:
        with pytest.raises(Invalid):
            reader.done()
        return
    assert values and set(values) <= {field.name for field in rule.fields}
    again = Reader()
    assert read_values(rule, values, again) == values and again.errors == {}
    assert {one.name: one.value for one in shown(rule, values)} == values
    assert all(one.words for one in shown(rule, values))


def test_a_field_that_the_form_has_no_more_is_still_shown() -> None:
    rule = rule_of(Trade.SALON, "colour")
    assert rule is not None
    lines = shown(rule, {"old_field": "kept", "formula": "6.1"})
    assert [(one.label, one.words) for one in lines] == [("Formula", "6.1"), ("Old field", "kept")]
