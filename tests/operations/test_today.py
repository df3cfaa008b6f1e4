"""Today's facts: figures that are counted, not guessed, and what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from microcrm.domain.permissions import Role
from microcrm.models.business import Member
from microcrm.operations.book import book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.queue import DrawTicket, draw
from microcrm.operations.today import today
from microcrm.operations.today_aside import Aside, aside
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.state.today_view import TREND, trend_of
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role
from tests.support.desk import MORNING, wish
from tests.support.shops import CANARY, Shop

TODAY = MORNING.date().isoformat()


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def later(uow: UnitOfWork, **lapse: float) -> UnitOfWork:
    return replace(uow, now=MORNING + timedelta(**lapse))


def test_figures_count_what_is_booked_expected_and_done(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00", day=TODAY))
    book(desk, wish(shop, "12:00", day=TODAY))
    missed = book(desk, wish(shop, "14:00", day=TODAY))
    gone = book(desk, wish(shop, "16:00", day=TODAY))
    step(desk, Step(done.booking_id, "finished"))
    step(desk, Step(missed.booking_id, "no_show"))
    cancel(desk, Cancel(gone.booking_id, 1, "customer"))
    figures = today(desk).figures
    assert (figures.bookings, figures.to_come, figures.expected_paise) == (2, 1, 120_000)
    assert (figures.finished, figures.finished_paise) == (1, 60_000)


def test_the_same_weekday_a_week_ago_is_the_measure(desk: UnitOfWork, shop: Shop) -> None:
    week_ago = (MORNING - timedelta(days=7)).date().isoformat()
    for time in ("10:00", "11:00"):
        book(desk, wish(shop, time, day=week_ago))
    book(desk, wish(shop, "10:00", day=(MORNING - timedelta(days=6)).date().isoformat()))
    figures = today(desk).figures
    assert (figures.last_bookings, figures.last_expected_paise) == (2, 120_000)


def test_gaps_are_free_half_hours_from_now_until_closing(desk: UnitOfWork, shop: Shop) -> None:
    others = [role for role in Role if role is not Role.MANAGER]
    for role in others:
        member = desk.session.get(Member, shop.members[role])
        assert member
        member.is_bookable = False
    desk.session.flush()
    book(desk, wish(shop, "10:00", day=TODAY))
    figures = today(desk).figures
    assert (figures.gaps, figures.gap_minutes) == (2, 30 + 555)
    evening = today(later(desk, hours=10.25)).figures
    assert (evening.gaps, evening.gap_minutes) == (0, 0)


def test_the_floor_says_who_is_busy_waiting_and_next(desk: UnitOfWork, shop: Shop) -> None:
    first = book(desk, wish(shop, "10:00", day=TODAY))
    book(desk, wish(shop, "11:00", day=TODAY))
    step(desk, Step(first.booking_id, "started"))
    book(desk, wish(shop, "10:00", day=TODAY, role=Role.OWNER))
    floor = {one.member_id: one for one in today(later(desk, minutes=50)).staff}
    manager, owner = floor[shop.members[Role.MANAGER]], floor[shop.members[Role.OWNER]]
    assert manager.current and manager.current.booking_id == first.booking_id
    assert manager.next and manager.next.start.minute == 30  # 11:00 in India
    assert owner.late and owner.current is None and owner.is_working


def test_late_open_and_unconfirmed_visits_need_attention(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", day=TODAY))
    book(desk, wish(shop, "10:00", day=(MORNING - timedelta(days=2)).date().isoformat()))
    book(desk, wish(shop, "10:00", day=(MORNING + timedelta(days=1)).date().isoformat()))
    calm = today(desk).attention
    assert (len(calm.late), calm.left_open) == (0, 1)
    assert len(today(later(desk, minutes=45)).attention.late) == 1


def test_members_without_services_are_named(desk: UnitOfWork, shop: Shop) -> None:
    desk.session.add(Member(business_id=shop.business_id, name="Newcomer", role="staff", joined_at=desk.now))
    desk.session.flush()
    assert today(desk).attention.unplaced == ("Newcomer",)
    assert today(as_role(desk, shop, Role.FRONT_DESK)).attention.unplaced == ()


def test_everybody_sees_their_own_part(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", day=TODAY))
    mine = book(desk, wish(shop, "10:00", day=TODAY, role=Role.STAFF))
    own = today(as_role(desk, shop, Role.STAFF))
    assert [item.booking_id for item in own.items] == [mine.booking_id]
    assert [one.member_id for one in own.staff] == [shop.members[Role.STAFF]]
    books = today(as_role(desk, shop, Role.ACCOUNTANT))
    assert not books.has_calendar and books.items == () and books.figures.bookings == 0
    assert CANARY not in str(today(desk))


def test_the_same_weekday_of_seven_weeks_makes_a_line(desk: UnitOfWork, shop: Shop) -> None:
    for weeks, times in ((1, ("10:00", "11:00")), (3, ("10:00",))):
        for time in times:
            book(desk, wish(shop, time, day=(MORNING - timedelta(weeks=weeks)).date().isoformat()))
    book(desk, wish(shop, "12:00", day=TODAY))
    counts = [bookings for bookings, _ in today(desk).figures.weeks]
    assert counts == [0, 0, 0, 0, 1, 0, 2]
    assert trend_of([*counts, 1]).count("L") == 7
    assert trend_of([0, 0, 2, 1]) == ""


def test_a_line_stays_within_its_frame() -> None:
    points = [tuple(map(float, point.split())) for point in trend_of([3, 9, 0, 4])[1:].split("L")]
    assert all(0 <= x <= TREND[0] and 0 <= y <= TREND[1] for x, y in points)
    heights = [y for _, y in points]
    assert heights[1] < heights[3] < heights[0] < heights[2]  # SVG counts from the top


def test_beside_the_agenda_stand_who_waits_and_who_is_silent(desk: UnitOfWork, shop: Shop) -> None:
    before = aside(desk)
    assert before.queue is None  # switched off
    change_policy(replace(desk, actor=shop.actor(Role.OWNER)), ChangePolicy(version=0, is_queue_on=True))
    draw(desk, DrawTicket(shop.service_id, "Manoj"))
    day = (MORNING + timedelta(days=1)).date().isoformat()
    late, early = book(desk, wish(shop, "15:00", day=day)), book(desk, wish(shop, "10:00", day=day))
    sure = book(desk, wish(shop, "12:00", day=day))
    step(desk, Step(sure.booking_id, "confirmed"))
    found = aside(desk)
    assert found.queue is not None and [one.name for one in found.queue.waiting] == ["Manoj"]
    assert (found.tomorrow - before.tomorrow, found.unconfirmed - before.unconfirmed) == (3, 2)
    assert [one.item.booking_id for one in found.first] == [early.booking_id, late.booking_id]
    assert CANARY not in str(found)


def test_the_aside_gives_numbers_only_to_those_who_may_see_them(desk: UnitOfWork, shop: Shop) -> None:
    day = (MORNING + timedelta(days=1)).date().isoformat()
    book(desk, wish(shop, "10:00", day=day, role=Role.STAFF))
    assert [one.whatsapp.isdigit() for one in aside(desk).first] == [True]
    assert [one.whatsapp for one in aside(as_role(desk, shop, Role.STAFF)).first] == [""]
    assert aside(as_role(desk, shop, Role.ACCOUNTANT)) == Aside()
