"""Making bookings: what is stored, what is refused, and what is offered instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Forbidden, Invalid, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Role, permissions_of
from microcrm.models.bookings import Booking, BookingEvent, BookingItem
from microcrm.models.catalogue import Resource, ServiceMember, ServiceResource
from microcrm.models.customers import Customer
from microcrm.models.records import AuditEvent
from microcrm.models.schedule import Leave, WeeklyHours
from microcrm.operations.book import BookService, book
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from tests.conftest import Work
from tests.support.desk import INDIA, MONDAY, MORNING, Held, add_service, held_by, wish
from tests.support.shops import Shop

Desk = Callable[..., Any]


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    """The owner's unit of work on a quiet morning."""
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def as_role(uow: UnitOfWork, shop: Shop, role: Role, **changes: Any) -> UnitOfWork:
    return replace(uow, actor=shop.actor(role, **changes))


def test_a_booking_is_stored_with_its_time_price_number_and_story(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00", note="window seat"))
    booking = desk.session.get(Booking, done.booking_id)
    item = desk.session.get(BookingItem, done.item_ids[0])
    assert booking and item
    assert (booking.number, booking.status, booking.note, booking.version) == (2, "booked", "window seat", 1)
    assert booking.starts_at.astimezone(INDIA).strftime("%d %H:%M") == "30 10:00"
    assert booking.created_by_member_id == shop.members[Role.OWNER]
    assert (item.duration_min, item.price_paise) == (45, 60_000)
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "10:45")]
    assert done.label == "Plain Iyer is booked: Mon 30 Nov, 10:00 am with Plain manager"
    [event] = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == done.booking_id))
    assert (event.kind, event.to_status) == ("booked", "booked")
    log = desk.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert log and log.action == "booking.booked" and "Iyer" not in str(log.facts)


def test_numbers_count_up_within_the_business(desk: UnitOfWork, shop: Shop) -> None:
    numbers = [book(desk, wish(shop, time)).number for time in ("10:00", "11:00", "12:00")]
    assert numbers == [2, 3, 4]


def test_a_member_may_have_an_own_price_and_pace(desk: UnitOfWork, shop: Shop) -> None:
    service = add_service(desk.session, shop, "Facial", roles=())
    desk.session.add(
        ServiceMember(
            business_id=shop.business_id, service_id=service, member_id=shop.members[Role.OWNER],
            price_paise=150_000, duration_min=30,
        )
    )  # fmt: skip
    desk.session.flush()
    done = book(desk, wish(shop, "10:00", services=(BookService(service, shop.members[Role.OWNER]),)))
    item = desk.session.get(BookingItem, done.item_ids[0])
    assert item and (item.price_paise, item.duration_min) == (150_000, 30)


def test_walk_ins_need_no_customer(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00", who="walk_in", customer_id=None))
    booking = desk.session.get(Booking, done.booking_id)
    assert booking and booking.customer_id is None
    assert done.label.startswith("Walk-in is booked")


def test_a_new_customer_is_added_with_the_booking(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00", who="new", customer_id=None, name="Meena Rao", phone="98450 77777"))
    customer = desk.session.scalars(
        select(Customer).join(Booking, Booking.customer_id == Customer.id).where(Booking.id == done.booking_id)
    ).one()
    assert (customer.name, customer.phone) == ("Meena Rao", "+919845077777")


def test_mistakes_are_named_at_their_fields(desk: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(Invalid) as refusal:
        book(desk, wish(shop, "25:99", day="yesterday", customer_id="x", services=(BookService("", 0),)))
    assert set(refusal.value.fields) == {"day", "time", "customer_id", "service_id", "member_id"}


@pytest.mark.parametrize("services", [(), None, "haircut", tuple(BookService(1, 1) for _ in range(7))])
def test_a_booking_has_one_to_six_services(desk: UnitOfWork, shop: Shop, services: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        book(desk, wish(shop, "10:00", services=services))
    assert "service_id" in refusal.value.fields


def test_a_member_does_only_what_they_do(desk: UnitOfWork, shop: Shop) -> None:
    service = add_service(desk.session, shop, "Facial", roles=(Role.OWNER,))
    facial = partial(BookService, service)
    with pytest.raises(Invalid) as refusal:
        book(desk, wish(shop, "10:00", services=(facial(shop.members[Role.STAFF]),)))
    assert refusal.value.fields == {"member_id": "Plain staff does not do Facial. Choose somebody else."}
    assert book(desk, wish(shop, "10:00", services=(facial(shop.members[Role.OWNER]),))).number


def test_rows_of_another_shop_are_not_found(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    theirs = BookService(neighbour.service_id, neighbour.members[Role.MANAGER])
    foreign = [
        wish(shop, "10:00", customer_id=neighbour.customer_id),
        wish(shop, "10:00", services=(theirs,)),
        wish(shop, "10:00", services=(replace(theirs, service_id=shop.service_id),)),
        wish(shop, "10:00", services=(replace(theirs, member_id=shop.members[Role.MANAGER]),)),
    ]
    for command in foreign:
        with pytest.raises(NotFound):
            book(desk, command)
    assert book(desk, wish(shop, "10:00")).number == 2


def test_taken_time_is_refused_with_the_three_nearest_free_times(desk: UnitOfWork, shop: Shop) -> None:
    for time in ("10:00", "10:45"):
        book(desk, wish(shop, time))
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "10:15"))
    clocks = [start.astimezone(INDIA).strftime("%H:%M") for start in refusal.value.nearest]
    assert clocks == ["09:00", "09:15", "11:30"]
    assert refusal.value.message == "Plain manager is not free at 10:15 am."
    assert refusal.value.remedy == "Nearest free: 9:00 am, 9:15 am, 11:30 am."
    assert book(desk, wish(shop, "11:30")).number == 4


def test_nothing_is_left_behind_by_a_refusal(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    before = desk.session.scalars(select(Booking.id)).all()
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "10:30"))
    assert desk.session.scalars(select(Booking.id)).all() == before


def test_when_the_day_is_full_the_nearest_times_are_on_the_next(desk: UnitOfWork, shop: Shop) -> None:
    whole_day = add_service(desk.session, shop, "Bridal day", duration_min=11 * 60)
    book(desk, wish(shop, "9:00", services=(BookService(whole_day, shop.members[Role.MANAGER]),)))
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "10:00"))
    assert {start.astimezone(INDIA).date() for start in refusal.value.nearest} == {date(2026, 12, 1)}
    assert "Tue 01 Dec, 9:00 am" in refusal.value.remedy


