"""When which message goes by itself: the shop's own plan over the built-in one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st
from sqlalchemy import event, select

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.messenger import Channel
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Role
from microcrm.domain.step_plan import BUILT_IN, CHANNELS, DAY, StepRule
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.message_plan import MessagePlan, MessageStep
from microcrm.operations.messaging.steps import (
    ChangePlan,
    ChangeStep,
    StepView,
    change_plan,
    change_step,
    plan_of,
    reminders_for,
    use_plan_again,
    view_plan,
)
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.shops import Shop

S = NoticeStep
REMIND = ChangeStep("reminder", 0, is_on=True, amount="3", unit="hours")


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def seen(uow: UnitOfWork, step: NoticeStep, service_id: int | None = None) -> StepView:
    return next(one for one in view_plan(uow).steps if (one.rule.step, one.service_id) == (step, service_id))


def visit(uow: UnitOfWork, shop: Shop) -> tuple[Booking, list[BookingItem]]:
    """The shop's visit, next week."""
    booking = uow.session.get_one(Booking, shop.booking_id)
    length = booking.ends_at - booking.starts_at
    booking.starts_at = uow.now.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=7)
    booking.ends_at = booking.starts_at + length
    return booking, list(uow.session.scalars(select(BookingItem).where(BookingItem.booking_id == booking.id)))


def ahead(uow: UnitOfWork, shop: Shop) -> dict[NoticeStep, timedelta]:
    booking, items = visit(uow, shop)
    return {one.step: booking.starts_at - one.due_at for one in reminders_for(uow, booking, items)}


def test_a_shop_without_rows_has_the_built_in_plan(owner: UnitOfWork, shop: Shop) -> None:
    assert ahead(owner, shop) == {S.ASK_TO_CONFIRM: timedelta(hours=24), S.REMINDER: timedelta(hours=2)}
    view = view_plan(owner)
    assert [one.rule for one in view.steps] == list(BUILT_IN.values()) and not any(one.version for one in view.steps)
    assert (view.plan.channels, view.plan.review_url, view.plan.sms_price) == (CHANNELS, "", None)


def test_a_change_counts_from_now_on_and_can_be_taken_back(owner: UnitOfWork, shop: Shop) -> None:
    undo = change_step(owner, REMIND)
    assert ahead(owner, shop)[S.REMINDER] == timedelta(hours=3)
    again = change_step(owner, replace(REMIND, version=1, is_on=False))
    assert S.REMINDER not in ahead(owner, shop)
    take_back(owner, again)
    assert ahead(owner, shop)[S.REMINDER] == timedelta(hours=3)
    assert seen(owner, S.REMINDER).version == 3
    with pytest.raises(Conflict):
        take_back(owner, undo)  # it has changed since


def test_the_first_change_taken_back_is_the_built_in_plan_again(owner: UnitOfWork, shop: Shop) -> None:
    take_back(owner, change_step(owner, REMIND))
    assert owner.session.scalars(select(MessageStep)).all() == []
    assert ahead(owner, shop)[S.REMINDER] == timedelta(hours=2)


def test_what_is_not_different_stores_nothing(owner: UnitOfWork) -> None:
    assert change_step(owner, ChangeStep("reminder", 0, is_on=True, amount="2", unit="hours")) == ""
    assert owner.session.scalars(select(MessageStep)).all() == []
    assert change_step(owner, REMIND) != "" and change_step(owner, replace(REMIND, version=1)) == ""


def test_a_service_may_have_a_plan_of_its_own(owner: UnitOfWork, shop: Shop) -> None:
    mine = ChangeStep(
        "reminder",
        0,
        is_on=True,
        is_at_clock=True,
        days="1",
        time="18:00",
        channels=["sms"],
        service_id=shop.service_id,
    )
    change_step(owner, mine)
    booking, items = visit(owner, shop)
    reminder = next(one for one in reminders_for(owner, booking, items) if one.step is S.REMINDER)
    assert reminder.channels == (Channel.SMS,)
    assert seen(owner, S.REMINDER).version == 0
    own = seen(owner, S.REMINDER, shop.service_id)
    assert own.rule == StepRule(S.REMINDER, True, DAY, 18 * 60, (Channel.SMS,)) and own.service
    undo = use_plan_again(owner, "reminder", 1, shop.service_id)
    assert ahead(owner, shop)[S.REMINDER] == timedelta(hours=2)
    take_back(owner, undo)
    assert seen(owner, S.REMINDER, shop.service_id).rule == own.rule


def test_an_old_form_is_refused(owner: UnitOfWork) -> None:
    change_step(owner, REMIND)
    for call in (lambda: change_step(owner, REMIND), lambda: use_plan_again(owner, "reminder", 7)):
        with pytest.raises(Conflict):
            call()
    with pytest.raises(NotFound):
        use_plan_again(owner, "thanks", 0)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "61", "unit": "days"}, "amount"),
        ({"amount": "9" * 50}, "amount"),
        ({"unit": "weeks"}, "unit"),
        ({"is_at_clock": True, "days": "1", "time": ""}, "time"),
        ({"is_at_clock": True, "days": "-1", "time": "18:00"}, "days"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"channels": "sms"}, "amount"),
    ],
)
def test_what_is_mistyped_is_told_at_its_field(owner: UnitOfWork, typed: dict[str, Any], field: str) -> None:
    if typed == {"channels": "sms"}:  # a text is no list: nothing is chosen, which means as usual
        assert change_step(owner, replace(REMIND, channels="sms"))
        assert seen(owner, S.REMINDER).rule.channels == ()
        return
    with pytest.raises(Invalid) as refused:
        change_step(owner, replace(REMIND, **typed))
    assert field in refused.value.fields


