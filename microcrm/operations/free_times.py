"""Free times of one or several services in one visit, and the nearest ones when a time is lost. Three statements: what is
offered, who works when, what is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from microcrm.domain.availability import FreeDay, FreeStart, Question, Way, free_days, nearest
from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, to_wall, today_in, zone_of
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.booking_plan import PlannedItem, fitting_gap, following
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.day_lock import lock_day
from microcrm.operations.parts.taken_time import NO_LIMITS, Limits, read_facts
from microcrm.operations.unit_of_work import UnitOfWork

MOST_DAYS = 62
MOST_SERVICES = 6
FARTHEST = timedelta(days=731)
NEAREST = 3  # times in a refusal
LOOK_AHEAD = (7, 28)  # days of which they are taken: the second only when the first have too few

_OFFER = fixed("""
SELECT s.id, s.name, s.is_online, s.duration_min, s.buffer_before_min, s.buffer_after_min, s.gap_after_min, s.gap_min,
       s.seats, s.min_notice_min, s.horizon_days, s.slot_step_min, s.most_per_day,
       d.member_id, d.member, d.duration_min AS own_duration, d.most_per_day AS most_of_member,
       coalesce(d.price_paise, s.price_paise) AS price_paise,
       p.is_online AS is_shop_online, p.min_notice_min AS shop_notice, p.horizon_days AS shop_horizon,
       p.slot_step_min AS shop_step, p.most_per_day AS most_of_shop, p.hold_min, p.approval_hours, p.payment_min,
       coalesce(s.needs_approval, p.needs_approval) AS needs_approval,
       (SELECT json_agg(json_build_array(n.choice, n.resource_id) ORDER BY n.choice, r.position, r.id)
        FROM service_resources n JOIN resources r ON r.business_id = n.business_id AND r.id = n.resource_id
        WHERE n.business_id = s.business_id AND n.service_id = s.id AND r.is_active) AS needs
FROM services s
LEFT JOIN booking_policies p ON p.business_id = s.business_id
LEFT JOIN LATERAL (
  SELECT m.id AS member_id, m.name AS member, x.duration_min, x.price_paise, m.most_per_day, m.position
  FROM service_members x JOIN members m ON m.business_id = x.business_id AND m.id = x.member_id
  WHERE x.business_id = s.business_id AND x.service_id = s.id AND m.deactivated_at IS NULL AND m.is_bookable
) AS d ON true
WHERE s.business_id = :business AND s.id = ANY(:services) AND s.is_active
ORDER BY s.id, d.position, d.member_id
""")
_SESSIONS = fixed("""
SELECT c.id, c.starts_at, c.member_id, c.seats - c.taken + coalesce((
         SELECT sum(i.seats) FROM booking_items i JOIN bookings b ON b.business_id = i.business_id AND b.id = i.booking_id
         WHERE i.business_id = c.business_id AND i.session_id = c.id AND i.is_live AND b.expires_at <= :now), 0) AS seats_left
FROM class_sessions c
WHERE c.business_id = :business AND c.service_id = :service AND c.is_live
  AND c.starts_at >= :first AND c.starts_at < :last AND (:member = 0 OR c.member_id = :member)
ORDER BY c.starts_at, c.id
""")


@dataclass(frozen=True, slots=True)
class FreeTimesAsked:
    """``services``: (service id, member id or ``None`` for anybody), done one after the other. Days are of the business's
    zone. ``is_public``: as customers see it, within the booking policy. ``except_booking`` gives up its time. ``step``:
    minutes between starts, 0 for what the owner's terms say."""

    services: Sequence[tuple[int, int | None]]
    first: date
    last: date
    is_public: bool
    seats: int = 1
    except_booking: int | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class FreeTimes:
    days: tuple[FreeDay, ...]

    @property
    def starts(self) -> tuple[FreeStart, ...]:
        return tuple(start for day in self.days for start in day.starts)


@dataclass(frozen=True, slots=True)
class Offer:
    """What is on offer: the ways to do each service, and the terms of the visit as a whole. ``hold`` and ``payment`` (to
    pay ahead) in minutes; ``approval``: hours that the shop has to answer, ``None`` when it need not be asked. ``doers``:
    name and price (paise) by service and member."""

    visit: tuple[tuple[Way, ...], ...]
    class_id: int
    notice: int
    horizon: int
    step: int
    limits: Limits
    hold: int
    approval: int | None
    payment: int
    doers: Mapping[tuple[int, int], tuple[str, int]]