def test_no_time_is_offered_that_has_passed(desk: UnitOfWork, shop: Shop) -> None:
    today = MORNING.date().isoformat()
    book(desk, wish(shop, "9:45", day=today))
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "9:45", day=today))
    assert all(start >= desk.now for start in refusal.value.nearest)


def test_buffers_keep_the_member_busy_around_the_visit(desk: UnitOfWork, shop: Shop) -> None:
    service = add_service(desk.session, shop, "Massage", buffer_before_min=10, buffer_after_min=15)
    done = book(desk, wish(shop, "10:00", services=(BookService(service, shop.members[Role.MANAGER]),)))
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "09:50", "11:15")]
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "11:00"))
    assert book(desk, wish(shop, "11:15")).number


def test_somebody_else_fits_into_a_processing_gap(desk: UnitOfWork, shop: Shop) -> None:
    colour = add_service(desk.session, shop, "Colour", duration_min=120, gap_after_min=30, gap_min=45)
    done = book(desk, wish(shop, "10:00", services=(BookService(colour, shop.members[Role.MANAGER]),)))
    manager = shop.members[Role.MANAGER]
    assert held_by(desk.session, done.booking_id) == [Held(manager, "10:00", "10:30"), Held(manager, "11:15", "12:00")]
    with pytest.raises(SlotTaken):
        book(desk, wish(shop, "10:45"))
    assert book(desk, wish(shop, "10:30")).number


def test_several_services_follow_each_other_and_mind_the_buffers_of_one_member(desk: UnitOfWork, shop: Shop) -> None:
    massage = add_service(desk.session, shop, "Massage", buffer_after_min=15, buffer_before_min=5)
    manager, owner = shop.members[Role.MANAGER], shop.members[Role.OWNER]
    services = (
        BookService(massage, manager),
        BookService(shop.service_id, manager),
        BookService(shop.service_id, owner),
    )
    done = book(desk, wish(shop, "10:00", services=services))
    starts = [desk.session.get(BookingItem, i).starts_at.astimezone(INDIA).strftime("%H:%M") for i in done.item_ids]
    assert starts == ["10:00", "11:15", "12:00"]


def resources(uow: UnitOfWork, shop: Shop, service: int, names: tuple[str, ...], choice: int = 1) -> list[int]:
    rows = [Resource(business_id=shop.business_id, name=name, kind="room", position=n) for n, name in enumerate(names)]
    uow.session.add_all(rows)
    uow.session.flush()
    for row in rows:
        uow.session.add(
            ServiceResource(business_id=shop.business_id, service_id=service, resource_id=row.id, choice=choice)
        )
    uow.session.flush()
    return [int(row.id or 0) for row in rows]


def test_the_first_free_room_is_taken_and_no_room_is_a_refusal(desk: UnitOfWork, shop: Shop) -> None:
    facial = add_service(desk.session, shop, "Facial")
    first, second = resources(desk, shop, facial, ("Room 1", "Room 2"))
    by = {role: (BookService(facial, shop.members[role]),) for role in Role}
    one = book(desk, wish(shop, "10:00", services=by[Role.OWNER]))
    two = book(desk, wish(shop, "10:30", services=by[Role.MANAGER]))
    assert Held(-first, "10:00", "11:00") in held_by(desk.session, one.booking_id)
    assert Held(-second, "10:30", "11:30") in held_by(desk.session, two.booking_id)
    with pytest.raises(SlotTaken, match="No room or equipment") as refusal:
        book(desk, wish(shop, "10:45", services=by[Role.STAFF]))
    assert "11:00 am" in refusal.value.remedy
    three = book(desk, wish(shop, "11:00", services=by[Role.STAFF]))
    assert Held(-first, "11:00", "12:00") in held_by(desk.session, three.booking_id)


