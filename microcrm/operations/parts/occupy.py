"""Taking time of people, rooms and chairs. The exclusion constraint decides; nothing here catches its violation.

Claims go in with ``ON CONFLICT DO NOTHING``, sorted, in one statement: whoever comes second waits for the first and then
gets fewer rows back than it sent. Because everybody claims in the same order and lets go of old time only after the new
is claimed (see `retake`), nobody waits for somebody who is waiting, and there is no deadlock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg.rows import tuple_row
from sqlalchemy import TextClause, delete, func, select
from sqlalchemy.dialects.postgresql import Range, insert

from microcrm.domain.occupancy import LONGEST_BUFFER, LONGEST_SERVICE, Span, overlaps
from microcrm.domain.timeline import instant_of, minute_of
from microcrm.models.bookings import Occupancy
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.unit_of_work import UnitOfWork

# A span that touches an instant belongs to an item that starts at most this long before it.
REACH = timedelta(minutes=LONGEST_SERVICE + LONGEST_BUFFER)
LONGEST_SPAN = 24 * 60 + 2 * LONGEST_BUFFER  # minutes; a class may take a whole day


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


def read_busy(
    uow: UnitOfWork,
    start: datetime,
    end: datetime,
    keepers: Iterable[int] | None = None,
    *,
    except_items: Sequence[int] = (),
) -> Busy:
    """Taken time that touches ``start``..``end``, of ``keepers`` or of everybody; and apart from it what has lapsed and is
    still stored. Read from one btree: under row-level security ``&&`` is never an index condition."""
    statement = _busy(is_of_some=keepers is not None, is_excepting=bool(except_items))
    values: dict[str, Any] = {
        "business": uow.business_id, "first": minute_of(start), "last": minute_of(end), "longest": LONGEST_SPAN
    }  # fmt: skip
    values |= {} if keepers is None else {"keepers": list(keepers)}
    values |= {"except": list(except_items)} if except_items else {}
    rows = run(uow.session.connection(), statement, values, tuple_row)
    busy = Busy(defaultdict(list), defaultdict(list))
    for keeper, from_min, until_min, expires_at in rows:
        kept = busy.taken if expires_at is None or expires_at > uow.now else busy.lapsed
        kept[keeper].append(Span(instant_of(from_min), instant_of(until_min)))
    return busy


@lru_cache
def _busy(*, is_of_some: bool, is_excepting: bool) -> TextClause:
    keepers = "AND keeper_id = ANY(cast(:keepers AS bigint[]))" if is_of_some else ""
    others = "AND coalesce(booking_item_id, 0) <> ALL(cast(:except AS bigint[]))" if is_excepting else ""
    return fixed(f"""
SELECT keeper_id, from_min, until_min, expires_at FROM occupancies
WHERE business_id = :business AND is_live {keepers} {others}
  AND from_min > :first - :longest AND from_min < :last AND until_min > :first
""")  # noqa: S608 (no value is in it)


def without(busy: Mapping[int, Sequence[Span]], own: Iterable[Claim]) -> dict[int, list[Span]]:
    """What is taken, but for one's own claims."""
    mine = {(one.keeper, one.span) for one in own}
    return {keeper: [span for span in spans if (keeper, span) not in mine] for keeper, spans in busy.items()}


class _Need(NamedTuple):
    """One of ``keepers`` throughout ``spans``, for the item at ``place``."""

    place: int
    keepers: tuple[int, ...]
    spans: tuple[Span, ...]


def choose(items: Sequence[PlannedItem], busy: Mapping[int, Sequence[Span]]) -> list[Claim] | NoRoom:
    """What to claim so that every item has its member and one resource of each choice: the first that is free, unless
    another service of the visit can do with that one only."""
    needs = [need for place, item in enumerate(items) for need in _needs(place, item)]
    for n, need in enumerate(needs):
        free = tuple(k for k in need.keepers if not any(overlaps(span, busy.get(k, ())) for span in need.spans))
        if not free:
            return _no_room(items, need)
        needs[n] = need._replace(keepers=free)
    found: list[Claim] = []
    return found if _fill(needs, found) else _no_room(items, needs[-1])


