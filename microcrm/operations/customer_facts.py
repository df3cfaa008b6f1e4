"""The numbers at the head of a customer's page: visits, what they came to, their rhythm, and what comes next. Read beside the
customer's row, in the same statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Lateral, Row, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from microcrm.domain.booking import CANCELLED, LABELS, LIVE, BookingStatus
from microcrm.domain.documents import OWED
from microcrm.domain.formatting import format_count, format_day, format_near_day, format_range, format_time
from microcrm.domain.money import format_rupees, format_rupees_whole
from microcrm.domain.permissions import Permission
from microcrm.domain.rhythm import FEWEST, LATEST, rhythm_of
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.operations.billing.settling import OPEN
from microcrm.operations.customer_access import visible_bookings
from microcrm.operations.unit_of_work import UnitOfWork

LATEST_VISITS = 2 * LATEST  # several may be on one day
_USUAL = 3  # times that the latest visits had it, to be called usual


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that matters, and what puts it in proportion."""

    name: str
    value: str
    note: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Coming:
    """The next visit. Nothing is booked when ``when`` is empty; ``href`` is empty for those without a calendar."""

    when: str = ""
    what: str = ""
    who: str = ""
    price: str = ""
    status: str = ""
    href: str = ""


NONE_COMING = Coming()


def counted(uow: UnitOfWork) -> Lateral:
    """How many bookings, and how they ended."""
    status = Booking.status
    return (
        select(
            func.count().label("bookings"),
            func.count().filter(status == BookingStatus.FINISHED).label("done"),
            func.count().filter(status == BookingStatus.NO_SHOW).label("missed"),
            func.count().filter(status.in_(CANCELLED)).label("cancelled"),
            func.count().filter(status == BookingStatus.LATE_CANCELLED).label("cancelled_late"),
            func.max(Booking.starts_at).filter(status == BookingStatus.FINISHED).label("last_at"),
        )
        .where(*_theirs(uow))
        .correlate(Customer)
        .lateral("counted")
    )


def taken(uow: UnitOfWork) -> Lateral:
    """What the latest visits had: [when it began, service, person] of each item."""
    latest = (
        select(Booking.id, Booking.starts_at)
        .where(*_theirs(uow), Booking.status == BookingStatus.FINISHED)
        .order_by(Booking.starts_at.desc())
        .limit(LATEST_VISITS)
        .correlate(Customer)
        .lateral("latest")
    )
    item = BookingItem
    return (
        select(func.json_agg(func.json_build_array(latest.c.starts_at, Service.name, Member.name)).label("taken"))
        .select_from(latest)
        .join(item, (item.business_id == uow.business_id) & (item.booking_id == latest.c.id))
        .join(Service, (Service.business_id == item.business_id) & (Service.id == item.service_id))
        .join(Member, (Member.business_id == item.business_id) & (Member.id == item.member_id))
        .lateral("had")
    )


def coming(uow: UnitOfWork) -> Lateral:
    """The next visit and what is in it."""
    item = BookingItem
    first = (
        select(Booking.id, Booking.starts_at, Booking.ends_at, Booking.status)
        .where(*_theirs(uow), Booking.status.in_(LIVE), Booking.starts_at > uow.now)
        .order_by(Booking.starts_at)
        .limit(1)
        .correlate(Customer)
        .lateral("first")
    )
    return (
        select(
            func.min(first.c.starts_at).label("next_at"),
            func.min(first.c.ends_at).label("next_until"),
            func.min(first.c.status).label("next_status"),
            func.min(item.id).label("next_item"),
            func.array_agg(aggregate_order_by(Service.name, item.starts_at, item.id)).label("next_services"),
            func.array_agg(aggregate_order_by(Member.name, item.starts_at, item.id)).label("next_people"),
            func.sum(item.price_paise).label("next_paise"),
        )
        .select_from(first)
        .join(item, (item.business_id == uow.business_id) & (item.booking_id == first.c.id))
        .join(Service, (Service.business_id == item.business_id) & (Service.id == item.service_id))
        .join(Member, (Member.business_id == item.business_id) & (Member.id == item.member_id))
        .lateral("coming")
    )


