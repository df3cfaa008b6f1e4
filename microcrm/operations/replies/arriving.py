"""A customer's message comes in: whose it is, what it means, what is done about it, and what is left for a person.

Told twice it is one message. Answers to a visit are taken one after the other, by the lock of the visit itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from microcrm.domain.bell import BellKind
from microcrm.domain.messenger import Inbound
from microcrm.domain.permissions import Permission
from microcrm.domain.replies import RULES, Outcome
from microcrm.domain.reply_words import Intent, intent_of
from microcrm.models.customers import Customer
from microcrm.models.replies import InboundMessage
from microcrm.operations.bell.ringing import ring
from microcrm.operations.parts.channel_blocks import block, unblock
from microcrm.operations.replies.about_visit import About, answer_about_visit
from microcrm.operations.replies.answering import answer_back
from microcrm.operations.unit_of_work import UnitOfWork


def take_inbound(uow: UnitOfWork, told: Inbound) -> bool:
    """Whether it was new. For the worker, in the name of one business."""
    uow.require(Permission.MESSAGES_ANSWER)
    customers = _whose(uow, told.sender)
    intent = intent_of(told.text, told.button)
    inbound_id = _store(uow, told, intent, customers)
    if inbound_id is None:
        return False
    about = _act(uow, told, intent, customers)
    rule = RULES[about.outcome]
    row = uow.session.get_one(InboundMessage, inbound_id)
    row.outcome, row.booking_id = about.outcome.value, about.booking_id
    if about.customer_id is not None:
        row.customer_id = about.customer_id
    row.settled_at = uow.now if rule.is_settled and not about.is_open and not told.pieces else None
    if row.settled_at is None:
        _pass_on(uow, row)
    uow.session.flush()
    answer_back(uow, row)
    return True


def _pass_on(uow: UnitOfWork, row: InboundMessage) -> None:
    """Whoever looks after what this number has written and what waits still, looks after this as well."""
    query = (
        select(InboundMessage.assigned_id)
        .where(
            InboundMessage.business_id == uow.business_id, InboundMessage.sender == row.sender, InboundMessage.id != row.id,
            InboundMessage.settled_at.is_(None),
        )
        .order_by(InboundMessage.at.desc(), InboundMessage.id.desc())
        .limit(1)
    )  # fmt: skip
    row.assigned_id = uow.session.scalars(query).first()
    if row.assigned_id is not None:
        ring(uow, BellKind.REPLY, str(row.id), to=(row.assigned_id,), inbound=row.id)


def _whose(uow: UnitOfWork, sender: str) -> Sequence[int]:
    """Everybody with this phone: a family may share it."""
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.phone == sender, Customer.merged_into_id.is_(None)
    )
    return uow.session.scalars(query.order_by(Customer.is_sharing_phone, Customer.id)).all()


def _store(uow: UnitOfWork, told: Inbound, intent: Intent, customers: Sequence[int]) -> int | None:
    row = {
        "business_id": uow.business_id, "channel": told.channel.value, "provider_id": told.provider_id, "sender": told.sender,
        "customer_id": customers[0] if len(customers) == 1 else None, "text": told.text.replace("\x00", ""),
        "media_count": told.pieces, "understood": intent.value, "outcome": "", "at": told.at, "version": 1,
    }  # fmt: skip
    made = insert(InboundMessage).values(**row).on_conflict_do_nothing(index_elements=["business_id", "provider_id"])
    found: int | None = uow.session.connection().execute(made.returning(InboundMessage.id)).scalar_one_or_none()
    return found


def _act(uow: UnitOfWork, told: Inbound, intent: Intent, customers: Sequence[int]) -> About:
    if intent is Intent.STOP:
        return About(Outcome.STOPPED if block(uow, told.channel, told.sender, "word") else Outcome.KNOWN)
    if intent is Intent.START:
        return About(Outcome.STARTED if unblock(uow, told.channel, told.sender, "word") else Outcome.KNOWN)
    if intent is Intent.UNCLEAR:
        return About(Outcome.FOR_PERSON)
    return answer_about_visit(uow, told, intent, customers)
