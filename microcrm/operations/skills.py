"""What each member does, at which price and pace of their own. The same rows as on the form of a service, seen from the
member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.operations.catalogue import MOST
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.sets import SETS, save_set, stamp
from microcrm.operations.parts.terms import read_terms
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OwnService:
    """A service on sale, and how this member does it; ``None`` means the service's own price or minutes."""

    service_id: int
    name: str
    does: bool
    price_paise: int | None
    duration_min: int | None
    usual_price_paise: int
    usual_duration_min: int


@dataclass(frozen=True, slots=True)
class OwnServices:
    """``stamp`` is the version of the set."""

    rows: tuple[OwnService, ...]
    stamp: int


@dataclass(frozen=True, slots=True)
class SaveOwnServices:
    """(service id, own price, own minutes) of what the member does; errors are named ``price_<id>``, ``minutes_<id>``."""

    member_id: Any
    services: Any
    stamp: Any


def member_services(uow: UnitOfWork, member_id: Any) -> OwnServices:
    """All services on sale, with what this member does."""
    uow.require(Permission.MEMBERS_VIEW)
    member = find(uow, Member, member_id)
    own = SETS["member_services"].read(uow, member.id)
    by_service = {row[0]: row for row in own}
    services = uow.session.exec(
        select(Service)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .order_by(Service.category_id, Service.position, Service.id)
        .limit(MOST)
    )
    rows = tuple(_own_service(service, by_service.get(service.id)) for service in services)
    return OwnServices(rows, stamp(own))


def save_member_services(uow: UnitOfWork, command: SaveOwnServices) -> str:
    """Which services the member does. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    chosen = read_terms(fields, "services", command.services, most=MOST) or []
    fields.done()
    member = find(uow, Member, command.member_id)
    old = SETS["member_services"].read(uow, member.id)
    same_version(command.stamp, stamp(old))
    on_sale = set(uow.session.exec(select(Service.id).where(Service.business_id == uow.business_id, Service.is_active)))
    if any(row[0] not in on_sale for row in chosen):
        raise Invalid(fields={"services": "Choose the services from the list."})
    kept = [row for row in old if row[0] not in on_sale]
    return save_set(uow, "member_services", member.id, [*chosen, *kept], f"services of {member.name}")


def _own_service(service: Service, terms: tuple[Any, ...] | None) -> OwnService:
    price, minutes = (terms[1], terms[2]) if terms else (None, None)
    return OwnService(
        service_id=int(service.id or 0),
        name=service.name,
        does=terms is not None,
        price_paise=price,
        duration_min=minutes,
        usual_price_paise=service.price_paise,
        usual_duration_min=service.duration_min,
    )
