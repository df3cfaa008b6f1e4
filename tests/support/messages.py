"""A shop that sends messages through the stand-in for Twilio, and what has become of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from microcrm import wiring
from microcrm.domain.booking import BookingStatus
from microcrm.domain.messenger import Channel
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message, MessageEvent
from microcrm.operations.messages.planning import Plan, plan
from microcrm.operations.messaging.accounts import Account, use_sandbox
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import act_as
from tests.support.sandbox import SEED, Sandbox, Texter
from tests.support.shops import Shop


@dataclass
class Outbox:
    """``texter`` is the shop at the stand-in; ``phone``: its customer's, which no other test has; ``before``: ids of what other tests
    have left there."""

    shop: Shop
    texter: Texter
    phone: str
    before: frozenset[str] = frozenset()

    def do(self, operation: Any, *args: Any) -> Any:
        return act_as(system(self.shop.business_id), operation, *args)

    def plan(
        self, step: str = "booked", version: int = 1, *, by_phone: bool = True, due: datetime | None = None
    ) -> int:
        """A message about the shop's booking, due now; its id."""

        def write(uow: UnitOfWork) -> int:
            booking = uow.session.get_one(Booking, self.shop.booking_id)
            subject = f"booking:{booking.id}"
            plan(uow, Plan(
                subject, step, by_phone, due or uow.now, uow.now + timedelta(days=1), version=version,
                customer_id=booking.customer_id, booking_id=booking.id, about_at=booking.starts_at, language="en",
            ))  # fmt: skip
            query = select(Message.id).where(
                Message.subject == subject, Message.step == step, Message.subject_version == version
            )
            return int(uow.session.scalars(query.order_by(Message.id)).first() or 0)

        made: int = self.do(write)
        return made

    def rows(self) -> Sequence[Message]:
        found: Sequence[Message] = self.do(lambda uow: uow.session.scalars(select(Message).order_by(Message.id)).all())
        return found

    def states(self) -> list[tuple[str, str, str]]:
        """Channel, state and reason of each, in order."""
        return [(one.channel, one.state, one.reason) for one in self.rows()]

    def story(self, message_id: int) -> list[tuple[str, str]]:
        query = select(MessageEvent.what, MessageEvent.reason).where(MessageEvent.message_id == message_id)
        rows = self.do(lambda uow: uow.session.execute(query.order_by(MessageEvent.id)).all())
        return [tuple(row) for row in rows]

    def there(self) -> list[dict[str, Any]]:
        """What the stand-in has taken in."""
        found: list[dict[str, Any]] = self.texter.act("state")["messages"]
        return [one for one in found if one["direction"] != "inbound" and one["sid"] not in self.before]

    def hurry(self, **values: Any) -> None:
        """Whatever waits is due now, and whoever has to look looks now."""

        def change(uow: UnitOfWork) -> None:
            past = uow.now - timedelta(seconds=1)
            uow.session.execute(update(Message).where(Message.state == "planned").values(due_at=past))
            uow.session.execute(update(Message).where(Message.look_at.is_not(None)).values(look_at=past))  # type: ignore[union-attr]
            if values:
                uow.session.execute(update(Message).values(**values))

        self.do(change)

    def set(self, table: str, **values: Any) -> None:
        """Columns of all rows of this shop in a table, behind the walls of nobody."""
        changes = ", ".join(f"{name} = :{name}" for name in values)
        self.do(lambda uow: uow.session.execute(text(f"UPDATE {table} SET {changes}"), values))


def outbox_of(shop: Shop, sandbox: Sandbox) -> Outbox:
    """Connected, every channel on; the shop's booking is tomorrow."""
    phone = f"+919{secrets.randbelow(10**9):09d}"

    def ready(uow: UnitOfWork) -> Account:
        booking = uow.session.get_one(Booking, shop.booking_id)
        booking.status, booking.starts_at = BookingStatus.BOOKED, uow.now + timedelta(days=1)
        booking.ends_at = booking.starts_at + timedelta(minutes=45)
        uow.session.execute(update(Customer).where(Customer.id == shop.customer_id).values(phone=phone))
        return use_sandbox(uow, SEED, wiring.sealer())

    account = act_as(system(shop.business_id), ready)
    texter = Texter(sandbox.url, account.account_sid, account.auth_token, account.whatsapp_sender)
    texter.act("knobs", delivers_after=-1)
    texter.act("phone", number=phone, is_off=False, has_whatsapp=True, blocks=[])
    return Outbox(shop, texter, phone, frozenset(one["sid"] for one in texter.act("state")["messages"]))


def senders(outbox: Outbox, channel: Channel, **values: Any) -> None:
    """Of one channel."""

    def change(uow: UnitOfWork) -> None:
        names = ", ".join(f"{name} = :{name}" for name in values)
        statement = text(f"UPDATE message_channels SET {names} WHERE channel = :channel")
        uow.session.execute(statement, {**values, "channel": channel.value})

    outbox.do(change)
