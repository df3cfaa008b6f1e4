"""Visits that come again: looked at before they are made, made all or none, changed from one on or all together.

Every visit of a series is an ordinary booking with its own status and version. A change moves or cancels those that are
there and never makes new ones, so a series cannot multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain.booking import MOVABLE, BookingStatus
from microcrm.domain.errors import Conflict, Invalid, SlotTaken
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_count
from microcrm.domain.notices import NoticeStep
from microcrm.domain.occupancy import LONGEST_SERVICE
from microcrm.domain.permissions import Permission
from microcrm.domain.recurrence import in_words
from microcrm.domain.zones import to_instant, to_wall, zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.classes import Series
from microcrm.operations.book import own_customer
from microcrm.operations.booking_status import WHO_CANCELS
from microcrm.operations.customers import AddCustomer
from microcrm.operations.customers import add as add_customer
from microcrm.operations.notices import notify_all, wants_telling
from microcrm.operations.parts.booking_life import set_status
from microcrm.operations.parts.booking_plan import PlannedItem
from microcrm.operations.parts.booking_rows import check_columns, customer_name, give_number, note_story, open_booking
from microcrm.operations.parts.booking_times import is_override_allowed, may_override
from microcrm.operations.parts.moving import Held, held_by_items, plan_move, relocate
from microcrm.operations.parts.safety import refuse_unsafe, visit_of, why_moved, why_not, with_safety
from microcrm.operations.parts.series_plan import (
    Plan,
    SeriesDate,
    SeriesWish,
    dates_of,
    judge,
    read_plan,
    refuse_clashes,
    store_series,
)
from microcrm.operations.parts.visits import NewVisit, Taken, try_to_take
from microcrm.operations.unit_of_work import UnitOfWork

SCOPES = ("this", "following", "all")


@dataclass(frozen=True, slots=True)
class CreateSeries:
    """``who`` is known (``customer_id``), new (``name``, ``phone``) or walk_in. ``safety_reason`` goes past safety timers, for those
    who may."""

    wish: SeriesWish
    who: Any = "known"
    customer_id: Any = None
    name: Any = ""
    phone: Any = ""
    is_family: Any = False
    safety_reason: Any = ""
    tell: Any = False


@dataclass(frozen=True, slots=True)
class EditSeries:
    """Where this visit goes, in wall clock. The others that ``scope`` (this, following, all) covers go as many days further
    and to the same time of day, and get the same member and ``minutes`` (empty: as now). A visit of several services moves
    whole, each of them by whom it was.

    Visits that were moved by themselves before, have begun or are over stay. ``skip``: bookings that stay as well."""

    booking_id: Any
    version: Any
    scope: Any
    day: Any
    time: Any
    member_id: Any = None
    minutes: Any = None
    reason: Any = ""
    safety_reason: Any = ""
    skip: Sequence[Any] = ()
    tell: Any = False


@dataclass(frozen=True, slots=True)
class CancelSeries:
    """``who`` as in ``Cancel``, without late."""

    booking_id: Any
    version: Any
    scope: Any
    who: Any = "business"
    reason: Any = ""
    tell: Any = False


@dataclass(frozen=True, slots=True)
class SeriesPreview:
    """``dates`` that have ``why`` clash. ``place`` is the booking's id when a series is edited. ``may_override``: whether a reason
    goes past working hours and safety timers."""

    label: str
    dates: tuple[SeriesDate, ...]
    may_override: bool = False

    @property
    def clashes(self) -> tuple[SeriesDate, ...]:
        return tuple(one for one in self.dates if one.why)


@dataclass(frozen=True, slots=True)
class SeriesDone:
    series_id: int
    booking_ids: tuple[int, ...]
    label: str
    undo: str


@dataclass(frozen=True, slots=True)
class _Edit:
    """What is moved: each booking with its items, what they hold, and where they go."""

    booking: Booking
    items: list[BookingItem]
    held: Held
    plans: list[PlannedItem]


@dataclass(frozen=True, slots=True)
class _EditWish:
    series: Series
    edits: list[_Edit]
    reason: str
    safety_reason: str
    tell: bool


def preview(uow: UnitOfWork, wish: SeriesWish) -> SeriesPreview:
    """Every date, and for each that cannot be had the nearest that can."""
    uow.require(Permission.BOOKINGS_OWN)
    plan = read_plan(uow, wish)
    return SeriesPreview(in_words(plan.repeat, plan.first), dates_of(uow, plan))


def create(uow: UnitOfWork, command: CreateSeries) -> SeriesDone:
    """All visits or none: ``SlotTaken`` names the dates that clash; leave these out (``skip``) or choose another time."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    who = reader.choice("who", command.who, "Customer", ("known", "new", "walk_in"))
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    tell = wants_telling(uow, reader, command.tell)
    reader.done()
    plan = read_plan(uow, command.wish)
    refuse_clashes(uow, dates_of(uow, plan))
    if not plan.wanted:
        raise Invalid(fields={"skip": "Every date is left out. Keep at least one."})
    customer_id = None
    if who == "known":
        customer_id = own_customer(uow, command.customer_id)
    elif who == "new":
        customer_id = add_customer(uow, AddCustomer(command.name, command.phone, is_family=command.is_family)).id
    series = store_series(uow, plan, customer_id)
    past = _unsafe(uow, plan, customer_id)
    refuse_unsafe(uow, " ".join(dict.fromkeys(why for why in past if why)), safety_reason)
    made = [
        _make(uow, plan, place, series.id or 0, customer_id, with_safety(plan.reason, safety_reason, why))
        for place, why in zip(plan.wanted, past, strict=True)
    ]
    for booking_id in (one for one, why in zip(made, past, strict=True) if why):
        uow.audit("booking.unsafe", "booking", booking_id)
    if tell:
        notify_all(uow, [uow.session.get_one(Booking, one) for one in made], NoticeStep.BOOKED)
    label = f"{customer_name(uow, customer_id)}: {in_words(plan.repeat, plan.first)}"
    event = uow.audit("series.created", "series", series.id, visits=len(made), rule=plan.rule, bookings=made)
    undo = uow.undoable(
        f"the series of {format_count(len(made), 'visit')}", "series_made", series.id or 0,
        before={"bookings": [[booking_id, 1] for booking_id in made]}, after_version=1, audit_event_id=event,
    )  # fmt: skip
    return SeriesDone(series.id or 0, tuple(made), label, str(undo))


