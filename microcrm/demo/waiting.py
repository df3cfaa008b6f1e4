"""Writes who waits: wishes on the waiting list, and walk-ins with a number while the shop is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from microcrm.demo.diary import Calendar
from microcrm.demo.outline import Outline, windows_of
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.zones import INDIA, to_wall, zone_of

_SETTLED = 45  # minutes after opening, the first numbers are drawn


def write_waiting(
    rows: Rows, outline: Outline, shop: Opened, calendar: Calendar, customer_ids: Sequence[int], now: datetime
) -> None:
    """The queue is switched on in both shops: it is what people try first."""
    rows.add("booking_policies", [{"business_id": shop.business_id, "is_queue_on": True, "version": 1}])
    _wishes(rows, outline, shop, calendar, customer_ids, now)
    minute = to_wall(now, zone_of(INDIA))[1]
    if any(at.start + _SETTLED <= minute < at.end for at in calendar.shop_windows(calendar.today)):
        _tickets(rows, outline, shop, calendar, now)


def _wishes(
    rows: Rows, outline: Outline, shop: Opened, calendar: Calendar, customer_ids: Sequence[int], now: datetime
) -> None:
    """Of customers who have been known long, each for one service on some days."""
    wishes, mine = outline.facts["waiting"], {"business_id": shop.business_id}
    entries = rows.add(
        "waitlist_entries",
        [
            {
                **mine,
                "customer_id": customer_ids[11 + 17 * place],
                "service_id": _service(outline, shop, wish["service"]),
                "state": "waiting",
                "source": "online" if wish.get("online") else "staff",
                "note": wish.get("note", ""),
                "created_at": now - timedelta(hours=wish["hours_ago"]),
                "version": 1,
            }
            for place, wish in enumerate(wishes)
        ],
    )
    people = {person.name: member for person, member in zip(outline.people, shop.members, strict=True)}
    rows.add(
        "waitlist_preferences",
        [
            {
                **mine,
                "entry_id": entry,
                "place": place,
                "first_day": calendar.today + timedelta(days=first),
                "last_day": calendar.today + timedelta(days=last),
                "start_min": window.start,
                "end_min": window.end,
                "member_id": people.get(wish.get("with", "")),
            }
            for entry, wish in zip(entries, wishes, strict=True)
            for place, (first, last, hours) in enumerate(wish["times"], start=1)
            for window in windows_of([hours])
        ],
    )


def _tickets(rows: Rows, outline: Outline, shop: Opened, calendar: Calendar, now: datetime) -> None:
    """Numbers of today, in the order in which they were drawn; the first have gone already."""
    rows.add(
        "queue_tickets",
        [
            {
                "business_id": shop.business_id,
                "day": calendar.today,
                "number": number,
                "service_id": _service(outline, shop, walk_in["service"]),
                "name": walk_in["name"],
                "state": walk_in["state"],
                "created_at": now - timedelta(minutes=walk_in["minutes_ago"]),
                "finished_at": now - timedelta(minutes=5) if walk_in["state"] == "left" else None,
                "version": 1,
            }
            for number, walk_in in enumerate(outline.facts["walk_ins"], start=1)
        ],
    )


def _service(outline: Outline, shop: Opened, name: str) -> int:
    names = [service.name for service in outline.template.services]
    return shop.services[names.index(name)]
