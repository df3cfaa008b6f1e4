"""What people on the waiting list wish for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from microcrm.domain.waitlist import Preference
from microcrm.models.waiting import WaitlistPreference
from microcrm.operations.unit_of_work import UnitOfWork


def preferences_of(uow: UnitOfWork, entries: Sequence[int]) -> dict[int, tuple[Preference, ...]]:
    """By entry, in the order in which they were given."""
    wish = WaitlistPreference
    rows = uow.session.execute(
        select(
            wish.entry_id, wish.place, wish.first_day, wish.last_day, wish.start_min, wish.end_min, wish.weekdays,
            wish.member_id,
        )
        .where(wish.business_id == uow.business_id, wish.entry_id.in_(list(entries)))
        .order_by(wish.entry_id, wish.place)
    )  # fmt: skip
    found: dict[int, tuple[Preference, ...]] = defaultdict(tuple)
    for entry_id, *values in rows:
        found[entry_id] += (Preference(*values),)
    return found
