"""The inbox: who waits for an answer, the conversation with one number, and settling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from microcrm.domain.bell import BellKind
from microcrm.domain.booking import LIVE
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.domain.replies import ANSWER, RULES, Outcome
from microcrm.models.bookings import Booking
from microcrm.models.business import Member
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.replies import InboundMessage
from microcrm.operations.bell.ringing import ring
from microcrm.operations.customer_access import phone_for
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.notices import language_of
from microcrm.operations.parts.channel_blocks import blocked
from microcrm.operations.replies.answering import WINDOW
from microcrm.operations.unit_of_work import UnitOfWork

SHOWN = 50  # conversations in the list, and messages of one
LONGEST = 1_000  # characters of an answer
_I = InboundMessage


@dataclass(frozen=True, slots=True)
class Waiting:
    """One number that waits. ``id``: of its latest message, which stands for the conversation. ``name``: of everybody with this
    number, "" of a stranger."""

    id: int
    name: str
    phone: str
    channel: Channel
    text: str
    label: str
    at: datetime
    count: int
    assigned: str


@dataclass(frozen=True, slots=True)
class Said:
    """``is_ours``: written by the shop or MicroCRM. ``state``: of ours, how far it has come; of theirs, what was done."""

    key: str
    is_ours: bool
    text: str
    at: datetime
    state: str
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """``people``: id and name of everybody with this number. ``free_until``: until when an answer may be written; none when no words of
    one's own go by this channel. ``is_closed``: they want no messages here. ``version``: of the latest message, against two who
    change it at once."""

    id: int
    version: int
    people: tuple[tuple[int, str], ...]
    phone: str
    channel: Channel
    free_until: datetime | None
    is_closed: bool
    is_settled: bool
    assigned_id: int | None
    said: tuple[Said, ...]
    next_visit: datetime | None
    members: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class AnswerInbound:
    inbound_id: Any
    text: Any


@dataclass(frozen=True, slots=True)
class AssignInbound:
    """``member_id`` "": nobody in particular."""

    inbound_id: Any
    version: Any
    member_id: Any


def count_waiting(uow: UnitOfWork) -> int:
    """How many numbers wait for an answer."""
    uow.require(Permission.MESSAGES_VIEW)
    query = select(func.count(func.distinct(_I.sender))).where(
        _I.business_id == uow.business_id, _I.settled_at.is_(None)
    )
    return uow.session.scalars(query).one()


def waiting(uow: UnitOfWork) -> tuple[Waiting, ...]:
    """Those who wait longest first. One statement."""
    uow.require(Permission.MESSAGES_VIEW)
    ranked = (
        select(
            _I.id, _I.sender, _I.channel, _I.text, _I.outcome, _I.at, _I.assigned_id,
            func.count().over(partition_by=_I.sender).label("count"),
            func.row_number().over(partition_by=_I.sender, order_by=(_I.at.desc(), _I.id.desc())).label("place"),
        )
        .where(_I.business_id == uow.business_id, _I.settled_at.is_(None))
        .subquery()
    )  # fmt: skip
    names = (
        select(func.string_agg(Customer.name, aggregate_order_by(literal(" or "), Customer.id)))
        .where(*_has_number(uow, ranked.c.sender))
        .scalar_subquery()
    )
    query = (
        select(ranked, names.label("name"), Member.name.label("assigned"))
        .outerjoin(Member, (Member.business_id == uow.business_id) & (Member.id == ranked.c.assigned_id))
        .where(ranked.c.place == 1)
        .order_by(ranked.c.at, ranked.c.id)
        .limit(SHOWN)
    )
    return tuple(_waiting(uow, row) for row in uow.session.execute(query))


def _waiting(uow: UnitOfWork, row: Row[Any]) -> Waiting:
    phone = phone_for(uow.actor, row.sender)
    label = RULES[Outcome(row.outcome)].label
    return Waiting(
        row.id, row.name or "", phone, Channel(row.channel), row.text, label, row.at, row.count, row.assigned or ""
    )


def conversation(uow: UnitOfWork, inbound_id: Any) -> Conversation:
    """The latest fifty messages with the number that wrote this one. Raises: NotFound."""
    uow.require(Permission.MESSAGES_VIEW)
    latest = _latest(uow, inbound_id)
    channel = Channel(latest.channel)
    people = _people(uow, latest.sender)
    theirs = uow.session.scalars(_theirs(uow, latest.sender)).all()
    return Conversation(
        id=latest.id or 0,
        version=latest.version,
        people=people,
        phone=phone_for(uow.actor, latest.sender),
        channel=channel,
        free_until=latest.at + WINDOW if channel is Channel.WHATSAPP else None,
        is_closed=bool(blocked(uow, [(channel, latest.sender)])),
        is_settled=all(one.settled_at for one in theirs),
        assigned_id=latest.assigned_id,
        said=_said(uow, theirs, latest, [one for one, _ in people]),
        next_visit=_next_visit(uow, [one for one, _ in people]),
        members=_members(uow),
    )


def settle(uow: UnitOfWork, inbound_id: Any) -> str:
    """Nothing more is to be done about what this number wrote. Returns whom it was about, in words."""
    uow.require(Permission.MESSAGES_ANSWER)
    latest = _latest(uow, inbound_id, is_locked=True)
    _settle(uow, latest)
    return "Settled"


def assign(uow: UnitOfWork, command: AssignInbound) -> None:
    """Who looks after it. ``Conflict`` when somebody else has just changed that."""
    uow.require(Permission.MESSAGES_ANSWER)
    reader = Reader()
    member = reader.id("member_id", command.member_id, "Staff member") if command.member_id not in (None, "") else None
    reader.done()
    latest = _latest(uow, command.inbound_id, is_locked=True)
    if str(latest.version) != str(command.version):
        raise Conflict
    if member is not None and member not in {one for one, _ in _members(uow)}:
        raise NotFound
    latest.assigned_id, latest.version = member, latest.version + 1
    uow.session.flush()
    uow.audit("inbound.assigned", "inbound_message", latest.id, member=member)
    if member is not None:
        key, me = f"{latest.id}:{latest.version}", uow.actor.member_id
        ring(uow, BellKind.ASSIGNED, key, to=(member,), who=me, but=me, inbound=latest.id)


def answer(uow: UnitOfWork, command: AnswerInbound) -> None:
    """Words of one's own, which go out at once; what they wrote is settled with it. Raises: Invalid, NotFound; Conflict when no
    such words are let through by this channel (any more)."""
    uow.require(Permission.MESSAGES_ANSWER)
    reader = Reader()
    words = reader.text("text", command.text, "Answer", limit=LONGEST, multiline=True)
    reader.done()
    latest = _latest(uow, command.inbound_id, is_locked=True)
    channel = Channel(latest.channel)
    if channel is not Channel.WHATSAPP:
        raise Conflict("SMS in India goes one way: they cannot be answered.", remedy="Call them.")
    if uow.now >= latest.at + WINDOW:
        raise Conflict(
            "WhatsApp takes answers for 24 hours after a message.", remedy="Call them, or write from your own WhatsApp."
        )
    if blocked(uow, [(channel, latest.sender)]):
        raise Conflict("They have stopped messages here.", remedy="Call them.")
    answers = select(func.count()).where(
        Message.business_id == uow.business_id, Message.subject == f"inbound:{latest.id}", Message.step == ANSWER
    )
    plan(uow, Plan(
        f"inbound:{latest.id}", ANSWER, True, uow.now, latest.at + WINDOW, channel=channel.value,
        version=uow.session.scalars(answers).one() + 1, customer_id=latest.customer_id, booking_id=latest.booking_id,
        language=language_of(uow, latest.customer_id), details={"to": latest.sender, "text": words},
    ))  # fmt: skip
    uow.nudges.add("messages")
    _settle(uow, latest)


def _settle(uow: UnitOfWork, latest: InboundMessage) -> None:
    done = (
        update(_I)
        .where(
            _I.business_id == uow.business_id, _I.sender == latest.sender, _I.settled_at.is_(None), _I.at <= latest.at
        )
        .values(settled_at=uow.now, settled_by_id=uow.actor.member_id, version=_I.version + 1)
    )
    uow.session.execute(done, execution_options={"synchronize_session": False})
    uow.audit("inbound.settled", "inbound_message", latest.id)


def _latest(uow: UnitOfWork, raw_id: Any, *, is_locked: bool = False) -> InboundMessage:
    """The latest message of the number that wrote the one pointed at."""
    reader = Reader()
    wanted = reader.id("inbound_id", raw_id, "Message")
    sender = select(_I.sender).where(_I.business_id == uow.business_id, _I.id == wanted).scalar_subquery()
    query = (
        select(_I)
        .where(_I.business_id == uow.business_id, _I.sender == sender)
        .order_by(_I.at.desc(), _I.id.desc())
        .limit(1)
    )
    found = None if reader.errors else uow.session.scalars(query.with_for_update() if is_locked else query).first()
    if found is None:
        raise NotFound("We could not find that message.")
    return found


def _theirs(uow: UnitOfWork, sender: str) -> Select[tuple[InboundMessage]]:
    return (
        select(_I)
        .where(_I.business_id == uow.business_id, _I.sender == sender)
        .order_by(_I.at.desc(), _I.id.desc())
        .limit(SHOWN)
    )


def _said(
    uow: UnitOfWork, theirs: Sequence[InboundMessage], latest: InboundMessage, customers: Sequence[int]
) -> tuple[Said, ...]:
    subjects = [f"inbound:{one.id}" for one in theirs]
    mine = Message.subject.in_(subjects)
    whose = or_(mine, Message.customer_id.in_(customers))
    query = (
        select(Message)
        .where(
            Message.business_id == uow.business_id, whose, Message.channel == latest.channel,
            or_(Message.handed_at.is_not(None), mine),
        )
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    ours = [
        Said(
            f"o{one.id}",
            True,
            one.text or str(one.details.get("text", "")),
            one.handed_at or one.due_at,
            one.state,
            one.booking_id,
        )
        for one in uow.session.scalars(query)
    ]
    heard = [
        Said(f"i{one.id}", False, one.text, one.at, RULES[Outcome(one.outcome)].label, one.booking_id) for one in theirs
    ]
    return tuple(sorted((*ours, *heard), key=lambda one: (one.at, one.is_ours, one.key))[-SHOWN:])


def _has_number(uow: UnitOfWork, sender: Any) -> tuple[ColumnElement[bool], ...]:
    return (Customer.business_id == uow.business_id, Customer.phone == sender, Customer.merged_into_id.is_(None))


def _people(uow: UnitOfWork, sender: str) -> tuple[tuple[int, str], ...]:
    query = select(Customer.id, Customer.name).where(*_has_number(uow, sender)).order_by(Customer.id)
    return tuple((row.id or 0, row.name) for row in uow.session.execute(query))


def _next_visit(uow: UnitOfWork, customers: Sequence[int]) -> datetime | None:
    query = select(func.min(Booking.starts_at)).where(
        Booking.business_id == uow.business_id, Booking.customer_id.in_(customers), Booking.starts_at > uow.now,
        Booking.status.in_(sorted(LIVE)),
    )  # fmt: skip
    return uow.session.scalars(query).one()


def _members(uow: UnitOfWork) -> tuple[tuple[int, str], ...]:
    query = (
        select(Member.id, Member.name)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.user_id.is_not(None))
        .order_by(Member.position, Member.id)
    )
    return tuple((row.id or 0, row.name) for row in uow.session.execute(query))
