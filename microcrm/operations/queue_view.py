"""Looking at the queue: all of it at the desk, numbers only on the public board, one's own place on a ticket's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, text

from microcrm.domain.errors import NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.queue import IN_LINE, Estimate, Ticket, Turn, estimate, may_serve_now, next_turn
from microcrm.domain.slug import LONGEST
from microcrm.models.bookings import BookingItem
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.waiting import QueueTicket
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.customer_access import sees_own_only
from microcrm.operations.links import behind
from microcrm.operations.parts.queue_floor import Floor, queue_day, read_floor
from microcrm.operations.queue import leave_line
from microcrm.operations.unit_of_work import UnitOfWork

MOST_OVER = 30  # of those who are through, the latest
_SHOP = text("SELECT business_id, zone, is_queue_on FROM public_shop(:slug)")


@dataclass(frozen=True, slots=True)
class TicketView:
    """``wanted``: whom they wait for, "" for anybody; ``server``: who serves them. ``ends_at``: when the visit should be
    over. ``told`` only for those in line."""

    ticket_id: int
    version: int
    number: int
    state: Ticket
    service_id: int
    service: str
    hue: str
    name: str
    customer_id: int | None
    wanted_id: int | None
    wanted: str
    server: str
    since: datetime
    called_at: datetime | None
    started_at: datetime | None
    ends_at: datetime | None
    finished_at: datetime | None
    told: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    name: str
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class QueueView:
    """``services``: what can be drawn for, the most drawn today first. ``members``: who may serve what, by service."""

    is_on: bool
    now: datetime
    serving: tuple[TicketView, ...]
    called: tuple[TicketView, ...]
    waiting: tuple[TicketView, ...]
    over: tuple[TicketView, ...]
    served: int
    gone: int
    services: tuple[Choice, ...]
    members: tuple[Choice, ...]
    skills: dict[int, tuple[int, ...]]
    newcomer: Estimate


@dataclass(frozen=True, slots=True)
class Board:
    """Without a name: numbers that are served or called, how many wait, and what somebody who came now would be told."""

    shop: str
    slug: str
    serving: tuple[int, ...]
    called: tuple[int, ...]
    waiting: int
    newcomer: Estimate


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket's own page. ``before``: how many are called or wait before it."""

    shop: str
    slug: str
    number: int
    service: str
    state: Ticket
    before: int
    told: Estimate
    board: Board


def read_queue(uow: UnitOfWork) -> QueueView:
    """Today's queue for the desk. Those with a calendar of their own see first names only."""
    uow.require(Permission.CALENDAR_OWN)
    rows, floor = _tickets(uow), read_floor(uow)
    if sees_own_only(uow.actor):
        rows = [replace(row, name=row.name.partition(" ")[0], customer_id=None) for row in rows]
    by_state = {state: tuple(row for row in rows if row.state == state) for state in Ticket}
    over = sorted(
        (row for row in rows if row.state in (Ticket.DONE, Ticket.LEFT, Ticket.MISSED)),
        key=lambda row: row.finished_at or row.since,
        reverse=True,
    )
    told = _told(floor, rows)
    services = _services(uow, floor, rows)
    return QueueView(
        is_on=policy_of(uow).is_queue_on,
        now=uow.now,
        serving=by_state[Ticket.SERVING],
        called=by_state[Ticket.CALLED],
        waiting=tuple(replace(row, told=told[row.ticket_id]) for row in by_state[Ticket.WAITING]),
        over=tuple(over[:MOST_OVER]),
        served=len(by_state[Ticket.DONE]),
        gone=len(by_state[Ticket.LEFT]) + len(by_state[Ticket.MISSED]),
        services=services,
        members=tuple(
            Choice(chair.member_id, floor.names[chair.member_id], may_serve_now(chair, 10)) for chair in floor.chairs
        ),
        skills={service.id: tuple(floor.skills[service.id]) for service in services},
        newcomer=_newcomer(floor, rows),
    )


def read_board(uow: UnitOfWork, slug: Any) -> Board:
    """``NotFound`` for an unknown shop and for one whose queue is off: nobody learns which."""
    uow.require_public()
    wanted = slug if isinstance(slug, str) and slug.isprintable() and len(slug) <= LONGEST else ""
    row = uow.session.execute(_SHOP, {"slug": wanted}).first()
    if row is None or not row.is_queue_on:
        raise NotFound
    uow.enter_business(row.business_id)
    uow.actor = replace(uow.actor, zone=row.zone)
    rows, floor = _tickets(uow), read_floor(uow)
    return _board(uow, rows, floor)


def read_place(uow: UnitOfWork, slug: Any, token: Any) -> Place:
    """Where the ticket behind the secret link stands."""
    uow.require_public()
    ticket = _behind(uow, slug, token)
    rows, floor = _tickets(uow), read_floor(uow)
    board = _board(uow, rows, floor)
    ahead = [row for row in rows if row.state in IN_LINE and row.number < ticket.number]
    told = _told(floor, rows).get(ticket.id or 0, Estimate(0, None, None))
    service = select(Service.name).where(Service.business_id == uow.business_id, Service.id == ticket.service_id)
    return Place(
        shop=board.shop,
        slug=board.slug,
        number=ticket.number,
        service=uow.session.execute(service).scalar_one(),
        state=_state_today(uow, ticket),
        before=len(ahead),
        told=told,
        board=board,
    )