def free_times(uow: UnitOfWork, asked: FreeTimesAsked) -> FreeTimes:
    """For the people of the shop. Those who have only their own calendar get their own times. ``NotFound`` for a service
    that is not there, ``Invalid`` for a member who does not do it."""
    uow.require(Permission.CALENDAR_OWN)
    return FreeTimes(_free_days(uow, asked, own_only=not may_run_calendar(uow)))


def public_free_times(uow: UnitOfWork, asked: FreeTimesAsked) -> FreeTimes:
    """For anybody: services that are sold online, within notice, horizon, step and the limits of a day."""
    uow.require_public()
    return FreeTimes(_free_days(uow, replace(asked, is_public=True)))


def public_start(
    uow: UnitOfWork, asked: FreeTimesAsked, wanted: datetime, session_id: Any = None
) -> tuple[FreeStart, Offer] | None:
    """The free start at ``wanted`` (of a class the one with that session), for who is about to take it: a day that can
    be full stays as full as it is until the transaction ends. ``None`` when there is none."""
    offer = _read_offer(uow, asked, own_only=False)
    if not offer.limits.are_none and not offer.class_id:
        lock_day(uow, asked.first)
    for day in _days_of(uow, asked, offer):
        for one in day.starts:
            if one.start == wanted and (session_id is None or str(one.session_id) == str(session_id)):
                return one, offer
    return None


def planned(offer: Offer, services: Sequence[int], found: FreeStart) -> tuple[PlannedItem, ...]:
    """The visit that begins at a free start, as `plan_items` would plan it."""
    items: list[PlannedItem] = []
    for service_id, member_id, ways in zip(services, found.members, offer.visit, strict=True):
        way = next(way for way in ways if way.member_id == member_id)
        name, price = offer.doers[service_id, member_id]
        rooms = tuple(tuple(-keeper for keeper in choice) for choice in way.choices)
        item = PlannedItem(
            service_id, member_id, name, found.start, way.duration, price, way.before, way.after, way.gap, rooms
        )
        items.append(following(item, items[-1]) if items else item)
    return tuple(items)


def nearest_free(
    uow: UnitOfWork, asked: FreeTimesAsked, wanted: datetime, count: int = NEAREST
) -> tuple[FreeStart, ...]:
    """The free starts nearest to the one that was lost, from its day on and within a week, in order of time; of a class
    the sessions with enough seats within four weeks. ``asked.first`` and ``asked.last`` do not matter."""
    zone = zone_of(uow.actor.zone)
    first = max(to_wall(wanted, zone)[0], today_in(zone, uow.now))
    found: tuple[FreeStart, ...] = ()
    for days in LOOK_AHEAD:
        ahead = replace(asked, first=first, last=first + timedelta(days=days - 1))
        found = nearest(_free_days(uow, ahead), wanted, count)
        if len(found) == count:
            break
    return found


def _free_days(uow: UnitOfWork, asked: FreeTimesAsked, *, own_only: bool = False) -> tuple[FreeDay, ...]:
    _check(asked, today_in(zone_of(uow.actor.zone), uow.now))
    return _days_of(uow, asked, _read_offer(uow, asked, own_only))


def _days_of(uow: UnitOfWork, asked: FreeTimesAsked, offer: Offer) -> tuple[FreeDay, ...]:
    zone = zone_of(uow.actor.zone)
    question = Question(offer.visit, asked.first, asked.last, zone, earliest=uow.now, step=asked.step or offer.step)
    if asked.is_public:
        earliest = uow.now + timedelta(minutes=offer.notice)
        latest = today_in(zone, uow.now) + timedelta(days=offer.horizon)
        question = replace(question, earliest=earliest, latest=latest)
    if offer.class_id:
        return _class_days(uow, question, asked, offer.class_id)
    limits = offer.limits if asked.is_public else NO_LIMITS
    return free_days(question, read_facts(uow, question, limits, except_booking=asked.except_booking or 0))


def _check(asked: FreeTimesAsked, today: date) -> None:
    if not 1 <= len(asked.services) <= MOST_SERVICES:
        raise Invalid(fields={"service_id": f"Choose from one to {MOST_SERVICES} services."})
    if not 0 <= (asked.last - asked.first).days < MOST_DAYS or not abs(asked.first - today) <= FARTHEST:
        raise Invalid(fields={"day": f"Choose at most {MOST_DAYS} days within two years."})


