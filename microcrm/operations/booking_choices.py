"""What a new booking is chosen from: the services that are sold now, and who does each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select

from microcrm.domain.permissions import Permission
from microcrm.models.business import Member
from microcrm.models.catalogue import Category, Service, ServiceMember
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.unit_of_work import UnitOfWork

MOST_PAIRS = 2_000


@dataclass(frozen=True, slots=True)
class Provider:
    """One member who does one service, at their own pace and price where they have one."""

    member_id: int
    member: str
    minutes: int
    price_paise: int


@dataclass(frozen=True, slots=True)
class ServiceChoice:
    """With more than one of ``seats`` it is given as a class."""

    service_id: int
    name: str
    category: str
    minutes: int
    price_paise: int
    providers: tuple[Provider, ...]
    seats: int = 1


def booking_choices(uow: UnitOfWork) -> tuple[ServiceChoice, ...]:
    """In the order of the price list. Members with their own calendar only get what they do themselves."""
    uow.require(Permission.BOOKINGS_OWN)
    own = [] if may_run_calendar(uow) else [Member.id == uow.actor.member_id]
    rows = uow.session.execute(
        select(Service, Category.name, ServiceMember, Member.id, Member.name)
        .join(
            ServiceMember,
            and_(ServiceMember.business_id == Service.business_id, ServiceMember.service_id == Service.id),
        )
        .join(Member, and_(Member.business_id == Service.business_id, Member.id == ServiceMember.member_id))
        .outerjoin(Category, and_(Category.business_id == Service.business_id, Category.id == Service.category_id))
        .where(
            Service.business_id == uow.business_id,
            Service.is_active,
            Member.deactivated_at.is_(None),
            Member.is_bookable,
            *own,
        )
        .order_by(Category.position, Category.id, Service.position, Service.id, Member.position, Member.id)
        .limit(MOST_PAIRS)
    )
    found: dict[int, tuple[Service, str, list[Provider]]] = {}
    for service, category, does, member_id, member in rows:
        minutes = service.duration_min if does.duration_min is None else does.duration_min
        price = service.price_paise if does.price_paise is None else does.price_paise
        entry = found.setdefault(service.id, (service, category or "", []))
        entry[2].append(Provider(member_id, member, minutes, price))
    return tuple(
        ServiceChoice(
            service_id,
            service.name,
            category,
            service.duration_min,
            service.price_paise,
            tuple(providers),
            service.seats,
        )
        for service_id, (service, category, providers) in found.items()
    )
