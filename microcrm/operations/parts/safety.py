"""What the safety timers of services, and what these use, need to know about customers; and the refusal of what is not safe. Whoever
makes, moves or starts a visit asks here: booking, moving, series, the queue, the waiting list, and customers by their own link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.errors import NotSafe
from microcrm.domain.safety import PatchTest, SafetyRule, why_unsafe
from microcrm.domain.sealed_records import RecordKind
from microcrm.domain.zones import to_wall, today_in
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Service
from microcrm.operations.parts.allergies import Judged, against
from microcrm.operations.parts.booking_plan import PlannedItem, safety_of
from microcrm.operations.parts.booking_times import is_override_allowed, may_override
from microcrm.operations.unit_of_work import UnitOfWork

# Of each customer, through the index of their records and that of their visits.
_TESTS = text("""
SELECT c.id AS customer_id, t.happened_on, t.is_clear FROM unnest(CAST(:customers AS bigint[])) AS c(id)
CROSS JOIN LATERAL (
  SELECT happened_on, is_clear FROM sealed_records
  WHERE business_id = :business AND customer_id = c.id AND kind = :kind ORDER BY happened_on DESC, id DESC LIMIT 20
) t
""")
_SESSIONS = text("""
SELECT c.id AS customer_id, s.service_id, s.starts_at FROM unnest(CAST(:customers AS bigint[])) AS c(id)
CROSS JOIN LATERAL (
  SELECT i.service_id, i.starts_at FROM bookings b
  JOIN booking_items i ON i.business_id = b.business_id AND i.booking_id = b.id
  WHERE b.business_id = :business AND b.customer_id = c.id AND b.status = ANY(:statuses)
    AND b.id <> ALL(CAST(:without AS bigint[])) AND i.service_id = ANY(:services)
  ORDER BY b.starts_at DESC LIMIT 200
) s
""")
_COUNTED = [status.value for status in (*LIVE, BookingStatus.FINISHED)]
TOO_SOON_ONLINE = "That day can’t be chosen here for what you booked."


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to happen: for whom (nobody in particular: ``None``), and on which days what has a timer."""

    customer_id: int | None
    wanted: tuple[tuple[SafetyRule, date], ...]


def visit_of(items: Sequence[PlannedItem], customer_id: int | None, zone: ZoneInfo) -> Visit:
    wanted = tuple((item.safety, to_wall(item.start, zone)[0]) for item in items if item.safety is not None)
    return Visit(customer_id, wanted)


def rules_of(uow: UnitOfWork, services: Collection[int]) -> dict[int, SafetyRule]:
    """Those of the services that have any."""
    columns = (Service.id, Service.name, Service.patch_test_days, Service.rest_days, Service.substances)
    query = select(*columns).where(Service.business_id == uow.business_id, Service.id.in_(list(services)))
    rules = {row.id: safety_of(*row) for row in uow.session.execute(query)}
    return {service_id: rule for service_id, rule in rules.items() if rule is not None}


def timers_of(uow: UnitOfWork, services: Collection[int]) -> dict[int, SafetyRule]:
    """Only what days decide: who moves a visit changes nothing about what it uses."""
    rules = rules_of(uow, services)
    return {service_id: replace(rule, substances=()) for service_id, rule in rules.items() if rule.has_timer}


def why_not(
    uow: UnitOfWork,
    visits: Sequence[Visit],
    zone: ZoneInfo,
    without: Collection[int] = (),
    *,
    are_together: bool = True,
) -> list[str]:
    """For each of the visits why it is not safe, "" when it is; see `judged`."""
    return [one.words for one in judged(uow, visits, zone, without, are_together=are_together)]


