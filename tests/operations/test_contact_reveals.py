"""Looking at masked numbers: a reason, a budget that parallel presses cannot exceed, a log, and owners who hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, LimitReached, NotFound
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.domain.reveals import QUICK_COUNT, USUAL_A_DAY
from microcrm.models.records import AuditEvent, OutboxMessage
from microcrm.models.reveals import ContactReveal
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.contact_reveals import (
    RevealContact,
    Revealed,
    customer_reveals,
    hot_members,
    reveal_contact,
    reveals_left,
)
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.reveal_budgets import SaveBudgets, reveal_budgets, save_budgets
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.conftest import Work
from tests.operations.test_spellings_races import at_once
from tests.support.shops import Shop, TwoShops

MORNING = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # 9:30 am in India
USUAL = USUAL_A_DAY[Role.STAFF]


@pytest.fixture
def staff(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(Role.STAFF), clock=at(MORNING)) as uow:
        yield uow


def as_owner(uow: UnitOfWork, shop: Shop) -> UnitOfWork:
    return replace(uow, actor=shop.actor())


def look(uow: UnitOfWork, customer: Any, contact: Any = "phone", reason: Any = "late", words: Any = "") -> Revealed:
    return reveal_contact(uow, RevealContact(customer, contact, reason, words))


def later(uow: UnitOfWork, **lapse: float) -> UnitOfWork:
    return replace(uow, now=uow.now + timedelta(**lapse))


def mails(uow: UnitOfWork) -> list[dict[str, Any]]:
    query = select(OutboxMessage.payload).where(
        OutboxMessage.business_id == uow.business_id, OutboxMessage.kind == "mail"
    )
    rows = uow.session.scalars(query.order_by(OutboxMessage.id)).all()
    return [row for row in rows if row["template"] == "contacts_looked_at"]


def test_a_look_shows_the_number_costs_one_and_is_written_down(staff: UnitOfWork, shop: Shop) -> None:
    assert reveals_left(staff) == USUAL
    found = look(staff, shop.customer_id, reason="other", words="She left her scarf")
    assert (found.value, found.link, found.left) == ("+91 98451 12345", "tel:+919845112345", USUAL - 1)
    assert "98451" not in repr(found)
    assert reveals_left(staff) == USUAL - 1
    owner = as_owner(staff, shop)
    (line,) = customer_reveals(owner, shop.customer_id)
    assert (line.who, line.contact, line.why) == ("Plain staff", "phone number", "She left her scarf")
    assert customer_reveals(staff, shop.customer_id) == ()
    (row, *_) = list_activity(owner, ListActivity(kind="customers")).rows
    assert f"{row.who} {row.what}" == "Plain staff looked at a customer’s number or email address"
    event = staff.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None and event.facts == {"contact": "phone", "reason": "other"}


def test_an_address_is_looked_at_the_same_way(staff: UnitOfWork, shop: Shop) -> None:
    front = replace(staff, actor=shop.actor())
    person = add(front, AddCustomer("Meera Nair", email="meera.nair@example.in")).id
    accountant = replace(staff, actor=shop.actor(Role.ACCOUNTANT))
    found = look(accountant, person, "email", "bill")
    assert (found.value, found.link) == ("meera.nair@example.in", "mailto:meera.nair@example.in")
    with pytest.raises(NotFound):
        look(accountant, person, "phone")


@pytest.mark.parametrize(
    ("contact", "reason", "words", "field"),
    [
        ("phone", "", "", "reason"),
        ("phone", None, "", "reason"),
        ("phone", "curious", "", "reason"),
        ("phone", "other", "", "words"),
        ("phone", "other", "ab", "words"),
        ("phone", "late", "x" * 201, "words"),
        ("address", "late", "", "contact"),
        (["phone"], "late", "", "contact"),
    ],
)
def test_without_a_reason_nothing_is_shown(
    staff: UnitOfWork, shop: Shop, contact: Any, reason: Any, words: Any, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        look(staff, shop.customer_id, contact, reason, words)
    assert field in refused.value.fields
    assert reveals_left(staff) == USUAL


def test_who_may_not(staff: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    stranger = add(as_owner(staff, shop), AddCustomer("Not Mine", "98860 11223")).id
    for customer in (neighbour.customer_id, stranger, 10**12, "x", None, True):
        with pytest.raises((NotFound, Invalid)):
            look(staff, customer)
    with pytest.raises(Forbidden, match="in full"):
        look(replace(staff, actor=shop.actor(Role.FRONT_DESK)), shop.customer_id)
    with pytest.raises(Forbidden):
        look(replace(staff, actor=shop.actor(Role.STAFF, is_viewing_as=True)), shop.customer_id)
    less = permissions_of(Role.STAFF, withheld=["customers.reveal"])
    with pytest.raises(Forbidden):
        look(replace(staff, actor=shop.actor(Role.STAFF, permissions=less)), shop.customer_id)
    assert reveals_left(staff) == USUAL
    assert look(staff, shop.customer_id).value


def test_the_day_is_the_shop_s_and_the_budget_comes_back_with_it(staff: UnitOfWork, shop: Shop) -> None:
    for number in range(USUAL):
        assert look(later(staff, hours=number / 2), shop.customer_id).left == USUAL - number - 1
    with pytest.raises(LimitReached, match="10 looks"):
        look(staff, shop.customer_id)
    assert reveals_left(staff) == 0
    evening = replace(staff, now=datetime(2026, 11, 25, 18, 29, tzinfo=UTC))  # 11:59 pm in India
    with pytest.raises(LimitReached):
        look(evening, shop.customer_id)
    assert look(later(evening, minutes=1), shop.customer_id).left == USUAL - 1


def test_the_owner_hears_once_of_a_spent_budget(staff: UnitOfWork, shop: Shop) -> None:
    for number in range(USUAL - 1):
        look(later(staff, hours=number / 2), shop.customer_id)
    assert mails(staff) == [] and hot_members(as_owner(staff, shop)) == ()
    look(later(staff, hours=6), shop.customer_id)
    (mail,) = mails(staff)
    assert mail["to"] == "owner@a.example"
    facts = {"who": "Plain staff", "shop": "Asha's Salon", "count": USUAL, "is_spent": True}
    assert facts.items() <= mail["data"].items()
    (hot,) = hot_members(as_owner(staff, shop))
    assert (hot.name, hot.count, hot.is_spent) == ("Plain staff", USUAL, True)
    assert hot_members(staff) == ()
    assert hot_members(later(as_owner(staff, shop), days=1)) == ()


def test_the_owner_hears_once_of_many_within_minutes(staff: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    for second in range(QUICK_COUNT + 2):
        look(later(staff, seconds=10 * second), shop.customer_id)
    (mail,) = mails(staff)
    assert (mail["data"]["count"], mail["data"]["is_spent"]) == (QUICK_COUNT, False)
    (hot,) = hot_members(as_owner(staff, shop))
    assert (hot.count, hot.is_spent) == (QUICK_COUNT + 2, False)


def budgets(uow: UnitOfWork, **typed: Any) -> bool:
    now = reveal_budgets(uow)
    usual = {line.key: "" if line.a_day is None else line.a_day for line in (*now.roles, *now.people)}
    return save_budgets(uow, SaveBudgets(usual | typed, now.stamp))


def test_the_owner_says_how_many_by_role_and_by_person(staff: UnitOfWork, shop: Shop) -> None:
    owner = as_owner(staff, shop)
    mine = f"member_{shop.members[Role.STAFF]}"
    assert [line.label for line in reveal_budgets(owner).people] == ["Plain staff", "Plain accountant"]
    assert not budgets(owner)
    assert budgets(owner, role_staff="3")
    assert reveals_left(staff) == 3
    assert budgets(owner, **{mine: 5})
    assert reveals_left(staff) == 5
    assert budgets(owner, **{mine: ""}) and budgets(owner, role_staff=0)
    with pytest.raises(LimitReached, match="no looks"):
        look(staff, shop.customer_id)


def test_budgets_that_are_refused(staff: UnitOfWork, shop: Shop) -> None:
    owner = as_owner(staff, shop)
    for wrong in ("-1", "201", "ten", "", None, [], "9" * 400):
        with pytest.raises(Invalid) as refused:
            budgets(owner, role_staff=wrong)
        assert "role_staff" in refused.value.fields
    for role in (Role.MANAGER, Role.STAFF):
        with pytest.raises(Forbidden):
            reveal_budgets(replace(staff, actor=shop.actor(role)))
    stale = reveal_budgets(owner).stamp
    assert budgets(owner, role_staff=4)
    with pytest.raises(Conflict):
        save_budgets(owner, SaveBudgets({f"role_{role}": 1 for role in Role}, stale))
    assert reveals_left(staff) == 4


def test_presses_at_the_same_moment_cannot_spend_more_than_there_is(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    engine = wiring.make_engine(settings().database_url, 8)
    try:
        with wiring.unit_of_work(shop.actor(), bind=engine) as uow:
            assert budgets(uow, role_staff=3)

        def press(uow: UnitOfWork) -> object:
            return look(replace(uow, actor=shop.actor(Role.STAFF)), shop.customer_id)

        refused = at_once(engine, shop, *[press] * 8)
        assert len(refused) == 5 and all(isinstance(one, LimitReached) for one in refused)
        with wiring.unit_of_work(shop.actor(), bind=engine) as uow:
            looks = select(func.count()).select_from(ContactReveal).where(ContactReveal.business_id == shop.business_id)
            assert uow.session.scalars(looks).one() == 3
            assert [mail["data"]["is_spent"] for mail in mails(uow)] == [True]
    finally:
        engine.dispose()


def test_a_look_that_is_refused_leaves_nothing(staff: UnitOfWork, shop: Shop) -> None:
    nobody = replace(staff, actor=replace(shop.actor(Role.STAFF), member_id=None))
    with pytest.raises(DomainError):
        look(nobody, shop.customer_id)
    assert Permission.CUSTOMERS_REVEAL in nobody.actor.permissions
    assert staff.session.scalars(select(func.count()).select_from(ContactReveal)).one() == 0
