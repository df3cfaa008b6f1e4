"""The price list as a bill needs it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from microcrm.domain.permissions import Permission
from microcrm.models.catalogue import Service
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 500


@dataclass(frozen=True, slots=True)
class Offer:
    service_id: int
    name: str
    price_paise: int
    sac: str
    tax_class: str
    is_with_tax: bool


def offers(uow: UnitOfWork) -> tuple[Offer, ...]:
    """What is on sale, in the order of the price list."""
    uow.require(Permission.INVOICES_VIEW)
    rows = uow.session.execute(
        select(Service.id, Service.name, Service.price_paise, Service.sac, Service.tax_class, Service.is_price_with_tax)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .order_by(Service.position, Service.id)
        .limit(MOST)
    )
    return tuple(Offer(*row) for row in rows)