def judged(
    uow: UnitOfWork,
    visits: Sequence[Visit],
    zone: ZoneInfo,
    without: Collection[int] = (),
    *,
    are_together: bool = True,
) -> list[Judged]:
    """Each of the visits. ``are_together``: all of them will be, so they are sessions among each other; else only one of them.
    ``without``: bookings that are being moved. However many they are, two statements for timers, and what `against` needs; none,
    when no service of theirs asks for anything."""
    timed = [Visit(one.customer_id, tuple(pair for pair in one.wanted if pair[0].has_timer)) for one in visits]
    timers = _why_timed(uow, timed, zone, without, are_together=are_together)
    allergic = against(uow, [(one.customer_id, [rule for rule, _ in one.wanted]) for one in visits])
    return [
        Judged(" ".join(one for one in (words, allergy.words) if one), allergy.records)
        for words, allergy in zip(timers, allergic, strict=True)
    ]


def _why_timed(
    uow: UnitOfWork, visits: Sequence[Visit], zone: ZoneInfo, without: Collection[int], *, are_together: bool
) -> list[str]:
    if not any(visit.wanted for visit in visits):
        return [""] * len(visits)
    customers = sorted({visit.customer_id for visit in visits if visit.wanted and visit.customer_id is not None})
    services = sorted({rule.service_id for visit in visits for rule, _ in visit.wanted})
    tests: dict[int | None, list[PatchTest]] = defaultdict(list)
    sessions: dict[tuple[int | None, int], list[date]] = defaultdict(list)
    if customers:
        asked = {"business": uow.business_id, "customers": customers}
        for row in uow.session.execute(_TESTS, asked | {"kind": RecordKind.PATCH_TEST.value}):
            tests[row.customer_id].append(PatchTest(row.happened_on, row.is_clear))
        counted = {"services": services, "statuses": _COUNTED, "without": list(without)}
        for row in uow.session.execute(_SESSIONS, asked | counted):
            sessions[row.customer_id, row.service_id].append(to_wall(row.starts_at, zone)[0])
    found, today = [], today_in(zone, uow.now)
    for place, visit in enumerate(visits):
        others = [one for other, one in enumerate(visits) if are_together and other != place]
        found.append(_why(visit, others, tests[visit.customer_id], sessions, today))
    return found


def _why(
    visit: Visit,
    others: Sequence[Visit],
    tests: Sequence[PatchTest],
    sessions: Mapping[tuple[int | None, int], Sequence[date]],
    today: date,
) -> str:
    found = []
    for rule, day in visit.wanted:
        beside = [] if visit.customer_id is None else _days_of(others, visit.customer_id, rule.service_id)
        others_days = [*sessions.get((visit.customer_id, rule.service_id), ()), *beside]
        found.append(why_unsafe(rule, day, tests, others_days, today))
    return " ".join(dict.fromkeys(why for why in found if why))


def _days_of(visits: Sequence[Visit], customer_id: int, service_id: int) -> list[date]:
    theirs = [one for one in visits if one.customer_id == customer_id]
    return [day for one in theirs for rule, day in one.wanted if rule.service_id == service_id]


def why_moved(
    uow: UnitOfWork,
    moves: Sequence[tuple[Booking, Sequence[BookingItem], Sequence[PlannedItem]]],
    zone: ZoneInfo,
) -> list[str]:
    """For each visit why its move to the plan is not safe, "" when it is; also where it was not safe before: what was booked past
    a timer can be moved. Items and plans of a visit are in the same order. Four statements at most, none without a timer."""
    after = [visit_of(plans, booking.customer_id, zone) for booking, _, plans in moves]
    before = [
        Visit(
            booking.customer_id,
            tuple(
                (plan.safety, to_wall(item.starts_at, zone)[0])
                for item, plan in zip(items, plans, strict=True)
                if plan.safety is not None
            ),
        )
        for booking, items, plans in moves
    ]
    if before == after:
        return [""] * len(moves)
    without = [booking.id or 0 for booking, _, _ in moves]
    found = why_not(uow, after, zone, without)
    if not any(found):
        return found
    was = why_not(uow, before, zone, without)
    return ["" if earlier else why for why, earlier in zip(found, was, strict=True)]