def _read_offer(uow: UnitOfWork, asked: FreeTimesAsked, own_only: bool) -> Offer:
    wanted = {service_id for service_id, _ in asked.services}
    rows = run(uow.session.connection(), _OFFER, {"business": uow.business_id, "services": list(wanted)}).fetchall()
    by_service: dict[int, list[Any]] = {service_id: [] for service_id in wanted}
    for row in rows:
        by_service[row.id].append(row)
    for lines in by_service.values():
        if not lines or (asked.is_public and not (lines[0].is_online and lines[0].is_shop_online is not False)):
            raise NotFound("That service is not there any more.")
    services = [by_service[service_id][0] for service_id, _ in asked.services]
    classes = [service.id for service in services if service.seats > 1]
    if classes and len(services) > 1:
        raise Invalid(fields={"service_id": "A class is booked by itself."})
    usual = PolicyTerms()
    only = uow.actor.member_id if own_only else None
    return Offer(
        visit=()
        if classes
        else tuple(_ways(by_service[service_id], member_id, only) for service_id, member_id in asked.services),
        class_id=classes[0] if classes else 0,
        notice=max(_first_said(one.min_notice_min, one.shop_notice, usual.min_notice_min) for one in services),
        horizon=min(_first_said(one.horizon_days, one.shop_horizon, usual.horizon_days) for one in services),
        step=_first_said(services[0].slot_step_min, services[0].shop_step, usual.slot_step_min),
        limits=Limits(
            services[0].most_of_shop,
            {one.id: one.most_per_day for one in services},
            {row.member_id: row.most_of_member for row in rows if row.member_id},
        ),
        hold=_first_said(None, services[0].hold_min, usual.hold_min),
        approval=_first_said(None, services[0].approval_hours, usual.approval_hours)
        if any(usual.needs_approval if one.needs_approval is None else one.needs_approval for one in services)
        else None,
        payment=_first_said(None, services[0].payment_min, usual.payment_min),
        doers={(row.id, row.member_id): (row.member, row.price_paise) for row in rows if row.member_id},
    )


def _first_said(own: int | None, shop: int | None, usual: int) -> int:
    """The service's own term, else the shop's, else what holds for a shop that has said nothing."""
    return own if own is not None else shop if shop is not None else usual


def _ways(rows: Sequence[Any], member_id: int | None, only: int | None) -> tuple[Way, ...]:
    """Of everybody who does the service, or of the one who was named."""
    if member_id is not None and member_id not in {row.member_id for row in rows}:
        raise Invalid(fields={"member_id": f"Nobody by that name does {rows[0].name} now. Choose somebody else."})
    ways = []
    for row in rows:
        if (
            row.member_id
            and row.member_id in (member_id or row.member_id,)
            and row.member_id in (only or row.member_id,)
        ):
            duration = row.own_duration or row.duration_min
            choices: dict[int, list[int]] = {}
            for choice, resource_id in row.needs or ():
                choices.setdefault(choice, []).append(-resource_id)
            ways.append(
                Way(
                    member_id=row.member_id,
                    duration=duration,
                    before=row.buffer_before_min,
                    after=row.buffer_after_min,
                    gap=fitting_gap(row.gap_after_min, row.gap_min, duration),
                    choices=tuple(tuple(keepers) for keepers in choices.values()),
                )
            )
    return tuple(ways)


def _class_days(uow: UnitOfWork, question: Question, asked: FreeTimesAsked, class_id: int) -> tuple[FreeDay, ...]:
    """The sessions of a class with enough seats. A day with sessions that are full is open all the same."""
    values = {
        "business": uow.business_id, "service": class_id, "member": asked.services[0][1] or 0, "now": uow.now,
        "first": day_bounds(asked.first, question.zone)[0], "last": day_bounds(asked.last, question.zone)[1],
    }  # fmt: skip
    found: dict[date, list[FreeStart]] = {}
    for row in run(uow.session.connection(), _SESSIONS, values):
        day = to_wall(row.starts_at, question.zone)[0]
        starts = found.setdefault(day, [])
        if row.starts_at >= question.earliest and day <= question.latest and row.seats_left >= asked.seats:
            starts.append(FreeStart(row.starts_at.astimezone(UTC), (row.member_id,), row.id, row.seats_left))
    days = [asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)]
    return tuple(FreeDay(day, day in found, tuple(found.get(day, ()))) for day in days)
