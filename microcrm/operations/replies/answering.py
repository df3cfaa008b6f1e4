"""What goes back to whoever wrote: planned with what was done about their message, worded when it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.cancellation import fee_at
from microcrm.domain.money import format_rupees
from microcrm.domain.notices import when_in
from microcrm.domain.replies import REPLY, Outcome, answer_to, has_answer
from microcrm.domain.zones import zone_of
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.replies import InboundMessage
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.notice_preview import shop_name
from microcrm.operations.notices import language_of
from microcrm.operations.unit_of_work import UnitOfWork

WINDOW = timedelta(hours=24)  # in which WhatsApp takes words of one's own, from their latest message on


def answer_back(uow: UnitOfWork, row: InboundMessage) -> None:
    """Once for one message. Goes out at once, and to the number that wrote, whoever's it is."""
    if not has_answer(Outcome(row.outcome)):
        return
    plan(
        uow,
        Plan(
            f"inbound:{row.id}", REPLY, True, uow.now, row.at + WINDOW, customer_id=row.customer_id,
            booking_id=row.booking_id, language=language_of(uow, row.customer_id),
            details={"to": row.sender, "outcome": row.outcome}, channel=row.channel,
        ),
    )  # fmt: skip
    uow.nudges.add("messages")


def words_of(uow: UnitOfWork, details: Mapping[str, Any], booking_id: int | None, language: str, link: str) -> str:
    """Of a reply or an answer that is about to leave. ``link``: to the visit, "" where it is about none."""
    if "text" in details:
        return str(details["text"])
    when, fee = _of_visit(uow, booking_id, language) if booking_id is not None else ("", "")
    return answer_to(Outcome(details["outcome"]), language, shop=shop_name(uow), when=when, fee=fee, link=link)


def _of_visit(uow: UnitOfWork, booking_id: int, language: str) -> tuple[str, str]:
    """When it is, and what cancelling would cost now."""
    price = func.coalesce(func.sum(BookingItem.price_paise), 0)
    query = (
        select(Booking.starts_at, price)
        .join(BookingItem, (BookingItem.business_id == Booking.business_id) & (BookingItem.booking_id == Booking.id))
        .where(Booking.business_id == uow.business_id, Booking.id == booking_id)
        .group_by(Booking.starts_at)
    )
    starts_at, paise = uow.session.execute(query).one()
    fee = fee_at(policy_of(uow).fee_ladder, int(paise), starts_at, uow.now)
    return when_in(language, starts_at, zone_of(uow.actor.zone)), format_rupees(fee.paise)
