"""Telling customers about their visits: what is to be sent is written down with the change itself, and goes out later.

A message is due a minute after the change, so that a slip of the hand that is taken back at once tells nobody anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.messages import TELL_AFTER, good_until
from microcrm.domain.notices import ALL_OF, LANGUAGES, NEWS, NoticeStep
from microcrm.domain.permissions import Permission
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.messages.planning import Plan, plan, withdraw
from microcrm.operations.parts.booking_rows import check_columns, customer_name, open_booking
from microcrm.operations.unit_of_work import UnitOfWork

AS_USUAL = "usual"


@dataclass(frozen=True, slots=True)
class TellCustomer:
    """Of the change that made this ``version``."""

    booking_id: Any
    version: Any
    step: Any


class Offered(NamedTuple):
    """Who is asked whether they want a time. Several may be asked for the same one."""

    offer_id: int
    customer_id: int
    language: str


def tell_customer(uow: UnitOfWork, command: TellCustomer) -> str:
    """Of a change that was made without a message. Returns what was done, in words. ``Conflict`` when the booking has
    changed since; the same twice tells once."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    step = reader.member("step", command.step, "Message", NoticeStep)
    if step not in NEWS:
        reader.refuse("step", "This message goes out by itself.")
    reader.done()
    booking, items = open_booking(uow, command.booking_id, command.version)
    check_columns(uow, {item.member_id for item in items})
    if not notify(uow, booking, step):
        raise Conflict("This customer has neither phone nor e-mail.", remedy="Tell them yourself.")
    return f"{customer_name(uow, booking.customer_id)} will be told"


def wants_telling(uow: UnitOfWork, reader: Reader, raw: Any) -> bool:
    """``raw``: a box, ticked or not; or ``AS_USUAL``, of a form that was sent before its box could be shown."""
    return policy_of(uow).is_telling_usual if raw == AS_USUAL else reader.flag("tell", raw, "Tell the customer")


def notify(
    uow: UnitOfWork, booking: Booking, step: NoticeStep, *, tell: bool = True, offered: Offered | None = None
) -> bool:
    """Whether a message waits now. None does when nobody wants it or the customer cannot be reached. ``offered``: to whom
    the booking's time is offered, while it is nobody's visit yet."""
    if not tell:
        return False
    customer_id = offered.customer_id if offered else booking.customer_id
    channel, address = reach_of(uow, customer_id)
    if not address:
        return False
    if offered is None:
        language = language_of(uow, customer_id, booking.language)
        _plan(uow, booking, step, channel, language)
    else:
        due = uow.now + TELL_AFTER
        plan(uow, Plan(
            f"offer:{offered.offer_id}", step, channel == "message", due, good_until(step, booking.starts_at, due),
            customer_id=customer_id, booking_id=booking.id, language=offered.language, about_at=booking.starts_at,
            details={"offer_id": offered.offer_id},
        ))  # fmt: skip
    return True


def notify_all(uow: UnitOfWork, bookings: Iterable[Booking], step: NoticeStep) -> None:
    """Of one change to several visits: each customer gets one message, which names all of theirs."""
    by_customer: dict[int | None, list[Booking]] = defaultdict(list)
    for booking in bookings:
        by_customer[booking.customer_id].append(booking)
    for customer_id, theirs in by_customer.items():
        first, *others = sorted(theirs, key=lambda one: one.starts_at)
        if not others:
            notify(uow, first, step)
            continue
        channel, address = reach_of(uow, customer_id)
        if address:
            language = language_of(uow, customer_id, first.language)
            _plan(uow, first, ALL_OF[step], channel, language, booking_ids=[one.id for one in (first, *others)])


def _plan(
    uow: UnitOfWork, booking: Booking, step: NoticeStep, channel: str, language: str, **details: Sequence[int | None]
) -> None:
    due = uow.now + TELL_AFTER
    plan(uow, Plan(
        f"booking:{booking.id}", step, channel == "message", due, good_until(step, booking.starts_at, due),
        version=booking.version, customer_id=booking.customer_id, booking_id=booking.id, language=language,
        about_at=booking.starts_at, details=details,
    ))  # fmt: skip


def notify_phone(
    uow: UnitOfWork, booking_id: int, customer_id: int | None, starts_at: datetime, language: str, step: NoticeStep
) -> None:
    """Of a visit that has just been made, by whoever typed the phone for it."""
    due = uow.now + TELL_AFTER
    plan(uow, Plan(
        f"booking:{booking_id}", step, True, due, good_until(step, starts_at, due),
        customer_id=customer_id, booking_id=booking_id, language=language, about_at=starts_at,
    ))  # fmt: skip


def withdraw_notices(uow: UnitOfWork, booking_id: int, version: int | None) -> bool:
    """Of the change that made this version. Whether the customer knows of it already and must hear that it was taken
    back."""
    return withdraw(uow, f"booking:{booking_id}", version or 0)


def withdraw_offer(uow: UnitOfWork, offer_id: int) -> bool:
    """Whether they may have read it already."""
    return withdraw(uow, f"offer:{offer_id}")


def withdraw_all(uow: UnitOfWork, bookings: Sequence[Booking]) -> list[Booking]:
    """Of one change that made these versions. The visits of those customers who know of it already."""
    told = {one.customer_id for one in bookings if withdraw_notices(uow, one.id or 0, one.version)}
    return [one for one in bookings if one.customer_id in told]


def reach_of(uow: UnitOfWork, customer_id: int | None) -> tuple[str, str]:
    """How a customer is told, and where: by message to the phone, else by mail. The second is "" for who has neither."""
    if customer_id is None:
        return "message", ""
    row = uow.session.execute(
        select(Customer.phone, Customer.email).where(
            Customer.business_id == uow.business_id, Customer.id == customer_id
        )
    ).first()
    if row is None:
        return "message", ""
    return ("message", row.phone) if row.phone or not row.email else ("email", row.email)


def language_of(uow: UnitOfWork, customer_id: int | None, language: str = "") -> str:
    """The visit's own ``language``, else the one in which the customer last booked alone, else English."""
    if language in LANGUAGES:
        return language
    query = (
        select(Booking.language)
        .where(
            Booking.business_id == uow.business_id,
            Booking.customer_id == customer_id,
            Booking.language.in_(LANGUAGES),
        )
        .order_by(Booking.starts_at.desc())
        .limit(1)
    )
    return (customer_id and uow.session.scalars(query).first()) or "en"
