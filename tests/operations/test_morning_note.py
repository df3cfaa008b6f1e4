"""The note at seven: asked for once a day in the shop's own morning, to owners who want it, with what is true when it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from microcrm.domain.errors import Forbidden, Invalid
from microcrm.domain.permissions import Role
from microcrm.models.business import Business, Member
from microcrm.models.customers import Customer
from microcrm.models.records import OutboxMessage
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.messaging.morning_note import (
    KIND,
    Note,
    ask_for_notes,
    note_for,
    switch_note,
    wants_note,
)
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.operations.test_customer_facts import add_visit
from tests.support.shops import CANARY, Shop
from tests.support.till import issued, paying, register

INDIA = ZoneInfo("Asia/Kolkata")
TODAY = date(2026, 12, 10)


def clock(time: str, day: date = TODAY, zone: ZoneInfo = INDIA) -> datetime:
    hour, minute = time.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)


@dataclass
class Mornings:
    unit_of_work: Work
    shop: Shop
    at: Callable[..., Any]

    def owner(self, operation: Any, *args: Any, when: datetime | None = None, role: Role = Role.OWNER) -> Any:
        with self.unit_of_work(self.shop.actor(role), clock=self.at(when or clock("06:00"))) as uow:
            return operation(uow, *args)

    def worker(self, operation: Any, *args: Any, when: datetime) -> Any:
        with self.unit_of_work(system(self.shop.business_id), clock=self.at(when)) as uow:
            return operation(uow, *args)

    def asked(self) -> Sequence[OutboxMessage]:
        query = select(OutboxMessage).where(OutboxMessage.kind == KIND).order_by(OutboxMessage.id)
        found: Sequence[OutboxMessage] = self.owner(lambda uow: uow.session.scalars(query).all())
        return found

    def note(self, when: datetime | None = None, day: date = TODAY) -> Note | None:
        member = self.shop.members[Role.OWNER]
        found: Note | None = self.worker(note_for, member, day.isoformat(), when=when or clock("07:05"))
        return found


@pytest.fixture
def mornings(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Mornings:
    return Mornings(unit_of_work, shop, at)


def test_it_is_asked_for_once_in_the_morning_and_for_the_owner_only(mornings: Mornings, shop: Shop) -> None:
    for early in ("00:00", "06:59"):
        assert mornings.worker(ask_for_notes, when=clock(early)) == 0
    for time in ("07:00", "07:05", "09:59"):
        mornings.worker(ask_for_notes, when=clock(time))
    assert mornings.worker(ask_for_notes, when=clock("10:00")) == 0
    [asked] = mornings.asked()
    assert asked.payload == {"member_id": shop.members[Role.OWNER], "day": TODAY.isoformat()}, "no names, no addresses"
    mornings.worker(ask_for_notes, when=clock("07:00", TODAY + timedelta(days=1)))
    assert len(mornings.asked()) == 2


def test_seven_is_seven_by_the_clock_of_the_shop(mornings: Mornings, shop: Shop) -> None:
    dubai = update(Business).where(Business.id == shop.business_id).values(zone="Asia/Dubai")
    mornings.owner(lambda uow: uow.session.execute(dubai))
    assert mornings.worker(ask_for_notes, when=clock("07:00")) == 0
    assert mornings.worker(ask_for_notes, when=clock("07:00", zone=ZoneInfo("Asia/Dubai"))) == 1


def test_who_does_not_want_it_gets_none(mornings: Mornings) -> None:
    assert mornings.owner(wants_note) is True
    assert mornings.owner(switch_note, False) is False and mornings.owner(wants_note) is False
    assert mornings.worker(ask_for_notes, when=clock("07:00")) == 0 and mornings.note() is None
    mornings.owner(switch_note, "on")
    assert mornings.worker(ask_for_notes, when=clock("07:00")) == 1


def test_who_has_left_gets_none_and_neither_does_yesterday_s_note(mornings: Mornings, shop: Shop) -> None:
    assert mornings.note(day=TODAY - timedelta(days=1)) is None
    gone = update(Member).where(Member.id == shop.members[Role.OWNER]).values(deactivated_at=clock("06:00"))
    mornings.worker(lambda uow: uow.session.execute(gone), when=clock("06:00"))
    assert mornings.note() is None


def test_it_says_what_is_true(mornings: Mornings, shop: Shop, neighbour: Shop) -> None:
    yesterday = clock("12:00", TODAY - timedelta(days=1))

    def work(uow: UnitOfWork) -> None:
        register(uow, shop)
        bill = issued(uow, shop)
        take_payment(uow, paying(bill.document_id, PaidPart("cash", "125")))
        for weeks in (5, 10, 15, 20, 25):
            add_visit(uow, shop, clock("11:00", TODAY) - timedelta(weeks=weeks))
        values = {"last_visit_at": clock("11:00", TODAY) - timedelta(weeks=5)}
        uow.session.execute(update(Customer).where(Customer.id == shop.customer_id).values(**values))

    mornings.owner(work, when=yesterday)
    note = mornings.note()
    assert note is not None and CANARY not in repr(note)
    said = {line.words: line.path for line in note.lines}
    assert said["₹125 came in yesterday"] == "/invoices"
    assert "1 customer owes ₹400" in said
    name = mornings.owner(lambda uow: uow.session.get(Customer, shop.customer_id).name)
    assert said[f"{name} is due: comes every 5 weeks"] == f"/customer?id={shop.customer_id}"
    assert note.day == "Thu, 10 Dec 2026" and "@" in note.to

    def plan(uow: UnitOfWork) -> None:
        add_visit(uow, shop, clock("11:00", TODAY), "booked")
        add_visit(uow, shop, clock("11:00", TODAY + timedelta(days=1)), "booked")

    mornings.owner(plan)
    after = mornings.note()
    assert after is not None
    words = [line.words for line in after.lines]
    assert "1 of 1 visit tomorrow not confirmed yet" in words and not any("is due" in one for one in words)
    assert any(one.startswith("1 visit today, the first at 11:00 am") for one in words)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
def test_it_is_the_owner_s(mornings: Mornings, role: Role) -> None:
    for operation, args in (
        (wants_note, ()),
        (switch_note, (True,)),
        (ask_for_notes, ()),
        (note_for, (1, "2026-12-10")),
    ):
        with pytest.raises(Forbidden):
            mornings.owner(operation, *args, role=role)


@pytest.mark.parametrize("typed", ["perhaps", 7, [], {"is_on": True}, "x" * 10_000])
def test_only_on_or_off(mornings: Mornings, typed: Any) -> None:
    with pytest.raises(Invalid):
        mornings.owner(switch_note, typed)
