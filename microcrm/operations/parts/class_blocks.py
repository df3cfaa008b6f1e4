"""Classes of a stretch of time: one block each, however many people come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork

# ``rooms``: what the class holds besides its teacher.
_BLOCKS = fixed("""
SELECT c.id AS session_id, c.version, c.member_id, s.name AS service, s.colour AS hue, c.starts_at AS start,
       c.ends_at AS "end", c.seats, c.taken, c.series_id IS NOT NULL AS in_series,
       (SELECT array_agg(o.resource_id) FROM occupancies o
        WHERE o.business_id = c.business_id AND o.session_id = c.id AND o.resource_id IS NOT NULL AND o.is_live) AS rooms
FROM class_sessions c JOIN services s ON s.business_id = c.business_id AND s.id = c.service_id
WHERE c.business_id = :business AND c.starts_at > :from AND c.starts_at < :end AND c.ends_at > :start AND c.is_live
  AND (CAST(:members AS bigint[]) IS NULL OR c.member_id = ANY(:members))
  AND (CAST(:only AS bigint) IS NULL OR c.member_id = :only)
  AND (CAST(:service AS bigint) IS NULL OR c.service_id = :service)
ORDER BY c.starts_at, c.id LIMIT 500
""")


@dataclass(frozen=True, slots=True)
class ClassBlock:
    """``is_movable``: by whoever looks."""

    session_id: int
    version: int
    member_id: int
    service: str
    hue: str
    start: datetime
    end: datetime
    seats: int
    taken: int
    in_series: bool
    is_movable: bool
    rooms: tuple[int, ...] = ()

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


def read_class_blocks(
    uow: UnitOfWork,
    start: datetime,
    end: datetime,
    *,
    members: Collection[int] | None = None,
    service: int | None = None,
) -> tuple[ClassBlock, ...]:
    """Those that take place, in order of time. Members with their own calendar only get only their own."""
    values = {
        "business": uow.business_id, "from": start - REACH, "start": start, "end": end, "service": service,
        "members": None if members is None else list(members),
        "only": uow.actor.member_id if sees_own_only(uow.actor) else None,
    }  # fmt: skip
    rows = uow.session.connection().execute(_BLOCKS, values)
    me = None if may_run_calendar(uow) else uow.actor.member_id
    may = uow.may(Permission.BOOKINGS_OWN)
    return tuple(
        ClassBlock(
            **{**row._mapping, "rooms": tuple(row.rooms or ()), "is_movable": may and me in (None, row.member_id)}
        )
        for row in rows
    )
