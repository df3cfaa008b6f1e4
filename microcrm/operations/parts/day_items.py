"""The services of a stretch of time with all that a calendar writes on them, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from microcrm.domain.booking import OFF, TENTATIVE, BookingStatus
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ITEMS = 1_000
_MINUTE = timedelta(minutes=1)


class DayItem(NamedTuple):
    """``busy_from`` and ``busy_until`` add the buffers; for a visit that is off they are its own start and end. With
    ``session_id`` it is a place in a class, and the class holds the time. A full week has hundreds: a tuple is made in a
    third of the time of a frozen dataclass."""

    item_id: int
    booking_id: int
    version: int
    number: int
    status: BookingStatus
    member_id: int
    customer_id: int | None
    customer: str
    is_new_customer: bool
    service: str
    hue: str
    start: datetime
    end: datetime
    price_paise: int
    busy_from: datetime
    busy_until: datetime
    has_note: bool = False
    expires_at: datetime | None = None
    session_id: int | None = None
    in_series: bool = False
    rooms: tuple[int, ...] = ()

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // _MINUTE


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the items: empty means any. ``shows_off``: the cancelled ones, too. ``bookings``: of these alone."""

    members: Collection[int] | None = None
    service: int | None = None
    statuses: Collection[BookingStatus] | None = None
    shows_off: bool = False
    bookings: Collection[int] | None = None
    with_classes: bool = True


ALL = Wanted()
_STATUS = {status.value: status for status in BookingStatus}
_SHOWN = tuple(status for status in BookingStatus if status not in OFF)
_SHOWN_WITH_OFF = tuple(status for status in BookingStatus if status is not BookingStatus.EXPIRED)
_TENTATIVE = [status.value for status in TENTATIVE]


def day_items_sql(narrowed: str = "") -> str:
    """Walks the btree of (business_id, starts_at) from a little before ``start``; ``narrowed`` to some bookings, that of a
    booking's items. A hold that has run out is free time already, whether or not the sweep has been there."""
    return f"""
SELECT i.id, i.booking_id, i.member_id, i.starts_at, i.ends_at, i.price_paise, i.session_id, b.version, b.number, b.status,
       b.customer_id, b.guest_name, b.expires_at, b.series_id, b.note <> '', c.name, c.visit_count, s.name, s.colour,
       held.busy_from, held.busy_until, held.rooms
FROM booking_items i
JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
JOIN services s ON s.business_id = i.business_id AND s.id = i.service_id
LEFT JOIN customers c ON c.business_id = i.business_id AND c.id = b.customer_id
LEFT JOIN LATERAL (
  SELECT min(lower(o.span)) FILTER (WHERE o.member_id IS NOT NULL) AS busy_from,
         max(upper(o.span)) FILTER (WHERE o.member_id IS NOT NULL) AS busy_until,
         array_agg(o.resource_id) FILTER (WHERE o.member_id IS NULL) AS rooms
  FROM occupancies o WHERE o.business_id = i.business_id AND o.booking_item_id = i.id AND o.is_live
) held ON true
WHERE i.business_id = :business AND i.starts_at > :from AND i.starts_at < :end AND i.ends_at > :start {narrowed}
  AND (CAST(:members AS bigint[]) IS NULL OR i.member_id = ANY(:members))
  AND (CAST(:only AS bigint) IS NULL OR i.member_id = :only)
  AND (CAST(:service AS bigint) IS NULL OR i.service_id = :service)
  AND (:with_classes OR i.session_id IS NULL)
  AND b.status = ANY(:statuses)
  AND (b.expires_at IS NULL OR b.expires_at > :now OR b.status <> ALL(:tentative))
ORDER BY i.starts_at, i.id LIMIT :most
"""  # noqa: S608 (no value is in it)


_IN_TIME = fixed(day_items_sql())
_OF_BOOKINGS = fixed(day_items_sql("AND i.booking_id = ANY(:bookings)"))


def read_day_items(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> list[DayItem]:
    """What touches ``start``..``end``, in order of time, without what was cancelled. Members with their own calendar only
    get only their own. Unpacked, a row costs half of what it does by the names of its columns."""
    statement = _IN_TIME if wanted.bookings is None else _OF_BOOKINGS
    rows = uow.session.connection().execute(statement, day_items_values(uow, start, end, wanted)).all()
    return [
        DayItem(
            item_id, booking_id, version, number or 0, _STATUS[status], member_id, customer_id,
            guest or customer or WALK_IN, customer_id is not None and visits == 0, service, hue, starts_at, ends_at, price,
            busy_from or starts_at, busy_until or ends_at, has_note, expires_at, session_id, series_id is not None,
            tuple(rooms) if rooms else (),
        )
        for (
            item_id, booking_id, member_id, starts_at, ends_at, price, session_id, version, number, status, customer_id,
            guest, expires_at, series_id, has_note, customer, visits, service, hue, busy_from, busy_until, rooms,
        ) in rows
    ]  # fmt: skip


def day_items_values(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> dict[str, Any]:
    """The parameters of ``day_items_sql``."""
    statuses = wanted.statuses
    if statuses is None:
        statuses = _SHOWN_WITH_OFF if wanted.shows_off else _SHOWN
    return {
        "business": uow.business_id, "from": start - REACH, "start": start, "end": end, "now": uow.now,
        "members": None if wanted.members is None else list(wanted.members),
        "only": uow.actor.member_id if sees_own_only(uow.actor) else None,
        "service": wanted.service, "statuses": [status.value for status in statuses], "tentative": _TENTATIVE,
        "with_classes": wanted.with_classes, "bookings": list(wanted.bookings or ()), "most": MOST_ITEMS,
    }  # fmt: skip
