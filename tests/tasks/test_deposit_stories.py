"""A deposit's whole story through the inbox, the worker and the sweep of holds, in very different orders: one end."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.adapters import inbox
from microcrm.adapters.inbox import Arrival
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, Occupancy
from microcrm.models.business import Member
from microcrm.models.gateway import Dispute, GatewayPayment, PayRequest
from microcrm.operations.booking_policy import ChangePolicy, change_policy, policy_of
from microcrm.operations.parts.booking_rows import BookingDone
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from tasks import holds
from tasks import inbox as inbox_tasks
from tests.conftest import act_as
from tests.support.deposits import DEPOSIT, ask_ahead, book_online, cash_of, days_ahead, money_of, order_for, paid
from tests.support.online import connected_shop, dispute, refund, webhook
from tests.support.shops import Shop, TwoShops
from tests.support.till import register

EVERY = 126  # of the 5,040 orders of seven steps: 40 of them, spread over all
PART = 5_000


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    shop = fresh_database.a

    def ready(uow: UnitOfWork) -> None:
        register(uow, shop)
        ask_ahead(uow)
        change_policy(uow, ChangePolicy(policy_of(uow).version, horizon_days="366"))
        uow.session.execute(update(Member).values(is_bookable=Member.id == shop.members[Role.MANAGER]))

    act_as(shop.actor(), ready)
    connected_shop(shop)
    return shop


def act(shop: Shop, operation: Callable[..., Any], *args: Any) -> Any:
    return act_as(system(shop.business_id), operation, *args)


def waiting(shop: Shop, number: int) -> BookingDone:
    day = wiring.now().date().fromisoformat(days_ahead()) + timedelta(days=number // 10)
    time = f"{9 + number % 10:02d}:00"
    done: BookingDone = act_as(VISITOR, book_online, shop, time, day.isoformat())
    act(shop, order_for, done.token, f"order_{number}")
    return done


def run_out(shop: Shop, done: BookingDone) -> None:
    """Its time is over, and the sweep comes by."""
    past = wiring.now() - timedelta(minutes=1)

    def turn(uow: UnitOfWork) -> None:
        mine = (Booking.id == done.booking_id, Booking.status == "pending_payment")
        uow.session.execute(update(Booking).where(*mine).values(expires_at=past))
        uow.session.execute(update(Occupancy).where(Occupancy.expires_at.is_not(None)).values(expires_at=past))

    act(shop, turn)
    holds.sweep()


def events(number: int) -> list[dict[str, Any]]:
    whose = {"id": f"pay_{number}", "order_id": f"order_{number}"}
    lost = {"id": f"disp_{number}", "payment_id": f"pay_{number}", "amount": DEPOSIT - PART}
    back = refund("processed", PART, id=f"rfnd_{number}", payment_id=f"pay_{number}")
    late = paid("failed", error_description="The bank did not answer.", **whose)
    whole, rest = paid(fee=500, **whose), paid(fee=500, amount_refunded=PART, **whose)
    return [
        webhook("payment.failed", payment=late),
        webhook("payment.authorized", payment=paid("authorized", **whose)),
        webhook("payment.captured", payment=whole),
        webhook("refund.processed", refund=back, payment=rest),
        webhook("payment.dispute.created", payment=whole, dispute=dispute("open") | lost),
        webhook("payment.dispute.lost", payment=whole, dispute=dispute("lost") | lost),
    ]


def deliver(shop: Shop, key: str, event: dict[str, Any]) -> None:
    """Stored as the address of the webhooks stores it, twice, and worked off."""
    with wiring.unit_of_work(system(), realm="worker") as uow:
        inbox.store(uow.session, [Arrival(shop.business_id, key, json.dumps(event))] * 2, uow.now)
    inbox_tasks.sweep()


def end_of(shop: Shop, done: BookingDone, number: int) -> Any:
    def look(uow: UnitOfWork) -> Any:
        booking = uow.session.get_one(Booking, done.booking_id)
        row = uow.session.scalars(select(GatewayPayment).where(GatewayPayment.remote_id == f"pay_{number}")).one()
        ended = uow.session.scalars(select(Dispute.status).where(Dispute.remote_id == f"disp_{number}")).one()
        asked = uow.session.scalars(select(PayRequest.state).where(PayRequest.booking_id == booking.id)).all()
        held = uow.session.scalars(
            select(Occupancy.is_live).where(Occupancy.member_id.is_not(None), Occupancy.expires_at.is_(None))
        ).all()
        return (
            (booking.status, booking.expires_at), (row.status, row.is_late, row.error, row.concern, row.refunded_paise),
            ended, asked, money_of(uow, done.booking_id), sum(held),
        )  # fmt: skip

    return act(shop, look)


def test_forty_orders_of_a_whole_story_end_the_same(shop: Shop) -> None:
    ends = []
    orders = list(itertools.islice(itertools.permutations(range(7)), 0, None, EVERY))
    for number, order in enumerate(orders):
        done, told = waiting(shop, number), events(number)
        for place in order:
            if place == len(told):
                run_out(shop, done)
            else:
                deliver(shop, f"evt_{number}_{place}", told[place])
        *rest, held = end_of(shop, done, number)
        assert held == 2 + number  # this visit's time and those before it; one is there from the start
        ends.append(rest)
    assert len(ends) == 40
    assert all(end == ends[0] for end in ends)
    assert ends[0] == [
        ("booked", None), ("captured", True, "The bank did not answer.", "", PART), "lost", ["paid"], (DEPOSIT, DEPOSIT, 0),
    ]  # fmt: skip
    assert act(shop, cash_of, shop) == {}
