"""Messages for those who sent them: of one visit, and of the whole shop with what needs a person first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, select, tuple_

from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import BIGINT, Reader
from microcrm.domain.message_words import Ticks, channel_of, moment, ticks, title_of
from microcrm.domain.messages import MessageState
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.messages.story import Told, note
from microcrm.operations.unit_of_work import UnitOfWork

PAGE_SIZE = 30
_MOST_TROUBLE = 20
_MOST_OF_A_VISIT = 12
_AGAIN_FOR = timedelta(hours=12)  # one that is sent again by hand is good for so long at least
_M = MessageState
_NEEDS_A_PERSON = (_M.FAILED, _M.UNKNOWN)


class Show(StrEnum):
    SENT = "sent"
    PLANNED = "planned"
    NOT_SENT = "not_sent"


SHOW_WORDS = {Show.SENT: "Sent", Show.PLANNED: "Planned", Show.NOT_SENT: "Not sent"}
_STATES = {
    Show.SENT: (_M.HANDED, _M.SENT, _M.DELIVERED, _M.READ),
    Show.PLANNED: (_M.PLANNED, _M.SENDING),
    Show.NOT_SENT: (_M.SUPPRESSED, _M.WITHDRAWN, _M.FAILED, _M.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One message. ``when``: it left, or is to leave. ``text`` is "" until it has left; its link is left out."""

    id: int
    title: str
    channel: str
    when: str
    ticks: Ticks
    text: str = ""
    customer_id: int | None = None
    customer: str = ""


@dataclass(frozen=True, slots=True)
class After:
    """The last one of a page."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class ListMessages:
    """``show``: a ``Show``; what is none is Sent."""

    show: Any = Show.SENT
    after: After | None = None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """``trouble`` needs a person, and stands on the first page only. ``after`` is empty on the last one."""

    show: Show
    rows: tuple[Seen, ...]
    trouble: tuple[Seen, ...]
    after: After | None
    may_act: bool


def messages_of_visit(uow: UnitOfWork, booking_id: int) -> tuple[Seen, ...]:
    """The newest first. One statement."""
    uow.require(Permission.CALENDAR_OWN)
    query = (
        select(Message)
        .where(
            Message.business_id == uow.business_id,
            Message.booking_id == booking_id,
            Message.state != _M.WITHDRAWN.value,
        )
        .order_by(Message.id.desc())
        .limit(_MOST_OF_A_VISIT)
    )
    return tuple(_seen(uow, one) for one in uow.session.scalars(query))


def list_messages(uow: UnitOfWork, command: ListMessages) -> MessagePage:
    """A page from one index, however many there are."""
    uow.require(Permission.MESSAGES_VIEW)
    show = Show(command.show) if command.show in list(Show) else Show.SENT
    upwards = show is Show.PLANNED
    order = (Message.due_at, Message.id) if upwards else (Message.due_at.desc(), Message.id.desc())
    query = _query(uow).where(Message.state.in_([state.value for state in _STATES[show]])).order_by(*order)
    if command.after is not None:
        here, mark = tuple_(Message.due_at, Message.id), (command.after.at, command.after.id)
        query = query.where(here > mark if upwards else here < mark)
    found = uow.session.execute(query.limit(PAGE_SIZE + 1)).all()
    shown = found[:PAGE_SIZE]
    last = shown[-1][0] if len(found) > PAGE_SIZE else None
    return MessagePage(
        show,
        tuple(_seen(uow, one, name or "") for one, name in shown),
        _trouble(uow) if command.after is None else (),
        After(last.due_at, last.id) if last else None,
        uow.may(Permission.MESSAGES_ANSWER),
    )


def _query(uow: UnitOfWork) -> Select[Any]:
    whose = and_(Customer.business_id == Message.business_id, Customer.id == Message.customer_id)
    return (
        select(Message, Customer.name)
        .outerjoin(Customer, whose)
        .where(Message.business_id == uow.business_id, visible_customers(uow.actor))
    )


def _trouble(uow: UnitOfWork) -> tuple[Seen, ...]:
    """What did not arrive and went by no other channel. Offers that did not arrive are part of their campaign's result."""
    states = [state.value for state in _NEEDS_A_PERSON]
    query = _query(uow).where(
        Message.state.in_(states), ~Message.details.has_key("next"), Message.campaign_id.is_(None)
    )
    rows = uow.session.execute(query.order_by(Message.id.desc()).limit(_MOST_TROUBLE))
    return tuple(_seen(uow, one, name or "") for one, name in rows)


def send_again(uow: UnitOfWork, raw_id: Any) -> str:
    """By hand, at once; the gate is asked like the first time. Returns what was done. ``Conflict`` when it does not need that."""
    uow.require(Permission.MESSAGES_ANSWER)
    row = _find(uow, raw_id)
    row.state, row.reason, row.attempts, row.finished_at = _M.PLANNED.value, "", 0, None
    row.due_at, row.expires_at = uow.now, max(row.expires_at or uow.now, uow.now + _AGAIN_FOR)
    row.details = {name: value for name, value in row.details.items() if name != "next"}
    uow.session.flush()
    note(uow, [Told(row.id or 0, "again", "by_hand")])
    uow.audit("message.sent_again", "message", row.id, channel=row.channel, step=row.step)
    uow.nudges.add("messages")
    return f"{title_of(row.step)} goes out again"


def mark_told(uow: UnitOfWork, raw_id: Any) -> str:
    """Somebody has told them, so nobody has to. Raises as ``send_again`` does."""
    uow.require(Permission.MESSAGES_ANSWER)
    row = _find(uow, raw_id)
    row.state, row.reason, row.finished_at = _M.SUPPRESSED.value, "told_by_hand", uow.now
    uow.session.flush()
    note(uow, [Told(row.id or 0, "told_by_hand")])
    uow.audit("message.told_by_hand", "message", row.id, channel=row.channel, step=row.step)
    return "Noted: they know of it"


def _find(uow: UnitOfWork, raw_id: Any) -> Message:
    """Locked. Raises: NotFound, Conflict."""
    reader = Reader()
    wanted = reader.id("id", raw_id, "Message")
    if reader.errors or wanted > BIGINT:
        raise NotFound
    query = _query(uow).with_only_columns(Message).where(Message.id == wanted).with_for_update(of=Message)
    row = uow.session.scalars(query).first()
    if row is None:
        raise NotFound
    if row.state not in {state.value for state in _NEEDS_A_PERSON}:
        raise Conflict("Nothing is left to do about this message.", remedy="Look at the list as it stands now.")
    return row


def _seen(uow: UnitOfWork, one: Message, name: str = "") -> Seen:
    zone = zone_of(uow.actor.zone)
    at = one.handed_at or one.due_at
    return Seen(
        id=one.id or 0,
        title=title_of(one.step),
        channel=channel_of(one.channel),
        when=moment(at, zone, uow.now),
        ticks=ticks(one.state, one.reason, one.due_at, one.details.get("next", ""), zone, uow.now),
        text=one.text,
        customer_id=one.customer_id,
        customer=name,
    )
