"""The waiting list at the desk: who is on it and what would suit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from microcrm.domain.calendar_text import DAY_MINUTES
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.formatting import format_duration
from microcrm.domain.permissions import Permission
from microcrm.domain.waitlist import EVERY_WEEKDAY, MOST_PREFERENCES, Preference
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.waiting import WaitlistEntry, WaitlistPreference
from microcrm.operations.book import own_customer
from microcrm.operations.customers import AddCustomer
from microcrm.operations.customers import add as add_customer
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.waiting_offers import close_open_offer, lock_offers
from microcrm.operations.parts.wishes import preferences_of
from microcrm.operations.unit_of_work import UnitOfWork

FURTHEST = timedelta(days=366)
HIGHEST = 9  # priority
OPEN = ("waiting", "offered")


@dataclass(frozen=True, slots=True)
class WishedTime:
    """As typed. ``last_day`` empty: that one day. Times empty: all day. ``weekdays``: 0 is Monday; none ticked means any.
    ``member_id`` empty: whoever."""

    first_day: Any
    last_day: Any = ""
    start: Any = ""
    end: Any = ""
    weekdays: Any = ()
    member_id: Any = None


@dataclass(frozen=True, slots=True)
class AddWaiting:
    """``who`` is known (``customer_id``) or new (``name``, ``phone``). The higher ``priority`` is asked first."""

    service_id: Any
    wishes: Sequence[WishedTime]
    who: Any = "known"
    customer_id: Any = None
    name: Any = ""
    phone: Any = ""
    is_family: Any = False
    note: Any = ""
    priority: Any = 0


@dataclass(frozen=True, slots=True)
class ChangeWaiting:
    entry_id: Any
    version: Any
    wishes: Sequence[WishedTime]
    note: Any = ""
    priority: Any = 0


@dataclass(frozen=True, slots=True)
class WithdrawWaiting:
    entry_id: Any
    version: Any = None


@dataclass(frozen=True, slots=True)
class WaitingDone:
    entry_id: int
    version: int
    state: str
    event_id: int = 0
    undo: str = ""


def add(uow: UnitOfWork, command: AddWaiting) -> WaitingDone:
    """``Conflict`` when the customer waits for this service already."""
    uow.require(Permission.BOOKINGS_ALL)
    reader = Reader()
    service_id = reader.id("service_id", command.service_id, "Service")
    who = reader.choice("who", command.who, "Customer", ("known", "new"), default="known")
    customer_id = reader.id("customer_id", command.customer_id, "Customer") if who == "known" else 0
    note, priority = _read_rest(reader, command)
    wishes = read_wishes(uow, reader, command.wishes)
    reader.done()
    check_wishes(uow, service_id, wishes)
    if who == "known":
        customer_id = own_customer(uow, customer_id)
    else:
        person = AddCustomer(name=command.name, phone=command.phone, is_family=command.is_family)
        customer_id = add_customer(uow, person).id
    if waits_already(uow, customer_id, service_id) is not None:
        raise Conflict("This customer waits for that service already.", remedy="Change the entry that is on the list.")
    done = store(uow, WaitlistEntry(
        business_id=uow.business_id, customer_id=customer_id, service_id=service_id, note=note, priority=priority,
        created_at=uow.now,
    ), wishes)  # fmt: skip
    return _undoable(uow, done, "waitlist_added", "the entry of the waiting list", None)


def change(uow: UnitOfWork, command: ChangeWaiting) -> WaitingDone:
    """What would suit them is something else now. Their place in the line stays."""
    uow.require(Permission.BOOKINGS_ALL)
    reader = Reader()
    note, priority = _read_rest(reader, command)
    wishes = read_wishes(uow, reader, command.wishes)
    reader.done()
    entry = find(uow, WaitlistEntry, command.entry_id)
    same_version(command.version, entry.version)
    _check_open(entry)
    check_wishes(uow, entry.service_id, wishes)
    before = _remembered(uow, entry)
    entry.note, entry.priority = note, priority
    done = replace_wishes(uow, entry, wishes)
    return _undoable(uow, done, "waitlist_changed", "the change of the waiting list", before)


def withdraw(uow: UnitOfWork, command: WithdrawWaiting) -> WaitingDone:
    """They do not wait any longer. What was on offer to them goes to whoever is next."""
    uow.require(Permission.BOOKINGS_ALL)
    lock_offers(uow)
    entry = find(uow, WaitlistEntry, command.entry_id)
    if command.version is not None:
        same_version(command.version, entry.version)
    _check_open(entry)
    event = take_off(uow, entry)
    done = WaitingDone(entry.id or 0, entry.version, entry.state, event)
    return _undoable(uow, done, "waitlist_withdrawn", "taking them off the waiting list", None)


def take_off(uow: UnitOfWork, entry: WaitlistEntry, **facts: Any) -> int:
    """An open entry waits no longer. The caller holds the lock of the offers. Returns the event of the log."""
    close_open_offer(uow, entry.id or 0)
    uow.session.refresh(entry)
    entry.state, entry.closed_at = "withdrawn", uow.now
    entry.version += 1
    uow.session.flush()
    return uow.audit("waitlist.withdrawn", "waitlist_entry", entry.id, **facts)


def store(uow: UnitOfWork, entry: WaitlistEntry, wishes: Sequence[Preference]) -> WaitingDone:
    close_past(uow)
    uow.session.add(entry)
    uow.session.flush()
    _write_wishes(uow, entry.id or 0, wishes)
    event = uow.audit("waitlist.added", "waitlist_entry", entry.id, service_id=entry.service_id, wishes=len(wishes))
    return WaitingDone(entry.id or 0, entry.version, entry.state, event)


def replace_wishes(uow: UnitOfWork, entry: WaitlistEntry, wishes: Sequence[Preference]) -> WaitingDone:
    mine = (WaitlistPreference.business_id == uow.business_id, WaitlistPreference.entry_id == entry.id)
    uow.session.execute(delete(WaitlistPreference).where(*mine))
    _write_wishes(uow, entry.id or 0, wishes)
    entry.version += 1
    uow.session.flush()
    event = uow.audit("waitlist.changed", "waitlist_entry", entry.id, wishes=len(wishes))
    return WaitingDone(entry.id or 0, entry.version, entry.state, event)


def waits_already(uow: UnitOfWork, customer_id: int, service_id: int) -> WaitlistEntry | None:
    return uow.session.scalars(
        select(WaitlistEntry).where(
            WaitlistEntry.business_id == uow.business_id,
            WaitlistEntry.customer_id == customer_id,
            WaitlistEntry.service_id == service_id,
            WaitlistEntry.state.in_(OPEN),
        )
    ).first()


def close_past(uow: UnitOfWork) -> None:
    """Entries whose last day is over wait for nothing any more."""
    today = today_in(zone_of(uow.actor.zone), uow.now)
    still = exists().where(
        WaitlistPreference.business_id == WaitlistEntry.business_id,
        WaitlistPreference.entry_id == WaitlistEntry.id,
        WaitlistPreference.last_day >= today,
    )
    uow.session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.business_id == uow.business_id, WaitlistEntry.state == "waiting", ~still)
        .values(state="expired", closed_at=uow.now, version=WaitlistEntry.version + 1)
        .execution_options(synchronize_session=False)
    )


def read_wishes(uow: UnitOfWork, reader: Reader, raw: Any) -> tuple[Preference, ...]:
    """Mistakes are noted under names such as "start_2": the second wish's."""
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MOST_PREFERENCES:
        reader.refuse("wishes", f"Give from one to {MOST_PREFERENCES} times that would suit.")
        return ()
    today = today_in(zone_of(uow.actor.zone), uow.now)
    return tuple(_read_wish(reader, one, place, today) for place, one in enumerate(raw, 1))


