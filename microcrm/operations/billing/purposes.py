"""What an advance is for, as far as the shop knows: a visit, a service, or whatever it sells."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, select

from microcrm.domain.advance import Purpose
from microcrm.domain.errors import NotFound
from microcrm.domain.taxbook import TaxClass, TaxRate, price_with_tax, rate_for
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.models.catalogue import Service
from microcrm.operations.billing.pricing import rule_for
from microcrm.operations.billing.tax_rates import read_rates
from microcrm.operations.unit_of_work import UnitOfWork

UNKNOWN = "Advance for services"


def purposes_for(uow: UnitOfWork, *, booking_id: int | None = None, service_id: int | None = None) -> list[Purpose]:
    """The services of the visit, in proportion to their prices; or the service; or, when neither is known, all that the shop
    sells: where that has one rate, the rate is known all the same. ``NotFound`` for a service that is not the shop's."""
    today = today_in(zone_of(uow.actor.zone), uow.now)
    own = read_rates(uow)
    if booking_id is not None and (found := _of_visit(uow, booking_id, own, today)):
        return found
    if service_id is not None:
        query = select(Service).where(Service.business_id == uow.business_id, Service.id == service_id)
        service = uow.session.scalars(query).first()
        if service is None:
            raise NotFound("That service is not there any more.", remedy="Choose another one.")
        return [_of_service(service, own, today)]
    return [_of_shop(uow, own, today)]


def _of_visit(uow: UnitOfWork, booking_id: int, own: tuple[TaxRate, ...], today: date) -> list[Purpose]:
    rows = uow.session.execute(
        select(BookingItem.price_paise, Service)
        .join(Service, and_(Service.business_id == BookingItem.business_id, Service.id == BookingItem.service_id))
        .where(BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking_id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    )
    return [_of_service(service, own, today, price) for price, service in rows]


def _of_service(service: Service, own: tuple[TaxRate, ...], today: date, price: int = 1) -> Purpose:
    tax_class = TaxClass(service.tax_class or TaxClass.STANDARD)
    rate = rate_for(own, tax_class, service.sac, today)
    return Purpose(
        description=f"Advance for {service.name}"[:200],
        rate_bp=rate.rate_bp,
        is_exempt=rate.is_exempt,
        rules=(rule_for(tax_class),),
        tax_class=tax_class,
        sac=service.sac,
        worth=price if service.is_price_with_tax else price_with_tax(price, rate),
        service_id=service.id,
    )


def _of_shop(uow: UnitOfWork, own: tuple[TaxRate, ...], today: date) -> Purpose:
    rows = uow.session.execute(
        select(Service.tax_class, Service.sac)
        .where(Service.business_id == uow.business_id, Service.is_active)
        .distinct()
    ).all()
    kinds = {(TaxClass(row.tax_class or TaxClass.STANDARD), row.sac) for row in rows}
    rates = [rate_for(own, tax_class, sac, today) for tax_class, sac in kinds]
    if len({(rate.rate_bp, rate.is_exempt) for rate in rates}) != 1:
        return Purpose(UNKNOWN)
    classes, codes = sorted({one for one, _ in kinds}), sorted({sac for _, sac in kinds})
    return Purpose(
        UNKNOWN,
        rate_bp=rates[0].rate_bp,
        is_exempt=rates[0].is_exempt,
        rules=tuple(sorted({rule_for(one) for one in classes})),
        tax_class=classes[0] if len(classes) == 1 else "",
        sac=codes[0] if len(codes) == 1 else "",
    )