def preview_edit(uow: UnitOfWork, command: EditSeries) -> SeriesPreview:
    """What the edit would run into, before it is made."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _edits(uow, command)
    count = format_count(len(wish.edits), "visit")
    return SeriesPreview(f"{count} to move", _judged(uow, wish), is_override_allowed(uow))


def edit(uow: UnitOfWork, command: EditSeries) -> SeriesDone:
    """Moves all that the scope covers, or none. ``SlotTaken`` names what clashes."""
    uow.require(Permission.BOOKINGS_OWN)
    wish = _edits(uow, command)
    edits, dates = wish.edits, _judged(uow, wish)
    refuse_clashes(uow, dates)
    past = {one.place: one.past for one in dates if one.past}
    before = []
    # Those who move towards others first make room for whoever comes behind them.
    ahead = edits[0].plans[0].start > edits[0].booking.starts_at
    for one in sorted(edits, key=lambda each: each.booking.starts_at, reverse=ahead):
        remembered = relocate(uow, one.booking, one.items, one.items, one.held, one.plans)
        was_alone = one.booking.is_moved_from_series
        one.booking.is_moved_from_series = was_alone or command.scope == "this"
        uow.session.flush()
        why = with_safety(wish.reason, wish.safety_reason, past.get(one.booking.id or 0, ""))
        note_story(uow, one.booking.id or 0, "moved", old=one.booking.status, new=one.booking.status, reason=why)
        before.append([one.booking.id, one.booking.version, remembered, was_alone])
    for booking_id in past:
        uow.audit("booking.unsafe", "booking", booking_id)
    if wish.tell:
        notify_all(uow, [one.booking for one in edits], NoticeStep.MOVED)
    return _written(uow, wish.series, "moved", before)


def preview_cancel(uow: UnitOfWork, command: CancelSeries) -> SeriesPreview:
    """The dates that would be off."""
    uow.require(Permission.BOOKINGS_OWN)
    scope = _scope(command.scope)
    _, anchor = _anchor(uow, command.booking_id, command.version)
    zone = zone_of(uow.actor.zone)
    dates = tuple(
        SeriesDate(one.id or 0, to_wall(one.starts_at, zone)[0], one.starts_at)
        for one, _ in _covered(uow, anchor, scope, with_moved=True)
    )
    return SeriesPreview(f"{format_count(len(dates), 'visit')} to cancel", dates)


def cancel_series(uow: UnitOfWork, command: CancelSeries) -> SeriesDone:
    """Calls off what the scope covers and has not begun; also visits that were moved by themselves."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    scope = reader.choice("scope", command.scope, "Which visits", SCOPES)
    who = reader.choice("who", command.who, "Who cancelled", ("customer", "business"))
    reason = reader.text("reason", command.reason, "Reason", limit=200, required=False)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    series, anchor = _anchor(uow, command.booking_id, command.version)
    covered = _covered(uow, anchor, scope, with_moved=True)
    before = []
    for booking, items in covered:
        check_columns(uow, {item.member_id for item in items})
        old, booking.cancel_reason = booking.status, reason
        set_status(uow, booking, items, WHO_CANCELS[who])
        note_story(uow, booking.id or 0, "cancelled", old=old, new=booking.status, reason=reason)
        before.append([booking.id, booking.version, old])
    if tell:
        notify_all(uow, [booking for booking, _ in covered], NoticeStep.CANCELLED)
    if scope != "this" and covered:
        series.ended_on = to_wall(covered[0][0].starts_at, zone_of(uow.actor.zone))[0]
    return _written(uow, series, "cancelled", before)


