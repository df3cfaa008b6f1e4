"""The services of a stretch of time with all that a calendar writes on them: one statement for each table.

One statement over all of them would walk from table to table row by row: 5.0 ms for a week of 840, where five that ask by lists
of ids take 2.1."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from microcrm.domain.booking import OFF, TENTATIVE, BookingStatus
from microcrm.domain.timeline import minute_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.parts.booking_rows import WALK_IN
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork

MOST_ITEMS = 1_000
_MOST_READ = 4 * MOST_ITEMS  # cancelled ones among them
_MINUTE = timedelta(minutes=1)


class DayItem(NamedTuple):
    """``start_min`` is the start in minutes since 1970; ``before`` and ``after`` are its buffers in minutes, and a visit that is
    off has none. With ``session_id`` it is a place in a class, and the class holds the time. A full week has hundreds: a
    tuple is made in a third of the time of a frozen dataclass."""

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
    start_min: int
    minutes: int
    price_paise: int
    before: int = 0
    after: int = 0
    has_note: bool = False
    expires_at: datetime | None = None
    session_id: int | None = None
    in_series: bool = False
    rooms: tuple[int, ...] = ()

    @property
    def busy_from(self) -> datetime:
        return self.start - self.before * _MINUTE

    @property
    def busy_until(self) -> datetime:
        return self.end + self.after * _MINUTE


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


def items_sql(narrowed: str = "") -> str:
    """Walks the btree of (business_id, starts_at) from a little before ``start``; ``narrowed`` to some bookings, that of a
    booking's items."""
    return f"""
SELECT i.id, i.booking_id, i.member_id, i.service_id, i.starts_at, i.ends_at, i.price_paise, i.session_id
FROM booking_items i
WHERE i.business_id = :business AND i.starts_at > :from AND i.starts_at < :end AND i.ends_at > :start {narrowed}
  AND (CAST(:members AS bigint[]) IS NULL OR i.member_id = ANY(:members))
  AND (CAST(:only AS bigint) IS NULL OR i.member_id = :only)
  AND (CAST(:service AS bigint) IS NULL OR i.service_id = :service)
  AND (:with_classes OR i.session_id IS NULL)
ORDER BY i.starts_at, i.id LIMIT :most
"""  # noqa: S608 (no value is in it)


_IN_TIME = fixed(items_sql())
_OF_BOOKINGS = fixed(items_sql("AND i.booking_id = ANY(:bookings)"))
# What belongs to the items, by lists of ids. A hold that has run out is free time already, whether or not the sweep has been there.
BY_IDS = {
    "bookings": fixed("""
SELECT b.id, b.version, b.number, b.status, b.customer_id, b.guest_name, b.expires_at, b.series_id IS NOT NULL, b.note <> ''
FROM bookings b
WHERE b.business_id = :business AND b.id = ANY(CAST(:ids AS bigint[])) AND b.status = ANY(:statuses)
  AND (b.expires_at IS NULL OR b.expires_at > :now OR b.status <> ALL(:tentative))
"""),
    "customers": fixed(
        "SELECT id, name, visit_count FROM customers WHERE business_id = :business AND id = ANY(CAST(:ids AS bigint[]))"
    ),
    "services": fixed(
        "SELECT id, name, colour FROM services WHERE business_id = :business AND id = ANY(CAST(:ids AS bigint[]))"
    ),
    "occupancies": fixed("""
SELECT booking_item_id, keeper_id, from_min, until_min FROM occupancies
WHERE business_id = :business AND booking_item_id = ANY(CAST(:ids AS bigint[])) AND is_live
"""),
}
_NOBODY = (None, "", 1)


_Held = tuple[int, int, tuple[int, ...]]  # minutes since 1970, of the member's time (0: none); ids of rooms
_FREE: _Held = (0, 0, ())


def read_day_items(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> list[DayItem]:
    """What touches ``start``..``end``, in order of time, without what was cancelled. Members with their own calendar only
    get only their own. Unpacked, a row costs half of what it does by the names of its columns."""
    statement = _IN_TIME if wanted.bookings is None else _OF_BOOKINGS
    items = fetch(uow.session.connection(), statement, items_values(uow, start, end, wanted))
    bookings = {row[0]: row for row in _bookings(uow, {item[1] for item in items}, wanted)}
    items = [item for item in items if item[1] in bookings][:MOST_ITEMS]
    services = {row[0]: row for row in _by_ids(uow, "services", {item[3] for item in items})}
    who = {booking[4] for booking in bookings.values()} - {None}
    customers = {row[0]: row for row in _by_ids(uow, "customers", who)}
    held = _held(_by_ids(uow, "occupancies", [item[0] for item in items]))
    found = []
    for item_id, booking_id, member_id, service_id, starts_at, ends_at, price, session_id in items:
        _, version, number, status, customer_id, guest, expires_at, in_series, has_note = bookings[booking_id]
        _, customer, visits = customers.get(customer_id, _NOBODY)
        _, service, hue = services[service_id]
        start_min = minute_of(starts_at)
        minutes = (ends_at - starts_at) // _MINUTE
        busy_first, busy_last, rooms = held.get(item_id, _FREE)
        before, after = (start_min - busy_first, busy_last - start_min - minutes) if busy_last else (0, 0)
        whole = (
            item_id, booking_id, version, number or 0, _STATUS[status], member_id, customer_id,
            guest or customer or WALK_IN, visits == 0, service, hue, starts_at, ends_at, start_min,
            minutes, price, before, after, has_note, expires_at, session_id, in_series, rooms,
        )  # fmt: skip
        found.append(DayItem._make(whole))
    return found


def items_values(uow: UnitOfWork, start: datetime, end: datetime, wanted: Wanted = ALL) -> dict[str, Any]:
    """The parameters of ``items_sql``."""
    values = {
        "business": uow.business_id, "from": start - REACH, "start": start, "end": end,
        "members": None if wanted.members is None else list(wanted.members),
        "only": uow.actor.member_id if sees_own_only(uow.actor) else None,
        "service": wanted.service, "with_classes": wanted.with_classes, "most": _MOST_READ,
    }  # fmt: skip
    return values if wanted.bookings is None else {**values, "bookings": list(wanted.bookings)}


def _bookings(uow: UnitOfWork, ids: Collection[int], wanted: Wanted) -> Sequence[Any]:
    statuses = wanted.statuses
    if statuses is None:
        statuses = _SHOWN_WITH_OFF if wanted.shows_off else _SHOWN
    more = {"statuses": [status.value for status in statuses], "now": uow.now, "tentative": _TENTATIVE}
    return _by_ids(uow, "bookings", ids, more)


def _by_ids(uow: UnitOfWork, table: str, ids: Collection[int], more: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """The list goes as text: psycopg writes a list number by number."""
    if not ids:
        return ()
    values = {"business": uow.business_id, "ids": f"{{{','.join(map(str, ids))}}}", **(more or {})}
    return fetch(uow.session.connection(), BY_IDS[table], values)


def _held(rows: Sequence[Any]) -> dict[int, _Held]:
    """By item. With a gap inside, a member's time is in pieces."""
    held: dict[int, _Held] = {}
    for item_id, keeper, first, last in rows:
        known = held.get(item_id)
        if known is None and keeper >= 0:
            held[item_id] = (first, last, ())
            continue
        known_first, known_last, rooms = known or _FREE
        if keeper < 0:
            held[item_id] = (known_first, known_last, (*rooms, -keeper))
        else:
            held[item_id] = (min(first, known_first or first), max(last, known_last), rooms)
    return held
