"""What the rules of a segment mean in SQL: conditions on ``customers``, each of which has an index of the shop to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal_column, select

from microcrm.domain.booking import LIVE, BookingStatus
from microcrm.domain.documents import OWED
from microcrm.domain.found_by import TAG, tag_key
from microcrm.domain.segments import THIS_MONTH, Rules
from microcrm.domain.zones import day_bounds, today_in, zone_of
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import NEVER, Customer, CustomerWord
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.unit_of_work import UnitOfWork

_NEVER: ColumnElement[datetime] = literal_column(NEVER)


def conditions_of(uow: UnitOfWork, rules: Rules) -> list[ColumnElement[bool]]:
    """All of which must hold. For whoever may ask: money is not asked for here."""
    shop = uow.business_id
    found: list[ColumnElement[bool]] = [*_visits(uow, rules), *_tags(shop, rules)]
    if rules.spent_paise is not None:
        found.append(Customer.billed_paise >= rules.spent_paise)
    if rules.is_owing:
        found.append(Customer.id.in_(_owing(shop)))
    if rules.birthday_month is not None:
        month = rules.birthday_month or today_in(zone_of(uow.actor.zone), uow.now).month
        found.append(Customer.birth_key.between(month * 100 + 1, month * 100 + 31))
    if rules.added_days is not None:
        found.append(Customer.created_at >= _since(uow, rules.added_days))
    return found


def has_tag(business_id: int, *tags: str) -> ColumnElement[bool]:
    """Those who have any of the tags, whatever the capitals."""
    keys = [tag_key(tag) or TAG for tag in tags]
    tagged = select(CustomerWord.customer_id).where(
        CustomerWord.business_id == business_id,
        CustomerWord.word.in_(keys) if len(keys) > 1 else CustomerWord.word == keys[0],
    )
    return Customer.id.in_(tagged)


def _visits(uow: UnitOfWork, rules: Rules) -> list[ColumnElement[bool]]:
    found: list[Any] = []
    if rules.not_seen_days is not None:
        found += [Customer.last_visit_key > _NEVER, _days_ago(uow, rules.not_seen_days) >= Customer.last_visit_key]
    if rules.is_not_booked:
        found.append(~_has_booking(Booking.starts_at > uow.now, Booking.status.in_(sorted(LIVE))))
    if rules.first_visit_days is not None:
        since = _days_ago(uow, rules.first_visit_days)
        before = _has_booking(Booking.starts_at < since, Booking.status == BookingStatus.FINISHED.value)
        found += [since <= Customer.last_visit_key, ~before]
    if rules.least_visits is not None:
        found.append(Customer.visit_count >= rules.least_visits)
    return found


def _tags(shop: int, rules: Rules) -> list[ColumnElement[bool]]:
    found = [has_tag(shop, tag) for tag in rules.tags_all]
    if rules.tags_any:
        found.append(has_tag(shop, *rules.tags_any))
    if rules.tags_none:
        found.append(~has_tag(shop, *rules.tags_none))
    return found


def _has_booking(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    visits = select(Booking.id).where(
        Booking.business_id == Customer.business_id, Booking.customer_id == Customer.id, *conditions
    )
    return exists(visits.correlate(Customer))


def _owing(shop: int) -> Select[Any]:
    """Of few rows: bills that are open."""
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    return select(Document.customer_id).where(
        Document.business_id == shop,
        Document.state.in_(OPEN),
        Document.kind.in_(sorted(OWED)),
        Document.customer_id.is_not(None),
        due > 0,
    )


def _since(uow: UnitOfWork, days: int) -> datetime:
    if days != THIS_MONTH:
        return _days_ago(uow, days)
    zone = zone_of(uow.actor.zone)
    return day_bounds(today_in(zone, uow.now).replace(day=1), zone)[0]


def _days_ago(uow: UnitOfWork, days: int) -> datetime:
    """The beginning of that day: somebody whose last visit was 60 days ago has not been seen for 60 days."""
    zone = zone_of(uow.actor.zone)
    return day_bounds(today_in(zone, uow.now) - timedelta(days=days - 1), zone)[0]
