"""Families of the demo: customers who come under somebody else's phone are tied to whom it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from microcrm.demo.people import Customer
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.family import Side, Tie

_GENERATION = timedelta(days=16 * 365)


def write_families(
    rows: Rows, shop: Opened, customers: Sequence[Customer], customer_ids: Sequence[int], now: datetime
) -> None:
    """Whose phone it is gets the messages, and pays for children."""
    owners = {one.phone: place for place, one in reversed(list(enumerate(customers))) if not one.sharing}
    ties = [(place, owners[one.phone]) for place, one in enumerate(customers) if one.sharing]
    rows.insert(
        "family_ties",
        [
            {
                "business_id": shop.business_id,
                "customer_id": customer_ids[place],
                "relative_id": customer_ids[owner],
                "tie": (tie := _tie(customers[place], customers[owner])),
                "pays": Side.RELATIVE if tie is Tie.PARENT else Side.NOBODY,
                "told": Side.RELATIVE,
                "created_at": now - timedelta(days=30),
                "version": 1,
            }
            for place, owner in ties
        ],
    )


def _tie(one: Customer, owner: Customer) -> Tie:
    """What the owner is to the other."""
    if one.birthday is None or owner.birthday is None:
        return Tie.RELATIVE
    if one.birthday - owner.birthday > _GENERATION:
        return Tie.PARENT
    return Tie.CHILD if owner.birthday - one.birthday > _GENERATION else Tie.RELATIVE
