"""What goes by the day: planned when its hour is near, for those it is about, and once however often the worker comes by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from microcrm.domain.errors import Conflict, Forbidden
from microcrm.domain.permissions import Role
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.consents import RecordConsent, record_consent
from microcrm.operations.messages import by_day
from microcrm.operations.messages.by_day import plan_the_day
from microcrm.operations.messaging.steps import ChangePlan, ChangeStep, change_plan, change_step
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.operations.test_customer_facts import add_visit
from tests.support.shops import Shop
from tests.support.till import document_of, issued, paying, register

INDIA = ZoneInfo("Asia/Kolkata")
TODAY = date(2026, 12, 10)


def clock(time: str, day: date = TODAY) -> datetime:
    hour, minute = time.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=INDIA)


@dataclass
class Day:
    """A shop's customer, and the worker that comes by at a time of day."""

    unit_of_work: Work
    shop: Shop
    at: Callable[..., Any]

    def do(self, operation: Any, *args: Any, when: datetime | None = None) -> Any:
        with self.unit_of_work(self.shop.actor(), clock=self.at(when or clock("08:00"))) as uow:
            return operation(uow, *args)

    def comes_by(self, time: str, day: date = TODAY) -> int:
        planned: int = self.do(plan_the_day, when=clock(time, day))
        return planned

    def customer(self, **values: Any) -> None:
        statement = update(Customer).where(Customer.id == self.shop.customer_id).values(**values)
        self.do(lambda uow: uow.session.execute(statement))

    def agrees(self, decision: str = "given") -> None:
        command = RecordConsent(self.shop.customer_id, "whatsapp_offers", decision, "paper", day=date(2026, 11, 20))
        self.do(record_consent, command)

    def messages(self) -> Sequence[Message]:
        found: Sequence[Message] = self.do(lambda uow: uow.session.scalars(select(Message).order_by(Message.id)).all())
        return found


