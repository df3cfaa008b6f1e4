"""What the calendar can be filtered by, beside its people."""

from __future__ import annotations

from sqlalchemy import select

from microcrm.domain.permissions import Permission
from microcrm.models.catalogue import Service
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 200


def services_to_filter(uow: UnitOfWork) -> list[tuple[int, str]]:
    """Ids and names of the services that are sold, in the order of the price list."""
    uow.require(Permission.CALENDAR_OWN)
    rows = uow.session.connection().execute(
        select(Service.id, Service.name)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .order_by(Service.position, Service.name)
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in rows]
