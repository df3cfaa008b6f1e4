"""When a member leaves: their coming bookings go to somebody else, then the member is deactivated. They can come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import select

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking, BookingEvent, BookingItem, Occupancy
from microcrm.models.business import Invitation, Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.operations.parts.booking_rows import whose_visit
from microcrm.operations.parts.ranks import check_change, check_target
from microcrm.operations.parts.rows import amend, find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

_SHOWN = 20
_MOST = 2_000  # coming visits handed over at once


@dataclass(frozen=True, slots=True)
class Visit:
    """One coming item of a booking. ``reason``: why it could not be handed over."""

    booking_id: int
    starts_at: datetime
    service: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """What stands in the way of deactivating somebody. ``takers``: (id, name) of who could take the visits."""

    member_id: int
    name: str
    version: int
    visits: int
    next_visits: tuple[Visit, ...]
    takers: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    member_id: Any
    to_member_id: Any


@dataclass(frozen=True, slots=True)
class HandedOver:
    """``clashes`` stay with the member they were with."""

    moved: int
    clashes: tuple[Visit, ...]
    clash_count: int
    undo: str


def plan_departure(uow: UnitOfWork, member_id: Any) -> Departure:
    uow.require(Permission.MEMBERS_EDIT)
    member = find(uow, Member, member_id)
    items = _coming(uow, member.id)
    takers = uow.session.exec(
        select(Member.id, Member.name)
        .where(
            Member.business_id == uow.business_id,
            Member.id != member.id,
            Member.deactivated_at.is_(None),
            Member.is_bookable,
        )
        .order_by(Member.position, Member.id)
        .limit(50)
    ).all()
    return Departure(
        int(member.id or 0),
        member.name,
        member.version,
        len(items),
        tuple(_visit(item, service) for item, service in items[:_SHOWN]),
        tuple((int(taker_id), name) for taker_id, name in takers),
    )


def hand_over(uow: UnitOfWork, command: HandOver) -> HandedOver:
    """Give the member's coming visits to another member. The database says which of them clash; those stay."""
    uow.require(Permission.MEMBERS_EDIT)
    if command.to_member_id in (None, ""):
        raise Invalid(fields={"to_member_id": "Choose who takes the bookings."})
    member, taker = find(uow, Member, command.member_id), find(uow, Member, command.to_member_id)
    check_target(uow, member.role)
    if taker.id == member.id or taker.deactivated_at is not None or not taker.is_bookable:
        raise Invalid(fields={"to_member_id": "Choose somebody who works here and takes bookings."})
    able = set(
        uow.session.exec(
            select(ServiceMember.service_id).where(
                ServiceMember.business_id == uow.business_id, ServiceMember.member_id == taker.id
            )
        )
    )
    moved, clashes = [], []
    for item, service in _coming(uow, member.id):
        if item.service_id not in able:
            clashes.append(_visit(item, service, f"{taker.name} does not do {service}"))
        elif _move(uow, item, int(taker.id or 0)):
            moved.append(int(item.id or 0))
        else:
            clashes.append(_visit(item, service, f"{taker.name} is taken at that time"))
    token = _note(uow, member, taker, moved) if moved else ""
    return HandedOver(len(moved), tuple(clashes[:_SHOWN]), len(clashes), token)


def put_bookings_back(uow: UnitOfWork, before: dict[str, Any]) -> bool:
    """For undo: the visits to whom they were with. False when one of them cannot go back, and then none does."""
    uow.require(Permission.MEMBERS_EDIT)
    giver = find(uow, Member, before["from"])
    if giver.deactivated_at is not None:
        raise Conflict(f"{giver.name} does not work here any more.", remedy="Bring them back first.")
    items = uow.session.exec(
        select(BookingItem).where(
            BookingItem.business_id == uow.business_id,
            BookingItem.id.in_(before["items"]),
            BookingItem.member_id == before["to"],
            BookingItem.is_live,
        )
    ).all()
    return all(_move(uow, item, before["from"]) for item in items)


