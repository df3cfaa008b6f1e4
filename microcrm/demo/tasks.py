"""Tasks of the demo: what is due today, what is late, and what has time."""

from __future__ import annotations

from datetime import datetime, timedelta

from microcrm.demo.outline import Outline
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.zones import INDIA, today_in, zone_of

_APART = 7  # places in the list of customers


def write_tasks(rows: Rows, outline: Outline, shop: Opened, customer_ids: list[int], now: datetime) -> None:
    """Each for another customer, by the first member of its role."""
    today = today_in(zone_of(INDIA), now)
    members = {person.role: shop.members[place] for place, person in reversed(list(enumerate(outline.people)))}
    rows.add(
        "customer_tasks",
        [
            {
                "business_id": shop.business_id,
                "customer_id": customer_ids[_APART * place % len(customer_ids)],
                "title": task["title"],
                "due_on": today + timedelta(days=task["days"]),
                "member_id": members[task["role"]],
                "created_at": now - timedelta(days=3),
                "created_by_member_id": members["front_desk"],
                "version": 1,
            }
            for place, task in enumerate(outline.facts["tasks"])
        ],
    )
