"""What stands beside today's agenda: who waits at the counter, and who of tomorrow's has not said that they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact
from microcrm.operations.parts.day_items import DayItem, read_day_items
from microcrm.operations.queue_view import QueueView, read_queue
from microcrm.operations.unit_of_work import UnitOfWork

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The first service of a visit. ``whatsapp`` is digits for a wa.me link, empty for those who may not see the number."""

    item: DayItem
    whatsapp: str


@dataclass(frozen=True, slots=True)
class Aside:
    """``queue`` is None while it is switched off and for those without a calendar. ``tomorrow`` counts visits."""

    queue: QueueView | None = None
    tomorrow: int = 0
    unconfirmed: int = 0
    first: tuple[Unconfirmed, ...] = ()


def aside(uow: UnitOfWork) -> Aside:
    uow.require(Permission.SHOP_VIEW)
    if not uow.may(Permission.CALENDAR_OWN):
        return Aside()
    queue = read_queue(uow)
    zone = zone_of(uow.actor.zone)
    items = read_day_items(uow, *day_bounds(today_in(zone, uow.now) + timedelta(days=1), zone))
    visits = {item.booking_id: item for item in reversed(items) if item.status in LIVE}
    silent = sorted(
        (item for item in visits.values() if item.status is BookingStatus.BOOKED),
        key=lambda item: (item.start, item.item_id),
    )
    return Aside(queue if queue.is_on else None, len(visits), len(silent), _with_numbers(uow, silent[:SHOWN]))


def _with_numbers(uow: UnitOfWork, items: Sequence[DayItem]) -> tuple[Unconfirmed, ...]:
    ids = {item.customer_id for item in items if item.customer_id is not None}
    phones: dict[int | None, str] = {}
    if ids and may_contact(uow.actor):
        query = select(Customer.id, Customer.phone).where(
            Customer.business_id == uow.business_id, Customer.id.in_(sorted(ids))
        )
        phones = {row[0]: row[1].removeprefix("+") for row in uow.session.execute(query)}
    return tuple(Unconfirmed(item, phones.get(item.customer_id, "")) for item in items)
