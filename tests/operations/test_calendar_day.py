"""Reading a day, a card and the choices of a booking: what is in them, for whom, and what it costs the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql

from microcrm.domain.booking import Action
from microcrm.domain.errors import Forbidden, NotFound
from microcrm.domain.hours import Window
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.schedule import DatedHours, Leave
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_choices import booking_choices
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.calendar_day import OffTime, calendar_day
from microcrm.operations.parts.day_items import day_items_statement
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role, set_hours
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.shops import CANARY, Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_a_day_shows_its_people_and_visits(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    missed = book(desk, wish(shop, "12:00"))
    step(desk, Step(missed.booking_id, "no_show"))
    gone = book(desk, wish(shop, "14:00"))
    cancel(desk, Cancel(gone.booking_id, 1, "customer"))
    day = calendar_day(desk, MONDAY)
    assert [(item.customer, item.service, item.status) for item in day.items] == [
        ("Plain Iyer", "Plain haircut", "booked"),
        ("Plain Iyer", "Plain haircut", "no_show"),
    ]
    assert day.movable == {day.items[0].item_id}
    manager = next(staff for staff in day.staff if staff.member_id == shop.members[Role.MANAGER])
    assert (manager.bookings, manager.load, manager.may_book) == (1, 7, True)
    assert len(day.staff) == 5 and CANARY not in str(day)
    assert day.drawn == Window(540, 1200)
    assert [one.day.day for one in day.week] == [30, 1, 2, 3, 4, 5, 6]


def test_own_calendar_members_see_one_column(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    mine = book(desk, wish(shop, "10:00", role=Role.STAFF))
    day = calendar_day(as_role(desk, shop, Role.STAFF), MONDAY)
    assert [staff.member_id for staff in day.staff] == [shop.members[Role.STAFF]]
    assert [item.item_id for item in day.items] == list(mine.item_ids)
    looking = calendar_day(as_role(desk, shop, Role.OWNER, is_viewing_as=True), MONDAY)
    assert len(looking.items) == 2 and looking.movable == frozenset()
    with pytest.raises(Forbidden):
        calendar_day(as_role(desk, shop, Role.ACCOUNTANT), MONDAY)


@pytest.mark.parametrize("raw", ["", None, "soon", "1999-01-01", 7, "\x00"])
def test_what_is_no_day_is_today(desk: UnitOfWork, raw: Any) -> None:
    assert calendar_day(desk, raw).day == MORNING.date()


def test_time_off_has_its_kinds(desk: UnitOfWork, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    set_hours(desk, manager, (600, 780), (840, 1140))
    monday = date.fromisoformat(MONDAY)
    leave = {"starts_on": monday, "ends_on": monday, "start_min": 1020, "end_min": 1440}
    desk.session.add(Leave(business_id=shop.business_id, member_id=manager, **leave))
    massage = add_service(desk.session, shop, "Massage", buffer_after_min=15, colour="lime")
    book(desk, wish(shop, "10:00", services=(BookService(massage, manager),)))
    off = [one for one in calendar_day(desk, MONDAY).off if one.member_id == manager]
    assert off == [
        OffTime(manager, Window(0, 600), "closed"),
        OffTime(manager, Window(780, 840), "break"),
        OffTime(manager, Window(1020, 1140), "leave"),
        OffTime(manager, Window(1140, 1440), "closed"),
        OffTime(manager, Window(660, 675), "buffer", "lime"),
    ]


def test_a_closed_day_is_closed_for_all(desk: UnitOfWork, shop: Shop) -> None:
    desk.session.add(DatedHours(business_id=shop.business_id, day=date.fromisoformat(MONDAY), is_holiday=True))
    desk.session.flush()
    day = calendar_day(desk, MONDAY)
    assert day.shop == () and day.week[0].is_closed and not day.week[1].is_closed
    assert {(one.window, one.kind) for one in day.off} == {(Window(0, 1440), "closed")}
    assert all(staff.load is None for staff in day.staff)


def test_a_day_costs_three_statements_however_full_it_is(desk: UnitOfWork, shop: Shop) -> None:
    def count() -> int:
        seen: list[str] = []
        engine = desk.session.connection().engine
        note = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        calendar_day(desk, MONDAY)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    few = count()
    for hour in range(9, 19):
        book(desk, wish(shop, f"{hour}:00"))
    assert few == count() == 3


def test_a_day_is_found_through_the_index_under_row_level_security(desk: UnitOfWork, shop: Shop) -> None:
    when = text("timestamptz '2025-01-01 04:30Z' + make_interval(hours => n)")
    for table, columns, values in (
        (Booking, "business_id, status, starts_at, ends_at, source, note, cancel_reason, created_at, version",
         ":b, 'finished', {w}, {w} + interval '45 min', 'demo', '', '', now(), 1"),
        (BookingItem, "business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise, is_live",
         ":b, :booking, :service, :member, {w}, {w} + interval '45 min', 45, 60000, true"),
    ):  # fmt: skip
        statement = f"INSERT INTO {table.__tablename__} ({columns}) SELECT {values} FROM generate_series(1, 20000) n"
        desk.session.execute(
            text(statement.format(w=when.text)),
            {"b": shop.business_id, "booking": shop.booking_id, "service": shop.service_id,
             "member": shop.members[Role.MANAGER]},
        )  # fmt: skip
    start = MORNING.replace(hour=0, minute=0)
    query = day_items_statement(desk, start, start.replace(hour=23))
    sql = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(row[0] for row in desk.session.execute(text(f"EXPLAIN {sql}".replace(":", "\\:"))))
    assert "ix_booking_items_starts" in plan, plan
    assert "Seq Scan on occupancies" not in plan, plan


def test_a_card_tells_the_visit_and_what_may_be_done(desk: UnitOfWork, shop: Shop) -> None:
    colour = add_service(desk.session, shop, "Colour", duration_min=120, gap_after_min=30, gap_min=45)
    services = (BookService(colour, shop.members[Role.MANAGER]), BookService(shop.service_id, shop.members[Role.OWNER]))
    done = book(desk, wish(shop, "10:00", services=services, note="Patch test done"))
    card = booking_card(desk, done.item_ids[0])
    assert (card.customer, card.phone, card.whatsapp) == ("Plain Iyer", "+91 98451 12345", "919845112345")
    assert (card.item.service, card.gap_minutes, len(card.items), card.note) == ("Colour", 45, 2, "Patch test done")
    assert card.actions == (
        Action.CONFIRM, Action.ARRIVE, Action.START, Action.FINISH, Action.MISS,
    )  # fmt: skip
    assert card.may_move and card.may_cancel and len(card.takers) == 5
    assert [(one.what, one.who) for one in card.history] == [("Booked", "Plain owner")]


def test_a_card_is_for_those_who_may_see_the_visit(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    staff = as_role(desk, shop, Role.STAFF)
    other = book(desk, wish(shop, "10:00"))
    for item_id in (other.item_ids[0], neighbour.booking_item_id, "x", None, 10**40):
        with pytest.raises(NotFound):
            booking_card(staff, item_id)
    card = booking_card(staff, shop.booking_item_id)
    assert (card.phone, card.whatsapp) == ("•••• 12345", "")
    assert card.takers == ((shop.members[Role.STAFF], "Plain staff"),)


def test_choices_are_what_is_sold_and_who_does_it(desk: UnitOfWork, shop: Shop) -> None:
    add_service(desk.session, shop, "Retired", is_active=False)
    add_service(desk.session, shop, "Nobody does this", roles=())
    [haircut] = booking_choices(desk)
    assert (haircut.name, haircut.minutes, len(haircut.providers)) == ("Plain haircut", 45, 5)
    [own] = booking_choices(as_role(desk, shop, Role.STAFF))
    assert [provider.member_id for provider in own.providers] == [shop.members[Role.STAFF]]