@pytest.fixture
def day(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Day:
    return Day(unit_of_work, shop, at)


def on(day: Day, step: str, days: int = 0, time: str = "10:00") -> None:
    day.do(change_step, ChangeStep(step, 0, is_on=True, days=days, time=time))


def test_nothing_goes_while_it_is_switched_off(day: Day) -> None:
    day.agrees()
    day.customer(birthday=date(1990, 12, 10))
    assert day.comes_by("10:00") == 0 and day.messages() == []


def test_a_birthday_is_planned_for_its_hour_once(day: Day, shop: Shop) -> None:
    on(day, "birthday")
    day.agrees()
    day.customer(birthday=date(1990, 12, 10), phone="+919845012345")
    assert day.comes_by("09:00") == 0, "too early"
    assert day.comes_by("09:30") == 1
    assert [day.comes_by(time) for time in ("09:45", "10:00", "11:30", "12:30", "17:00")] == [0] * 5
    [message] = day.messages()
    assert (message.subject, message.subject_version, message.step) == (
        f"birthday:{shop.customer_id}",
        2026,
        "birthday",
    )
    assert (message.channel, message.due_at, message.expires_at) == ("whatsapp", clock("10:00"), clock("21:00"))
    assert day.comes_by("09:30", TODAY.replace(year=2027)) == 1, "and next year again"


def test_a_worker_that_was_away_catches_up_for_two_hours(day: Day) -> None:
    on(day, "birthday")
    day.agrees()
    day.customer(birthday=date(1990, 12, 10))
    assert day.comes_by("11:59") == 1
    assert day.messages()[0].due_at == clock("11:59")


@pytest.mark.parametrize(
    "values",
    [
        {"birthday": None},
        {"birthday": date(1990, 12, 11)},
        {"birthday": date(2010, 12, 10)},
        {"birthday": date(1990, 12, 10), "archived_at": clock("08:00")},
        {"birthday": date(1990, 12, 10), "phone": "", "email": ""},
    ],
)
def test_who_gets_no_birthday_wishes(day: Day, values: dict[str, Any]) -> None:
    on(day, "birthday")
    day.agrees()
    day.customer(**values)
    assert day.comes_by("10:00") == 0


def test_nobody_is_wished_or_called_back_who_never_agreed(day: Day) -> None:
    on(day, "birthday")
    day.customer(birthday=date(1990, 12, 10))
    assert day.comes_by("10:00") == 0
    day.agrees("refused")
    assert day.comes_by("10:00") == 0


@pytest.mark.parametrize(("born", "on_day", "count"), [
    (date(1992, 2, 29), date(2027, 2, 28), 0), (date(1992, 2, 29), date(2027, 3, 1), 1), (date(1992, 2, 29), date(2028, 2, 29), 1),
    (date(1992, 2, 29), date(2028, 3, 1), 0), (date(1990, 3, 1), date(2027, 3, 1), 1),
])  # fmt: skip
def test_who_was_born_on_a_leap_day_is_greeted_each_year(day: Day, born: date, on_day: date, count: int) -> None:
    on(day, "birthday")
    day.agrees()
    day.customer(birthday=born)
    assert day.comes_by("10:00", on_day) == count


def regular(day: Day, shop: Shop, *, last: date = TODAY - timedelta(days=35), every: int = 35, visits: int = 5) -> None:
    def write(uow: UnitOfWork) -> None:
        for n in range(visits):
            add_visit(uow, shop, clock("11:00", last - timedelta(days=n * every)))
        uow.session.execute(
            update(Customer).where(Customer.id == shop.customer_id).values(last_visit_at=clock("11:00", last))
        )

    day.do(write)


def test_a_regular_is_called_back_when_their_rhythm_says_so(day: Day, shop: Shop) -> None:
    on(day, "rebook", time="11:00")
    day.agrees()
    regular(day, shop)
    assert day.comes_by("11:00", TODAY - timedelta(days=1)) == 0
    assert day.comes_by("11:00") == 1 and day.comes_by("11:30") == 0
    assert day.comes_by("11:00", TODAY + timedelta(days=1)) == 0, "once for each time"
    [message] = day.messages()
    assert message.subject == f"rebook:{shop.customer_id}" and message.details == {"services": "Plain haircut"}


def test_of_many_regulars_all_are_looked_at(day: Day, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two: those who are due stand behind others who are not."""
    monkeypatch.setattr(by_day, "_MOST", 2)

    def guest(number: int) -> int:
        def write(uow: UnitOfWork) -> int:
            row = Customer(
                business_id=shop.business_id, name=f"Guest {number}", phone=f"+9198450{number:05d}", tags=[], created_at=uow.now
            )  # fmt: skip
            uow.session.add(row)
            uow.session.flush()
            return row.id or 0

        made: int = day.do(write)
        return made

    for number in range(5):
        late = timedelta(days=7 * (number % 2))
        regular(day, replace(shop, customer_id=guest(number)), last=TODAY - timedelta(days=35) + late)
    due = day.do(lambda uow: by_day.regulars_due(uow, TODAY, TODAY, anybody=True))
    assert [one.name for one in due] == ["Guest 0", "Guest 2", "Guest 4"]


def test_days_that_were_missed_are_caught_up_and_older_ones_are_not(day: Day, shop: Shop) -> None:
    on(day, "rebook", days=7, time="11:00")
    day.agrees()
    regular(day, shop)
    assert [day.comes_by("11:00", TODAY + timedelta(days=n)) for n in (6, 10)] == [0, 0]
    assert day.comes_by("11:00", TODAY + timedelta(days=9)) == 1


def test_who_has_no_rhythm_or_a_visit_to_come_is_left_alone(day: Day, shop: Shop) -> None:
    on(day, "rebook", time="11:00")
    day.agrees()
    regular(day, shop, visits=3)
    assert day.comes_by("11:00") == 0
    regular(day, shop, last=TODAY - timedelta(days=35 * 4), visits=2)
    day.do(lambda uow: add_visit(uow, shop, clock("11:00", TODAY + timedelta(days=3)), "booked"))
    assert day.comes_by("11:00") == 0


def bill(day: Day, *, days_ago: int) -> int:
    def write(uow: UnitOfWork) -> int:
        return issued(uow, day.shop).document_id

    made: int = day.do(write, when=clock("12:00", TODAY - timedelta(days=days_ago)))
    return made


def test_the_oldest_unpaid_bill_is_spoken_of_once(day: Day, shop: Shop) -> None:
    on(day, "dues", days=3, time="11:00")
    day.do(register, shop)
    document, _ = bill(day, days_ago=3), bill(day, days_ago=3)
    assert day.comes_by("11:00", TODAY - timedelta(days=1)) == 0
    assert day.comes_by("11:00") == 1
    assert day.comes_by("11:00", TODAY + timedelta(days=1)) == 0
    [message] = day.messages()
    assert (message.subject, message.details) == (f"dues:{document}", {"document_id": document})


def test_a_paid_bill_is_not_spoken_of(day: Day, shop: Shop) -> None:
    on(day, "dues", days=3, time="11:00")
    day.do(register, shop)
    document = bill(day, days_ago=3)
    total = day.do(lambda uow: document_of(uow.session, document).total_paise)
    day.do(take_payment, paying(document, PaidPart("cash", f"{total / 100:.2f}")))
    assert day.comes_by("11:00") == 0


def test_the_shop_s_ways_count(day: Day) -> None:
    on(day, "birthday")
    day.agrees()
    day.do(change_plan, ChangePlan(0, ["sms", "email"]))
    day.customer(birthday=date(1990, 12, 10), phone="+919845012345")
    day.comes_by("10:00")
    assert [one.channel for one in day.messages()] == ["sms"]


def test_thanks_need_a_page_to_lead_to(day: Day) -> None:
    thanks = ChangeStep("thanks", 0, is_on=True, amount="2", unit="hours")
    with pytest.raises(Conflict, match="no link to reviews"):
        day.do(change_step, thanks)
    assert day.do(change_step, replace(thanks, is_on=False, amount="3"))
    day.do(change_plan, ChangePlan(0, ["sms"], "https://g.page/r/lotus"))
    assert day.do(change_step, replace(thanks, version=1))


def test_only_the_worker_and_those_who_answer_messages(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(Role.ACCOUNTANT)) as uow, pytest.raises(Forbidden):
        plan_the_day(uow)
