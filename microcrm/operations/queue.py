"""The walk-in queue at the desk: draw a number, call it, serve, and what else can become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_time
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.occupancy import LONGEST_SERVICE
from microcrm.domain.permissions import Permission
from microcrm.domain.queue import IN_LINE, NEXT, TOLD_WHEN_BEFORE, Estimate, Ticket, may_serve_now, next_turn, play
from microcrm.domain.zones import zone_of
from microcrm.models.customers import Customer
from microcrm.models.waiting import QueueTicket
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.booking_status import Step, step
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.links import make_link
from microcrm.operations.messages.planning import Plan, first_way, plan
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.parts.booking_rows import check_columns, open_booking
from microcrm.operations.parts.booking_times import may_run_calendar
from microcrm.operations.parts.queue_floor import Floor, in_line, lock_queue, queue_day, read_floor
from microcrm.operations.parts.rows import find, same_version
from microcrm.operations.parts.walk_in import end_early, take_chair
from microcrm.operations.unit_of_work import UnitOfWork

NAME_LIMIT = 60
MOST_IN_LINE = 200
SOON_LASTS = timedelta(hours=1)  # later their turn has come
LINK_LASTS = timedelta(hours=36)  # the ticket's day, in any zone, and some


@dataclass(frozen=True, slots=True)
class DrawTicket:
    """``member_id`` empty: whoever is free first. ``name`` is what the desk calls out."""

    service_id: Any
    name: Any = ""
    member_id: Any = None
    customer_id: Any = None


@dataclass(frozen=True, slots=True)
class StepTicket:
    ticket_id: Any
    version: Any = None


@dataclass(frozen=True, slots=True)
class StartTicket(StepTicket):
    """``member_id`` empty: the one they wait for, else whoever of the free has had least to do today. ``minutes`` empty: as
    long as the service takes. ``safety_reason`` goes past a safety timer and past a form that is
    missing, for those who may."""

    member_id: Any = None
    minutes: Any = None
    safety_reason: Any = ""


@dataclass(frozen=True, slots=True)
class BookTicket(StepTicket):
    """A time later on, in wall clock. ``reason`` goes past working hours, for those who may."""

    day: Any = ""
    time: Any = ""
    member_id: Any = None
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class TicketDone:
    """After any step; ``undo`` is the token that takes it back. ``link`` is the secret of the ticket's page, known only
    when it is drawn."""

    ticket_id: int
    number: int
    state: str
    label: str
    undo: str
    estimate: Estimate | None = None
    link: str = ""


def draw(uow: UnitOfWork, command: DrawTicket) -> TicketDone:
    """The next number of the day. Numbers are given under a lock, so they run from 1 without a gap."""
    uow.require(Permission.BOOKINGS_OWN)
    if not policy_of(uow).is_queue_on:
        raise Conflict("The walk-in queue is switched off.", remedy="The owner can switch it on.")
    fields = Reader()
    service_id = fields.id("service_id", command.service_id, "Service")
    name = fields.text("name", command.name, "Name", limit=NAME_LIMIT, required=False)
    member_id = _maybe_id(fields, "member_id", command.member_id, "Staff member")
    customer_id = _maybe_id(fields, "customer_id", command.customer_id, "Customer")
    fields.done()
    if customer_id is not None:
        name = _customer_name(uow, customer_id)
    floor = read_floor(uow)
    _check_wish(floor, service_id, member_id)
    lock_queue(uow)
    return _draw(uow, floor, service_id, name, member_id, customer_id)


def call(uow: UnitOfWork, command: StepTicket) -> TicketDone:
    """Say the number aloud."""
    uow.require(Permission.BOOKINGS_OWN)
    return _go(uow, _open(uow, command), Ticket.CALLED, "called")


def call_next(uow: UnitOfWork, member_id: Any = None) -> TicketDone:
    """The first in line whom this member can serve (empty: anybody)."""
    uow.require(Permission.BOOKINGS_OWN)
    fields = Reader()
    chosen = _maybe_id(fields, "member_id", member_id, "Staff member")
    fields.done()
    floor = read_floor(uow)
    lock_queue(uow)
    waiting = [one for one in in_line(uow, floor.day) if one.state == Ticket.WAITING]
    first = next((one for one in waiting if chosen is None or chosen in floor.turn(one).minutes), None)
    if first is None:
        raise Conflict("Nobody is waiting for that.", remedy="Draw a ticket when somebody comes in.")
    return _go(uow, first, Ticket.CALLED, "called")


def start(uow: UnitOfWork, command: StartTicket) -> TicketDone:
    """They sit down: a visit that has begun takes the chair's time. ``SlotTaken`` says when a chair is free."""
    uow.require(Permission.BOOKINGS_OWN)
    fields = Reader()
    member_id = _maybe_id(fields, "member_id", command.member_id, "Staff member")
    minutes = fields.optional_number("minutes", command.minutes, "Length", low=5, high=LONGEST_SERVICE)
    reason = fields.text("safety_reason", command.safety_reason, "Reason", limit=120, required=False)
    fields.done()
    ticket = _open(uow, command)
    _check_follows(ticket, Ticket.SERVING)
    chosen = member_id or ticket.member_id or _whoever_is_free(uow, ticket)
    check_columns(uow, {chosen})
    before = _standing(ticket)
    ticket.booking_id = take_chair(uow, ticket, chosen, minutes, reason)
    ticket.started_at = uow.now
    return _save(uow, ticket, Ticket.SERVING, "started", before)


