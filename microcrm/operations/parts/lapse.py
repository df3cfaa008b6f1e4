"""Holds and requests whose time has run out give it back: at once to whoever wants it, else by a sweep.

Letting go inside a transaction that then claims would let two of them wait for each other. So all who let something go
first take one lock of their business; inside a savepoint it is released again when the claim fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, select, text, update

from microcrm.domain.booking import TENTATIVE, BookingStatus
from microcrm.domain.notices import NoticeStep
from microcrm.domain.occupancy import Span, overlaps
from microcrm.domain.timeline import minute_of
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.operations.notices import notify
from microcrm.operations.parts.booking_rows import note_event
from microcrm.operations.parts.freed_time import spans_of, tell_freed
from microcrm.operations.parts.occupy import Claim, rest
from microcrm.operations.parts.seats import give_seats_back
from microcrm.operations.parts.unpaid_offers import SOURCE, time_not_paid
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 200  # bookings of one sweep of one business
_LOCK = text("SELECT pg_advisory_xact_lock(7266203, cast(:business % 2147483647 AS integer))")
_KEPT_SOURCES = (SOURCE,)  # an offer points at these


def is_in_the_way(claims: Sequence[Claim], lapsed: Mapping[int, Sequence[Span]]) -> bool:
    return any(overlaps(one.span, lapsed.get(one.keeper, ())) for one in claims)


def lock_lapsing(uow: UnitOfWork) -> None:
    """Until the transaction (or its savepoint) ends, nobody else of this business lets go of what has run out."""
    uow.session.execute(_LOCK, {"business": uow.business_id})


def let_go_of_lapsed(uow: UnitOfWork, claims: Sequence[Claim]) -> None:
    """Free what lapsed bookings still hold where these claims want to be. Call it inside a savepoint."""
    lock_lapsing(uow)
    wanted = [
        and_(
            Occupancy.keeper_id == one.keeper,
            Occupancy.from_min < minute_of(one.span.end),
            Occupancy.until_min > minute_of(one.span.start),
        )
        for one in claims
    ]
    bookings = (
        select(BookingItem.booking_id)
        .join(
            Occupancy,
            and_(Occupancy.business_id == BookingItem.business_id, Occupancy.booking_item_id == BookingItem.id),
        )
        .where(
            Occupancy.business_id == uow.business_id,
            Occupancy.is_live,
            Occupancy.expires_at <= uow.now,
            or_(*wanted),
        )
    )
    _let_go(uow, Booking.id.in_(bookings))


def let_go_of_lapsed_seats(uow: UnitOfWork, session_id: int) -> int:
    """Give back the seats of one class that holds have kept too long. How many holds those were. Whoever moves the class or
    calls it off holds its visits and may wait for us, so we do not wait for them."""
    lock_lapsing(uow)
    seated = select(BookingItem.booking_id).where(
        BookingItem.business_id == uow.business_id, BookingItem.session_id == session_id, BookingItem.is_live
    )
    return _let_go(uow, Booking.id.in_(seated), skips_locked=True)


def let_all_lapse(uow: UnitOfWork) -> int:
    """Everything of this business that has run out, at most ``MOST`` bookings; how many. What somebody else holds waits for the
    next time."""
    lock_lapsing(uow)
    return _let_go(uow, Booking.expires_at <= uow.now, skips_locked=True)


def _let_go(uow: UnitOfWork, which: Any, *, skips_locked: bool = False) -> int:
    """The rows are locked first: whoever confirms one meanwhile keeps it."""
    found = uow.session.scalars(
        select(Booking)
        .where(
            Booking.business_id == uow.business_id,
            which,
            Booking.expires_at <= uow.now,
            Booking.status.in_(list(TENTATIVE)),
        )
        .order_by(Booking.id)
        .limit(MOST)
        .with_for_update(skip_locked=skips_locked)
        .execution_options(populate_existing=True)
    ).all()
    bare = [one for one in found if _is_bare(one)]
    give_seats_back(uow, _seated(uow, found))
    if bare:
        gone = Booking.id.in_([one.id for one in bare])
        uow.session.execute(
            delete(Booking).where(Booking.business_id == uow.business_id, gone), execution_options=_UNTRACKED
        )
        for one in bare:
            uow.session.expunge(one)
    for one in found:
        if one not in bare:
            _expire(uow, one)
    return len(found)


def _seated(uow: UnitOfWork, bookings: Sequence[Booking]) -> Sequence[BookingItem]:
    """Their places in classes."""
    query = select(BookingItem).where(
        BookingItem.business_id == uow.business_id,
        BookingItem.booking_id.in_([one.id for one in bookings]),
        BookingItem.session_id.is_not(None),
        BookingItem.is_live,
    )
    return uow.session.scalars(query).all() if bookings else ()


_UNTRACKED = {"synchronize_session": False}


def _is_bare(booking: Booking) -> bool:
    """Nobody has said who they are and nothing points at it: there is nothing to remember."""
    is_hold = booking.status == BookingStatus.HOLD
    return is_hold and booking.customer_id is None and booking.source not in _KEPT_SOURCES


def _expire(uow: UnitOfWork, booking: Booking) -> None:
    old = booking.status
    booking.status = BookingStatus.EXPIRED
    booking.expires_at = None
    booking.version += 1
    uow.session.flush()
    ours = (BookingItem.business_id == uow.business_id, BookingItem.booking_id == booking.id)
    ids = uow.session.scalars(
        update(BookingItem).where(*ours).values(is_live=False).returning(BookingItem.id), execution_options=_UNTRACKED
    ).all()
    rest(uow, ids)
    if old != BookingStatus.HOLD:
        items = list(uow.session.scalars(select(BookingItem).where(*ours)))
        if booking.source == SOURCE and old == BookingStatus.PENDING_PAYMENT:
            time_not_paid(uow, booking, items)
        else:
            tell_freed(uow, booking, spans_of(items))
    note_event(uow, booking.id or 0, "expired", old=old, new=BookingStatus.EXPIRED)
    notice = NoticeStep.UNPAID if old == BookingStatus.PENDING_PAYMENT else NoticeStep.LAPSED
    notify(uow, booking, notice, tell=old != BookingStatus.HOLD)
