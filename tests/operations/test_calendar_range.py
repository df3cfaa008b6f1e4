"""Reading a day, a card and the choices of a booking: what is in them, for whom, and what it costs the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from microcrm.domain.booking import Action
from microcrm.domain.errors import Forbidden, NotFound
from microcrm.domain.hours import Window
from microcrm.domain.permissions import Role
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.models.classes import ClassSession
from microcrm.models.schedule import DatedHours, Leave
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_choices import booking_choices
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.calendar_month import calendar_month
from microcrm.operations.calendar_range import CalendarRange, calendar_range
from microcrm.operations.customer_access import visible_bookings
from microcrm.operations.parts.day_items import BY_IDS, items_sql, items_values
from microcrm.operations.parts.off_times import OffTime
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role, set_hours
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.shops import CANARY, Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def day_of(uow: UnitOfWork, day: Any = MONDAY, columns: int = 0, **query: str) -> CalendarRange:
    return calendar_range(uow, {"date": day, **query}, columns)


def test_a_day_shows_its_people_and_visits(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    missed = book(desk, wish(shop, "12:00"))
    step(desk, Step(missed.booking_id, "no_show"))
    gone = book(desk, wish(shop, "14:00"))
    cancel(desk, Cancel(gone.booking_id, 1, "customer"))
    day = day_of(desk)
    assert [(item.customer, item.service, item.status) for item in day.items] == [
        ("Plain Iyer", "Plain haircut", "booked"),
        ("Plain Iyer", "Plain haircut", "no_show"),
    ]
    assert day.movable == {day.items[0].item_id}
    manager = next(column for column in day.columns if column.id == shop.members[Role.MANAGER])
    assert (manager.bookings, manager.load, manager.may_book) == (1, 7, True)
    assert len(day.columns) == 5 and CANARY not in str(day)
    assert day.drawn == Window(540, 1200)
    assert [one.day.day for one in day.week] == [30, 1, 2, 3, 4, 5, 6]


def test_the_condition_on_visits_stands_beside_items_of_the_statement_around_it(desk: UnitOfWork, shop: Shop) -> None:
    theirs = book(desk, wish(shop, "10:00", role=Role.MANAGER))
    mine = book(desk, wish(shop, "10:00", role=Role.STAFF))

    def seen(role: Role) -> set[int]:
        items = select(BookingItem.booking_id).join(Booking, Booking.id == BookingItem.booking_id)
        condition = visible_bookings(as_role(desk, shop, role).actor)
        return set(desk.session.scalars(items.where(Booking.business_id == shop.business_id, condition)))

    assert seen(Role.STAFF) == {shop.booking_id, mine.booking_id}
    assert seen(Role.MANAGER) == {shop.booking_id, mine.booking_id, theirs.booking_id}


def test_own_calendar_members_see_one_column(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    mine = book(desk, wish(shop, "10:00", role=Role.STAFF))
    day = day_of(as_role(desk, shop, Role.STAFF))
    assert [column.id for column in day.columns] == [shop.members[Role.STAFF]]
    assert [item.item_id for item in day.items] == list(mine.item_ids)
    looking = day_of(as_role(desk, shop, Role.OWNER, is_viewing_as=True))
    assert len(looking.items) == 2 and looking.movable == frozenset()
    with pytest.raises(Forbidden):
        day_of(as_role(desk, shop, Role.ACCOUNTANT))


@pytest.mark.parametrize("raw", ["", None, "soon", "1999-01-01", 7, "\x00"])
def test_what_is_no_day_is_today(desk: UnitOfWork, raw: Any) -> None:
    assert day_of(desk, raw).ask.day == MORNING.date()


def test_time_off_has_its_kinds(desk: UnitOfWork, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    set_hours(desk, manager, (600, 780), (840, 1140))
    monday = date.fromisoformat(MONDAY)
    leave = {"starts_on": monday, "ends_on": monday, "start_min": 1020, "end_min": 1440}
    desk.session.add(Leave(business_id=shop.business_id, member_id=manager, **leave))
    massage = add_service(desk.session, shop, "Massage", buffer_after_min=15, colour="lime")
    done = book(desk, wish(shop, "10:00", services=(BookService(massage, manager),)))
    off = [one for one in day_of(desk).off if one.column == manager]
    assert off == [
        OffTime(manager, monday, Window(0, 600), "closed"),
        OffTime(manager, monday, Window(780, 840), "break"),
        OffTime(manager, monday, Window(1020, 1140), "leave"),
        OffTime(manager, monday, Window(1140, 1440), "closed"),
    ]
    (item,) = [item for item in day_of(desk).items if item.item_id == done.item_ids[0]]
    assert (item.before, item.after, item.hue) == (0, 15, "lime")
    assert item.busy_until - item.end == timedelta(minutes=15)


def test_a_closed_day_is_closed_for_all(desk: UnitOfWork, shop: Shop) -> None:
    desk.session.add(DatedHours(business_id=shop.business_id, day=date.fromisoformat(MONDAY), is_holiday=True))
    desk.session.flush()
    day = day_of(desk)
    assert day.shop == () and day.week[0].is_closed and not day.week[1].is_closed
    assert {(one.window, one.kind) for one in day.off} == {(Window(0, 1440), "closed")}
    assert all(column.load is None for column in day.columns)


def test_a_day_costs_eight_statements_however_full_it_is(desk: UnitOfWork, shop: Shop) -> None:
    def count() -> int:
        seen: list[str] = []
        engine = desk.session.connection().engine
        note = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        day_of(desk)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    book(desk, wish(shop, "9:00"))
    few = count()
    for hour in range(10, 19):
        book(desk, wish(shop, f"{hour}:00"))
    assert few == count() == 8


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
    values = items_values(desk, start, start.replace(hour=23))
    desk.session.execute(text("SET LOCAL enable_seqscan = off"))  # of a table with one page a scan is always cheapest
    plan = "\n".join(row[0] for row in desk.session.execute(text(f"EXPLAIN {items_sql()}"), values))
    assert "ix_booking_items_starts" in plan, plan
    ids = {"business": shop.business_id, "ids": "{1,2,3}", "statuses": ["booked"], "tentative": [], "now": desk.now}
    rows = desk.session.execute(text(f"EXPLAIN {BY_IDS['bookings'].text}"), ids)
    assert "bookings_business_id_id" in "\n".join(row[0] for row in rows)


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


def test_rooms_have_columns_of_their_own(desk: UnitOfWork, shop: Shop) -> None:
    facial = add_service(desk.session, shop, "Facial")
    room = Resource(business_id=shop.business_id, name="Quiet room", kind="room", position=1)
    spare = Resource(business_id=shop.business_id, name="Spare room", kind="room", position=2)
    desk.session.add_all([room, spare])
    desk.session.flush()
    desk.session.add(ServiceResource(business_id=shop.business_id, service_id=facial, resource_id=room.id))
    desk.session.flush()
    done = book(desk, wish(shop, "10:00", services=(BookService(facial, shop.members[Role.MANAGER]),)))
    book(desk, wish(shop, "12:00"))
    day = day_of(desk, by="room")
    found = {column.name: column.bookings for column in day.columns}
    assert (found["Quiet room"], found["Spare room"]) == (1, 0)
    [item] = [item for item in day.items if item.rooms]
    assert (item.item_id, item.rooms) == (done.item_ids[0], (room.id,))
    assert {off.column for off in day.off} == {column.id for column in day.columns}
    assert CANARY not in str(day)


def test_a_week_is_that_of_one_or_two(desk: UnitOfWork, shop: Shop) -> None:
    manager, staff, owner = (shop.members[role] for role in (Role.MANAGER, Role.STAFF, Role.OWNER))
    book(desk, wish(shop, "10:00"))
    book(desk, wish(shop, "10:00", day="2026-12-03"))
    book(desk, wish(shop, "10:00", day="2026-12-07"))
    book(desk, wish(shop, "10:00", role=Role.STAFF))
    week = day_of(desk, view="week", staff=f"{manager}")
    assert [column.id for column in week.columns] == [manager] and len(week.items) == 2
    assert len(day_of(desk, columns=8, view="week", staff=f"{manager},{staff},{owner}").columns) == 2
    assert [column.id for column in day_of(desk, view="week").columns] == [desk.actor.member_id]
    mine = day_of(as_role(desk, shop, Role.STAFF), view="week", staff=f"{manager}")
    assert {item.member_id for item in mine.items} == {staff}


def test_filters_leave_the_others_out(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    massage = add_service(desk.session, shop, "Massage")
    kept = book(desk, wish(shop, "10:00"))
    other = book(desk, wish(shop, "12:00", services=(BookService(massage, shop.members[Role.STAFF]),)))
    gone = book(desk, wish(shop, "14:00"))
    cancel(desk, Cancel(gone.booking_id, 1, "customer"))
    step(desk, Step(kept.booking_id, "confirmed"))

    def items(**query: str) -> list[int]:
        return [item.booking_id for item in day_of(desk, **query).items]

    assert items() == [kept.booking_id, other.booking_id]
    assert items(service=str(massage)) == [other.booking_id]
    assert items(status="confirmed") == [kept.booking_id]
    assert items(status="cancelled") == [gone.booking_id]
    assert items(off="1") == [kept.booking_id, other.booking_id, gone.booking_id]
    assert items(staff=str(shop.members[Role.STAFF])) == [other.booking_id]
    foreign = day_of(desk, staff=str(neighbour.members[Role.OWNER]), service=str(neighbour.service_id))
    assert foreign.items == () and len(foreign.columns) == 5


def test_columns_are_paged(desk: UnitOfWork, shop: Shop) -> None:
    first, second = day_of(desk, columns=3), day_of(desk, columns=3, page="2")
    assert (len(first.columns), first.first_column, first.of_columns) == (3, 1, 5)
    assert (len(second.columns), second.first_column) == (2, 4)
    assert day_of(desk, columns=3, page="99").ask.page == 2


def test_a_lapsed_hold_is_not_shown(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    booking = desk.session.get(Booking, done.booking_id)
    assert booking
    booking.status, booking.expires_at = "hold", desk.now + timedelta(minutes=5)
    desk.session.flush()
    assert len(day_of(desk).items) == 1
    booking.expires_at = desk.now
    desk.session.flush()
    assert day_of(desk).items == ()


def test_classes_are_one_block_each(desk: UnitOfWork, shop: Shop) -> None:
    yoga = add_service(desk.session, shop, "Yoga", seats=12)
    when = datetime.fromisoformat(f"{MONDAY}T07:00+05:30")
    for role in (Role.MANAGER, Role.STAFF):
        desk.session.add(
            ClassSession(
                business_id=shop.business_id, service_id=yoga, member_id=shop.members[role], starts_at=when,
                ends_at=when + timedelta(hours=1), seats=12, taken=5, created_at=desk.now,
            )
        )  # fmt: skip
    desk.session.flush()
    day = day_of(desk)
    assert [(one.service, one.taken, one.seats) for one in day.classes] == [("Yoga", 5, 12)] * 2
    assert day.drawn.start == 7 * 60
    own = day_of(as_role(desk, shop, Role.STAFF))
    assert [one.member_id for one in own.classes] == [shop.members[Role.STAFF]]


def test_a_month_counts_its_days_in_three_statements(desk: UnitOfWork, shop: Shop) -> None:
    def month(uow: UnitOfWork = desk, **query: str) -> dict[str, tuple[int, int | None]]:
        found = calendar_month(uow, {"view": "month", "date": MONDAY, **query})
        assert found.days[0].day.isoformat() == "2026-10-26" and found.days[-1].day.isoformat() == "2026-12-06"
        return {one.day.isoformat(): (one.bookings, one.load) for one in found.days}

    empty = month()
    book(desk, wish(shop, "10:00"))
    book(desk, wish(shop, "10:00", role=Role.STAFF))
    gone = book(desk, wish(shop, "12:00"))
    cancel(desk, Cancel(gone.booking_id, 1, "customer"))
    found = month()
    assert found[MONDAY] == (2, 3) and empty[MONDAY] == (0, 0)  # 90 of 5 times 660 minutes
    assert sum(bookings for bookings, _ in found.values()) == sum(n for n, _ in empty.values()) + 2
    assert month(staff=str(shop.members[Role.STAFF]))[MONDAY] == (1, 7)
    assert month(as_role(desk, shop, Role.STAFF))[MONDAY] == (1, 7)
    with pytest.raises(Forbidden):
        month(as_role(desk, shop, Role.ACCOUNTANT))
    seen: list[str] = []
    engine = desk.session.connection().engine
    note = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    month()
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 3