def check_moved(
    uow: UnitOfWork,
    booking: Booking,
    items: Sequence[BookingItem],
    plans: Sequence[PlannedItem],
    zone: ZoneInfo,
    reason: str,
) -> str:
    """Raises: NotSafe, for a move from a safe day to one that is not, unless somebody who runs the whole calendar gives a reason.
    Returns what they went past."""
    [why] = why_moved(uow, [(booking, items, plans)], zone)
    refuse_unsafe(uow, why, reason)
    return why


def refuse_unsafe(uow: UnitOfWork, why: str, reason: str) -> None:
    """Raises: NotSafe, when something is said against it and nobody who may goes past that with a reason."""
    if why and not may_override(uow, reason):
        raise NotSafe(why, may_override=is_override_allowed(uow))


def with_safety(reason: str, safety_reason: str, past: str) -> str:
    """What a visit's own story keeps: the reason of whoever went past a rule, and past which timer."""
    unsafe = f"{safety_reason} ({past})" if past else ""
    return "; ".join(one for one in (reason, unsafe) if one)


def check_safety(
    uow: UnitOfWork, items: Sequence[PlannedItem], customer_id: int | None, zone: ZoneInfo, reason: str
) -> str:
    """Raises: NotSafe, unless somebody who runs the whole calendar gives a reason. Returns what they went past."""
    [why] = why_not(uow, [visit_of(items, customer_id, zone)], zone)
    refuse_unsafe(uow, why, reason)
    return why


def unsafe_days(
    uow: UnitOfWork, booking_id: int, days: Sequence[date], zone: ZoneInfo, only_item: int | None = None
) -> dict[date, str]:
    """To which of these days the visit, or one service of it, cannot be moved, and why: those that a timer stands against, unless one
    does already. Two statements, four with a timer."""
    query = (
        select(Booking.customer_id, BookingItem.service_id, BookingItem.starts_at)
        .join(BookingItem, (BookingItem.business_id == Booking.business_id) & (BookingItem.booking_id == Booking.id))
        .where(Booking.business_id == uow.business_id, Booking.id == booking_id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    )
    if only_item is not None:
        query = query.where(BookingItem.id == only_item)
    rows = uow.session.execute(query).all()
    rules = timers_of(uow, {row.service_id for row in rows})
    if not rules:
        return {}
    first = to_wall(rows[0].starts_at, zone)[0]
    now = tuple((rules[r.service_id], to_wall(r.starts_at, zone)[0]) for r in rows if r.service_id in rules)
    visits = [
        Visit(rows[0].customer_id, tuple((rule, day + (own - first)) for rule, own in now)) for day in (first, *days)
    ]
    is_unsafe_now, *found = why_not(uow, visits, zone, [booking_id], are_together=False)
    return {} if is_unsafe_now else {day: why for day, why in zip(days, found, strict=True) if why}


def check_kept(
    uow: UnitOfWork, items: Sequence[BookingItem], customer_id: int | None, zone: ZoneInfo, booking_id: int
) -> str:
    """The same of a time that is held already: why the day is not safe for them, or ""."""
    return why_at(uow, [(item.service_id, item.starts_at) for item in items], customer_id, zone, booking_id)


def why_at(
    uow: UnitOfWork, starts: Sequence[tuple[int, datetime]], customer_id: int | None, zone: ZoneInfo, booking_id: int
) -> str:
    """Of services (their ids) at these times, which ``booking_id`` keeps already."""
    return judged_at(uow, starts, customer_id, zone, booking_id).words


def judged_at(
    uow: UnitOfWork, starts: Sequence[tuple[int, datetime]], customer_id: int | None, zone: ZoneInfo, booking_id: int
) -> Judged:
    """The same with the records that say so."""
    rules = rules_of(uow, {service_id for service_id, _ in starts})
    wanted = tuple((rules[service_id], to_wall(start, zone)[0]) for service_id, start in starts if service_id in rules)
    [found] = judged(uow, [Visit(customer_id, wanted)], zone, [booking_id])
    return found