def _read_wish(reader: Reader, raw: Any, place: int, today: date) -> Preference:
    first = reader.day(f"first_day_{place}", raw.first_day, "First day", earliest=today, latest=today + FURTHEST)
    last = reader.optional_day(f"last_day_{place}", raw.last_day, "Last day", latest=today + FURTHEST) or first
    start = 0 if raw.start in (None, "") else reader.clock(f"start_{place}", raw.start, "From")
    end = DAY_MINUTES if raw.end in (None, "") else reader.clock(f"end_{place}", raw.end, "Until", closing=True)
    member = None if raw.member_id in (None, "") else reader.id(f"member_id_{place}", raw.member_id, "Staff member")
    weekdays = _read_weekdays(reader, raw.weekdays, place)
    if last < first:
        reader.refuse(f"last_day_{place}", "The last day is before the first.")
    elif not _has_a_day(first, last, weekdays):
        reader.refuse(f"last_day_{place}", "None of the chosen weekdays lies between these days.")
    if end <= start:
        reader.refuse(f"end_{place}", "This must be later than “From”.")
    return Preference(place, first, last, start, end, weekdays, member)


def _read_weekdays(reader: Reader, raw: Any, place: int) -> int:
    days = raw if isinstance(raw, list | tuple) else ()
    numbers = [reader.whole_number(f"weekdays_{place}", one, "Weekday", low=0, high=6) for one in days[:7]]
    return sum(1 << number for number in set(numbers)) or EVERY_WEEKDAY


