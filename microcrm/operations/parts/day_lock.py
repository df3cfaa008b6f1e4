"""Where a day may have so many visits and no more, customers take them one after the other."""

from __future__ import annotations

from datetime import date

from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

_LOCK = fixed("SELECT pg_advisory_xact_lock(7266204, hashint8(cast(:business AS bigint) * 4000000 + :day))")


def lock_day(uow: UnitOfWork, day: date) -> None:
    """One at a time per shop and day until the transaction ends, so that the last visit of a day is given once."""
    run(uow.session.connection(), _LOCK, {"business": uow.business_id, "day": day.toordinal()})
