"""Gaps that can still be sold, and the day on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from microcrm.domain.errors import Forbidden
from microcrm.domain.hours import Window
from microcrm.domain.permissions import Role
from microcrm.models.schedule import Leave
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.calendar_gaps import Gap, calendar_gaps
from microcrm.operations.day_sheet import day_sheet
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_bookings_book import as_role
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.shops import CANARY, Shop


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def gaps(uow: UnitOfWork, member_id: int, day: str = MONDAY) -> list[Window]:
    return [gap.window for gap in calendar_gaps(uow, day).gaps if gap.member_id == member_id]


def test_gaps_lie_between_visits_and_fit_the_shortest_service(desk: UnitOfWork, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    assert gaps(desk, manager) == [Window(540, 1200)]
    book(desk, wish(shop, "10:00"))  # of 45 minutes, the shortest there is
    book(desk, wish(shop, "11:15"))  # half an hour between them is too short
    assert gaps(desk, manager) == [Window(540, 600), Window(720, 1200)]
    add_service(desk.session, shop, "Fringe", roles=(Role.MANAGER,), duration_min=15)
    assert gaps(desk, manager) == [Window(540, 600), Window(645, 675), Window(720, 1200)]


def test_leave_buffers_and_missed_visits_count_as_they_should(desk: UnitOfWork, shop: Shop) -> None:
    manager, monday = shop.members[Role.MANAGER], date.fromisoformat(MONDAY)
    desk.session.add(
        Leave(
            business_id=shop.business_id,
            member_id=manager,
            starts_on=monday,
            ends_on=monday,
            start_min=720,
            end_min=1440,
        )
    )
    massage = add_service(desk.session, shop, "Massage", buffer_after_min=15)
    done = book(desk, wish(shop, "9:00", services=(BookService(massage, manager),)))
    assert gaps(desk, manager) == [Window(615, 720)]
    step(desk, Step(done.booking_id, "no_show"))
    assert gaps(desk, manager) == [Window(540, 720)]


def test_what_is_over_is_no_gap(desk: UnitOfWork, shop: Shop) -> None:
    today = MORNING.date().isoformat()
    assert gaps(desk, shop.members[Role.MANAGER], today) == [Window(570, 1200)]
    assert calendar_gaps(desk, "2026-11-23").gaps == ()


def test_gaps_are_one_s_own_for_own_calendars(desk: UnitOfWork, shop: Shop) -> None:
    staff = calendar_gaps(as_role(desk, shop, Role.STAFF), MONDAY)
    assert staff.gaps == (Gap(shop.members[Role.STAFF], "Plain staff", Window(540, 1200)),)
    assert (staff.gaps[0].words, staff.gaps[0].lasts) == ("9:00 am – 8:00 pm", "11 h")
    with pytest.raises(Forbidden):
        calendar_gaps(as_role(desk, shop, Role.ACCOUNTANT), MONDAY)


def test_the_sheet_has_phones_only_for_those_who_may_see_them(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00", note="Patch test done"))
    mine = book(desk, wish(shop, "12:00", role=Role.STAFF))
    step(desk, Step(mine.booking_id, "confirmed"))
    sheet = day_sheet(desk, MONDAY)
    [first, second] = [(part.member, part.lines[0]) for part in sheet.parts]
    assert first[0] == "Plain manager" and first[1].time == "10:00 am – 10:45 am"
    assert (first[1].customer, first[1].phone, first[1].note) == ("Plain Iyer", "+91 98451 12345", "Patch test done")
    assert (second[0], second[1].status) == ("Plain staff", "Confirmed")
    own = day_sheet(as_role(desk, shop, Role.STAFF), MONDAY)
    assert [(part.member, part.lines[0].phone) for part in own.parts] == [("Plain staff", "")]
    assert not own.has_phones and CANARY not in str(sheet)
    with pytest.raises(Forbidden):
        day_sheet(as_role(desk, shop, Role.ACCOUNTANT), MONDAY)
