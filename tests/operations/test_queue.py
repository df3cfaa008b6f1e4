"""The walk-in queue on a real database: numbers, steps, the chair's time, the way back, and what strangers see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.models.policy import BookingPolicy
from microcrm.models.waiting import QueueTicket
from microcrm.operations import queue, queue_view
from microcrm.operations.book import book
from microcrm.operations.messaging.steps import ChangePlan, ChangeStep, change_plan, change_step
from microcrm.operations.queue import DrawTicket, StartTicket, StepTicket, TicketDone
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.settings import settings
from tests.conftest import Work
from tests.support.desk import INDIA, booking_of, held_by, wish
from tests.support.shops import CANARY, Shop, TwoShops

NOW = datetime(2026, 11, 24, 10, 0, 20, tzinfo=INDIA)


class Desk:
    """Runs one operation after another at a time that the test moves."""

    def __init__(self, unit_of_work: Work, shop: Shop) -> None:
        self.unit_of_work, self.shop, self.now = unit_of_work, shop, NOW
        self.actor = shop.actor()

    def do(self, operation: Callable[..., Any], *args: Any, actor: Any = None) -> Any:
        with self.unit_of_work(actor or self.actor, clock=lambda: self.now) as uow:
            return operation(uow, *args)

    def draw(self, **changes: Any) -> TicketDone:
        return self.do(queue.draw, DrawTicket(**({"service_id": self.shop.service_id} | changes)))

    def step(self, operation: Callable[..., Any], ticket: TicketDone) -> TicketDone:
        return self.do(operation, StepTicket(ticket.ticket_id))

    def start(self, ticket: TicketDone, role: Role = Role.MANAGER, **changes: Any) -> TicketDone:
        return self.do(queue.start, StartTicket(ticket.ticket_id, member_id=self.shop.members[role], **changes))

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def state(self, ticket: TicketDone) -> str:
        query = select(QueueTicket.state).where(QueueTicket.id == ticket.ticket_id)
        return str(self.do(lambda uow: uow.session.execute(query).scalar_one()))

    def booking(self, ticket: TicketDone) -> Booking:
        query = select(QueueTicket.booking_id).where(QueueTicket.id == ticket.ticket_id)
        return self.do(lambda uow: booking_of(uow.session, uow.session.execute(query).scalar_one()))

    def held(self, booking_id: int) -> list[tuple[str, str]]:
        return [(one.start, one.end) for one in self.do(lambda uow: held_by(uow.session, booking_id))]


def switch_on(uow: UnitOfWork) -> None:
    uow.session.add(BookingPolicy(business_id=uow.business_id, is_queue_on=True))
    uow.session.flush()


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, neighbour: Shop) -> Desk:
    made = Desk(unit_of_work, shop)
    made.do(switch_on)
    made.do(switch_on, actor=neighbour.actor())
    return made


def test_a_shop_without_a_queue_draws_no_number(unit_of_work: Work, shop: Shop) -> None:
    off = Desk(unit_of_work, shop)
    with pytest.raises(Conflict):
        off.draw()
    off.do(switch_on)
    assert off.draw().number == 1


def test_numbers_begin_at_one_each_day_and_in_each_shop(desk: Desk, neighbour: Shop) -> None:
    assert [desk.draw().number for _ in range(3)] == [1, 2, 3]
    theirs = desk.do(queue.draw, DrawTicket(neighbour.service_id), actor=neighbour.actor())
    assert theirs.number == 1
    desk.wait(24 * 60)
    assert desk.draw().number == 1


def test_from_the_door_to_the_chair_and_out(desk: Desk) -> None:
    ticket = desk.draw(name="Asha")
    assert ticket.estimate is not None and (ticket.estimate.least, ticket.estimate.most) == (0, 0)
    assert desk.step(queue.call, ticket).label == "Number 1 is called"
    desk.wait(2)
    started = desk.start(ticket)
    booking = desk.booking(ticket)
    assert (started.state, booking.source, booking.status) == ("serving", "queue", BookingStatus.STARTED)
    assert booking.number and booking.guest_name == "Asha"
    assert desk.held(booking.id) == [("10:02", "10:47")]
    desk.wait(20)
    assert desk.step(queue.finish, ticket).state == "done"
    assert desk.held(booking.id) == [("10:02", "10:22")], "the rest is free for the next"
    following = desk.draw()
    assert desk.start(following).state == "serving"


def test_a_chair_that_is_taken_says_from_when_it_is_free(desk: Desk, shop: Shop) -> None:
    first, second = desk.draw(), desk.draw()
    desk.start(first)
    with pytest.raises(SlotTaken) as refusal:
        desk.start(second)
    assert "10:45 am" in refusal.value.remedy
    assert desk.start(second, Role.OWNER).state == "serving"


def test_a_walk_in_does_not_fit_before_a_booked_visit_unless_it_is_short(desk: Desk, shop: Shop) -> None:
    desk.do(book, wish(shop, "10:30", day="2026-11-24"))
    ticket = desk.draw()
    with pytest.raises(SlotTaken):
        desk.start(ticket)
    assert desk.start(ticket, minutes=30).state == "serving"


def test_whoever_is_free_serves_and_the_work_is_shared(desk: Desk, shop: Shop) -> None:
    tickets = [desk.draw() for _ in range(6)]
    for ticket in tickets[:5]:
        desk.do(queue.start, StartTicket(ticket.ticket_id))
    chairs = {desk.booking(ticket).id: desk.held(desk.booking(ticket).id) for ticket in tickets[:5]}
    assert len(chairs) == 5
    with pytest.raises(SlotTaken) as refusal:
        desk.do(queue.start, StartTicket(tickets[5].ticket_id))
    assert "10:45 am" in refusal.value.remedy
    assert desk.state(tickets[5]) == "waiting"


def test_a_visit_that_is_marked_done_in_the_calendar_frees_the_chair(desk: Desk, shop: Shop) -> None:
    from microcrm.operations.booking_status import Step, step

    made = desk.do(book, wish(shop, "10:00", day="2026-11-24"))
    ticket = desk.draw(member_id=shop.members[Role.MANAGER])
    desk.wait(15)
    with pytest.raises(SlotTaken):
        desk.start(ticket)
    desk.do(step, Step(made.booking_id, "finished"))
    assert desk.start(ticket).state == "serving"
    assert desk.held(made.booking_id) == [("10:00", "10:15")]


def test_call_next_goes_by_number_and_by_whom_they_want(desk: Desk, shop: Shop) -> None:
    owner, manager = shop.members[Role.OWNER], shop.members[Role.MANAGER]
    one, two, three = desk.draw(member_id=owner), desk.draw(member_id=manager), desk.draw()
    assert desk.do(queue.call_next, manager).number == two.number
    assert desk.do(queue.call_next).number == one.number
    assert desk.do(queue.call_next, manager).number == three.number
    with pytest.raises(Conflict):
        desk.do(queue.call_next)


def test_what_may_follow_what(desk: Desk) -> None:
    gone, lost, waiting = desk.draw(), desk.draw(), desk.draw()
    assert desk.step(queue.leave, gone).state == "left"
    with pytest.raises(Conflict):
        desk.step(queue.call, gone)
    with pytest.raises(Conflict):
        desk.step(queue.miss, lost)
    desk.step(queue.call, lost)
    assert desk.step(queue.miss, lost).state == "missed"
    with pytest.raises(Conflict):
        desk.step(queue.finish, waiting)


def test_each_step_can_be_taken_back(desk: Desk) -> None:
    ticket = desk.draw()
    called = desk.step(queue.call, ticket)
    desk.do(take_back, called.undo)
    assert desk.state(ticket) == "waiting"
    started = desk.start(ticket)
    booking = desk.booking(ticket)
    desk.do(take_back, started.undo)
    assert desk.state(ticket) == "waiting" and desk.held(booking.id) == []
    desk.start(ticket)
    desk.wait(10)
    done = desk.step(queue.finish, ticket)
    booking = desk.booking(ticket)
    desk.do(take_back, done.undo)
    assert desk.state(ticket) == "serving"
    assert desk.held(booking.id) == [("10:00", "10:45")] and desk.booking(ticket).status == BookingStatus.STARTED
    other = desk.draw()
    desk.do(take_back, other.undo)
    assert desk.state(other) == "left"


def test_it_is_not_taken_back_when_it_has_gone_on_or_somebody_sits_there(desk: Desk) -> None:
    ticket = desk.draw()
    called = desk.step(queue.call, ticket)
    desk.start(ticket)
    with pytest.raises(Conflict):
        desk.do(take_back, called.undo)
    desk.wait(10)
    done = desk.step(queue.finish, ticket)
    desk.start(desk.draw())
    with pytest.raises(SlotTaken):
        desk.do(take_back, done.undo)
    assert desk.state(ticket) == "done"


def test_whoever_has_two_before_them_is_written_to_once(desk: Desk, shop: Shop) -> None:
    first = desk.draw()
    desk.draw()
    desk.draw()
    third = desk.draw(customer_id=shop.customer_id)
    notices = select(Message).where(Message.step == "queue_near")

    def written() -> list[str]:
        return [row.subject for row in desk.do(lambda uow: uow.session.scalars(notices).all())]

    assert written() == []
    called = desk.step(queue.call, first)
    assert written() == [], "the called one is still before them"
    desk.do(take_back, called.undo)
    desk.start(first)
    assert written() == [f"ticket:{third.ticket_id}"]
    desk.do(queue.call_next)
    [message] = desk.do(lambda uow: uow.session.scalars(notices).all())
    assert (message.channel, message.customer_id, message.details["people"]) == ("whatsapp", shop.customer_id, 2)


def test_nobody_is_written_to_when_the_shop_has_switched_that_off_or_there_is_no_address(
    desk: Desk, shop: Shop
) -> None:
    first = desk.draw()
    desk.draw()
    desk.draw()
    desk.draw(customer_id=shop.customer_id)
    desk.do(change_plan, ChangePlan(0, ["email"]))
    gone = update(Customer).where(Customer.id == shop.customer_id).values(email="")
    desk.do(lambda uow: uow.session.execute(gone))
    desk.start(first)
    desk.do(change_plan, ChangePlan(1, ["sms"]))
    desk.do(change_step, ChangeStep("queue_near", 0, is_on=False))
    desk.draw()
    desk.draw(customer_id=shop.customer_id)
    desk.do(queue.call_next)
    notices = select(Message).where(Message.step == "queue_near")
    assert desk.do(lambda uow: uow.session.scalars(notices).all()) == []


def test_staff_with_their_own_calendar_serve_only_themselves(desk: Desk, shop: Shop) -> None:
    staff = shop.actor(Role.STAFF)
    ticket, other = desk.draw(name="Asha Rao"), desk.draw()
    with pytest.raises(Forbidden):
        desk.do(queue.start, StartTicket(ticket.ticket_id, member_id=shop.members[Role.OWNER]), actor=staff)
    assert desk.do(queue.start, StartTicket(ticket.ticket_id), actor=staff).state == "serving"
    with pytest.raises(Forbidden):
        desk.do(queue.draw, DrawTicket(shop.service_id), actor=shop.actor(Role.ACCOUNTANT))
    seen = desk.do(queue_view.read_queue, actor=staff)
    assert [row.name for row in seen.serving] == ["Asha"] and seen.waiting[0].ticket_id == other.ticket_id


ODD: list[dict[str, Any]] = [
    {"service_id": "x"},
    {"service_id": 0},
    {"service_id": None},
    {"service_id": [1]},
    {"member_id": "1e9"},
    {"name": "x" * 61},
    {"name": "a\x00b"},
]


@pytest.mark.parametrize("changes", ODD)
def test_odd_input_is_refused_at_its_field(desk: Desk, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        desk.draw(**changes)
    assert set(refusal.value.fields) == set(changes)


def test_the_neighbours_rows_are_not_there(desk: Desk, neighbour: Shop) -> None:
    theirs = desk.do(queue.draw, DrawTicket(neighbour.service_id), actor=neighbour.actor())
    for operation in (queue.call, queue.leave, queue.miss, queue.finish):
        with pytest.raises(NotFound):
            desk.step(operation, theirs)
    with pytest.raises(NotFound):
        desk.start(theirs)
    with pytest.raises(Invalid):
        desk.draw(service_id=neighbour.service_id)
    with pytest.raises(NotFound):
        desk.draw(customer_id=neighbour.customer_id)
    with pytest.raises(Invalid):
        desk.draw(member_id=neighbour.members[Role.OWNER])
    assert desk.do(queue_view.read_queue).waiting == ()


def test_the_board_has_numbers_and_no_names(desk: Desk, shop: Shop, unit_of_work: Work) -> None:
    one, two = desk.draw(name="Asha Rao"), desk.draw(customer_id=shop.customer_id)
    third = desk.draw(name="Kavya")
    desk.start(one)
    desk.step(queue.call, two)
    board = desk.do(queue_view.read_board, "shop-a", actor=VISITOR)
    assert (board.serving, board.called, board.waiting) == ((1,), (2,), 1)
    place = desk.do(queue_view.read_place, "shop-a", third.link, actor=VISITOR)
    assert (place.number, place.before, place.state) == (3, 1, "waiting")
    for seen in (repr(board), repr(place)):
        assert not any(name in seen for name in ("Asha Rao", "Iyer", "Kavya", CANARY))


def test_a_board_that_is_off_or_unknown_is_not_there(unit_of_work: Work, shop: Shop) -> None:
    off = Desk(unit_of_work, shop)
    for slug in ("shop-a", "nobody", "", None, "x" * 9999, "a\x00"):
        with pytest.raises(NotFound):
            off.do(queue_view.read_board, slug, actor=VISITOR)
    off.do(switch_on)
    assert off.do(queue_view.read_board, "shop-a", actor=VISITOR).waiting == 0


def test_they_leave_by_their_own_link_and_by_no_other(desk: Desk) -> None:
    ticket = desk.draw()
    for slug, token in (
        ("shop-b", ticket.link),
        ("shop-a", ticket.link[::-1]),
        ("shop-a", None),
        (None, ticket.link),
    ):
        with pytest.raises(NotFound):
            desk.do(queue_view.leave_by_link, slug, token, actor=VISITOR)
    assert desk.state(ticket) == "waiting"
    desk.do(queue_view.leave_by_link, "shop-a", ticket.link, actor=VISITOR)
    assert desk.state(ticket) == "left"
    with pytest.raises(Conflict):
        desk.do(queue_view.leave_by_link, "shop-a", ticket.link, actor=VISITOR)


DRAWERS = 32


def test_of_32_who_draw_at_once_everybody_gets_a_number_of_their_own(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    engine = wiring.make_engine(settings().database_url, DRAWERS)
    line = threading.Barrier(DRAWERS)
    with wiring.unit_of_work(shop.actor(), bind=engine) as uow:
        switch_on(uow)

    def run(_: int) -> int:
        line.wait()
        with wiring.unit_of_work(shop.actor(), bind=engine, clock=lambda: NOW) as uow:
            return queue.draw(uow, DrawTicket(shop.service_id)).number

    with ThreadPoolExecutor(DRAWERS) as threads:
        numbers = list(threads.map(run, range(DRAWERS)))
    engine.dispose()
    assert sorted(numbers) == list(range(1, DRAWERS + 1))
