"""The shop's week, its single days and holidays, and its members' weeks and leave."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.hours import Window
from microcrm.domain.permissions import Role
from microcrm.operations import days, hours, leave
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.shops import Shop

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # Tuesday, 11:30 am in India
BROKEN_MONDAY = ([("9:30 am", "1 pm"), ("16:00", "20:00")], *[[("10:00", "18:00")]] * 5, [])


@pytest.fixture
def work(unit_of_work: Work, at: Any) -> Any:
    return lambda actor: unit_of_work(actor, clock=at(NOW))


def save(work: Work, shop: Shop, week: Any = BROKEN_MONDAY, **changes: Any) -> str:
    with work(shop.actor()) as uow:
        stamp = hours.shop_week(uow).stamp
        return hours.save_shop_week(uow, hours.SaveWeek(**{"days": week, "stamp": stamp, **changes}))


def test_a_week_with_a_break_is_kept_and_taken_back(work: Work, shop: Shop, neighbour: Shop) -> None:
    with work(neighbour.actor()) as uow:
        others = hours.shop_week(uow)
    with work(shop.actor()) as uow:
        before = hours.shop_week(uow)
    token = save(work, shop)
    with work(shop.actor(Role.STAFF)) as uow:
        week = hours.shop_week(uow).week
        assert week[0] == (Window(570, 780), Window(960, 1200))
        assert week[6] == ()
    with work(shop.actor()) as uow:
        assert take_back(uow, token) == "Undone: opening hours"
        assert hours.shop_week(uow) == before
        with pytest.raises(Conflict):
            take_back(uow, token)
    with work(neighbour.actor()) as uow:
        assert hours.shop_week(uow) == others
        with pytest.raises(NotFound):
            take_back(uow, token)


def test_an_undo_does_not_destroy_a_later_change(work: Work, shop: Shop) -> None:
    token = save(work, shop)
    save(work, shop, ([("8:00", "12:00")],) * 7)
    with work(shop.actor()) as uow, pytest.raises(Conflict):
        take_back(uow, token)


def test_saving_what_is_there_already_changes_nothing(work: Work, shop: Shop) -> None:
    assert save(work, shop)
    assert save(work, shop) == ""


def test_a_form_that_is_out_of_date_is_refused(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        seen = hours.shop_week(uow).stamp
    save(work, shop)
    with pytest.raises(Conflict):
        save(work, shop, stamp=seen)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_set_the_hours(work: Work, shop: Shop, role: Role) -> None:
    with work(shop.actor(role)) as uow:
        command = hours.SaveWeek(BROKEN_MONDAY, hours.shop_week(uow).stamp)
        if role in (Role.OWNER, Role.MANAGER):
            assert hours.save_shop_week(uow, command)
            return
        with pytest.raises(Forbidden):
            hours.save_shop_week(uow, command)


@pytest.mark.parametrize(
    ("week", "field"),
    [
        (([("18:00", "9:00")], *[[]] * 6), "monday"),
        ((*[[]] * 6, [("9:00", "13:00"), ("12:00", "15:00")]), "sunday"),
        (([("<b>9</b>", "13:00")], *[[]] * 6), "monday"),
        (([(None, None)], *[[]] * 6), "monday"),
        ((["9-5"], *[[]] * 6), "monday"),
        (([("9:00", "9:05")] * 99, *[[]] * 6), "monday"),
        (([("\x00" * 100, "9:00")], *[[]] * 6), "monday"),
    ],
)
def test_impossible_hours_are_refused_at_their_day(work: Work, shop: Shop, week: Any, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        save(work, shop, week)
    assert field in refusal.value.fields


@pytest.mark.parametrize("days", [None, "week", [], [[]] * 8, 7, {"monday": []}])
def test_what_is_no_week_is_refused(work: Work, shop: Shop, days: Any) -> None:
    with pytest.raises(Invalid):
        save(work, shop, days)


def test_a_member_has_the_shops_hours_until_given_their_own(work: Work, shop: Shop, neighbour: Shop) -> None:
    member_id = shop.members[Role.STAFF]
    with work(shop.actor()) as uow:
        first = hours.member_week(uow, member_id)
        assert not first.is_own
        assert first.week == hours.shop_week(uow).week
        token = hours.save_member_week(uow, hours.SaveMemberWeek(member_id, "on", BROKEN_MONDAY, first.stamp))
        assert hours.member_week(uow, member_id).is_own
        take_back(uow, token)
        assert hours.member_week(uow, member_id) == first
    with work(neighbour.actor()) as uow, pytest.raises(NotFound):
        hours.save_member_week(uow, hours.SaveMemberWeek(member_id, True, BROKEN_MONDAY, first.stamp))


def test_own_hours_need_a_working_day(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow, pytest.raises(Invalid):
        hours.save_member_week(uow, hours.SaveMemberWeek(shop.members[Role.STAFF], True, [[]] * 7, 0))


def test_closed_days_are_set_and_taken_back_as_a_whole(work: Work, shop: Shop, neighbour: Shop) -> None:
    with work(shop.actor()) as uow:
        token = days.set_days(uow, days.SetDays("2026-12-24", "26/12/2026", reason="Family wedding"))
        assert [view.day.day for view in days.coming_days(uow)] == [24, 25, 26]
        half = days.set_days(uow, days.SetDays("2026-12-31", windows=[("10:00", "2 pm")]))
        assert days.coming_days(uow)[-1].windows == (Window(600, 840),)
        take_back(uow, token)
        assert [view.day.day for view in days.coming_days(uow)] == [31]
        days.clear_day(uow, "2026-12-31")
        with pytest.raises(Conflict):
            take_back(uow, half)
    with work(neighbour.actor()) as uow:
        assert days.coming_days(uow) == []


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (days.SetDays("2026-11-23"), "day"),
        (days.SetDays("31 Feb 2027"), "day"),
        (days.SetDays(""), "day"),
        (days.SetDays("2026-12-05", "2026-12-01"), "until"),
        (days.SetDays("2026-12-05", "2027-12-05"), "until"),
        (days.SetDays("2026-12-05", windows=[("14:00", "10:00")]), "windows"),
        (days.SetDays("2026-12-05", windows="all"), "windows"),
        (days.SetDays("2026-12-05", reason="x" * 81), "reason"),
    ],
)
def test_impossible_days_are_refused(work: Work, shop: Shop, command: days.SetDays, field: str) -> None:
    with work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            days.set_days(uow, command)
        assert field in refusal.value.fields
        assert days.coming_days(uow) == []


def test_holidays_are_kept_by_choice(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        days.choose_holiday_state(uow, "29")
        offered = [view.holiday.day for view in days.holiday_year(uow, 2027).holidays]
        assert date(2027, 8, 15) in offered
        days.set_days(uow, days.SetDays("2027-01-26", windows=[("10:00", "13:00")]))
        token = days.keep_holidays(uow, days.KeepHolidays(2027, ["2027-01-26", "2027-08-15", "2027-02-30"[:7] + "-03"]))
        year = {view.holiday.day: view for view in days.holiday_year(uow, 2027).holidays}
        assert year[date(2027, 8, 15)].is_kept
        assert year[date(2027, 1, 26)].has_other_hours
        assert not year[date(2027, 1, 26)].is_kept
        assert [v.day for v in days.coming_days(uow)] == [date(2027, 1, 26), date(2027, 8, 15)]
        take_back(uow, token)
        assert [v.day for v in days.coming_days(uow)] == [date(2027, 1, 26)]


def test_leave_says_how_many_bookings_fall_into_it(work: Work, shop: Shop, neighbour: Shop) -> None:
    member_id = shop.members[Role.STAFF]
    with work(shop.actor()) as uow:
        added = leave.add_leave(uow, leave.AddLeave(member_id, "2026-11-25", "2026-11-27", reason="Home"))
        assert added.bookings == 1
        part = leave.add_leave(uow, leave.AddLeave(member_id, "2026-11-25", starts_at="14:00", ends_at="16:00"))
        assert part.bookings == 0
        assert [view.id for view in leave.coming_leave(uow, member_id)] == [added.leave.id, part.leave.id]
        take_back(uow, part.undo)
        token = leave.remove_leave(uow, added.leave.id)
        assert leave.coming_leave(uow, member_id) == []
        take_back(uow, token)
        assert [view.reason for view in leave.coming_leave(uow, member_id)] == ["Home"]
    with work(neighbour.actor()) as uow:
        for refused in (
            lambda: leave.coming_leave(uow, member_id),
            lambda: leave.add_leave(uow, leave.AddLeave(member_id, "2026-11-25")),
            lambda: leave.remove_leave(uow, added.leave.id),
        ):
            with pytest.raises(NotFound):
                refused()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_on": ""}, "starts_on"),
        ({"ends_on": "2026-11-01"}, "ends_on"),
        ({"ends_on": "2028-11-01"}, "ends_on"),
        ({"ends_on": "2026-11-26", "starts_at": "9:00", "ends_at": "10:00"}, "starts_at"),
        ({"starts_at": "9:00"}, "ends_at"),
        ({"starts_at": "11:00", "ends_at": "10:00"}, "ends_at"),
    ],
)
def test_impossible_leave_is_refused(work: Work, shop: Shop, changes: dict[str, Any], field: str) -> None:
    command = leave.AddLeave(**{"member_id": shop.members[Role.STAFF], "starts_on": "2026-11-25", **changes})
    with work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            leave.add_leave(uow, command)
        assert field in refusal.value.fields
        assert leave.coming_leave(uow, command.member_id) == []
