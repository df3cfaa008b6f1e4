"""A shop with a waiting list, in tests: people who wait, and what stands behind the walls afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.records import OutboxMessage
from microcrm.models.waiting import WaitlistEntry, WaitlistOffer
from microcrm.operations import waitlist, waitlist_offers
from microcrm.operations.book import book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.links import make_link
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import VISITOR, system
from microcrm.operations.waitlist import AddWaiting, WishedTime
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, wish
from tests.support.shops import Shop

ANY_TIME = (WishedTime(MONDAY),)


def add_customer(session: Session, shop: Shop, number: int) -> int:
    phone = f"+9198456{number:05d}"
    row = Customer(
        business_id=shop.business_id, name=f"Waiter {number}", name_key=f"waiter {number}", phone=phone,
        phone_reversed=phone[::-1], created_at=MORNING,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return int(row.id or 0)


@dataclass
class List:
    """Runs one operation after another, each in its own transaction, at a time that the test moves."""

    work: Work
    shop: Shop
    now: datetime = MORNING
    count: int = 0

    def do(self, operation: Callable[..., Any], *args: Any, actor: Any = None) -> Any:
        with self.work(actor or self.shop.actor(), clock=lambda: self.now) as uow:
            return operation(uow, *args)

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def customer(self) -> int:
        self.count += 1
        return int(self.do(lambda uow: add_customer(uow.session, self.shop, self.count)))

    def join(self, wishes: Any = ANY_TIME, **changes: Any) -> int:
        """Another customer waits for a haircut; a second later than the one before. Returns the entry's id."""
        self.now += timedelta(seconds=1)
        values = {"service_id": self.shop.service_id, "wishes": wishes, "customer_id": self.customer()} | changes
        return int(self.do(waitlist.add, AddWaiting(**values)).entry_id)

    def book(self, time: str = "11:00", role: Role = Role.MANAGER, **changes: Any) -> BookingDone:
        return self.do(book, wish(self.shop, time, role=role, **changes))

    def hold_member(self) -> int:
        """Whose time is given by ``book``."""
        return self.shop.members[Role.MANAGER]

    def cancel(self, booking: BookingDone) -> int:
        """And what the task does a little later. How many were asked."""
        self.do(cancel, Cancel(booking.booking_id, booking.version, "customer"))
        return self.carry_out()

    def carry_out(self) -> int:
        """The tasks for freed times that are asked for and were not carried out yet."""
        with self.work(system(), realm="worker") as uow:
            rows = uow.session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == "time_freed", OutboxMessage.state == "queued")
            ).all()
            payloads = [(row.business_id, dict(row.payload)) for row in rows]
            for row in rows:
                row.state = "sent"
        return sum(self.do(waitlist_offers.offer_freed, payload, actor=system(b)) for b, payload in payloads)

    def run_out(self) -> int:
        return int(self.do(waitlist_offers.run_out, actor=system(self.shop.business_id)))

    def asked(self) -> list[int]:
        """Entries that have an offer open, in the order they were asked."""
        query = select(WaitlistOffer.entry_id).where(WaitlistOffer.state == "open").order_by(WaitlistOffer.id)
        return list(self.do(lambda uow: uow.session.scalars(query).all()))

    def offers(self) -> list[tuple[int, str]]:
        query = select(WaitlistOffer.entry_id, WaitlistOffer.state).order_by(WaitlistOffer.id)
        return [tuple(row) for row in self.do(lambda uow: uow.session.execute(query).all())]

    def offer_of(self, entry_id: int) -> WaitlistOffer:
        query = select(WaitlistOffer).where(WaitlistOffer.entry_id == entry_id).order_by(WaitlistOffer.id.desc())
        return self.do(lambda uow: uow.session.scalars(query).first())

    def entry(self, entry_id: int) -> WaitlistEntry:
        query = select(WaitlistEntry).where(WaitlistEntry.id == entry_id)
        return self.do(lambda uow: uow.session.scalars(query).one())

    def hold_of(self, entry_id: int) -> Booking:
        query = select(Booking).where(Booking.id == self.offer_of(entry_id).booking_id)
        return self.do(lambda uow: uow.session.scalars(query).one())

    def link(self, entry_id: int) -> str:
        """The secret of the entry's last offer, as the message that was asked for will carry it."""
        offer = self.offer_of(entry_id)
        return str(self.do(lambda uow: make_link(uow, offer_id=offer.id), actor=system(self.shop.business_id)))

    def answer(self, entry_id: int, answer: str) -> waitlist_offers.OfferView:
        return self.do(waitlist_offers.answer_offer, self.link(entry_id), answer, actor=VISITOR)