def _needs(place: int, item: PlannedItem) -> list[_Need]:
    rooms = [tuple(-resource for resource in choice) for choice in item.choices]
    return [
        _Need(place, (item.member_id,), item.member_spans),
        *(_Need(place, room, (item.room_span,)) for room in rooms),
    ]


def _no_room(items: Sequence[PlannedItem], need: _Need) -> NoRoom:
    return NoRoom(items[need.place], is_member_busy=need.keepers[:1] == (items[need.place].member_id,))


def _fill(needs: Sequence[_Need], found: list[Claim]) -> bool:
    """Whether all can be had at once. What the services of one visit take from each other is only what buffers make lap
    over, so that hardly ever is a choice taken back."""
    if not needs:
        return True
    for keeper in needs[0].keepers:
        claims = [Claim(keeper, span, needs[0].place) for span in needs[0].spans]
        own = [one.span for one in found if one.keeper == keeper]
        if not any(overlaps(one.span, own) for one in claims):
            found += claims
            if _fill(needs[1:], found):
                return True
            del found[-len(claims) :]
    return False


def choose_or_squeeze(
    items: Sequence[PlannedItem], busy: dict[int, list[Span]], is_squeezing: bool
) -> list[Claim] | NoRoom:
    """As ``choose``; when squeezing, a visit that fits only without the time before and after does without it."""
    found = choose(items, busy)
    if isinstance(found, NoRoom) and is_squeezing:
        tight = choose([replace(item, before=0, after=0) for item in items], busy)
        return found if isinstance(tight, NoRoom) else tight
    return found


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
    uow: UnitOfWork,
    claims: Sequence[Claim],
    item_ids: Sequence[int],
    expires_at: datetime | None = None,
    *,
    session_id: int | None = None,
) -> bool:
    """Whether all of it could be had. When not, the caller rolls back to its savepoint. With ``session_id`` it is a class
    that takes the time, and ``item_ids`` are not looked at."""
    if not claims:
        return True
    rows = [
        {
            "business_id": uow.business_id,
            "booking_item_id": item_ids[one.place] if session_id is None else None,
            "session_id": session_id,
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


def retake_class(uow: UnitOfWork, session_id: int, old: Sequence[Claim], new: Sequence[Claim]) -> bool:
    """As ``retake``, for the time of a class."""
    extra = [Claim(one.keeper, part, 0) for one in new for part in _beyond(one, old)]
    if not claim(uow, extra, (), session_id=session_id):
        return False
    uow.session.execute(delete(Occupancy).where(*_of_class(uow, session_id), Occupancy.is_live))
    return claim(uow, new, (), session_id=session_id)


def claims_of_class(uow: UnitOfWork, session_id: int, *, is_live: bool = True) -> list[Claim]:
    """What a class holds now, or held before it was called off."""
    rows = uow.session.execute(
        select(Occupancy.keeper_id, Occupancy.span).where(*_of_class(uow, session_id), Occupancy.is_live == is_live)
    )
    return sorted(Claim(keeper, Span(span.lower, span.upper), 0) for keeper, span in rows)


def rest_class(uow: UnitOfWork, session_id: int) -> None:
    """The class is off: its time is free, and remembered in case that is taken back."""
    uow.session.execute(
        Occupancy.__table__.update().where(*_of_class(uow, session_id), Occupancy.is_live).values(is_live=False)
    )


def wake_class(uow: UnitOfWork, session_id: int) -> bool:
    """The class takes place after all; whether its time could still be had."""
    if not claim(uow, claims_of_class(uow, session_id, is_live=False), (), session_id=session_id):
        return False
    uow.session.execute(delete(Occupancy).where(*_of_class(uow, session_id), ~Occupancy.is_live))
    return True


def _of_class(uow: UnitOfWork, session_id: int) -> tuple[Any, ...]:
    return Occupancy.business_id == uow.business_id, Occupancy.session_id == session_id


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