def _unsafe(uow: UnitOfWork, plan: Plan, customer_id: int | None) -> list[str]:
    """For each visit of the plan why it is not safe, "" when it is."""
    zone = zone_of(uow.actor.zone)
    return why_not(uow, [visit_of(plan.visits[place], customer_id, zone) for place in plan.wanted], zone)


def _make(uow: UnitOfWork, plan: Plan, place: int, series_id: int, customer_id: int | None, reason: str) -> int:
    visit = NewVisit(source="series", customer_id=customer_id, note=plan.note, series_id=series_id, series_place=place)
    taken = try_to_take(uow, plan.visits[place], visit)
    if not isinstance(taken, Taken):
        raise SlotTaken("Somebody has just taken one of these times.", remedy="Look at the dates again.")
    give_number(uow, taken.booking_id)
    if place in plan.instead:
        uow.session.get_one(Booking, taken.booking_id).is_moved_from_series = True
    note_story(uow, taken.booking_id, "booked", new=BookingStatus.BOOKED, reason=reason)
    return taken.booking_id


def _edits(uow: UnitOfWork, command: EditSeries) -> _EditWish:
    reader = Reader()
    scope = reader.choice("scope", command.scope, "Which visits", SCOPES)
    day = reader.day("day", command.day, "Day")
    minute = min(reader.clock("time", command.time, "Time"), 24 * 60 - 1)
    member_id = None if command.member_id in (None, "") else reader.id("member_id", command.member_id, "Staff member")
    minutes = reader.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE)
    skip = reader.ids("skip", list(command.skip), "Left as they are", limit=200)
    reason = reader.text("reason", command.reason, "Reason", limit=120, required=False)
    safety_reason = reader.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    tell = reader.flag("tell", command.tell, "Tell the customer")
    reader.done()
    series, anchor = _anchor(uow, command.booking_id, command.version)
    zone = zone_of(uow.actor.zone)
    days = day - to_wall(anchor.starts_at, zone)[0]
    kept = [pair for pair in _covered(uow, anchor, scope) if pair[0].id == anchor.id or pair[0].id not in skip]
    if not kept:
        raise Conflict("No visit of this series can be moved any more.", remedy="Make a new booking.")
    moves = [
        (booking, items, to_instant(to_wall(booking.starts_at, zone)[0] + days, minute, zone) - booking.starts_at)
        for booking, items in kept
    ]
    return _EditWish(series, _planned(uow, moves, member_id, minutes), reason, safety_reason, tell)


