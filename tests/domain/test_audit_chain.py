from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcrm.domain.audit_chain import GENESIS, canonical, link, verify

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
EVENTS = st.lists(
    st.dictionaries(st.sampled_from(["action", "subject", "facts"]), PLAIN, min_size=1), min_size=1, max_size=8
)
Links = list[tuple[dict[str, Any], str]]


def chain(events: list[dict[str, Any]]) -> Links:
    links: Links = []
    for event in events:
        links.append((event, link(links[-1][1] if links else GENESIS, event)))
    return links


def numbered(count: int) -> Links:
    return chain([{"id": number, "action": "booking.moved"} for number in range(count)])


def test_the_hash_is_the_one_anybody_can_compute() -> None:
    """SHA-256 over the 32 bytes of the hash before and the canonical JSON."""
    assert canonical({"b": 1, "a": "₹"}) == '{"a":"₹","b":1}'.encode()
    assert link(GENESIS, {"a": 1}) == "b06a229070741292512e8760f470dd7a4c46ccfdf253df781d88dabe58c1ccb1"


def test_one_spelling_for_one_event() -> None:
    class Kind(StrEnum):
        MOVED = "moved"

    ist = timezone(timedelta(hours=5, minutes=30))
    assert canonical({"at": datetime(2026, 12, 5, 9, 30, tzinfo=ist), "b": (1, 2)}) == canonical(
        {"b": [1, 2], "at": datetime(2026, 12, 5, 4, 0, tzinfo=UTC)}
    )
    assert canonical({"day": date(2026, 12, 5), "kind": Kind.MOVED}) == b'{"day":"2026-12-05","kind":"moved"}'


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), {1: "a"}, {"a"}, b"bytes", object()],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_one_spelling_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical({"value": value})


@given(EVENTS)
def test_an_untouched_chain_holds(events: list[dict[str, Any]]) -> None:
    links = chain(events)
    verdict = verify(links, head=links[-1][1])
    assert (verdict.is_whole, verdict.count, verdict.head) == (True, len(links), links[-1][1])


@given(EVENTS, st.data())
def test_a_changed_event_is_found_where_it_is(events: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chain(events)
    place = data.draw(st.integers(0, len(links) - 1))
    event, stored = links[place]
    links[place] = ({**event, "added": 1}, stored)
    assert verify(links).broken_at == place


@pytest.mark.parametrize("place", range(4))
def test_a_rewritten_event_breaks_the_next_one(place: int) -> None:
    links = numbered(5)
    forged = {"id": 99, "action": "booking.moved"}
    links[place] = (forged, link(links[place - 1][1] if place else GENESIS, forged))
    assert verify(links).broken_at == place + 1


def test_a_missing_or_moved_or_doubled_event_is_found() -> None:
    whole = numbered(5)
    assert verify(whole[:2] + whole[3:]).broken_at == 2
    assert verify([*whole[:1], whole[2], whole[1], *whole[3:]]).broken_at == 1
    assert verify([*whole[:3], whole[2], *whole[3:]]).broken_at == 3
    assert verify(whole[1:]).broken_at == 0


def test_a_missing_end_is_found_by_the_kept_head() -> None:
    whole = numbered(5)
    assert verify(whole[:4]).is_whole  # cannot be seen from the rows alone
    assert verify(whole[:4], head=whole[-1][1]).broken_at == 4
    assert verify([], head=GENESIS).is_whole
    assert not verify([], head=whole[-1][1]).is_whole


def test_a_later_part_can_be_verified_from_where_the_last_check_ended() -> None:
    whole = numbered(6)
    first = verify(whole[:3])
    assert verify(whole[3:], start=first.head, head=whole[-1][1]).is_whole
