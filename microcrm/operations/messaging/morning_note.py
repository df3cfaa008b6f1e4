"""The note at seven to owners, by mail. Each decides whether they want it; it is read afresh when it leaves.

It is a convenience, so it can be switched off. What cannot are alerts about sign-ins and about customers' data: an owner has to hear
of a breach without delay to tell those it concerns (Digital Personal Data Protection Act 2023 s.8(6), Rules 2025 r.7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from microcrm.domain.errors import Forbidden
from microcrm.domain.fields import parse_flag
from microcrm.domain.formatting import format_time, format_weekday
from microcrm.domain.morning_note import AT, MOST_NAMES, UNTIL, Due, Line, Morning, lines_of
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import day_bounds, to_wall, zone_of
from microcrm.models.billing import Payment
from microcrm.models.business import Business, Member
from microcrm.operations.billing.dues import dues
from microcrm.operations.messages.by_day import regulars_due
from microcrm.operations.today import today
from microcrm.operations.today_aside import aside
from microcrm.operations.unit_of_work import UnitOfWork

KIND = "morning_note"
_DUE_WITHIN = timedelta(days=6)  # who was due in the last week and has booked nothing
_READERS = text("""
SELECT m.id, m.name, e.email FROM members m JOIN emails_of_members() e ON e.member_id = m.id
WHERE m.business_id = :business AND m.role = 'owner' AND m.deactivated_at IS NULL AND m.wants_morning_note ORDER BY m.id
""")


@dataclass(frozen=True, slots=True)
class Note:
    """To one owner. ``day`` in words."""

    to: str
    name: str
    shop: str
    day: str
    lines: tuple[Line, ...]


def wants_note(uow: UnitOfWork) -> bool:
    uow.require(Permission.BUSINESS_EDIT)
    mine = (Member.business_id == uow.business_id, Member.id == uow.actor.member_id)
    return bool(uow.session.scalars(select(Member.wants_morning_note).where(*mine)).first())


def switch_note(uow: UnitOfWork, is_on: Any) -> bool:
    """For oneself only. Raises: Invalid, Forbidden."""
    uow.require(Permission.BUSINESS_EDIT)
    wanted = parse_flag(is_on, "The switch")
    if uow.actor.member_id is None:
        raise Forbidden
    mine = (Member.business_id == uow.business_id, Member.id == uow.actor.member_id)
    uow.session.execute(update(Member).where(*mine).values(wants_morning_note=wanted))
    return wanted


def ask_for_notes(uow: UnitOfWork) -> int:
    """How many owners of this business are to get theirs now. Of a day each gets one, however often this runs."""
    uow.require(Permission.BUSINESS_EDIT)
    zone = uow.session.scalars(select(Business.zone).where(Business.id == uow.business_id)).one()
    day, minute = to_wall(uow.now, zone_of(zone))
    if not AT <= minute < UNTIL:
        return 0
    readers = uow.session.execute(_READERS, {"business": uow.business_id}).all()
    for reader in readers:
        uow.enqueue(KIND, f"{KIND}:{reader.id}:{day.isoformat()}", {"member_id": reader.id, "day": day.isoformat()})
    return len(readers)


def note_for(uow: UnitOfWork, member_id: int, raw_day: str) -> Note | None:
    """What one owner gets; nothing for who does not want it any more, and for a day that is over."""
    uow.require(Permission.BUSINESS_EDIT)
    row = uow.session.execute(select(Business.name, Business.zone).where(Business.id == uow.business_id)).one()
    uow.actor = replace(uow.actor, zone=row.zone)
    day, _ = to_wall(uow.now, zone_of(row.zone))
    readers = uow.session.execute(_READERS, {"business": uow.business_id}).all()
    reader = next((one for one in readers if one.id == member_id), None)
    if reader is None or day.isoformat() != raw_day:
        return None
    return Note(reader.email, reader.name, row.name, format_weekday(day), tuple(lines_of(morning(uow, day))))


def morning(uow: UnitOfWork, day: date) -> Morning:
    """How things stand for an owner of the shop."""
    zone = zone_of(uow.actor.zone)
    now, beside, owing = today(uow), aside(uow), dues(uow)
    regulars = regulars_due(uow, day - _DUE_WITHIN, day, anybody=True)
    starts = [item.start for item in now.items if item.start >= uow.now]
    return Morning(
        day=day,
        tomorrow=day + timedelta(days=1),
        taken=_taken(uow, *day_bounds(day - timedelta(days=1), zone)),
        owed=sum(owing.bands),
        debtors=owing.count,
        visits=now.figures.bookings,
        first_at=format_time(min(starts), zone) if starts else "",
        expected=now.figures.expected_paise,
        gaps=now.figures.gaps,
        gap_minutes=now.figures.gap_minutes,
        visits_tomorrow=beside.tomorrow,
        unconfirmed=beside.unconfirmed,
        due=tuple(Due(one.customer_id, one.name, one.rhythm.words) for one in regulars[:MOST_NAMES]),
        due_count=len(regulars),
    )


def _taken(uow: UnitOfWork, first: datetime, last: datetime) -> int:
    query = select(func.coalesce(func.sum(Payment.amount_paise), 0)).where(
        Payment.business_id == uow.business_id,
        Payment.received_at >= first,
        Payment.received_at < last,
        Payment.voided_at.is_(None),
    )
    return int(uow.session.scalar(query) or 0)
