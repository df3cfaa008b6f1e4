"""Classes of a stretch of time: one block each, however many people come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from microcrm.models.bookings import Occupancy
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.parts.occupy import REACH
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ClassBlock:
    session_id: int
    version: int
    member_id: int
    service: str
    hue: str
    start: datetime
    end: datetime
    seats: int
    taken: int
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
    one, found = ClassSession, []
    if sees_own_only(uow.actor):
        found.append(one.member_id == uow.actor.member_id)
    if members is not None:
        found.append(one.member_id.in_(list(members)))
    if service is not None:
        found.append(one.service_id == service)
    rows = uow.session.connection().execute(
        select(
            one.id.label("session_id"), one.version, one.member_id, Service.name.label("service"),
            Service.colour.label("hue"), one.starts_at.label("start"), one.ends_at.label("end"), one.seats, one.taken,
            _rooms().label("rooms"),
        )
        .join(Service, and_(Service.business_id == one.business_id, Service.id == one.service_id))
        .where(
            one.business_id == uow.business_id,
            one.starts_at > start - REACH,
            one.starts_at < end,
            one.ends_at > start,
            one.is_live,
            *found,
        )
        .order_by(one.starts_at, one.id)
        .limit(500)
    )  # fmt: skip
    return tuple(ClassBlock(**{**row._mapping, "rooms": tuple(row.rooms or ())}) for row in rows)


def _rooms() -> Any:
    """What the class holds besides its teacher."""
    return (
        select(func.array_agg(Occupancy.resource_id))
        .where(
            Occupancy.business_id == ClassSession.business_id,
            Occupancy.session_id == ClassSession.id,
            Occupancy.resource_id.is_not(None),
            Occupancy.is_live,
        )
        .correlate(ClassSession)
        .scalar_subquery()
    )
