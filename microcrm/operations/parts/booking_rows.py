"""Finding a booking that may be changed, and writing down what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update

from microcrm.domain.booking import LABELS, BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.formatting import format_time
from microcrm.domain.notices import NoticeStep
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingEvent, BookingItem
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.unit_of_work import UnitOfWork

WALK_IN = "Walk-in"

# The counter is taken last, when the time is won: bookings of one shop then queue only for the length of this statement.
_NUMBER = fixed(
    "WITH next AS (INSERT INTO counters AS c (business_id, kind, last) VALUES (:business, 'booking', 1) "
    "ON CONFLICT (business_id, kind) DO UPDATE SET last = c.last + 1 RETURNING last) "
    "UPDATE bookings SET number = next.last FROM next WHERE business_id = :business AND id = :id RETURNING number"
)


@dataclass(frozen=True, slots=True)
class BookingDone:
    """After any step. ``undo`` is the token that takes it back; ``label`` says what was done. ``token`` opens the visit
    for its customer, where one was made. ``untold`` is the ``NoticeStep`` of which the customer could still be told."""

    booking_id: int
    item_ids: tuple[int, ...]
    number: int
    version: int
    status: str
    label: str
    undo: str
    token: str = ""
    untold: str = ""


def open_booking(uow: UnitOfWork, raw_id: Any, raw_version: Any = None) -> tuple[Booking, list[BookingItem]]:
    """The booking, locked, with its items in order. ``NotFound`` for another business's; ``Conflict`` when it has
    changed since ``raw_version`` (not asked when ``None``)."""
    booking_id = _whole(raw_id)
    found = uow.session.execute(
        select(Booking).where(Booking.business_id == uow.business_id, Booking.id == booking_id).with_for_update()
    ).scalar()
    if found is None:
        raise NotFound
    if raw_version is not None and _whole(raw_version) != found.version:
        raise Conflict(_what_changed(uow, booking_id), remedy="Look at how it stands now, then make your change again.")
    items = uow.session.scalars(
        select(BookingItem)
        .where(BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking_id)
        .order_by(BookingItem.starts_at, BookingItem.id)
    ).all()
    return found, list(items)


_CHANGES = {
    "moved": "moved", "cancelled": "cancelled", "booked": "made", "approved": "approved", "declined": "declined",
    "handed_over": "handed over", "fee_waived": "given its fee back", "undone": "changed back",
}  # fmt: skip


def _what_changed(uow: UnitOfWork, booking_id: int) -> str:
    """As in: This booking was moved by Asha at 3:05 pm meanwhile."""
    row = uow.session.execute(
        select(BookingEvent.kind, BookingEvent.at, Member.name)
        .outerjoin(Member, (Member.business_id == BookingEvent.business_id) & (Member.id == BookingEvent.member_id))
        .where(BookingEvent.business_id == uow.business_id, BookingEvent.booking_id == booking_id)
        .order_by(BookingEvent.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return "This booking has changed meanwhile."
    done = _done_in_words(row.kind)
    by = f" by {row.name}" if row.name else ""
    return f"This booking was {done}{by} at {format_time(row.at, zone_of(uow.actor.zone))} meanwhile."


def _done_in_words(kind: str) -> str:
    if kind in set(BookingStatus):
        return f"marked “{LABELS[BookingStatus(kind)]}”"
    return _CHANGES.get(kind, "changed")


def _whole(raw: Any) -> int:
    try:
        number = parse_whole(raw)
    except Invalid:
        raise NotFound from None
    if number is None or not 0 < number <= BIGINT:
        raise NotFound
    return number


def check_columns(uow: UnitOfWork, members: set[int]) -> None:
    """Those who have only their own calendar change nothing in anybody else's."""
    if not may_run_calendar(uow) and members != {uow.actor.member_id}:
        raise Forbidden("You can change only the bookings of your own calendar.")


def give_number(uow: UnitOfWork, booking_id: int) -> int:
    """The next human number of the business."""
    return int(uow.session.execute(_NUMBER, {"business": uow.business_id, "id": booking_id}).scalar_one())


def note_event(
    uow: UnitOfWork, booking_id: int, kind: str, *, old: str = "", new: str = "", reason: str = "", **facts: Any
) -> int:
    """The visit's own story, and the business's log. Returns the number of the log's entry."""
    note_story(uow, booking_id, kind, old=old, new=new, reason=reason)
    if new != old:
        facts |= {"from": old, "to": new}
    return uow.audit(f"booking.{kind}", "booking", booking_id, **facts)


def note_story(uow: UnitOfWork, booking_id: int, kind: str, *, old: str = "", new: str = "", reason: str = "") -> None:
    """The visit's own story alone, for what the log tells in one line about many visits."""
    uow.session.add(
        BookingEvent(
            business_id=uow.business_id,
            booking_id=booking_id,
            customer_id=whose_visit(uow, booking_id),
            at=uow.now,
            member_id=uow.actor.member_id,
            kind=kind,
            from_status=old,
            to_status=new,
            reason=reason,
        )
    )


def whose_visit(uow: UnitOfWork, booking_id: int) -> Any:
    """For a line of its story; looked up when that is written."""
    query = select(Booking.customer_id).where(Booking.business_id == uow.business_id, Booking.id == booking_id)
    return query.scalar_subquery()


class Who(NamedTuple):
    """Whose visit it is, and whether a message can reach them."""

    name: str
    is_reachable: bool


def who_comes(uow: UnitOfWork, customer_id: int | None) -> Who:
    if customer_id is None:
        return Who(WALK_IN, is_reachable=False)
    query = select(Customer.name, Customer.phone, Customer.email).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id
    )
    row = uow.session.execute(query).first()
    return Who(row.name, bool(row.phone or row.email)) if row else Who(WALK_IN, is_reachable=False)


def customer_name(uow: UnitOfWork, customer_id: int | None) -> str:
    return who_comes(uow, customer_id).name


def untold(uow: UnitOfWork, who: Who, step: NoticeStep, ends_at: datetime, *, tell: bool) -> str:
    """``step``, when the customer has not been told and it still matters to them; else ""."""
    return step.value if who.is_reachable and not tell and ends_at > uow.now else ""


def recount_visits(uow: UnitOfWork, customer_id: int | None) -> None:
    """Visits of a customer and the last of them, from the finished bookings. The row is locked first, so that of two
    desks that finish at once the second counts the first one's visit too."""
    if customer_id is None:
        return
    ours = (Customer.business_id == uow.business_id, Customer.id == customer_id)
    uow.session.execute(select(Customer.id).where(*ours).with_for_update())
    uow.session.flush()
    finished = select(func.count(), func.max(Booking.starts_at)).where(
        Booking.business_id == uow.business_id,
        Booking.customer_id == customer_id,
        Booking.status == BookingStatus.FINISHED,
    )
    count, last = uow.session.execute(finished).one()
    uow.session.execute(update(Customer).where(*ours).values(visit_count=count, last_visit_at=last))
