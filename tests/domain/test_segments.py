from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.errors import Invalid
from microcrm.domain.segments import READY, Rules, as_json, from_json, rules_words

TAGS = st.lists(st.sampled_from(["VIP", "Bridal", "Student", "New bride"]), unique=True, max_size=4).map(tuple)
DAYS = st.none() | st.integers(1, 3_650)
RULES = st.builds(
    Rules, not_seen_days=DAYS, is_not_booked=st.booleans(), tags_any=TAGS, tags_all=TAGS, tags_none=TAGS,
    spent_paise=st.none() | st.integers(0, 10**9), is_owing=st.booleans(), birthday_month=st.none() | st.integers(0, 12),
    first_visit_days=DAYS, added_days=st.none() | st.integers(0, 3_650), least_visits=st.none() | st.integers(1, 1_000),
).filter(lambda rules: not rules.is_empty)  # fmt: skip


@given(RULES)
def test_rules_come_back_as_they_were_kept(rules: Rules) -> None:
    assert from_json(as_json(rules)) == rules
    assert rules_words(rules)


@pytest.mark.parametrize(
    "kept",
    [
        None, [], "x", {}, {"days": 3}, {"not_seen_days": "many"}, {"not_seen_days": 0}, {"birthday_month": 13}, {"is_owing": "x"},
        {"tags_any": 5}, {"tags_any": [5]}, {"tags_any": ["a,b"]}, {"spent_paise": -1}, {"spent_paise": "1; DROP"},
        {"not_seen_days": {"$gt": 1}}, {"tags_none": ["x" * 31]},
    ],
)  # fmt: skip
def test_what_nobody_wrote_is_refused(kept: Any) -> None:
    with pytest.raises(Invalid):
        from_json(kept)


def test_words() -> None:
    assert rules_words(READY["lapsed"][1]) == "Not seen for 60 days, not booked"
    assert rules_words(READY["new"][1]) == "Added this month"
    assert rules_words(Rules(tags_all=("VIP", "Bridal"), birthday_month=12)) == "Birthday in Dec, tagged VIP and Bridal"


def test_money_is_known_for_what_it_is() -> None:
    assert [Rules(is_owing=True).is_about_money, Rules(spent_paise=0).is_about_money, Rules(not_seen_days=1).is_about_money] == [
        True, True, False,
    ]  # fmt: skip
