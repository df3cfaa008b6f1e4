"""Taking time of people, rooms and chairs. The exclusion constraint decides; nothing here catches its violation.

Claims go in with ``ON CONFLICT DO NOTHING``, sorted, in one statement: whoever comes second waits for the first and then
gets fewer rows back than it sent. Because everybody claims in the same order and lets go of old time only after the new
is claimed (see `retake`), nobody waits for somebody who is waiting, and there is no deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import Range, insert

from microcrm.domain.free_times import overlaps
from microcrm.domain.occupancy import LONGEST_BUFFER, LONGEST_SERVICE, Span
from microcrm.models.bookings import Occupancy
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.unit_of_work import UnitOfWork

# A span that touches an instant belongs to an item that starts at most this long before it.
REACH = timedelta(minutes=LONGEST_SERVICE + LONGEST_BUFFER)
LONGEST_SPAN = 24 * 60 + 2 * LONGEST_BUFFER  # minutes; a class may take a whole day
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Claim(NamedTuple):
    """``keeper`` is a member's id, or a resource's id made negative; ``place`` is the item's place in its visit."""

    keeper: int
    span: Span
    place: int


@dataclass(frozen=True, slots=True)
class Busy:
    """By keeper: what is taken, and what holds that have run out still cover."""

    taken: dict[int, list[Span]]
    lapsed: dict[int, list[Span]]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Why there are no claims: a member is busy, or every resource that would do is."""

    item: PlannedItem
    is_member_busy: bool


def busy_times(
    uow: UnitOfWork,
    start: datetime,
    end: datetime,
    keepers: Iterable[int] | None = None,
    *,
    except_item: int | None = None,
) -> dict[int, list[Span]]:
    """Taken time that touches ``start``..``end``, by keeper; of ``keepers``, or of everybody. A hold that has run out takes
    none."""
    return read_busy(uow, start, end, keepers, except_items=() if except_item is None else (except_item,)).taken


def read_busy(
    uow: UnitOfWork,
    start: datetime,
    end: datetime,
    keepers: Iterable[int] | None = None,
    *,
    except_items: Sequence[int] = (),
) -> Busy:
    """As ``busy_times``, and apart from it what has lapsed and is still stored. Read from one btree: under row-level
    security ``&&`` is never an index condition."""
    lowest, highest = minute_of(start), minute_of(end)
    rows = uow.session.execute(
        select(Occupancy.keeper_id, Occupancy.from_min, Occupancy.until_min, Occupancy.expires_at).where(
            Occupancy.business_id == uow.business_id,
            Occupancy.is_live,
            *([] if keepers is None else [Occupancy.keeper_id.in_(list(keepers))]),
            Occupancy.from_min > lowest - LONGEST_SPAN,
            Occupancy.from_min < highest,
            Occupancy.until_min > lowest,
            *([Occupancy.booking_item_id.is_distinct_from(one) for one in except_items]),
        )
    )
    busy = Busy(defaultdict(list), defaultdict(list))
    for keeper, from_min, until_min, expires_at in rows:
        kept = busy.taken if expires_at is None or expires_at > uow.now else busy.lapsed
        kept[keeper].append(Span(instant_of(from_min), instant_of(until_min)))
    return busy


def minute_of(instant: datetime) -> int:
    """Minutes since 1970, UTC, as the table counts them."""
    return int(instant.timestamp()) // 60


def instant_of(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


def choose(items: Sequence[PlannedItem], busy: dict[int, list[Span]]) -> list[Claim] | NoRoom:
    """What to claim so that every item has its member and the first free resource of each choice."""
    taken: dict[int, list[Span]] = defaultdict(list, {keeper: list(spans) for keeper, spans in busy.items()})
    claims: list[Claim] = []
    for place, item in enumerate(items):
        if any(overlaps(span, taken[item.member_id]) for span in item.member_spans):
            return NoRoom(item, is_member_busy=True)
        found = [(item.member_id, span) for span in item.member_spans]
        for resources in item.choices:
            free = next((-r for r in resources if not overlaps(item.room_span, taken[-r])), None)
            if free is None:
                return NoRoom(item, is_member_busy=False)
            found.append((free, item.room_span))
            taken[free].append(item.room_span)
        taken[item.member_id].extend(item.member_spans)
        claims += [Claim(keeper, span, place) for keeper, span in found]
    return claims


def outer_span(items: Iterable[PlannedItem]) -> Span:
    rooms = [item.room_span for item in items]
    return Span(min(room.start for room in rooms), max(room.end for room in rooms))


def keepers_of(items: Iterable[PlannedItem]) -> set[int]:
    """Whoever or whatever these might need."""
    return {
        keeper
        for item in items
        for keeper in (item.member_id, *(-resource for choice in item.choices for resource in choice))
    }


def claim(
    uow: UnitOfWork, claims: Sequence[Claim], item_ids: Sequence[int], expires_at: datetime | None = None
) -> bool:
    """Whether all of it could be had. When not, the caller rolls back to its savepoint."""
    if not claims:
        return True
    rows = [
        {
            "business_id": uow.business_id,
            "booking_item_id": item_ids[one.place],
            "member_id": one.keeper if one.keeper > 0 else None,
            "resource_id": -one.keeper if one.keeper < 0 else None,
            "span": Range(one.span.start, one.span.end),
            "expires_at": expires_at,
            "is_live": True,
        }
        for one in sorted(claims)
    ]
    won = uow.session.execute(insert(Occupancy).values(rows).on_conflict_do_nothing().returning(Occupancy.id))
    return len(won.all()) == len(rows)


def claims_of(uow: UnitOfWork, item_id: int, *, is_live: bool = True) -> list[Claim]:
    """What one item holds now (or held, for a visit that was called off)."""
    rows = uow.session.execute(
        select(func.coalesce(Occupancy.member_id, -Occupancy.resource_id), Occupancy.span).where(
            Occupancy.business_id == uow.business_id,
            Occupancy.booking_item_id == item_id,
            Occupancy.is_live == is_live,
        )
    )
    return sorted(Claim(keeper, Span(span.lower, span.upper), 0) for keeper, span in rows)


def retake(
    uow: UnitOfWork, item_ids: Sequence[int], old: Sequence[Claim], new: Sequence[Claim], expires_at: datetime | None
) -> bool:
    """Hold ``new`` instead of ``old``, both of the same items in the same order; whether it could be had.

    First only what the items do not hold yet is claimed. Time that is let go and not yet committed makes others wait;
    at that point nothing is left to wait for on this side.
    """
    extra = [Claim(one.keeper, part, one.place) for one in new for part in _beyond(one, old)]
    if not claim(uow, extra, item_ids, expires_at):
        return False
    let_go(uow, item_ids)
    return claim(uow, new, item_ids, expires_at)


def let_go(uow: UnitOfWork, item_ids: Sequence[int]) -> None:
    _delete(uow, item_ids, is_live=True)


def rest(uow: UnitOfWork, item_ids: Sequence[int]) -> None:
    """The visit is off: its time is free, and remembered in case that is taken back."""
    uow.session.execute(
        Occupancy.__table__.update().where(*_of_items(uow, item_ids), Occupancy.is_live).values(is_live=False)
    )


def wake(uow: UnitOfWork, item_ids: Sequence[int], expires_at: datetime | None = None) -> bool:
    """The visit is on again; whether its time could still be had."""
    claims = [
        one._replace(place=place)
        for place, item_id in enumerate(item_ids)
        for one in claims_of(uow, item_id, is_live=False)
    ]
    if not claim(uow, claims, item_ids, expires_at):
        return False
    _delete(uow, item_ids, is_live=False)
    return True


def _delete(uow: UnitOfWork, item_ids: Sequence[int], *, is_live: bool) -> None:
    uow.session.execute(delete(Occupancy).where(*_of_items(uow, item_ids), Occupancy.is_live == is_live))


def _of_items(uow: UnitOfWork, item_ids: Sequence[int]) -> tuple[Any, ...]:
    return Occupancy.business_id == uow.business_id, Occupancy.booking_item_id.in_(list(item_ids))


def _beyond(one: Claim, held: Sequence[Claim]) -> list[Span]:
    """The parts of a claim that the item does not hold already."""
    parts = [one.span]
    for other in held:
        if other.keeper == one.keeper:
            parts = [
                piece
                for part in parts
                for piece in (
                    Span(part.start, min(part.end, other.span.start)),
                    Span(max(part.start, other.span.end), part.end),
                )
                if piece.start < piece.end
            ]
    return parts
