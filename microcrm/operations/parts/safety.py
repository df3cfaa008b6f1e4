"""What the safety timers of services need to know about a customer; and the refusal of a day that is not safe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.errors import NotSafe
from microcrm.domain.safety import PatchTest, SafetyRule, why_unsafe
from microcrm.domain.sealed_records import RecordKind
from microcrm.domain.zones import to_wall
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.booking_times import is_override_allowed, may_override
from microcrm.operations.unit_of_work import UnitOfWork

_TESTS = text("""
SELECT happened_on, is_clear FROM sealed_records
WHERE business_id = :business AND customer_id = :customer AND kind = :kind ORDER BY happened_on DESC, id DESC LIMIT 20
""")
_SESSIONS = text("""
SELECT i.service_id, i.starts_at FROM bookings b
JOIN booking_items i ON i.business_id = b.business_id AND i.booking_id = b.id
WHERE b.business_id = :business AND b.customer_id = :customer AND b.status = ANY(:statuses) AND b.id <> :without
  AND i.service_id = ANY(:services) ORDER BY b.starts_at DESC LIMIT 200
""")
_COUNTED = [status.value for status in (*LIVE, BookingStatus.FINISHED)]


def rules_of(uow: UnitOfWork, services: Collection[int]) -> dict[int, SafetyRule]:
    """Those of the services that have any."""
    query = select(Service.id, Service.name, Service.patch_test_days, Service.rest_days).where(
        Service.business_id == uow.business_id,
        Service.id.in_(list(services)),
        Service.patch_test_days.is_not(None) | Service.rest_days.is_not(None),
    )
    return {
        row.id: SafetyRule(row.id, row.name, row.patch_test_days, row.rest_days) for row in uow.session.execute(query)
    }


def reasons(
    uow: UnitOfWork,
    wanted: Sequence[tuple[SafetyRule, date]],
    customer_id: int | None,
    zone: ZoneInfo,
    without: int = 0,
) -> list[str]:
    """Why these services are not safe on their days, each reason once. ``without``: a booking that is being moved."""
    if not wanted:
        return []
    tests: list[PatchTest] = []
    sessions: dict[int, list[date]] = defaultdict(list)
    if customer_id is not None:
        mine = {"business": uow.business_id, "customer": customer_id}
        asked = mine | {"kind": RecordKind.PATCH_TEST.value}
        tests = [PatchTest(row.happened_on, row.is_clear) for row in uow.session.execute(_TESTS, asked)]
        services = [rule.service_id for rule, _ in wanted]
        for row in uow.session.execute(
            _SESSIONS, mine | {"services": services, "statuses": _COUNTED, "without": without}
        ):
            sessions[row.service_id].append(to_wall(row.starts_at, zone)[0])
    found = [why_unsafe(rule, day, tests, sessions[rule.service_id]) for rule, day in wanted]
    return list(dict.fromkeys(why for why in found if why))


def check_moved(
    uow: UnitOfWork, booking: Booking, items: Sequence[BookingItem], starts: Sequence[datetime], zone: ZoneInfo
) -> None:
    """Raises: NotSafe, for a move from a safe day to one that is not. A visit that was booked past a timer can be moved."""
    rules = rules_of(uow, {item.service_id for item in items})
    days = [(item, to_wall(start, zone)[0]) for item, start in zip(items, starts, strict=True)]
    after = [(rules[item.service_id], day) for item, day in days if item.service_id in rules]
    before = [(rule, to_wall(item.starts_at, zone)[0]) for item in items if (rule := rules.get(item.service_id))]
    if before == after:
        return
    found = reasons(uow, after, booking.customer_id, zone, without=booking.id or 0)
    if found and not reasons(uow, before, booking.customer_id, zone, without=booking.id or 0):
        raise NotSafe(" ".join(found))


def check_safety(
    uow: UnitOfWork, items: Sequence[PlannedItem], customer_id: int | None, zone: ZoneInfo, reason: str
) -> list[str]:
    """Raises: NotSafe, unless somebody who runs the whole calendar gives a reason. Returns what they went past."""
    wanted = [(item.safety, to_wall(item.start, zone)[0]) for item in items if item.safety is not None]
    found = reasons(uow, wanted, customer_id, zone)
    if found and not may_override(uow, reason):
        raise NotSafe(" ".join(found), may_override=is_override_allowed(uow))
    return found
