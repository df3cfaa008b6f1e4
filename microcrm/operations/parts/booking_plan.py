"""What a visit will be, before anything is stored: which service by whom, when, how long, for how much, in which room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.rows import tuple_row
from sqlalchemy import and_, select

from microcrm.domain.allergies import substances_in
from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.occupancy import LONGEST_SERVICE, Gap, Span, occupied_spans, whole_span
from microcrm.domain.safety import SafetyRule
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import UnitOfWork

MOST_SERVICES = 6  # in one visit
Choices = tuple[tuple[int, ...], ...]  # resource ids: one of each inner tuple is needed


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One service by one member. Minutes, paise, UTC."""

    service_id: int
    member_id: int
    member_name: str
    start: datetime
    duration: int
    price_paise: int
    before: int = 0
    after: int = 0
    gap: Gap | None = None
    choices: Choices = ()
    safety: SafetyRule | None = None

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.duration)

    @property
    def member_spans(self) -> tuple[Span, ...]:
        return occupied_spans(self.start, self.duration, self.before, self.after, self.gap)

    @property
    def room_span(self) -> Span:
        return whole_span(self.start, self.duration, self.before, self.after)


@dataclass(frozen=True, slots=True)
class WantedItem:
    """``minutes`` is empty when the service takes as long as always, ``member_id`` while anybody will do."""

    service_id: int
    member_id: int | None
    minutes: int | None


def read_items(reader: Reader, raw: Any, *, by_anybody: bool = False) -> tuple[WantedItem, ...]:
    """The chosen services as typed; each has the attributes service_id, member_id and minutes. What is wrong stands at
    ``place("service_id", 0)`` for the first, and so on. ``by_anybody``: nobody has to be named."""
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_SERVICES:
        reader.refuse("service_id", f"Choose from one to {MOST_SERVICES} services.")
        return ()
    return tuple(
        WantedItem(
            reader.id(place("service_id", n), item.service_id, "Service"),
            None
            if by_anybody and item.member_id in (None, "")
            else reader.id(place("member_id", n), item.member_id, "Staff member"),
            reader.optional_number(place("minutes", n), item.minutes, "Length", low=5, high=LONGEST_SERVICE),
        )
        for n, item in enumerate(raw)
    )


def place(name: str, number: int) -> str:
    """The form field of a visit's service: "service_id" for the first one, "service_id_2" for the second."""
    return name if number == 0 else f"{name}_{number + 1}"


def plan_items(uow: UnitOfWork, wanted: Sequence[WantedItem], start: datetime) -> tuple[PlannedItem, ...]:
    """One after the other from ``start``, with today's prices and lengths of whoever does each.

    ``NotFound`` for services and members of somebody else; ``Invalid`` when a member does not do a service.
    """
    offers = _offers(uow, {item.service_id for item in wanted}, {item.member_id or 0 for item in wanted})
    planned: list[PlannedItem] = []
    for n, item in enumerate(wanted):
        offer = offers.get((item.service_id, item.member_id or 0))
        if offer is None:
            raise NotFound("That service or staff member is not there any more.")
        check_does(Doing(offer.service, offer.is_active, offer.member, offer.is_bookable, offer.is_done), n)
        plan = _offered(offer, item, start)
        if planned:
            plan = following(plan, planned[-1])
        planned.append(plan)
    return tuple(planned)


class Doing(NamedTuple):
    """Whether a service is offered, a member takes bookings, and the one does the other."""

    service: str
    is_offered: bool
    member: str
    is_bookable: bool
    is_done: bool


def check_does(doing: Doing, number: int = 0) -> None:
    """``number``: which service of the visit it is, counted from 0; the refusal stands at its fields."""
    if not doing.is_offered:
        raise Invalid(fields={place("service_id", number): f"{doing.service} is not offered any more."})
    if not doing.is_bookable:
        raise Invalid(fields={place("member_id", number): f"{doing.member} takes no bookings. Choose somebody else."})
    if not doing.is_done:
        raise Invalid(
            fields={place("member_id", number): f"{doing.member} does not do {doing.service}. Choose somebody else."}
        )