def leave_by_link(uow: UnitOfWork, slug: Any, token: Any) -> None:
    """Somebody who does not want to wait any longer. ``Conflict`` when they are being served already."""
    uow.require_public()
    leave_line(uow, _behind(uow, slug, token))


def _behind(uow: UnitOfWork, slug: Any, token: Any) -> QueueTicket:
    found = behind(uow, token)
    query = select(QueueTicket).join(Business, Business.id == QueueTicket.business_id)
    mine = (QueueTicket.business_id == found.business_id, QueueTicket.id == found.ticket_id, Business.slug == slug)
    ticket = uow.session.execute(query.where(*mine)).scalar() if isinstance(slug, str) else None
    if ticket is None:
        raise NotFound
    return ticket


def _state_today(uow: UnitOfWork, ticket: QueueTicket) -> Ticket:
    """A number that was still in line when its day ended is over."""
    state = Ticket(ticket.state)
    return Ticket.LEFT if state in IN_LINE and ticket.day != queue_day(uow) else state


def _tickets(uow: UnitOfWork) -> list[TicketView]:
    server = select(Member.id, Member.name, Member.business_id).subquery("server")
    rows = uow.session.execute(
        select(
            QueueTicket, Service.name, Service.colour, Customer.name, Member.name, server.c.name, BookingItem.ends_at
        )
        .join(Service, _same(QueueTicket, Service, QueueTicket.service_id))
        .outerjoin(Customer, _same(QueueTicket, Customer, QueueTicket.customer_id))
        .outerjoin(Member, _same(QueueTicket, Member, QueueTicket.member_id))
        .outerjoin(
            BookingItem,
            and_(
                BookingItem.business_id == QueueTicket.business_id,
                BookingItem.booking_id == QueueTicket.booking_id,
            ),
        )
        .outerjoin(server, and_(server.c.business_id == QueueTicket.business_id, server.c.id == BookingItem.member_id))
        .where(QueueTicket.business_id == uow.business_id, QueueTicket.day == queue_day(uow))
        .order_by(QueueTicket.number)
    )
    return [
        TicketView(
            ticket_id=ticket.id,
            version=ticket.version,
            number=ticket.number,
            state=Ticket(ticket.state),
            service_id=ticket.service_id,
            service=service,
            hue=colour,
            name=customer or ticket.name,
            customer_id=ticket.customer_id,
            wanted_id=ticket.member_id,
            wanted=wanted or "",
            server=serving or "",
            since=ticket.created_at,
            called_at=ticket.called_at,
            started_at=ticket.started_at,
            ends_at=ends_at,
            finished_at=ticket.finished_at,
        )
        for ticket, service, colour, customer, wanted, serving, ends_at in rows
    ]


def _same(one: Any, other: Any, key: Any) -> Any:
    return and_(other.business_id == one.business_id, other.id == key)


def _told(floor: Floor, rows: Sequence[TicketView]) -> dict[int, Estimate]:
    return {one.ticket_id: one for one in estimate(floor.chairs, _line(floor, rows))}


def _line(floor: Floor, rows: Sequence[TicketView]) -> list[Turn]:
    return [Turn(row.ticket_id, floor.minutes(row.service_id, row.wanted_id)) for row in rows if row.state in IN_LINE]


def _newcomer(floor: Floor, rows: Sequence[TicketView]) -> Estimate:
    """For the service that most came for today, else the shortest: the board knows nobody's wish."""
    drawn = Counter(row.service_id for row in rows if row.service_id in floor.skills)
    if not floor.skills:
        return Estimate(0, None, None)
    shortest = min(floor.skills, key=lambda service: min(floor.skills[service].values()))
    usual = drawn.most_common(1)[0][0] if drawn else shortest
    return next_turn(floor.chairs, _line(floor, rows), floor.minutes(usual, None))


def _board(uow: UnitOfWork, rows: Sequence[TicketView], floor: Floor) -> Board:
    shop, slug = uow.session.execute(select(Business.name, Business.slug).where(Business.id == uow.business_id)).one()
    return Board(
        shop=shop,
        slug=slug,
        serving=tuple(row.number for row in rows if row.state == Ticket.SERVING),
        called=tuple(row.number for row in rows if row.state == Ticket.CALLED),
        waiting=sum(1 for row in rows if row.state == Ticket.WAITING),
        newcomer=_newcomer(floor, rows),
    )


def _services(uow: UnitOfWork, floor: Floor, rows: Sequence[TicketView]) -> tuple[Choice, ...]:
    drawn = Counter(row.service_id for row in rows)
    query = select(Service.id, Service.name).where(
        Service.business_id == uow.business_id, Service.id.in_(list(floor.skills))
    )
    found = uow.session.execute(query.order_by(Service.position, Service.id)).all()
    return tuple(Choice(id, name) for id, name in sorted(found, key=lambda row: -drawn[row[0]]))
