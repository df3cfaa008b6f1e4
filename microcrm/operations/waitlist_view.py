"""The waiting list for the desk: who waits how long for what, and which offers are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, tuple_

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import BIGINT, parse_whole
from microcrm.domain.permissions import Permission
from microcrm.domain.waitlist import Preference
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer, WaitlistPreference
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.customer_access import may_contact, phone_for
from microcrm.operations.parts.wishes import preferences_of
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import OPEN

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class ListWaiting:
    """``show`` is open or closed; ``after`` is the id of the row that the page follows. Anything unknown falls back to the
    first page of the open ones: it comes from the address."""

    show: Any = "open"
    after: Any = None


@dataclass(frozen=True, slots=True)
class OpenOffer:
    offer_id: int
    starts_at: datetime
    member: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingView:
    """``whatsapp`` is digits for a wa.me link, empty for those who may not see the number. ``members``: names of those who
    are wished for."""

    entry_id: int
    version: int
    state: str
    customer_id: int
    name: str
    phone: str
    whatsapp: str
    service_id: int
    service: str
    hue: str
    priority: int
    note: str
    source: str
    since: datetime
    closed_at: datetime | None
    wishes: tuple[Preference, ...]
    members: dict[int, str]
    offer: OpenOffer | None


@dataclass(frozen=True, slots=True)
class WaitlistView:
    """``counts`` by state, of the open ones."""

    rows: tuple[WaitingView, ...]
    counts: dict[str, int]
    has_next: bool
    is_on: bool
    now: datetime


def list_waiting(uow: UnitOfWork, command: ListWaiting) -> WaitlistView:
    """In the order in which they are asked; those who are through, the latest first."""
    uow.require(Permission.CALENDAR_ALL)
    is_closed = command.show == "closed"
    return _shown(uow, uow.session.execute(_page(uow, is_closed, command.after)).all())


def read_waiting(uow: UnitOfWork, raw_id: Any) -> WaitlistView:
    """One entry that is still open. ``NotFound`` for anything else."""
    uow.require(Permission.CALENDAR_ALL)
    entry = _boundary(uow, raw_id)
    if entry is None or entry.state not in OPEN:
        raise NotFound("That entry is not on the list any more.", remedy="Look at the list as it stands.")
    return _shown(uow, uow.session.execute(_rows().where(*still_open(uow), WaitlistEntry.id == entry.id)).all())


def _shown(uow: UnitOfWork, found: Sequence[Any]) -> WaitlistView:
    shown = found[:PAGE_SIZE]
    ids = [row[0].id for row in shown]
    wishes, offers = preferences_of(uow, ids), _offers(uow, ids)
    names = _names(uow, {one.member_id for rows in wishes.values() for one in rows if one.member_id is not None})
    counts = select(WaitlistEntry.state, func.count()).where(*still_open(uow)).group_by(WaitlistEntry.state)
    return WaitlistView(
        rows=tuple(_view(uow, row, wishes, offers, names) for row in shown),
        counts={row[0]: row[1] for row in uow.session.execute(counts)},
        has_next=len(found) > PAGE_SIZE,
        is_on=policy_of(uow).is_waitlist_on,
        now=uow.now,
    )


def still_open(uow: UnitOfWork) -> list[Any]:
    """Whose last day is over counts as closed, whether or not that has been written down yet."""
    wish = WaitlistPreference
    ahead = exists().where(
        wish.business_id == WaitlistEntry.business_id,
        wish.entry_id == WaitlistEntry.id,
        wish.last_day >= today_in(zone_of(uow.actor.zone), uow.now),
    )
    return [
        WaitlistEntry.business_id == uow.business_id,
        WaitlistEntry.state.in_(OPEN),
        or_(ahead, WaitlistEntry.state == "offered"),
    ]


def _page(uow: UnitOfWork, is_closed: bool, raw_after: Any) -> Select[Any]:
    entry, query = WaitlistEntry, _rows()
    after = _boundary(uow, raw_after)
    if is_closed:
        query = query.where(entry.business_id == uow.business_id, entry.state.not_in(OPEN))
        if after is not None and after.closed_at is not None:
            query = query.where(tuple_(entry.closed_at, entry.id) < tuple_(after.closed_at, after.id))
        return query.order_by(entry.closed_at.desc(), entry.id.desc()).limit(PAGE_SIZE + 1)
    query = query.where(*still_open(uow))
    if after is not None:
        place = tuple_(-entry.priority, entry.created_at, entry.id)
        query = query.where(place > tuple_(-after.priority, after.created_at, after.id))
    return query.order_by(entry.priority.desc(), entry.created_at, entry.id).limit(PAGE_SIZE + 1)


def _rows() -> Select[Any]:
    entry = WaitlistEntry
    return (
        select(entry, Customer.name, Customer.phone, Service.name, Service.colour)
        .join(Customer, and_(Customer.business_id == entry.business_id, Customer.id == entry.customer_id))
        .join(Service, and_(Service.business_id == entry.business_id, Service.id == entry.service_id))
    )


def _boundary(uow: UnitOfWork, raw: Any) -> WaitlistEntry | None:
    try:
        number = parse_whole(raw)
    except Invalid:
        return None
    if number is None or not 0 < number <= BIGINT:
        return None
    query = select(WaitlistEntry).where(WaitlistEntry.business_id == uow.business_id, WaitlistEntry.id == number)
    return uow.session.scalars(query).first()


def _offers(uow: UnitOfWork, entries: Sequence[int]) -> dict[int, OpenOffer]:
    offer, item = WaitlistOffer, BookingItem
    rows = uow.session.execute(
        select(offer.entry_id, offer.id, item.starts_at, Member.name, offer.expires_at)
        .join(item, and_(item.business_id == offer.business_id, item.booking_id == offer.booking_id))
        .join(Member, and_(Member.business_id == item.business_id, Member.id == item.member_id))
        .where(offer.business_id == uow.business_id, offer.entry_id.in_(list(entries)), offer.state == "open")
    )
    return {entry_id: OpenOffer(*values) for entry_id, *values in rows}


def _names(uow: UnitOfWork, members: set[int]) -> dict[int, str]:
    query = select(Member.id, Member.name).where(Member.business_id == uow.business_id, Member.id.in_(members))
    return {row[0]: row[1] for row in uow.session.execute(query)} if members else {}


def _view(
    uow: UnitOfWork,
    row: Any,
    wishes: dict[int, tuple[Preference, ...]],
    offers: dict[int, OpenOffer],
    names: dict[int, str],
) -> WaitingView:
    entry, name, phone, service, colour = row
    return WaitingView(
        entry_id=entry.id,
        version=entry.version,
        state=entry.state,
        customer_id=entry.customer_id,
        name=name,
        phone=phone_for(uow.actor, phone),
        whatsapp=phone.removeprefix("+") if may_contact(uow.actor) else "",
        service_id=entry.service_id,
        service=service,
        hue=colour,
        priority=entry.priority,
        note=entry.note,
        source=entry.source,
        since=entry.created_at,
        closed_at=entry.closed_at,
        wishes=wishes.get(entry.id, ()),
        members=names,
        offer=offers.get(entry.id),
    )
