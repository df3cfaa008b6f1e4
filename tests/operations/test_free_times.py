"""Free times from the tables: what is offered can be booked, what can be booked is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.book import book
from microcrm.operations.free_times import FreeTimes, FreeTimesAsked, free_times, public_free_times
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import INDIA, MONDAY, MORNING, wish
from tests.support.shops import Shop

DAY = date.fromisoformat(MONDAY)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def asked(shop: Shop, role: Role | None = Role.MANAGER, **changes: Any) -> FreeTimesAsked:
    """A haircut on Monday."""
    service = (shop.service_id, None if role is None else shop.members[role])
    return FreeTimesAsked(**({"services": (service,), "first": DAY, "last": DAY, "is_public": False} | changes))


def clocks(found: FreeTimes) -> list[str]:
    return [start.start.astimezone(INDIA).strftime("%H:%M") for start in found.starts]


def test_times_lie_every_quarter_hour_inside_hours_and_beside_bookings(desk: UnitOfWork, shop: Shop) -> None:
    book(desk, wish(shop, "10:00"))
    found = clocks(free_times(desk, asked(shop)))
    assert found[:4] == ["09:00", "09:15", "10:45", "11:00"] and found[-1] == "19:15"
    assert clocks(public_free_times(desk, asked(shop))) == found


def test_a_member_with_own_calendar_finds_own_times_only(desk: UnitOfWork, shop: Shop) -> None:
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    assert {start.members for start in free_times(staff, asked(shop, None)).starts} == {(shop.members[Role.STAFF],)}
    anybody = {start.members for start in free_times(desk, asked(shop, None)).starts}
    assert anybody == {(shop.members[Role.OWNER],)}, "the first of five who have nothing to do"


def test_services_and_members_of_another_shop_are_not_there(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(NotFound):
        free_times(desk, asked(neighbour, None))
    with pytest.raises(Invalid) as refusal:
        free_times(desk, asked(shop, services=((shop.service_id, neighbour.members[Role.MANAGER]),)))
    assert set(refusal.value.fields) == {"member_id"}
    assert free_times(desk, asked(shop)).starts
