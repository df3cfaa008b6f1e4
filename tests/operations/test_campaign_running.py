"""A campaign on its way: sent once, at its hour, paused, stopped, done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from microcrm import wiring
from microcrm.domain.campaigns import CampaignState
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.permissions import Role
from microcrm.operations.campaigns.looking import (
    list_campaigns,
)
from microcrm.operations.campaigns.planning import Progress, plan_some
from microcrm.operations.campaigns.result import result_of
from microcrm.operations.campaigns.running import (
    StartCampaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
    stop_campaign,
)
from microcrm.operations.messaging.accounts import use_sandbox
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.support.campaigns import NOON, people, planned, started, written
from tests.support.sandbox import SEED
from tests.support.shops import Shop


@pytest.fixture
def shop(two_shops: Any) -> Shop:
    return two_shops.a


@pytest.fixture
def neighbour(two_shops: Any) -> Shop:
    return two_shops.b


@pytest.fixture
def manager(unit_of_work: Work, shop: Shop, at: Any) -> Any:
    with unit_of_work(shop.actor(), clock=at(NOON)) as uow:
        use_sandbox(uow, SEED, wiring.sealer())
    with unit_of_work(shop.actor(Role.MANAGER), clock=at(NOON)) as uow:
        yield uow


def test_pressed_twice_it_is_one_campaign(manager: UnitOfWork) -> None:
    people(manager, 2)
    row = written(manager)
    version = row.version
    for _ in range(3):
        start_campaign(manager, StartCampaign(row.id, version))
    for _ in range(3):
        plan_some(manager, row.id or 0)
    assert len(planned(manager)) == 2
    with pytest.raises(Conflict):
        start_campaign(manager, StartCampaign(row.id, version))


def test_it_waits_for_its_hour_and_for_the_hours_of_offers(
    manager: UnitOfWork, unit_of_work: Work, shop: Shop, at: Any
) -> None:
    people(manager, 1)
    row = written(manager)
    begins = start_campaign(manager, StartCampaign(row.id, row.version, "2026-11-26", "07:00"))
    assert begins == datetime(2026, 11, 26, 4, 30, tzinfo=UTC) and plan_some(manager, row.id or 0) is Progress.LATER
    manager.now = begins - timedelta(minutes=3)
    assert plan_some(manager, row.id or 0) is Progress.LATER and planned(manager) == []
    manager.now = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)  # ten o'clock
    plan_some(manager, row.id or 0)
    assert [one.due_at for one in planned(manager)] == [manager.now]


@pytest.mark.parametrize(
    ("day", "time", "field"),
    [("2026-11-24", "11:00", "day"), ("", "", "day"), ("", "11:00", "day"),
      ("2027-06-01", "11:00", "day"), ("soon", "11:00", "day"), ("2026-11-26", "25:00", "time"),
     ("2026-11-26", "", "time"), ("9" * 10_000, "9" * 10_000, "day")],
)  # fmt: skip
def test_an_hour_that_is_none_is_refused(manager: UnitOfWork, day: str, time: str, field: str) -> None:
    row = written(manager)
    with pytest.raises(Invalid) as caught:
        start_campaign(manager, StartCampaign(row.id, row.version, day, time))
    assert field in caught.value.fields and row.state == "draft"


def test_stopped_paused_and_going_on(manager: UnitOfWork) -> None:
    people(manager, 5)
    row = written(manager, pace=1)
    started(manager, row)
    plan_some(manager, row.id or 0)
    assert len(planned(manager)) == 2, "one a minute, two minutes ahead"
    pause_campaign(manager, row.id)
    assert {(one.state, one.reason) for one in planned(manager)} == {("withdrawn", "paused")}
    with pytest.raises(Conflict):
        pause_campaign(manager, row.id)
    assert plan_some(manager, row.id or 0) is Progress.LATER and len(planned(manager)) == 2
    manager.now += timedelta(hours=3)
    resume_campaign(manager, row.id)
    manager.session.expire_all()
    first, second = planned(manager)
    assert (first.state, first.due_at, second.due_at) == ("planned", manager.now, manager.now + timedelta(minutes=1))
    assert row.next_at == manager.now + timedelta(minutes=2)
    stop_campaign(manager, row.id)
    stop_campaign(manager, row.id)
    manager.session.expire_all()
    assert {(one.state, one.reason) for one in planned(manager)} == {("withdrawn", "stopped")}
    for late in (pause_campaign, resume_campaign):
        with pytest.raises(Conflict):
            late(manager, row.id)
    manager.now += timedelta(hours=1)
    assert plan_some(manager, row.id or 0) is Progress.LATER and len(planned(manager)) == 2


def test_done_when_all_have_left(manager: UnitOfWork) -> None:
    people(manager, 1)
    row = written(manager)
    started(manager, row)
    assert plan_some(manager, row.id or 0) is Progress.LATER and plan_some(manager, row.id or 0) is Progress.LATER
    [message] = planned(manager)
    message.state, message.handed_at = "delivered", manager.now
    manager.session.flush()
    assert plan_some(manager, row.id or 0) is Progress.DONE and row.state == CampaignState.DONE
    found = result_of(manager, row.id)
    assert (found.sent, found.delivered, found.read, found.waiting) == (1, 1, 0, 0)
    assert [(one.name, one.left) for one in list_campaigns(manager).rows] == [("Diwali offer", 1)]


def test_planning_costs_the_same_however_many_there_are(
    unit_of_work: Work, shop: Shop, at: Any, manager: UnitOfWork
) -> None:
    def statements(many: int) -> int:
        people(manager, many)
        row = written(manager, name=f"To {many}")
        started(manager, row)
        seen: list[str] = []
        connection = manager.session.connection()
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(connection, "before_cursor_execute", listen)
        manager.actor = system(shop.business_id)
        plan_some(manager, row.id or 0)
        manager.actor = shop.actor(Role.MANAGER)
        event.remove(connection, "before_cursor_execute", listen)
        return len(seen)

    assert statements(1) == statements(30)