def finish(uow: UnitOfWork, command: StepTicket) -> TicketDone:
    """Done. What is left of the planned time is free for the next."""
    uow.require(Permission.BOOKINGS_OWN)
    ticket = _open(uow, command)
    _check_follows(ticket, Ticket.DONE)
    booking, items = open_booking(uow, ticket.booking_id)
    check_columns(uow, {item.member_id for item in items})
    before = _standing(ticket) | {"ends_at": items[0].ends_at.isoformat(), "booking_status": booking.status}
    if booking.status != BookingStatus.FINISHED:
        step(uow, Step(booking.id, BookingStatus.FINISHED))
        end_early(uow, booking, items[0])
    ticket.finished_at = uow.now
    return _save(uow, ticket, Ticket.DONE, "finished", before)


def leave(uow: UnitOfWork, command: StepTicket) -> TicketDone:
    """They went away and said so."""
    uow.require(Permission.BOOKINGS_OWN)
    return _go(uow, _open(uow, command), Ticket.LEFT, "left")


def miss(uow: UnitOfWork, command: StepTicket) -> TicketDone:
    """Called, and nobody came."""
    uow.require(Permission.BOOKINGS_OWN)
    return _go(uow, _open(uow, command), Ticket.MISSED, "missed")


def book_instead(uow: UnitOfWork, command: BookTicket) -> TicketDone:
    """They come back at a fixed time instead of waiting. Raises as ``book`` does; taking it back takes both back."""
    uow.require(Permission.BOOKINGS_OWN)
    ticket = _open(uow, command)
    _check_follows(ticket, Ticket.LEFT)
    before = _standing(ticket)
    visit = Book(
        day=command.day, time=command.time, services=[BookService(ticket.service_id, command.member_id)],
        who="known" if ticket.customer_id else "walk_in", customer_id=ticket.customer_id,
        note="" if ticket.customer_id else ticket.name, reason=command.reason,
    )  # fmt: skip
    done = book(uow, visit)
    ticket.booking_id, ticket.finished_at = done.booking_id, uow.now
    saved = _save(uow, ticket, Ticket.LEFT, "booked", before)
    return replace(saved, label=f"Number {ticket.number}: {done.label}")


def leave_line(uow: UnitOfWork, ticket: QueueTicket) -> None:
    """The person themselves, from the page of their ticket."""
    uow.require_public()
    lock_queue(uow)
    uow.session.refresh(ticket, with_for_update=True)
    _check_follows(ticket, Ticket.LEFT)
    ticket.state, ticket.finished_at = Ticket.LEFT.value, uow.now
    ticket.version += 1
    uow.session.flush()
    uow.audit("queue.left", "queue_ticket", ticket.id, number=ticket.number, is_by_customer=True)
    tell_who_is_soon(uow, ticket.day)


def tell_who_is_soon(uow: UnitOfWork, day: date) -> None:
    """Whoever has two before them is written to, once, if they have a customer's phone."""
    soon = in_line(uow, day)[TOLD_WHEN_BEFORE : TOLD_WHEN_BEFORE + 1]
    rule = plan_of(uow).rule(NoticeStep.QUEUE_NEAR)
    for ticket in soon:
        if not rule.is_on or ticket.state != Ticket.WAITING or ticket.customer_id is None:
            continue
        channel = first_way(uow, ticket.customer_id, rule.channels)
        if channel is not None:
            told = Plan(
                f"ticket:{ticket.id}",
                NoticeStep.QUEUE_NEAR,
                channel is not Channel.EMAIL,
                uow.now,
                uow.now + SOON_LASTS,
                channel=channel.value,
                customer_id=ticket.customer_id,
                details={"ticket_id": ticket.id, "people": TOLD_WHEN_BEFORE},
            )
            plan(uow, told)
            uow.nudges.add("messages")