def set_hours(uow: UnitOfWork, member_id: int, *windows: tuple[int, int]) -> None:
    for start, end in windows:
        for weekday in range(7):
            uow.session.add(
                WeeklyHours(
                    business_id=uow.business_id, member_id=member_id, weekday=weekday, start_min=start, end_min=end
                )
            )
    uow.session.flush()


def test_outside_hours_needs_a_reason_and_the_right_to_give_one(desk: UnitOfWork, shop: Shop) -> None:
    with pytest.raises(OutsideHours) as closed:
        book(desk, wish(shop, "8:00"))
    assert closed.value.fields["time"] == "The shop is open 9:00 am – 8:00 pm on Mon 30 Nov."
    set_hours(desk, shop.members[Role.MANAGER], (600, 780), (840, 1080))
    with pytest.raises(OutsideHours) as break_time:
        book(desk, wish(shop, "12:45"))
    assert break_time.value.fields["time"] == (
        "Plain manager works 10:00 am – 1:00 pm and 2:00 pm – 6:00 pm on Mon 30 Nov."
    )
    staff = as_role(desk, shop, Role.STAFF)
    own = {"role": Role.STAFF, "who": "walk_in", "reason": "please"}
    with pytest.raises(OutsideHours):
        book(staff, wish(shop, "8:00", **own))
    assert book(staff, wish(shop, "9:00", **own)).number
    assert book(desk, wish(shop, "8:00", reason="Wedding party")).number


def test_nobody_is_booked_while_on_leave(desk: UnitOfWork, shop: Shop) -> None:
    monday = date.fromisoformat(MONDAY)
    desk.session.add(
        Leave(business_id=shop.business_id, member_id=shop.members[Role.MANAGER], starts_on=monday, ends_on=monday)
    )
    desk.session.flush()
    with pytest.raises(OutsideHours) as refusal:
        book(desk, wish(shop, "10:00"))
    assert refusal.value.fields["time"] == "Plain manager is on leave then."
    assert book(desk, wish(shop, "10:00", day=(monday + timedelta(days=1)).isoformat())).number


def test_who_may_book_in_whose_column(desk: UnitOfWork, shop: Shop) -> None:
    visit = partial(wish, shop, who="walk_in")
    staff = as_role(desk, shop, Role.STAFF)
    with pytest.raises(Forbidden):
        book(staff, visit("10:00"))
    assert book(staff, visit("10:00", role=Role.STAFF)).number
    assert book(as_role(desk, shop, Role.FRONT_DESK), visit("11:00")).number
    own_only = as_role(desk, shop, Role.FRONT_DESK, is_own_calendar_only=True)
    with pytest.raises(Forbidden):
        book(own_only, visit("12:00"))
    with pytest.raises(Forbidden):
        book(as_role(desk, shop, Role.ACCOUNTANT), visit("13:00"))
    with pytest.raises(Forbidden):
        book(as_role(desk, shop, Role.OWNER, is_viewing_as=True), visit("13:00"))


def test_own_calendar_members_book_only_customers_they_know(desk: UnitOfWork, shop: Shop) -> None:
    stranger = Customer(business_id=shop.business_id, name="Stranger", created_at=desk.now)
    desk.session.add(stranger)
    desk.session.flush()
    staff = as_role(desk, shop, Role.STAFF)
    with pytest.raises(NotFound):
        book(staff, wish(shop, "10:00", role=Role.STAFF, customer_id=stranger.id))
    assert book(staff, wish(shop, "10:00", role=Role.STAFF)).number, "their customer of the standing booking"


def test_staff_may_not_add_customers(desk: UnitOfWork, shop: Shop) -> None:
    new = {"who": "new", "name": "Meena", "phone": "", "role": Role.STAFF}
    with pytest.raises(Forbidden):
        book(as_role(desk, shop, Role.STAFF), wish(shop, "10:00", **new))
    allowed = permissions_of(Role.STAFF, granted=["customers.edit"])
    assert book(as_role(desk, shop, Role.STAFF, permissions=allowed), wish(shop, "10:00", **new)).number


def test_wall_clock_is_the_business_zone_through_a_change_of_clocks(desk: UnitOfWork, shop: Shop) -> None:
    """New York set its clocks back at 2:00 on 01 Nov 2026; 9:00 there is 13:00 UTC before and 14:00 UTC after."""
    new_york: Actor = shop.actor(zone="America/New_York")
    uow = replace(desk, actor=new_york)
    before = book(uow, wish(shop, "9:00", day="2026-10-31"))
    after = book(uow, wish(shop, "9:00", day="2026-11-01"))
    hours = [desk.session.get(Booking, done.booking_id).starts_at.hour for done in (before, after)]
    assert hours == [13, 14]