def test_what_is_planned_by_day_has_a_time_of_day_and_no_service(owner: UnitOfWork, shop: Shop) -> None:
    change_step(owner, ChangeStep("birthday", 0, is_on=True, days="0", time="9:30 am"))
    assert seen(owner, S.BIRTHDAY).rule == StepRule(S.BIRTHDAY, True, 0, 570)
    with pytest.raises(Invalid):
        change_step(owner, ChangeStep("birthday", 1, is_on=True, days="0", time="9:30", service_id=shop.service_id))
    change_step(owner, ChangeStep("queue_near", 0, is_on=False))
    assert seen(owner, S.QUEUE_NEAR).rule == StepRule(S.QUEUE_NEAR, False, 0)


@pytest.mark.parametrize("step", ["booked", "shouted", "", None, 7, "x" * 10_000])
def test_only_what_goes_by_itself_has_a_plan(owner: UnitOfWork, step: Any) -> None:
    with pytest.raises(Invalid):
        change_step(owner, replace(REMIND, step=step))


def test_a_neighbour_s_service_is_not_found(owner: UnitOfWork, neighbour: Shop) -> None:
    for foreign in (neighbour.service_id, "?", 10**30):
        with pytest.raises(Invalid) as refused:
            change_step(owner, replace(REMIND, service_id=foreign))
        assert set(refused.value.fields) == {"service_id"}


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=30), st.integers(), st.booleans(), st.lists(st.text())),
        min_size=8,
        max_size=8,
    )
)
@options(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_nothing_typed_breaks_it(owner: UnitOfWork, typed: list[Any]) -> None:
    with owner.session.begin_nested() as inner:
        with contextlib.suppress(DomainError):
            change_step(owner, ChangeStep("reminder", 0, *typed[:7], service_id=typed[7]))
        inner.rollback()


def test_the_plan_of_a_shop(owner: UnitOfWork) -> None:
    undo = change_plan(owner, ChangePlan(0, ["sms", "email", "sms"], "https://g.page/r/lotus/review", "0.1825"))
    plan = plan_of(owner)
    assert plan.channels == (Channel.SMS, Channel.EMAIL)
    assert (plan.review_url, plan.sms_price, plan.version) == ("https://g.page/r/lotus/review", 1_825, 1)
    assert plan.rule(S.REMINDER).channels == (Channel.SMS, Channel.EMAIL)
    take_back(owner, undo)
    assert plan_of(owner).channels == CHANNELS and owner.session.scalars(select(MessagePlan)).all() == []


@pytest.mark.parametrize(
    ("channels", "url", "price", "field"),
    [
        ([], "", "", "channels"),
        (["pigeon"], "", "", "channels"),
        (None, "", "", "channels"),
        (["sms"], "http://x.example", "", "review_url"),
        (["sms"], "javascript:alert(1)", "", "review_url"),
        (["sms"], "https://a@b.example", "", "review_url"),
        (["sms"], "https://[", "", "review_url"),
        (["sms"], "https://localhost", "", "review_url"),
        (["sms"], "https://x.example/" + "a" * 500, "", "review_url"),
        (["sms"], "", "-1", "sms_price"),
        (["sms"], "", "0.18255", "sms_price"),
        (["sms"], "", "1e5", "sms_price"),
        (["sms"], "", "९", "sms_price"),
        (["sms"], "", 0.18, "sms_price"),
    ],
)
def test_a_plan_that_is_mistyped(owner: UnitOfWork, channels: Any, url: Any, price: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_plan(owner, ChangePlan(0, channels, url, price))
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
def test_only_who_may_change_the_business(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as other:
        for refused in (
            lambda: view_plan(other),
            lambda: change_step(other, REMIND),
            lambda: use_plan_again(other, "reminder", 1),
            lambda: change_plan(other, ChangePlan(0, ["sms"])),
        ):
            with pytest.raises(Forbidden):
                refused()
        assert set(ahead(other, shop)) == {S.ASK_TO_CONFIRM, S.REMINDER}  # whoever books plans reminders


def test_a_plan_is_read_in_one_statement_however_many_rules_there_are(owner: UnitOfWork, shop: Shop) -> None:
    change_plan(owner, ChangePlan(0, ["sms"], "https://g.page/r/lotus"))
    for service in (None, shop.service_id):
        change_step(owner, replace(REMIND, service_id=service))
        change_step(owner, ChangeStep("thanks", 0, is_on=True, amount="1", unit="days", service_id=service))
    booking, items = visit(owner, shop)
    owner.session.flush()
    said: list[str] = []
    bound = owner.session.connection()

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(bound, "before_cursor_execute", note)
    reminders_for(owner, booking, items)
    event.remove(bound, "before_cursor_execute", note)
    assert len(said) == 1