def _planned(
    uow: UnitOfWork,
    moves: Sequence[tuple[Booking, list[BookingItem], timedelta]],
    member_id: int | None,
    minutes: int | None,
) -> list[_Edit]:
    """However many visits there are, what they hold and where they may go is read at once. A visit of several services
    keeps who does each and how long it takes."""
    items = [item for _, of_visit, _ in moves for item in of_visit]
    is_single = {item.id: len(of_visit) == 1 for _, of_visit, _ in moves for item in of_visit}
    members = [member_id if is_single[item.id] else None for item in items]
    check_columns(uow, {item.member_id for item in items} | {one for one in members if one})
    held = held_by_items(uow, items)
    starts = [item.starts_at + by for _, of_visit, by in moves for item in of_visit]
    lengths = [minutes if is_single[item.id] else None for item in items]
    plans = dict(zip((item.id for item in items), plan_move(uow, items, held, starts, members, lengths), strict=True))
    return [
        _Edit(booking, of_visit, _own(held, of_visit), [plans[item.id] for item in of_visit])
        for booking, of_visit, _ in moves
    ]


def _own(held: Held, items: Sequence[BookingItem]) -> Held:
    """The claims of one visit: each claim's place is that of its item in the visit."""
    return {item.id or 0: [one._replace(place=place) for one in held[item.id or 0]] for place, item in enumerate(items)}


def _judged(uow: UnitOfWork, wish: _EditWish) -> tuple[SeriesDate, ...]:
    """What the visits that move hold themselves is in nobody's way. A day that is not safe is no date that can be had, unless
    somebody who may goes past that with a reason."""
    edits, zone = wish.edits, zone_of(uow.actor.zone)
    own = [claim for one in edits for claims in one.held.values() for claim in claims]
    dates = judge(uow, [(one.booking.id or 0, one.plans) for one in edits], wish.reason, own)
    unsafe = why_moved(uow, [(one.booking, one.items, one.plans) for one in edits], zone)
    if any(unsafe) and may_override(uow, wish.safety_reason):
        return tuple(replace(one, past=why) for one, why in zip(dates, unsafe, strict=True))
    return tuple(
        replace(one, why=one.why or why, is_unsafe=not one.why and bool(why))
        for one, why in zip(dates, unsafe, strict=True)
    )


def _scope(raw: Any) -> str:
    reader = Reader()
    scope = reader.choice("scope", raw, "Which visits", SCOPES)
    reader.done()
    return scope


def _anchor(uow: UnitOfWork, booking_id: Any, version: Any) -> tuple[Series, Booking]:
    """The series' row is locked first and its visits after it, so that two edits of one series queue."""
    booking, _ = open_booking(uow, booking_id, version)
    if booking.series_id is None:
        raise Conflict("This visit belongs to no series.", remedy="Change it by itself.")
    series = uow.session.scalars(
        select(Series).where(Series.business_id == uow.business_id, Series.id == booking.series_id).with_for_update()
    ).one()
    return series, booking


def _covered(
    uow: UnitOfWork, anchor: Booking, scope: str, *, with_moved: bool = False
) -> list[tuple[Booking, list[BookingItem]]]:
    """In order of place; the visit that was pointed at is always among them, of the others only what is still to come."""
    query = select(Booking).where(
        Booking.business_id == uow.business_id,
        Booking.series_id == anchor.series_id,
        Booking.status.in_(list(MOVABLE)),
    )
    if scope == "this":
        query = query.where(Booking.id == anchor.id)
    elif scope == "following":
        query = query.where(Booking.series_place >= anchor.series_place)
    rows = uow.session.scalars(
        query.order_by(Booking.series_place).with_for_update().execution_options(populate_existing=True)
    ).all()
    kept = [
        one for one in rows
        if one.id == anchor.id or (one.starts_at > uow.now and (with_moved or not one.is_moved_from_series))
    ]  # fmt: skip
    items = uow.session.scalars(
        select(BookingItem)
        .where(BookingItem.business_id == uow.business_id, BookingItem.booking_id.in_([one.id for one in kept]))
        .order_by(BookingItem.starts_at, BookingItem.id)
    ).all()
    return [(one, [item for item in items if item.booking_id == one.id]) for one in kept]


def _written(uow: UnitOfWork, series: Series, what: str, before: list[Any]) -> SeriesDone:
    series.version += 1
    uow.session.flush()
    bookings = [one[0] for one in before]
    event = uow.audit(f"series.{what}", "series", series.id, visits=len(before), bookings=bookings)
    count = format_count(len(before), "visit")
    undo = uow.undoable(
        f"{count} of a series {what}", f"series_{what}", series.id or 0,
        before={"bookings": before}, after_version=series.version, audit_event_id=event,
    )  # fmt: skip
    return SeriesDone(series.id or 0, tuple(bookings), f"{count} {what}", str(undo))
