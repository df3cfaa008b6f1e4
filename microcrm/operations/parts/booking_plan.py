"""What a visit will be, before anything is stored: which service by whom, when, how long, for how much, in which room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.occupancy import LONGEST_SERVICE, Gap, Span, occupied_spans, whole_span
from microcrm.models.business import Member
from microcrm.models.catalogue import Resource, Service, ServiceMember, ServiceResource
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
    """``minutes`` is empty when the service takes as long as always."""

    service_id: int
    member_id: int
    minutes: int | None


def read_items(reader: Reader, raw: Any) -> tuple[WantedItem, ...]:
    """The chosen services as typed; each has the attributes service_id, member_id and minutes. What is wrong stands at
    ``place("service_id", 0)`` for the first, and so on."""
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_SERVICES:
        reader.refuse("service_id", f"Choose from one to {MOST_SERVICES} services.")
        return ()
    return tuple(
        WantedItem(
            reader.id(place("service_id", n), item.service_id, "Service"),
            reader.id(place("member_id", n), item.member_id, "Staff member"),
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
    offers = _offers(uow, {item.service_id for item in wanted}, {item.member_id for item in wanted})
    choices = resource_choices(uow, {item.service_id for item in wanted})
    planned: list[PlannedItem] = []
    for n, item in enumerate(wanted):
        service, member, does = offers.get((item.service_id, item.member_id), (None, None, None))
        if service is None or member is None:
            raise NotFound("That service or staff member is not there any more.")
        check_does(service, member, does, n)
        plan = _offered(service, member, does, item, choices.get(item.service_id, ()), start)
        if planned:
            plan = _following(plan, planned[-1])
        planned.append(plan)
    return tuple(planned)


def check_does(service: Service, member: Member, does: ServiceMember | None, number: int = 0) -> None:
    """``number``: which service of the visit it is, counted from 0; the refusal stands at its fields."""
    if not service.is_active:
        raise Invalid(fields={place("service_id", number): f"{service.name} is not offered any more."})
    if member.deactivated_at is not None or not member.is_bookable:
        raise Invalid(fields={place("member_id", number): f"{member.name} takes no bookings. Choose somebody else."})
    if does is None:
        raise Invalid(
            fields={place("member_id", number): f"{member.name} does not do {service.name}. Choose somebody else."}
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


def _offers(
    uow: UnitOfWork, services: set[int], members: set[int]
) -> dict[tuple[int, int], tuple[Service, Member, ServiceMember | None]]:
    """Every pair of a service and a member of this business, with the row that says the member does it, or ``None``."""
    rows = uow.session.execute(
        select(Service, Member, ServiceMember)
        .join(Member, Member.business_id == Service.business_id)
        .outerjoin(
            ServiceMember,
            and_(
                ServiceMember.business_id == Service.business_id,
                ServiceMember.service_id == Service.id,
                ServiceMember.member_id == Member.id,
            ),
        )
        .where(Service.business_id == uow.business_id, Service.id.in_(services), Member.id.in_(members))
    )
    return {(service.id, member.id): (service, member, does) for service, member, does in rows}


def _offered(
    service: Service,
    member: Member,
    does: ServiceMember | None,
    item: WantedItem,
    choices: Choices,
    start: datetime,
) -> PlannedItem:
    own_price = does.price_paise if does else None
    own_minutes = does.duration_min if does else None
    duration = item.minutes or own_minutes or service.duration_min
    return PlannedItem(
        service_id=service.id or 0,
        member_id=member.id or 0,
        member_name=member.name,
        start=start,
        duration=duration,
        price_paise=service.price_paise if own_price is None else own_price,
        before=service.buffer_before_min,
        after=service.buffer_after_min,
        gap=fitting_gap(service.gap_after_min, service.gap_min, duration),
        choices=choices,
    )


def fitting_gap(after: int, minutes: int, duration: int) -> Gap | None:
    """The processing gap, unless a visit that is shorter than usual has no room for it."""
    return Gap(after, minutes) if after and minutes and after + minutes < duration else None


def _following(item: PlannedItem, earlier: PlannedItem) -> PlannedItem:
    """Right after the earlier one; the same member first needs the time between two customers."""
    pause = earlier.after + item.before if item.member_id == earlier.member_id else 0
    return replace(item, start=earlier.end + timedelta(minutes=pause))