def _draw(
    uow: UnitOfWork, floor: Floor, service_id: int, name: str, member_id: int | None, customer_id: int | None
) -> TicketDone:
    line = in_line(uow, floor.day)
    if len(line) >= MOST_IN_LINE:
        raise Conflict("The queue is full.", remedy="Ask them to come back later, or book them a time.")
    last = select(func.coalesce(func.max(QueueTicket.number), 0)).where(
        QueueTicket.business_id == uow.business_id, QueueTicket.day == floor.day
    )
    told = next_turn(floor.chairs, [floor.turn(one) for one in line], floor.minutes(service_id, member_id))
    ticket = QueueTicket(
        business_id=uow.business_id,
        day=floor.day,
        number=uow.session.execute(last).scalar_one() + 1,
        service_id=service_id,
        member_id=member_id,
        customer_id=customer_id,
        name=name,
        state=Ticket.WAITING.value,
        promised_at=None if told.most is None else uow.now + timedelta(minutes=told.most),
        created_at=uow.now,
    )
    uow.session.add(ticket)
    uow.session.flush()
    event = uow.audit("queue.drawn", "queue_ticket", ticket.id, number=ticket.number)
    label = f"Number {ticket.number} is drawn"
    undo = uow.undoable(label, "queue_ticket", ticket.id or 0, before=None, after_version=1, audit_event_id=event)
    link = make_link(uow, ticket_id=ticket.id, expires_at=uow.now + LINK_LASTS)
    return TicketDone(ticket.id or 0, ticket.number, ticket.state, label, str(undo), told, link)


def _maybe_id(fields: Reader, name: str, raw: Any, label: str) -> int | None:
    return None if raw in (None, "") else fields.id(name, raw, label)


def _customer_name(uow: UnitOfWork, customer_id: int) -> str:
    query = select(Customer.name).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    name = uow.session.execute(query).scalar()
    if name is None:
        raise NotFound("That customer is not there any more.", remedy="Search for the customer again.")
    return str(name)[:NAME_LIMIT]


def _check_wish(floor: Floor, service_id: int, member_id: int | None) -> None:
    if service_id not in floor.skills:
        raise Invalid(fields={"service_id": "Nobody does that service at the moment. Choose another one."})
    if member_id is not None and member_id not in floor.skills[service_id]:
        raise Invalid(fields={"member_id": "They do not do that service. Choose somebody else."})


def _open(uow: UnitOfWork, command: StepTicket) -> QueueTicket:
    """Of today, locked. The queue's lock comes first, so that two desks never wait for each other."""
    lock_queue(uow)
    ticket = find(uow, QueueTicket, command.ticket_id)
    if command.version is not None:
        same_version(command.version, ticket.version)
    if ticket.day != queue_day(uow) and ticket.state in IN_LINE:
        raise Conflict("That number is from another day.", remedy="Draw a new one.")
    return ticket


def _check_follows(ticket: QueueTicket, state: Ticket) -> None:
    if state not in NEXT[Ticket(ticket.state)]:
        raise Conflict(
            f"Number {ticket.number} is already somewhere else.",
            remedy="Look at the queue as it stands, then try again.",
        )


def _standing(ticket: QueueTicket) -> dict[str, Any]:
    return {
        "state": ticket.state,
        "called_at": ticket.called_at.isoformat() if ticket.called_at else None,
    }


def _go(uow: UnitOfWork, ticket: QueueTicket, state: Ticket, word: str) -> TicketDone:
    _check_follows(ticket, state)
    before = _standing(ticket)
    if state is Ticket.CALLED:
        ticket.called_at = uow.now
    else:
        ticket.finished_at = uow.now
    return _save(uow, ticket, state, word, before)


def _save(uow: UnitOfWork, ticket: QueueTicket, state: Ticket, word: str, before: dict[str, Any]) -> TicketDone:
    ticket.state = state.value
    ticket.version += 1
    uow.session.add(ticket)
    uow.session.flush()
    event = uow.audit(f"queue.{word}", "queue_ticket", ticket.id, number=ticket.number)
    label = f"Number {ticket.number} {_WORDS[word]}"
    undo = uow.undoable(
        label, "queue_ticket", ticket.id or 0, before=before, after_version=ticket.version, audit_event_id=event
    )
    tell_who_is_soon(uow, ticket.day)
    return TicketDone(ticket.id or 0, ticket.number, ticket.state, label, str(undo))


_WORDS = {
    "called": "is called",
    "started": "is being served",
    "finished": "is done",
    "left": "has left",
    "missed": "did not come",
    "booked": "is booked for later",
}


def _whoever_is_free(uow: UnitOfWork, ticket: QueueTicket) -> int:
    floor = read_floor(uow)
    able = floor.minutes(ticket.service_id, None)
    mine: Sequence[int] = [member for member in able if may_run_calendar(uow) or member == uow.actor.member_id]
    if not mine:
        raise Forbidden("You can serve only those who want a service of yours.")
    free = [member for member in mine if may_serve_now(floor.chair(member), able[member])]
    if free:
        return min(free, key=lambda member: floor.load[member])
    turn = floor.turn(ticket)._replace(minutes={member: able[member] for member in mine})
    wait = play(floor.chairs, [turn])[0]
    if wait is None:
        raise SlotTaken("No chair is free for that any more today.", remedy="Book them a time on another day.")
    when = uow.now + timedelta(minutes=wait)
    raise SlotTaken(
        "No chair is free for that yet.",
        remedy=f"The next one is free at {format_time(when, zone_of(uow.actor.zone))}.",
        nearest=(when,),
    )