def owed() -> Lateral:
    """What is due, and what of it since when."""
    due = Document.total_paise + Document.tip_paise - Document.paid_paise
    return (
        select(func.coalesce(func.sum(due), 0).label("due"), func.min(Document.due_on).label("due_since"))
        .where(
            Document.business_id == Customer.business_id,
            Document.customer_id == Customer.id,
            Document.state.in_(OPEN),
            Document.kind.in_(sorted(OWED)),
        )
        .correlate(Customer)
        .lateral("owed")
    )


def facts_of(uow: UnitOfWork, billed: int, row: Row[Any]) -> tuple[Fact, ...]:
    """``row`` has the columns of all of the above; money only for those who may see bills, and then ``billed`` in paise."""
    zone = zone_of(uow.actor.zone)
    today = to_wall(uow.now, zone)[0]
    last = f"last {format_day(to_wall(row.last_at, zone)[0])}" if row.last_at else "none yet"
    late = f", {row.cancelled_late} cancelled late" if row.cancelled_late else ""
    facts = [
        Fact("Visits", str(row.done), last),
        Fact("Did not come", str(row.missed), f"of {format_count(row.bookings, 'booking')}{late}"),
    ]
    if uow.may(Permission.INVOICES_VIEW):
        facts += _money(billed, row, today)
    days = [to_wall(datetime.fromisoformat(at), zone)[0] for at, _, _ in row.taken or ()]
    return (*facts, _rhythm(days, today), _next(row, zone, today))


def usual_of(row: Row[Any]) -> str:
    """As in "Haircut with Asha": what most of the latest visits had; "" when nothing stands out."""
    had: Sequence[Sequence[str]] = row.taken or ()
    service, person = _most(service for _, service, _ in had), _most(person for _, _, person in had)
    return f"{service} with {person}" if service and person else service or (f"With {person}" if person else "")


def coming_of(uow: UnitOfWork, row: Row[Any]) -> Coming:
    if row.next_at is None:
        return NONE_COMING
    zone = zone_of(uow.actor.zone)
    day = to_wall(row.next_at, zone)[0]
    near = format_near_day(day, to_wall(uow.now, zone)[0])
    return Coming(
        when=f"{near}, {format_range(row.next_at, row.next_until, zone)}",
        what=", ".join(dict.fromkeys(row.next_services)),
        who=", ".join(dict.fromkeys(row.next_people)),
        price=format_rupees(int(row.next_paise)),
        status=LABELS[BookingStatus(row.next_status)],
        href=f"/calendar?date={day.isoformat()}&booking={row.next_item}" if uow.may(Permission.CALENDAR_OWN) else "",
    )


def _theirs(uow: UnitOfWork) -> tuple[Any, ...]:
    return (
        Booking.business_id == Customer.business_id,
        Booking.customer_id == Customer.id,
        visible_bookings(uow.actor),
    )


def _money(billed: int, row: Row[Any], today: date) -> list[Fact]:
    each = f"{format_rupees_whole(billed // row.done)} a visit" if billed > 0 and row.done else ""
    is_late = bool(row.due) and row.due_since is not None and row.due_since < today
    note = f"since {_short(row.due_since, today)}" if is_late else "to be paid" if row.due else "all paid"
    due = format_rupees(int(row.due)) if row.due else format_rupees_whole(0)
    return [Fact("Lifetime", format_rupees_whole(billed), each), Fact("Dues", due, note, is_late)]


def _rhythm(days: Iterable[date], today: date) -> Fact:
    found = rhythm_of(days)
    if found is None:
        return Fact("Own rhythm", "–", f"known from {FEWEST} visits on")
    due = f"{'was due' if found.due_on < today else 'due'} about {_short(found.due_on, today)}"
    return Fact("Own rhythm", found.words, due)


def _short(day: date, today: date) -> str:
    """Without the year while it is this one."""
    return format_day(day).removesuffix(f" {today.year}")


def _next(row: Row[Any], zone: Any, today: date) -> Fact:
    if row.next_at is None:
        return Fact("Next visit", "None", "not booked")
    return Fact("Next visit", format_near_day(to_wall(row.next_at, zone)[0], today), format_time(row.next_at, zone))


def _most(names: Iterable[str]) -> str:
    """The one that is in at least half of them, and three times."""
    counts = Counter(names)
    name, times = counts.most_common(1)[0] if counts else ("", 0)
    return name if times >= _USUAL and 2 * times >= counts.total() else ""
