"""What a member chooses to be told, what cannot be switched off, and the mails that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from microcrm.adapters.mail_letters import render
from microcrm.domain.bell import RULES, BellKind, Mailing, Way, choice_of, concerns, is_told
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import ROLES, Role
from microcrm.models.business import Member
from microcrm.models.records import OutboxMessage
from microcrm.operations.bell.choosing import choose, my_choices
from microcrm.operations.bell.ringing import ring
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.support.bells import bells
from tests.support.shops import Shop

NOW = datetime(2026, 12, 4, 6, 0, tzinfo=UTC)
FACTS = {"item": 1, "starts_at": "2026-12-05T10:45:00+00:00"}


@pytest.fixture
def uow(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(NOW)) as uow:
        yield uow


def of(uow: UnitOfWork, shop: Shop, role: Role, **changes: Any) -> UnitOfWork:
    return replace(uow, actor=shop.actor(role, **changes))


def mails(uow: UnitOfWork) -> list[tuple[str, str]]:
    """To whom, and what they say."""
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id)
    rows = uow.session.scalars(query).all()
    return [(row["to"], row["data"]["text"]) for row in rows if row["template"] == "bell"]


def test_what_comes_until_somebody_chooses_otherwise(uow: UnitOfWork, shop: Shop) -> None:
    for role in Role:
        found = my_choices(of(uow, shop, role))
        assert {one.kind for one in found} == {kind for kind, rule in RULES.items() if concerns(rule, ROLES[role])}
        assert all(one.by_bell for one in found)
        assert {one.kind for one in found if one.by_mail} == {
            one.kind for one in found if RULES[one.kind].mail in (Mailing.OWN, Mailing.ALWAYS, Mailing.ON)
        }
    assert {one.kind for one in my_choices(of(uow, shop, Role.STAFF))} == {
        BellKind.SIGN_IN, BellKind.ACCOUNT, BellKind.NEWS,
    }  # fmt: skip


def test_bell_and_mail_are_chosen_apart(uow: UnitOfWork, shop: Shop) -> None:
    desk = of(uow, shop, Role.FRONT_DESK)
    assert not choose(desk, "request", "bell", False).by_bell
    assert choose(desk, "request", "mail", True).by_mail
    choose(desk, "request", "mail", True)
    ring(uow, BellKind.REQUEST, "1", **FACTS)
    assert set(bells(uow, shop, "request")) == {Role.OWNER, Role.MANAGER}
    assert mails(uow) == [("front_desk@a.example", "A booking waits for your yes: Tomorrow, 4:15 pm")]
    choose(desk, "request", "mail", False)
    choose(desk, "request", "bell", True)
    ring(uow, BellKind.REQUEST, "2", **FACTS)
    assert len(mails(uow)) == 1 and len(bells(uow, shop, "request")[Role.FRONT_DESK]) == 1
    stored = uow.session.scalars(select(Member.bell_choices).where(Member.id == shop.members[Role.FRONT_DESK])).one()
    assert stored == ["bell:request:on", "mail:request:off"]


def test_a_mail_that_usually_comes_and_is_switched_off(uow: UnitOfWork, shop: Shop) -> None:
    choose(of(uow, shop, Role.MANAGER), "failed", "mail", False)
    for minutes in (0, 61):
        ring(replace(uow, now=NOW + timedelta(minutes=minutes)), BellKind.FAILED, f"hour {minutes}")
    assert sorted(to for to, _ in mails(uow)) == ["front_desk@a.example", "owner@a.example"], "one a day"
    assert len(bells(uow, shop, "failed")[Role.MANAGER]) == 2


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.fixed])
@pytest.mark.parametrize("way", list(Way))
def test_what_is_fixed_says_why_and_comes(uow: UnitOfWork, shop: Shop, kind: BellKind, way: Way) -> None:
    with pytest.raises(Conflict) as refused:
        choose(uow, kind.value, way.value, False)
    assert refused.value.remedy == RULES[kind].fixed
    row = uow.session.get_one(Member, shop.members[Role.OWNER])
    row.bell_choices = [choice_of(kind, one, is_on=False) for one in Way]  # as if it had been written past the walls
    uow.session.flush()
    ring(uow, kind, "1", to=(shop.members[Role.OWNER],), who=shop.members[Role.STAFF])
    assert len(bells(uow, shop, kind.value)[Role.OWNER]) == 1
    assert len(mails(uow)) == (RULES[kind].mail is Mailing.ALWAYS)


@pytest.mark.parametrize(
    ("kind", "way", "is_on", "error"),
    [
        ("request", "bell", "perhaps", Invalid), ("request", "pigeon", True, NotFound), ("x" * 10_000, "bell", True, NotFound),
        (None, "bell", True, NotFound), (["request"], "bell", True, NotFound), ("news", "mail", True, NotFound),
        ("request", {"a": 1}, True, NotFound), ("dispute", "bell", True, NotFound),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen(
    uow: UnitOfWork, shop: Shop, kind: Any, way: Any, is_on: Any, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        choose(of(uow, shop, Role.FRONT_DESK), kind, way, is_on)
    assert uow.session.get_one(Member, shop.members[Role.FRONT_DESK]).bell_choices == []


def test_nobody_chooses_for_another(uow: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    with pytest.raises(Forbidden):
        choose(of(uow, shop, Role.STAFF, is_viewing_as=True), "news", "bell", False)
    nowhere = replace(uow, actor=replace(shop.actor(), kind="account", business_id=None, member_id=None))
    assert my_choices(nowhere) == ()
    with pytest.raises(Forbidden):
        choose(nowhere, "news", "bell", False)
    choose(uow, "news", "bell", False)
    uow.enter_business(neighbour.business_id)
    theirs = uow.session.scalars(select(Member.bell_choices).where(Member.business_id == neighbour.business_id)).all()
    assert theirs == [[]] * 5


@given(st.sampled_from(BellKind), st.sampled_from(Way), st.lists(st.text()))
def test_nonsense_that_is_stored_changes_nothing(kind: BellKind, way: Way, stored: list[str]) -> None:
    usual = way is Way.BELL or RULES[kind].mail in (Mailing.OWN, Mailing.ALWAYS, Mailing.ON)
    assert is_told(kind, way, stored) == usual


def test_the_mail_names_the_shop_says_it_once_and_leads_there(uow: UnitOfWork, shop: Shop) -> None:
    ring(replace(uow, actor=system(shop.business_id)), BellKind.KEYS, "1", of="razorpay", what="entered")
    ring(uow, BellKind.DISPUTE, "1", paise=50_000, document=4)
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id)
    fixed, free = (
        render(row["template"], row["data"], "https://crm.example")
        for row in uow.session.scalars(query)
        if row["to"] == "owner@a.example"
    )
    assert fixed.subject == "Somebody entered keys of Razorpay" and RULES[BellKind.KEYS].fixed in fixed.text
    assert "Asha's Salon" in free.text and "https://crm.example/invoice?id=4" in free.text
    assert "https://crm.example/account#told" in free.text and "#told" not in fixed.text
