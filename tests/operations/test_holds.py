"""A time is kept while a form is filled in; then it is a booking, a request, or free again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm.domain.errors import Conflict, Forbidden, HoldLapsed, Invalid, NotFound, OutsideHours, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingEvent, BookingItem, Occupancy
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.links import PublicLink
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Answer, approve, decline
from microcrm.operations.hold import (
    ConfirmHold,
    confirm_hold,
    confirm_public,
    hold,
    hold_public,
    release_hold,
    release_public,
)
from microcrm.operations.lapsing import lapse
from microcrm.operations.links import behind
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING, Held, add_service, booking_of, held_by, wish
from tests.support.holds import PERSON, chosen, filled_in, later, start_at, stranger, to_hold
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


@pytest.fixture
def page(desk: UnitOfWork, shop: Shop) -> UnitOfWork:
    """The same transaction as a stranger's on the shop's page."""
    return replace(desk, actor=stranger(shop))


def count(uow: UnitOfWork, table: Any) -> int:
    return uow.session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_hold_keeps_its_time_for_as_long_as_the_policy_says(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, hold_min=7))
    done = hold_public(page, chosen(shop))
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.status, booking.number, booking.customer_id, booking.source) == ("hold", None, None, "online")
    assert booking.expires_at == done.expires_at == desk.now + timedelta(minutes=7)
    assert held_by(desk.session, done.booking_id) == [Held(shop.members[Role.MANAGER], "10:00", "10:45")]
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "10:30"))
    assert len(refusal.value.nearest) == 3


def test_a_hold_that_has_run_out_is_in_nobodys_way_and_leaves_nothing(
    desk: UnitOfWork, page: UnitOfWork, shop: Shop
) -> None:
    before = [count(desk, table) for table in (Booking, BookingItem, Occupancy, PublicLink, BookingEvent)]
    done = hold_public(page, chosen(shop))
    with pytest.raises(SlotTaken):
        hold_public(later(page, 9), chosen(shop, "10:15"))
    won = hold_public(later(page, 10), chosen(shop, "10:15"))
    with pytest.raises(HoldLapsed):
        confirm_public(later(page, 10), filled_in(done))
    release_public(later(page, 10), won.token)
    assert [count(desk, table) for table in (Booking, BookingItem, Occupancy, PublicLink, BookingEvent)] == before


def test_the_sweep_lets_go_of_what_has_run_out_and_nothing_else(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    gone, kept = hold_public(page, chosen(shop)), hold_public(later(page, 5), chosen(shop, "12:00"))
    assert lapse(later(desk, 10)) == 1
    assert desk.session.get(Booking, gone.booking_id, populate_existing=True) is None
    assert held_by(desk.session, kept.booking_id) and booking_of(desk.session, shop.booking_id).status == "confirmed"
    assert lapse(later(desk, 10)) == 0


def test_a_confirmed_hold_is_a_booking_with_customer_number_and_story(
    desk: UnitOfWork, page: UnitOfWork, shop: Shop
) -> None:
    done = confirm_public(page, filled_in(hold_public(page, chosen(shop)), note="window seat", language="kn"))
    booking = booking_of(desk.session, done.booking_id)
    assert (done.status, done.number, done.version, done.undo) == ("booked", 2, 2, "")
    assert (booking.note, booking.language, booking.expires_at, booking.guest_name) == ("window seat", "kn", None, "")
    customer = desk.session.get_one(Customer, booking.customer_id)
    assert (customer.name, customer.phone) == ("Meena Rao", "+919845077777")
    [event] = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == done.booking_id))
    assert (event.kind, event.from_status, event.to_status, event.member_id) == ("booked", "hold", "booked", None)
    assert lapse(later(desk, 60)) == 0
    with pytest.raises(SlotTaken):
        book(later(desk, 60), wish(shop, "10:00"))


def test_the_holds_link_opens_the_visit_from_the_first_minute_on(page: UnitOfWork, shop: Shop) -> None:
    held = hold_public(page, chosen(shop))
    done = confirm_public(replace(page, actor=VISITOR), filled_in(held))
    assert done.token == held.token
    assert behind(replace(page, actor=VISITOR), done.token).booking_id == done.booking_id


def test_a_late_form_is_still_good_while_nobody_took_the_time(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    done = confirm_public(later(page, 30), filled_in(hold_public(page, chosen(shop))))
    assert booking_of(desk.session, done.booking_id).status == "booked"


def test_the_same_post_again_is_the_same_booking(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    held = hold_public(page, chosen(shop))
    form = filled_in(held, request_key="k" * 22)
    first = confirm_public(page, form)
    again = confirm_public(page, form)
    assert (again.booking_id, again.number, again.version) == (first.booking_id, first.number, first.version)
    by_link = confirm_public(replace(page, actor=VISITOR), form)
    assert (by_link.booking_id, by_link.token) == (first.booking_id, held.token)
    elsewhere = confirm_public(page, replace(form, token="A" * 22))
    assert elsewhere.booking_id == first.booking_id
    assert behind(replace(page, actor=VISITOR), elsewhere.token).booking_id == first.booking_id
    with pytest.raises(Conflict):
        confirm_public(page, replace(form, request_key="q" * 22))
    assert count(desk, Customer) == 2


def test_a_phone_that_is_known_under_another_name_changes_no_customer(
    desk: UnitOfWork, page: UnitOfWork, shop: Shop
) -> None:
    phone = desk.session.get_one(Customer, shop.customer_id).phone
    other = confirm_public(page, filled_in(hold_public(page, chosen(shop)), phone=phone))
    booking = booking_of(desk.session, other.booking_id)
    assert (booking.customer_id, booking.guest_name) == (shop.customer_id, "Meena Rao")
    assert desk.session.get_one(Customer, shop.customer_id).name == "Plain Iyer"
    same = confirm_public(page, filled_in(hold_public(page, chosen(shop, "12:00")), phone=phone, name="plain IYER"))
    assert booking_of(desk.session, same.booking_id).guest_name == ""


def test_mistakes_in_the_form_are_named_and_the_hold_stays(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    held = hold_public(page, chosen(shop))
    with pytest.raises(Invalid) as refusal:
        confirm_public(page, filled_in(held, name=" ", phone="12", email="x"))
    assert set(refusal.value.fields) == {"name", "phone", "email"}
    assert confirm_public(page, filled_in(held)).number == 2


@pytest.mark.parametrize("of_service", [None, True, False])
def test_a_request_waits_for_an_answer(desk: UnitOfWork, page: UnitOfWork, shop: Shop, of_service: bool | None) -> None:
    change_policy(desk, ChangePolicy(0, needs_approval=of_service is not True))
    desk.session.get_one(Service, shop.service_id).needs_approval = of_service
    done = confirm_public(page, filled_in(hold_public(page, chosen(shop))))
    booking = booking_of(desk.session, done.booking_id)
    if of_service is False:
        assert (done.status, booking.expires_at) == ("booked", None)
        return
    assert (done.status, booking.expires_at) == ("pending_approval", desk.now + timedelta(hours=24))
    yes = approve(desk, Answer(done.booking_id, done.version))
    booking = booking_of(desk.session, done.booking_id)
    assert (yes.status, booking.expires_at) == ("booked", None)
    assert lapse(later(desk, 60 * 25)) == 0 and held_by(desk.session, done.booking_id)
    take_back(desk, yes.undo)
    assert booking_of(desk.session, done.booking_id).expires_at == desk.now + timedelta(hours=24)
    assert lapse(later(desk, 60 * 25)) == 1


def test_a_request_that_nobody_answers_lapses_and_keeps_its_story(
    desk: UnitOfWork, page: UnitOfWork, shop: Shop
) -> None:
    change_policy(desk, ChangePolicy(0, needs_approval=True))
    done = confirm_public(page, filled_in(hold_public(page, chosen(shop))))
    assert book(later(desk, 60 * 25), wish(shop, "10:00")).number == 3, "even before the sweep"
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.status, booking.version, booking.expires_at) == ("expired", 3, None)
    kinds = select(BookingEvent.kind).where(BookingEvent.booking_id == done.booking_id).order_by(BookingEvent.id)
    assert desk.session.scalars(kinds).all() == ["requested", "expired"]
    with pytest.raises(Conflict):
        approve(desk, Answer(done.booking_id, 3))


def test_a_declined_request_frees_its_time(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, needs_approval=True))
    done = confirm_public(page, filled_in(hold_public(page, chosen(shop))))
    no = decline(desk, Answer(done.booking_id, done.version, "We are full that day."))
    assert no.status == "cancelled_by_business" and not held_by(desk.session, done.booking_id)
    take_back(desk, no.undo)
    booking = booking_of(desk.session, done.booking_id)
    assert (booking.status, booking.cancel_reason) == ("pending_approval", "")
    assert held_by(desk.session, done.booking_id)


def test_the_desk_holds_confirms_and_takes_back(desk: UnitOfWork, shop: Shop) -> None:
    held = hold(desk, to_hold(shop, minutes=30))
    done = confirm_hold(desk, ConfirmHold(held.booking_id, held.version, customer_id=shop.customer_id))
    assert (done.number, done.status, done.label) == (2, "booked", "Plain Iyer is booked: Mon 30 Nov, 10:00 am")
    take_back(desk, done.undo)
    assert booking_of(desk.session, done.booking_id).status == "cancelled_by_business"
    assert hold(desk, to_hold(shop)).booking_id


@pytest.mark.parametrize(
    ("who", "name"),
    [({"who": "walk_in"}, None), ({"who": "new", **PERSON}, "Meena Rao"), ({"who": "phone", **PERSON}, "Meena Rao")],
)
def test_whom_the_desk_confirms_a_hold_for(desk: UnitOfWork, shop: Shop, who: Any, name: str | None) -> None:
    held = hold(desk, to_hold(shop))
    done = confirm_hold(desk, ConfirmHold(held.booking_id, **who))
    customer_id = booking_of(desk.session, done.booking_id).customer_id
    assert (customer_id and desk.session.get_one(Customer, customer_id).name) == name


def test_a_hold_for_a_known_customer_is_confirmed_without_saying_it_again(desk: UnitOfWork, shop: Shop) -> None:
    held = hold(desk, to_hold(shop, customer_id=shop.customer_id, source="waitlist"))
    done = confirm_hold(desk, ConfirmHold(held.booking_id))
    assert booking_of(desk.session, done.booking_id).customer_id == shop.customer_id
    nobody = hold(desk, to_hold(shop, "12:00"))
    with pytest.raises(Invalid) as refusal:
        confirm_hold(desk, ConfirmHold(nobody.booking_id))
    assert set(refusal.value.fields) == {"customer_id"}


def test_an_offer_that_nobody_took_is_remembered(desk: UnitOfWork, shop: Shop) -> None:
    held = hold(desk, to_hold(shop, source="waitlist"))
    assert lapse(later(desk, 11)) == 1
    assert booking_of(desk.session, held.booking_id).status == "expired"
    with pytest.raises(HoldLapsed):
        confirm_hold(desk, ConfirmHold(held.booking_id, who="walk_in"))


def test_a_released_hold_is_gone_and_may_be_released_twice(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    held = hold(desk, to_hold(shop))
    release_hold(desk, held.booking_id)
    release_hold(desk, held.booking_id)
    again = hold_public(page, chosen(shop))
    changed = hold_public(page, chosen(shop, "10:15", instead_of=again.token))
    assert desk.session.get(Booking, again.booking_id, populate_existing=True) is None
    done = confirm_public(page, filled_in(changed))
    with pytest.raises(Conflict):
        release_public(page, done.token)
    with pytest.raises(Conflict):
        release_hold(desk, done.booking_id)


def test_strangers_book_by_the_owners_terms(desk: UnitOfWork, page: UnitOfWork, shop: Shop) -> None:
    hidden = add_service(desk.session, shop, "Staff only", is_online=False)
    secret = BookService(hidden, shop.members[Role.MANAGER])
    for refused, field in (
        (chosen(shop, start=start_at("10:00", "2026-11-24")), "time"),  # within the hour
        (chosen(shop, start=start_at("10:00", "2027-02-01")), "time"),  # beyond the horizon
        (chosen(shop, start="10:00"), "time"),
        (chosen(shop, services=(secret,)), "service_id"),
        (chosen(shop, services=()), "service_id"),
    ):
        with pytest.raises(Invalid) as refusal:
            hold_public(page, refused)
        assert set(refusal.value.fields) == {field}
    with pytest.raises(OutsideHours):
        hold_public(page, chosen(shop, "20:00"))
    assert hold_public(page, chosen(shop, start=start_at("10:45", "2026-11-24"))).booking_id
    change_policy(desk, ChangePolicy(0, is_online=False))
    with pytest.raises(Invalid):
        hold_public(page, chosen(shop))


@pytest.mark.parametrize("limit", ["shop", "service"])
def test_a_day_takes_no_more_than_its_limit(desk: UnitOfWork, page: UnitOfWork, shop: Shop, limit: str) -> None:
    if limit == "shop":
        change_policy(desk, ChangePolicy(0, most_per_day=2))
    else:
        desk.session.get_one(Service, shop.service_id).most_per_day = 2
        desk.session.flush()
    book(desk, wish(shop, "18:00"))
    hold_public(page, chosen(shop, "10:00"))
    confirm_public(page, filled_in(hold_public(page, chosen(shop, "11:00"))))
    with pytest.raises(Invalid, match="needs another look"):
        hold_public(page, chosen(shop, "12:00"))
    assert hold_public(page, chosen(shop, start=start_at("12:00", "2026-12-01"))).booking_id
    assert hold_public(later(page, 11), chosen(shop, "12:00")).booking_id, "the first hold has run out"


def test_who_may_hold(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(Forbidden):
        hold(replace(desk, actor=shop.actor(Role.ACCOUNTANT)), to_hold(shop))
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(Forbidden):
        hold(staff, to_hold(shop))
    own = hold(staff, to_hold(shop, role=Role.STAFF))
    other = hold(desk, to_hold(shop))
    with pytest.raises(Forbidden):
        confirm_hold(staff, ConfirmHold(other.booking_id, who="walk_in"))
    assert confirm_hold(staff, ConfirmHold(own.booking_id, who="walk_in")).number == 2
    theirs = BookService(neighbour.service_id, neighbour.members[Role.MANAGER])
    with pytest.raises(NotFound):
        hold(desk, to_hold(shop, services=(theirs,)))
    with pytest.raises(HoldLapsed):
        confirm_hold(desk, ConfirmHold(neighbour.booking_id, who="walk_in"))


def test_a_link_of_one_shop_confirms_nothing_in_another(page: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    held = hold_public(page, chosen(shop))
    with pytest.raises(HoldLapsed):
        confirm_public(replace(page, actor=stranger(neighbour)), filled_in(held))
    assert confirm_public(page, filled_in(held)).number == 2
