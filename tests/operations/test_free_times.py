"""Free times from the tables: what is offered can be booked, what can be booked is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from microcrm.domain.errors import Invalid, NotFound, OutsideHours, SignedOut, SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.business import Member
from microcrm.models.catalogue import Resource, Service
from microcrm.models.schedule import DatedHours
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.free_times import FreeTimesAsked, free_times, nearest_free, public_free_times
from microcrm.operations.hold import Hold, PublicHold, hold, hold_public
from microcrm.operations.parts import taken_time
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from tests.conftest import Work
from tests.support.desk import INDIA, MORNING, add_service, wish
from tests.support.free_times import (
    DAY,
    add_class,
    add_rooms,
    asked,
    at,
    busy_shop,
    clocks,
    set_policy,
    statements_of,
)
from tests.support.holds import later, stranger, to_hold
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_times_lie_every_quarter_hour_inside_hours_and_beside_bookings(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    found = clocks(free_times(desk, asked(shop)))
    assert found[:4] == ["09:00", "09:15", "10:45", "11:00"] and found[-1] == "19:15"
    assert clocks(public_free_times(desk, asked(shop))) == found


def can_book(desk: UnitOfWork, shop: Shop, clock: str, services: tuple[BookService, ...]) -> bool:
    attempt = desk.session.begin_nested()
    try:
        book(desk, wish(shop, clock, services=services))
    except (SlotTaken, OutsideHours):
        return False
    finally:
        attempt.rollback()
    return True


@pytest.mark.parametrize("seed", range(6))
def test_every_time_that_is_offered_books_and_every_other_is_refused(desk: UnitOfWork, shop: Shop, seed: int) -> None:
    colour, facial, massage = busy_shop(desk, shop, seed)
    set_policy(desk.session, shop, slot_step_min=30)
    manager, owner = shop.members[Role.MANAGER], shop.members[Role.OWNER]
    visit = [
        ((colour, manager),), ((facial, owner),), ((facial, manager), (massage, owner)), ((massage, manager), (massage, manager)),
        ((facial, owner), (massage, manager), (facial, owner)), ((massage, owner), (colour, manager)),
    ][seed]  # fmt: skip
    services = tuple(BookService(*one) for one in visit)
    offered = set(clocks(free_times(desk, asked(shop, services=visit))))
    windows = ((555, 780), (840, 1110)) if visit[0][1] == manager else ((540, 600), (690, 1200))
    grid = [minute for window in windows for minute in range(*window, 30)]
    for minute in grid:
        clock = f"{minute // 60:02d}:{minute % 60:02d}"
        assert can_book(desk, shop, clock, services) is (clock in offered), clock
    assert offered <= {f"{minute // 60:02d}:{minute % 60:02d}" for minute in grid}


def test_with_anybody_each_time_books_with_whom_it_names(desk: UnitOfWork, shop: Shop) -> None:
    _, facial, massage = busy_shop(desk, shop, 11, visits=5)
    set_policy(desk.session, shop, slot_step_min=30)
    found = free_times(desk, asked(shop, services=((facial, None), (massage, None)))).starts
    assert len({start.members for start in found}) > 1
    for start in found:
        services = (BookService(facial, start.members[0]), BookService(massage, start.members[1]))
        assert can_book(desk, shop, start.start.astimezone(INDIA).strftime("%H:%M"), services)


def test_a_member_with_own_calendar_finds_own_times_only(desk: UnitOfWork, shop: Shop) -> None:
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    assert {start.members for start in free_times(staff, asked(shop, None)).starts} == {(shop.members[Role.STAFF],)}
    anybody = {start.members for start in free_times(desk, asked(shop, None)).starts}
    assert anybody == {(shop.members[Role.OWNER],)}, "the first of five who have nothing to do"
    with pytest.raises(SignedOut):
        free_times(replace(desk, actor=VISITOR), asked(shop))


def test_services_and_members_of_another_shop_are_not_there(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(NotFound):
        free_times(desk, asked(neighbour, None))
    with pytest.raises(Invalid) as refusal:
        free_times(desk, asked(shop, services=((shop.service_id, neighbour.members[Role.MANAGER]),)))
    assert set(refusal.value.fields) == {"member_id"}
    book(replace(desk, actor=shop.actor()), wish(shop, "10:00"))
    assert free_times(desk, asked(shop)).starts


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"services": ()}, "service_id"), ({"last": DAY + timedelta(days=62)}, "day"), ({"last": DAY - timedelta(days=1)}, "day"),
     ({"first": DAY + timedelta(days=900), "last": DAY + timedelta(days=900)}, "day")],
)  # fmt: skip
def test_too_much_at_once_is_refused(desk: UnitOfWork, shop: Shop, changes: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        free_times(desk, asked(shop, **changes))
    assert set(refusal.value.fields) == {field}
    assert len(free_times(desk, asked(shop, last=DAY + timedelta(days=61))).days) == 62


def test_a_hold_takes_its_time_until_it_lapses_and_then_the_time_books(desk: UnitOfWork, shop: Shop) -> None:
    hold(desk, to_hold(shop, "10:00", minutes=10))
    assert "10:00" not in clocks(free_times(later(desk, 9), asked(shop)))
    after = later(desk, 11)
    assert "10:00" in clocks(free_times(after, asked(shop)))
    assert book(after, wish(shop, "10:00")).number


def test_a_booking_that_moves_gives_up_its_own_time(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    book(desk, wish(shop, "11:00"))
    assert "10:15" not in clocks(free_times(desk, asked(shop)))
    found = clocks(free_times(desk, asked(shop, except_booking=done.booking_id)))
    assert "10:15" in found and "10:30" not in found, "the other booking stays"


def test_a_cancelled_visit_is_free_again(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    cancel(desk, Cancel(done.booking_id, done.version, "customer"))
    assert "10:00" in clocks(free_times(desk, asked(shop)))


def test_customers_need_notice_and_do_not_look_beyond_the_horizon(desk: UnitOfWork, shop: Shop) -> None:
    today, page = MORNING.date(), replace(desk, actor=stranger(shop))
    set_policy(desk.session, shop, min_notice_min=120, horizon_days=3, slot_step_min=60)
    month = asked(shop, first=today, last=today + timedelta(days=5))
    desk_days, days = free_times(desk, month).days, public_free_times(page, month).days
    now = MORNING.astimezone(INDIA)
    assert (
        min(s.start for s in days[0].starts) >= now + timedelta(minutes=120) > min(s.start for s in desk_days[0].starts)
    )
    assert [bool(day.starts) for day in days] == [True, True, True, True, False, False]
    assert all(day.starts for day in desk_days)
    desk.session.execute(update(Service).values(min_notice_min=0, horizon_days=1, slot_step_min=20))
    days = public_free_times(page, month).days
    assert [bool(day.starts) for day in days] == [True, True, False, False, False, False]
    assert len(days[1].starts) == 31, "every twenty minutes, the service's own step"


def test_customers_see_what_is_sold_online(desk: UnitOfWork, shop: Shop) -> None:
    page = replace(desk, actor=stranger(shop))
    assert public_free_times(page, asked(shop)).starts
    desk.session.execute(update(Service).values(is_online=False))
    with pytest.raises(NotFound):
        public_free_times(page, asked(shop))
    assert free_times(desk, asked(shop)).starts


@pytest.mark.parametrize("who", ["shop", "service", "member"])
def test_a_day_that_has_its_visits_is_full_for_customers_only(desk: UnitOfWork, shop: Shop, who: str) -> None:
    page = replace(desk, actor=stranger(shop))
    limit = {"shop": 2} if who == "shop" else {}
    set_policy(desk.session, shop, most_per_day=limit.get("shop"))
    if who == "service":
        desk.session.execute(update(Service).values(most_per_day=2))
    if who == "member":
        desk.session.execute(update(Member).values(most_per_day=2))
    two_days = asked(shop, last=DAY + timedelta(days=1))
    for clock in ("10:00", "12:00"):
        book(desk, wish(shop, clock))
        assert all(day.starts for day in public_free_times(page, two_days).days), "what the desk books does not count"
    for clock in ("14:00", "16:00"):
        assert all(day.starts for day in public_free_times(page, two_days).days)
        held = hold_public(page, PublicHold((BookService(shop.service_id, shop.members[Role.MANAGER]),), at(clock)))
    assert [bool(day.starts) for day in public_free_times(page, two_days).days] == [False, True]
    assert all(day.starts for day in free_times(desk, two_days).days)
    third = PublicHold((BookService(shop.service_id, shop.members[Role.MANAGER]),), at("18:00"))
    with pytest.raises(Invalid, match="another look") as refusal:
        hold_public(page, third)
    assert "is full" in refusal.value.fields["time"]
    assert hold_public(page, replace(third, start=at("18:00", DAY + timedelta(days=1)))).booking_id
    assert public_free_times(page, replace(two_days, except_booking=held.booking_id)).days[0].starts
    assert public_free_times(later(page, 60), two_days).days[0].starts, "lapsed holds do not count"
    others = public_free_times(page, replace(two_days, services=((shop.service_id, None),)))
    assert bool(others.days[0].starts) is (who == "member")


def test_holidays_other_hours_and_rooms_out_of_use(desk: UnitOfWork, shop: Shop) -> None:
    facial = add_service(desk.session, shop, "Facial")
    rooms = add_rooms(desk.session, shop, facial, "Room 1", "Room 2")
    question = asked(shop, services=((facial, shop.members[Role.MANAGER]),), last=DAY + timedelta(days=1))
    by = {role: (BookService(facial, shop.members[role]),) for role in Role}
    book(desk, wish(shop, "9:00", services=by[Role.OWNER]))
    assert "09:00" in clocks(free_times(desk, question)), "in the other room"
    desk.session.execute(update(Resource).where(Resource.id == rooms[1]).values(is_active=False))
    assert "09:30" not in clocks(free_times(desk, replace(question, last=DAY)))
    assert "10:00" in clocks(free_times(desk, question))
    desk.session.add(DatedHours(business_id=shop.business_id, day=DAY, is_holiday=True))
    desk.session.add(
        DatedHours(business_id=shop.business_id, day=DAY + timedelta(days=1), start_min=600, end_min=690, reason="Puja")
    )
    desk.session.flush()
    closed, short = free_times(desk, question).days
    assert (closed.is_open, closed.starts) == (False, ())
    assert [start.start for start in short.starts] == [at(c, short.day) for c in ("10:00", "10:15", "10:30")]


@pytest.fixture
def yoga(desk: UnitOfWork, shop: Shop) -> int:
    return add_service(desk.session, shop, "Yoga", seats=8)


def test_a_class_is_offered_by_its_sessions_and_seats(desk: UnitOfWork, shop: Shop, yoga: int) -> None:
    page = replace(desk, actor=stranger(shop))
    early, full = (
        add_class(desk.session, shop, yoga, at("07:00"), 8, 5),
        add_class(desk.session, shop, yoga, at("08:00"), 8, 8),
    )
    question = FreeTimesAsked(((yoga, None),), DAY, DAY + timedelta(days=1), is_public=True)
    [day, next_day] = public_free_times(page, question).days
    assert [(one.session_id, one.seats_left, one.start) for one in day.starts] == [(early, 3, at("07:00"))]
    assert day.is_open and not next_day.is_open
    assert public_free_times(page, replace(question, seats=3)).starts
    [crowded, _] = public_free_times(page, replace(question, seats=4)).days
    assert crowded.is_open and not crowded.starts
    held = hold_public(page, PublicHold(session_id=early, seats=3))
    assert not public_free_times(page, question).starts and held.expires_at
    assert [one.seats_left for one in public_free_times(later(page, 30), question).starts] == [3]
    with pytest.raises(SlotTaken) as refusal:
        hold_public(page, PublicHold(session_id=full))
    assert refusal.value.nearest == ()
    late = [add_class(desk.session, shop, yoga, at("18:00", DAY + timedelta(days=n)), 8, 7) for n in (0, 1, 2, 9)]
    with pytest.raises(SlotTaken) as refusal:
        hold_public(page, PublicHold(session_id=full))
    assert len(late) == 4 and refusal.value.nearest == tuple(at("18:00", DAY + timedelta(days=n)) for n in (0, 1, 2))


def test_a_class_is_booked_by_itself(desk: UnitOfWork, shop: Shop, yoga: int) -> None:
    with pytest.raises(Invalid) as refusal:
        free_times(desk, asked(shop, services=((yoga, None), (shop.service_id, None))))
    assert set(refusal.value.fields) == {"service_id"}
    assert free_times(desk, asked(shop, services=((yoga, None),))).days


def test_a_lost_visit_of_several_services_is_refused_with_three_that_book(desk: UnitOfWork, shop: Shop) -> None:
    manager, owner = shop.members[Role.MANAGER], shop.members[Role.OWNER]
    services = (BookService(shop.service_id, manager), BookService(shop.service_id, owner))
    book(desk, wish(shop, "10:45", role=Role.OWNER))
    with pytest.raises(SlotTaken) as refusal:
        book(desk, wish(shop, "10:00", services=services))
    assert [start.astimezone(INDIA).strftime("%H:%M") for start in refusal.value.nearest] == ["09:00", "09:15", "10:45"]
    for start in refusal.value.nearest:
        assert can_book(desk, shop, start.astimezone(INDIA).strftime("%H:%M"), services)


def test_a_customer_is_offered_only_what_customers_may_have(desk: UnitOfWork, shop: Shop) -> None:
    page = replace(desk, actor=stranger(shop))
    set_policy(desk.session, shop, slot_step_min=60)
    book(desk, wish(shop, "10:00"))
    visit = (BookService(shop.service_id, shop.members[Role.MANAGER]),)
    with pytest.raises(SlotTaken) as refusal:
        hold_public(page, PublicHold(visit, at("10:00")))
    assert refusal.value.nearest == (at("09:00"), at("11:00"), at("12:00"))
    anybody = nearest_free(page, asked(shop, None, is_public=True), at("10:00"))
    assert [start.start for start in anybody] == [at("09:00"), at("11:00"), at("12:00")]
    with pytest.raises(SlotTaken) as refusal:
        hold(desk, Hold(visit, at("10:00")))
    assert refusal.value.nearest == (at("09:00"), at("09:15"), at("10:45"))


def test_it_costs_three_statements_whatever_there_is_to_know(desk: UnitOfWork, shop: Shop, yoga: int) -> None:
    page = replace(desk, actor=stranger(shop))
    assert len(statements_of(desk, lambda: free_times(desk, asked(shop)))) == 3
    facial = busy_shop(desk, shop, 3)[1]
    set_policy(desk.session, shop, most_per_day=5)
    month = asked(
        shop,
        services=((facial, None), (shop.service_id, None)),
        last=DAY + timedelta(days=27),
        except_booking=shop.booking_id,
    )
    assert len(statements_of(desk, lambda: public_free_times(page, month))) == 3
    add_class(desk.session, shop, yoga, at("07:00"), 8)
    assert len(statements_of(desk, lambda: public_free_times(page, asked(shop, services=((yoga, None),))))) == 2


def test_taken_time_is_read_from_the_index_alone_under_row_level_security(desk: UnitOfWork, shop: Shop) -> None:
    past = "tstzrange(w, w + interval '30 min') FROM (SELECT timestamptz '2001-01-01' + make_interval(hours => n) AS w"
    desk.session.execute(
        text(
            "INSERT INTO occupancies (business_id, booking_item_id, member_id, is_live, span) "
            f"SELECT :business, :item, :member, true, {past} FROM generate_series(1, 3000) n) t"
        ),
        {"business": shop.business_id, "item": shop.booking_item_id, "member": shop.members[Role.MANAGER]},
    )  # in a table of one page every index costs the same
    desk.session.execute(text("SET LOCAL enable_seqscan = off"))
    desk.session.execute(text("SET LOCAL enable_bitmapscan = off"))
    # A table with few rows has no visibility map to trust.
    desk.session.execute(text("SET LOCAL enable_indexscan = off"))
    role = desk.session.execute(text("SELECT current_user")).scalar_one()
    values = {"business": shop.business_id, "keepers": list(shop.members.values()), "first": 29_900_000, "last": 29_940_000,
              "longest": taken_time.LONGEST_SPAN, "now": desk.now}  # fmt: skip
    explained = text("EXPLAIN " + str(taken_time._statement(False, False)))
    plan = "\n".join(desk.session.execute(explained, values).scalars())
    assert role == "microcrm_app" and "Index Only Scan using ix_occupancies_busy" in plan, plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert all(column in condition for column in ("business_id", "keeper_id", "from_min"))