def resource_choices(uow: UnitOfWork, services: Iterable[int]) -> dict[int, Choices]:
    """For each service what it needs of rooms, chairs and equipment. Resources out of use are left out."""
    rows = uow.session.execute(
        select(ServiceResource.service_id, ServiceResource.choice, ServiceResource.resource_id)
        .join(
            Resource,
            and_(Resource.business_id == ServiceResource.business_id, Resource.id == ServiceResource.resource_id),
        )
        .where(
            ServiceResource.business_id == uow.business_id,
            ServiceResource.service_id.in_(list(services)),
            Resource.is_active,
        )
        .order_by(Resource.position, Resource.id)
    )
    found: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for service_id, choice, resource_id in rows:
        found[service_id][choice].append(resource_id)
    return {service: tuple(tuple(ids) for _, ids in sorted(groups.items())) for service, groups in found.items()}


class _Offer(NamedTuple):
    """A pair of a service and a member of this business; price and minutes are this member's."""

    service_id: int
    member_id: int
    service: str
    member: str
    is_active: bool
    is_bookable: bool
    is_done: bool
    price_paise: int
    duration_min: int
    before: int
    after: int
    gap_after: int
    gap: int
    resources: list[list[int]]  # (choice, resource id)
    patch_test_days: int | None
    rest_days: int | None
    substances: str


# One statement, parsed once: every booking asks it.
_OFFERS = fixed("""
SELECT s.id, m.id, s.name, m.name, s.is_active, m.deactivated_at IS NULL AND m.is_bookable, d.id IS NOT NULL,
  coalesce(d.price_paise, s.price_paise), coalesce(d.duration_min, s.duration_min), s.buffer_before_min, s.buffer_after_min,
  s.gap_after_min, s.gap_min, coalesce((
    SELECT jsonb_agg(jsonb_build_array(n.choice, n.resource_id) ORDER BY n.choice, r.position, r.id)
    FROM service_resources n JOIN resources r ON r.business_id = n.business_id AND r.id = n.resource_id
    WHERE n.business_id = s.business_id AND n.service_id = s.id AND r.is_active), '[]'), s.patch_test_days, s.rest_days, s.substances
FROM services s JOIN members m ON m.business_id = s.business_id
LEFT JOIN service_members d ON d.business_id = s.business_id AND d.service_id = s.id AND d.member_id = m.id
WHERE s.business_id = :business AND s.id = ANY(:services) AND m.id = ANY(:members)
""")


def _offers(uow: UnitOfWork, services: set[int], members: set[int]) -> dict[tuple[int, int], _Offer]:
    values = {"business": uow.business_id, "services": list(services), "members": list(members)}
    found = [_Offer(*row) for row in run(uow.session.connection(), _OFFERS, values, tuple_row)]
    return {(one.service_id, one.member_id): one for one in found}


def _offered(offer: _Offer, item: WantedItem, start: datetime) -> PlannedItem:
    duration = item.minutes or offer.duration_min
    groups: dict[int, list[int]] = defaultdict(list)
    for choice, resource_id in offer.resources:
        groups[choice].append(resource_id)
    return PlannedItem(
        service_id=offer.service_id,
        member_id=offer.member_id,
        member_name=offer.member,
        start=start,
        duration=duration,
        price_paise=offer.price_paise,
        before=offer.before,
        after=offer.after,
        gap=fitting_gap(offer.gap_after, offer.gap, duration),
        choices=tuple(tuple(ids) for ids in groups.values()),
        safety=safety_of(offer.service_id, offer.service, offer.patch_test_days, offer.rest_days, offer.substances),
    )


def safety_of(
    service_id: int, name: str, patch_test_days: int | None, rest_days: int | None, substances: str = ""
) -> SafetyRule | None:
    """Nothing, for a service that asks for nothing: then nothing is read about the customer either."""
    if patch_test_days is None and rest_days is None and not substances:
        return None
    return SafetyRule(service_id, name, patch_test_days, rest_days, substances_in(substances))


def fitting_gap(after: int, minutes: int, duration: int) -> Gap | None:
    """The processing gap, unless a visit that is shorter than usual has no room for it."""
    return Gap(after, minutes) if after and minutes and after + minutes < duration else None


def following(item: PlannedItem, earlier: PlannedItem) -> PlannedItem:
    """Right after the earlier one; the same member first needs the time between two customers."""
    pause = earlier.after + item.before if item.member_id == earlier.member_id else 0
    return replace(item, start=earlier.end + timedelta(minutes=pause))