def deactivate(uow: UnitOfWork, member_id: Any, version: Any) -> str:
    """The member can be booked and sign in no longer. Returns the undo token.

    Raises ``Conflict`` while they have coming visits, and for the last owner.
    """
    uow.require(Permission.MEMBERS_EDIT)
    member = find(uow, Member, member_id)
    same_version(version, member.version)
    if member.deactivated_at is not None:
        return ""
    check_change(uow, member, {"deactivated_at": uow.now})
    coming = len(_coming(uow, member.id))
    if coming:
        raise Conflict(
            f"{member.name} still has {format_count(coming, 'coming visit')}.",
            remedy="Hand them over, or move or cancel them in the calendar.",
        )
    uow.session.connection().execute(
        update(Invitation)
        .where(Invitation.business_id == uow.business_id, Invitation.member_id == member.id)
        .where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )
    return amend(uow, "member", member, {"deactivated_at": uow.now}, f"{member.name} deactivated", action="deactivate")


def reactivate(uow: UnitOfWork, member_id: Any) -> str:
    """The member works here again, with the rights they had. Returns the undo token."""
    uow.require(Permission.MEMBERS_EDIT)
    member = find(uow, Member, member_id)
    check_change(uow, member, {"deactivated_at": None})
    return amend(uow, "member", member, {"deactivated_at": None}, f"{member.name} back", action="reactivate")


def _coming(uow: UnitOfWork, member_id: int | None) -> Sequence[tuple[BookingItem, str]]:
    """Live items that have not begun, with the service's name, locked."""
    query = (
        select(BookingItem, Service.name)
        .join(Service, (Service.business_id == BookingItem.business_id) & (Service.id == BookingItem.service_id))
        .where(
            BookingItem.business_id == uow.business_id,
            BookingItem.member_id == member_id,
            BookingItem.is_live,
            BookingItem.starts_at > uow.now,
        )
        .order_by(BookingItem.starts_at, BookingItem.id)
        .limit(_MOST)
        .with_for_update(of=BookingItem)
    )
    return uow.session.exec(query).all()


def _move(uow: UnitOfWork, item: BookingItem, to_member_id: int) -> bool:
    """Take the time of the new member first; where it is not free nothing is inserted and the item stays."""
    connection = uow.session.connection()
    own = (
        Occupancy.business_id == uow.business_id,
        Occupancy.booking_item_id == item.id,
        Occupancy.is_live,
    )
    old = select(Occupancy.id, Occupancy.span, Occupancy.expires_at).where(*own, Occupancy.member_id == item.member_id)
    spans = connection.execute(old).all()
    taken: list[int] = []
    for _, span, expires_at in spans:
        values = {
            "business_id": uow.business_id,
            "booking_item_id": item.id,
            "member_id": to_member_id,
            "span": span,
            "expires_at": expires_at,
            "is_live": True,
        }
        added = connection.execute(insert(Occupancy).values(**values).on_conflict_do_nothing().returning(Occupancy.id))
        taken += added.scalars()
    away = [row.id for row in spans] if len(taken) == len(spans) else taken
    connection.execute(delete(Occupancy).where(Occupancy.business_id == uow.business_id, Occupancy.id.in_(away)))
    if len(taken) != len(spans):
        return False
    item.member_id = to_member_id
    uow.session.add(item)
    uow.session.flush()
    connection.execute(
        update(Booking)
        .where(Booking.business_id == uow.business_id, Booking.id == item.booking_id)
        .values(version=Booking.version + 1)
    )
    uow.session.add(
        BookingEvent(
            business_id=uow.business_id,
            booking_id=item.booking_id,
            customer_id=whose_visit(uow, item.booking_id),
            at=uow.now,
            member_id=uow.actor.member_id,
            kind="handed_over",
        )
    )
    return True


def _note(uow: UnitOfWork, member: Member, taker: Member, moved: list[int]) -> str:
    event = uow.audit("hand_over", "member", member.id, to=taker.id, visits=len(moved))
    before = {"from": member.id, "to": taker.id, "items": moved}
    label = f"{format_count(len(moved), 'visit')} handed to {taker.name}"
    return str(uow.undoable(label, "hand_over", int(member.id or 0), before=before, audit_event_id=event))


def _visit(item: BookingItem, service: str, reason: str = "") -> Visit:
    return Visit(item.booking_id, item.starts_at, service, reason)
