"""The messages that wait for the customers of a test shop, without reminders; and sending them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from microcrm.domain.messages import FOLLOWING
from microcrm.models.messages import Message
from microcrm.operations.unit_of_work import UnitOfWork

_FOLLOWS = Message.step.in_(sorted(FOLLOWING))  # type: ignore[attr-defined]


def waiting(uow: UnitOfWork) -> Sequence[Message]:
    """In the order in which they were written down; also those that have left."""
    query = select(Message).where(
        Message.business_id == uow.business_id, Message.state.in_(("planned", "handed")), ~_FOLLOWS
    )
    return uow.session.scalars(query.order_by(Message.id).execution_options(populate_existing=True)).all()


def keys(uow: UnitOfWork) -> list[str]:
    """Like "booking:5:1:booked:whatsapp"."""
    return [f"{one.subject}:{one.subject_version}:{one.step}:{one.channel}" for one in waiting(uow)]


def all_left(uow: UnitOfWork, step: str = "%") -> None:
    """The notices of this step have gone out."""
    uow.session.execute(
        update(Message).where(Message.state == "planned", ~_FOLLOWS, Message.step.like(step)).values(state="handed")
    )


def reminders(uow: UnitOfWork, booking_id: int) -> list[tuple[str, str, int]]:
    """Step, state and version of each, in order."""
    query = select(Message).where(Message.booking_id == booking_id, _FOLLOWS)
    rows = uow.session.scalars(query.order_by(Message.id).execution_options(populate_existing=True))
    return [(one.step, one.state, one.subject_version) for one in rows]
