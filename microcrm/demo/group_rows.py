"""Writes what a demo shop has planned ahead: series, and classes with the time and room that they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from microcrm.demo.diary import Visit
from microcrm.demo.groups import Group, Plans, Turn
from microcrm.demo.outline import Outline
from microcrm.demo.rows import Row, Rows
from microcrm.demo.setting import Opened
from microcrm.domain.booking import LIVE
from microcrm.domain.occupancy import Span, occupied_spans, whole_span
from microcrm.domain.zones import INDIA, to_instant, zone_of


@dataclass(frozen=True, slots=True)
class Groups:
    """Ids of their rows."""

    series: dict[Group, int]
    sessions: dict[Turn, int]


def write_groups(
    rows: Rows, outline: Outline, shop: Opened, customer_ids: list[int], plans: Plans, visits: Sequence[Visit]
) -> Groups:
    used = [group for group in plans.groups if group.filled or group.customer >= 0]
    ids = rows.add("series", [_series(outline, shop, customer_ids, group) for group in used])
    series = dict(zip(used, ids, strict=True))
    taken: Counter[Turn] = Counter()
    for visit in visits:
        if visit.turn is not None and visit.status in LIVE:
            taken[visit.turn] += visit.items[0].seats
    turns = [turn for turn in plans.all_turns() if turn.group.filled]
    sessions = rows.add(
        "class_sessions", [_session(outline, shop, turn, series[turn.group], taken[turn]) for turn in turns]
    )
    rows.add(
        "occupancies",
        [
            held
            for session_id, turn in zip(sessions, turns, strict=True)
            for held in _occupancies(outline, shop, session_id, turn)
        ],
    )
    return Groups(series, dict(zip(turns, sessions, strict=True)))


def _series(outline: Outline, shop: Opened, customer_ids: list[int], group: Group) -> Row:
    service = outline.template.services[group.service]
    item = {
        "service_id": shop.services[group.service],
        "member_id": shop.members[group.person],
        "minutes": service.minutes,
    }
    plan: dict[str, Any] = {"items": [item], "skip": group.skip}
    return {
        "business_id": shop.business_id,
        "customer_id": None if group.filled else customer_ids[group.customer],
        "rule": group.rule,
        "starts_on": group.first,
        "start_min": group.minute,
        "plan": plan | ({"seats": service.seats} if group.filled else {}),
        "created_at": to_instant(group.first, 0, zone_of(INDIA)),
        "created_by_member_id": shop.members[0],
        "version": 1,
    }


def _session(outline: Outline, shop: Opened, turn: Turn, series_id: int, taken: int) -> Row:
    group = turn.group
    return {
        "business_id": shop.business_id,
        "service_id": shop.services[group.service],
        "member_id": shop.members[group.person],
        "starts_at": turn.starts_at,
        "ends_at": turn.ends_at,
        "seats": outline.template.services[group.service].seats,
        "taken": taken,
        "is_live": True,
        "note": group.note,
        "cancel_reason": "",
        "series_id": series_id,
        "series_place": turn.place,
        "created_at": to_instant(group.first, 0, zone_of(INDIA)),
        "version": 1,
    }


def _occupancies(outline: Outline, shop: Opened, session_id: int, turn: Turn) -> Iterator[Row]:
    group, service = turn.group, outline.template.services[turn.group.service]
    whole = (turn.starts_at, service.minutes, service.before, service.after)
    mine = {"business_id": shop.business_id, "session_id": session_id, "is_live": True}
    spans: list[tuple[int | None, int | None, Span]] = [
        (shop.members[group.person], None, span) for span in occupied_spans(*whole, service.gap)
    ]
    if group.resource is not None:
        spans.append((None, shop.resources[group.resource], whole_span(*whole)))
    for member_id, resource_id, span in spans:
        taken = f"[{span.start.isoformat()},{span.end.isoformat()})"
        yield {**mine, "member_id": member_id, "resource_id": resource_id, "span": taken}