def _has_a_day(first: date, last: date, weekdays: int) -> bool:
    span = min((last - first).days, 6)
    return any(weekdays & 1 << (first + timedelta(days=n)).weekday() for n in range(span + 1))


def check_wishes(uow: UnitOfWork, service_id: int, wishes: Sequence[Preference]) -> None:
    """``Invalid`` at the field when nobody does the service, the wished member does not, or it takes longer than the time
    that is wished for."""
    rows = uow.session.execute(
        select(ServiceMember.member_id, func.coalesce(ServiceMember.duration_min, Service.duration_min))
        .join(Service, (Service.business_id == ServiceMember.business_id) & (Service.id == ServiceMember.service_id))
        .join(Member, (Member.business_id == ServiceMember.business_id) & (Member.id == ServiceMember.member_id))
        .where(
            ServiceMember.business_id == uow.business_id,
            ServiceMember.service_id == service_id,
            Service.is_active,
            Member.is_bookable,
            Member.deactivated_at.is_(None),
        )
    )
    minutes = {row[0]: row[1] for row in rows}
    if not minutes:
        raise Invalid(fields={"service_id": "Nobody does that service at the moment. Choose another one."})
    errors = {}
    for wish in wishes:
        if wish.member_id is not None and wish.member_id not in minutes:
            errors[f"member_id_{wish.place}"] = "They do not do this service. Choose somebody else."
            continue
        least = min(minutes.values()) if wish.member_id is None else minutes[wish.member_id]
        if wish.end_min - wish.start_min < least:
            errors[f"end_{wish.place}"] = f"The service takes {format_duration(least)}: allow at least that."
    if errors:
        raise Invalid(fields=errors)


def _remembered(uow: UnitOfWork, entry: WaitlistEntry) -> dict[str, Any]:
    wishes = preferences_of(uow, [entry.id or 0]).get(entry.id or 0, ())
    kept = [[one.first_day.isoformat(), one.last_day.isoformat(), *_rest_of(one)] for one in wishes]
    return {"note": entry.note, "priority": entry.priority, "wishes": kept}


def _rest_of(wish: Preference) -> list[int | None]:
    return [wish.start_min, wish.end_min, wish.weekdays, wish.member_id]


def _undoable(uow: UnitOfWork, done: WaitingDone, entity: str, what: str, before: dict[str, Any] | None) -> WaitingDone:
    undo = uow.undoable(
        what, entity, done.entry_id, before=before, after_version=done.version, audit_event_id=done.event_id
    )
    return replace(done, undo=str(undo))


def _read_rest(reader: Reader, command: AddWaiting | ChangeWaiting) -> tuple[str, int]:
    note = reader.note("note", command.note, "Note", limit=NOTE)
    return note, reader.whole_number("priority", command.priority, "Priority", low=0, high=HIGHEST, default=0)


def _check_open(entry: WaitlistEntry) -> None:
    if entry.state not in OPEN:
        raise Conflict("This entry is not on the list any more.", remedy="Add the customer again if they still wait.")


def _write_wishes(uow: UnitOfWork, entry_id: int, wishes: Sequence[Preference]) -> None:
    uow.session.add_all(
        WaitlistPreference(
            business_id=uow.business_id, entry_id=entry_id, place=wish.place, first_day=wish.first_day,
            last_day=wish.last_day, start_min=wish.start_min, end_min=wish.end_min, weekdays=wish.weekdays,
            member_id=wish.member_id,
        )
        for wish in wishes
    )  # fmt: skip
    uow.session.flush()
