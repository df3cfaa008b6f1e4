"""How many bookings customers have, of every state: what goes over when two records become one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from microcrm.models.bookings import Booking
from microcrm.operations.unit_of_work import UnitOfWork


def bookings_of(uow: UnitOfWork, customers: Collection[int]) -> dict[int, int]:
    """By customer, 0 for those without. One statement."""
    query = (
        select(Booking.customer_id, func.count().label("bookings"))
        .where(Booking.business_id == uow.business_id, Booking.customer_id.in_(list(customers)))
        .group_by(Booking.customer_id)
    )
    found = {row.customer_id: row.bookings for row in uow.session.execute(query)}
    return {customer_id: found.get(customer_id, 0) for customer_id in customers}
