"""Consents: written down once, never changed, taken back by a further row, seen by whoever may see the customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import DBAPIError

from microcrm import wiring
from microcrm.domain.consent import ConsentPurpose, Decision, Light
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Permission, Role
from microcrm.models.business import Business
from microcrm.models.consents import Consent, ConsentNotice
from microcrm.models.customers import Customer
from microcrm.models.records import AuditEvent
from microcrm.operations.consents import ConsentLine, RecordConsent, RecordedConsent, consents_of, record_consent
from microcrm.operations.parts.consent import has_consent, who_consent
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.shops import Shop

PHOTOS = ConsentPurpose.PHOTOS


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def say(uow: UnitOfWork, shop: Shop, decision: str = "given", **changes: Any) -> RecordedConsent:
    return record_consent(uow, replace(RecordConsent(shop.customer_id, PHOTOS.value, decision, "paper"), **changes))


def line_of(uow: UnitOfWork, shop: Shop, purpose: ConsentPurpose = PHOTOS) -> ConsentLine:
    return next(line for line in consents_of(uow, shop.customer_id) if line.purpose is purpose)


def test_nothing_is_agreed_to_until_somebody_says_so(owner: UnitOfWork, shop: Shop) -> None:
    assert {line.purpose: line.light for line in consents_of(owner, shop.customer_id)} == {
        purpose: Light.ALLOWED if purpose is ConsentPurpose.VISIT_MESSAGES else Light.MISSING
        for purpose in ConsentPurpose
    }
    assert not has_consent(owner, shop.customer_id, PHOTOS)
    assert has_consent(owner, shop.customer_id, ConsentPurpose.VISIT_MESSAGES)


def test_a_yes_is_kept_with_day_way_author_proof_and_the_words_that_were_shown(owner: UnitOfWork, shop: Shop) -> None:
    last = owner.now.date() + timedelta(days=60)
    say(owner, shop, day="2026-01-03", until=last.isoformat(), evidence="Folder B")
    line = line_of(owner, shop)
    assert (line.light, line.day, line.until) == (Light.GIVEN, date(2026, 1, 3), last)
    (step,) = line.steps
    assert (step.decision, step.way, step.who, step.evidence, step.notice_version) == (
        Decision.GIVEN, "paper", "Plain owner", "Folder B", 1,
    )  # fmt: skip
    notice = owner.session.scalars(select(ConsentNotice)).one()
    assert notice.text == line.notice and "Asha's Salon" in notice.text and len(notice.digest) == 32
    events = owner.session.scalars(select(AuditEvent).where(AuditEvent.action == "consent.given")).all()
    assert [e.facts["purpose"] for e in events] == ["photos"] and "Folder" not in str(events[0].facts)


def test_consent_follows_what_was_said_last_and_each_purpose_stands_alone(owner: UnitOfWork, shop: Shop) -> None:
    say(owner, shop)
    assert has_consent(owner, shop.customer_id, PHOTOS)
    assert not has_consent(owner, shop.customer_id, ConsentPurpose.HEALTH)
    say(owner, shop, "withdrawn")
    assert not has_consent(owner, shop.customer_id, PHOTOS)
    assert [step.decision for step in line_of(owner, shop).steps] == [Decision.WITHDRAWN, Decision.GIVEN]


def test_it_ends_by_itself(unit_of_work: Work, shop: Shop, at: Any, owner: UnitOfWork) -> None:
    last = owner.now.date() + timedelta(days=30)
    say(owner, shop, until=last.isoformat())
    assert has_consent(owner, shop.customer_id, PHOTOS)
    with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(days=32))) as later:
        assert not has_consent(later, shop.customer_id, PHOTOS)
        assert line_of(later, shop).light is Light.EXPIRED


def test_the_same_again_is_one_record(owner: UnitOfWork, shop: Shop) -> None:
    assert say(owner, shop).undo != ""
    assert say(owner, shop).undo == ""
    assert len(line_of(owner, shop).steps) == 1


def test_a_mistake_is_taken_back_by_a_further_row(owner: UnitOfWork, shop: Shop) -> None:
    done = say(owner, shop)
    assert take_back(owner, done.undo) == "Undone: Photos: consent given"
    assert not has_consent(owner, shop.customer_id, PHOTOS)
    (step,) = line_of(owner, shop).steps
    assert step.is_void
    assert len(owner.session.scalars(select(Consent)).all()) == 2
    with pytest.raises(Conflict):
        take_back(owner, done.undo)


def test_what_was_followed_by_something_else_cannot_be_taken_back(owner: UnitOfWork, shop: Shop) -> None:
    done = say(owner, shop)
    say(owner, shop, "withdrawn")
    with pytest.raises(Conflict):
        take_back(owner, done.undo)
    assert line_of(owner, shop).light is Light.WITHDRAWN


def test_another_name_of_the_shop_is_another_version_of_the_words(owner: UnitOfWork, shop: Shop) -> None:
    say(owner, shop)
    business = owner.session.get(Business, shop.business_id)
    assert business is not None
    business.name = "Asha & Daughters"
    say(owner, shop, day="2026-01-04")
    assert {step.notice_version for step in line_of(owner, shop).steps} == {1, 2}
    assert len(owner.session.scalars(select(ConsentNotice)).all()) == 2


def test_the_words_that_the_shop_wrote_stand(owner: UnitOfWork, shop: Shop) -> None:
    owner.session.add(
        ConsentNotice(
            business_id=shop.business_id, purpose="photos", language="en", version=1, text="May we?", digest=b"x" * 32,
            member_id=shop.members[Role.OWNER], at=owner.now,
        )
    )  # fmt: skip
    owner.session.flush()
    assert line_of(owner, shop).notice == "May we?"
    say(owner, shop)
    assert line_of(owner, shop).steps[0].notice_version == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"purpose": "world domination"}, "purpose"),
        ({"purpose": None}, "purpose"),
        ({"decision": "void"}, "decision"),
        ({"decision": ["given"]}, "decision"),
        ({"way": "telepathy"}, "way"),
        ({"day": "2999-01-01"}, "day"),
        ({"day": "yesterday-ish"}, "day"),
        ({"day": "2026-01-05", "until": "2026-01-04"}, "until"),
        ({"until": "2099-01-01"}, "until"),
        ({"decision": "withdrawn", "until": "2026-12-31", "day": "2026-01-01"}, "until"),
        ({"evidence": "x" * 201}, "evidence"),
        ({"evidence": {"a": 1}}, "evidence"),
    ],
)
def test_what_is_wrong_stands_at_its_field(owner: UnitOfWork, shop: Shop, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        say(owner, shop, **changes)
    assert set(caught.value.fields) == {field}
    assert owner.session.scalars(select(Consent)).all() == []


def test_who_may_record_and_who_only_sees(unit_of_work: Work, shop: Shop) -> None:
    for role in (Role.MANAGER, Role.FRONT_DESK, Role.STAFF):  # the staff member has a visit of this customer
        with unit_of_work(shop.actor(role)) as uow:
            say(uow, shop, day=(uow.now.date() - timedelta(days=9)).isoformat(), evidence=role.value)
    with unit_of_work(shop.actor(Role.ACCOUNTANT)) as uow:
        assert line_of(uow, shop).light is Light.GIVEN
        with pytest.raises(Forbidden):
            say(uow, shop)
    with unit_of_work(shop.actor(is_viewing_as=True)) as uow, pytest.raises(Forbidden):
        say(uow, shop)


def test_a_neighbour_s_customer_is_not_found(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        for odd in (shop.customer_id, 2**63, -1, "x", None, [1]):
            with pytest.raises(NotFound):
                consents_of(uow, odd)
            with pytest.raises(NotFound):
                say(uow, shop, customer_id=odd)
        assert not has_consent(uow, shop.customer_id, ConsentPurpose.VISIT_MESSAGES)


def test_a_staff_member_sees_no_consents_of_customers_of_others(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        other = Customer(business_id=shop.business_id, name="Other", name_key="other", created_at=uow.now, tags=[])
        uow.session.add(other)
        uow.session.flush()
        assert consents_of(uow, other.id)
        number = other.id
    with unit_of_work(shop.actor(Role.STAFF)) as uow, pytest.raises(NotFound):
        consents_of(uow, number)


def test_the_database_refuses_to_change_or_delete_a_consent(owner: UnitOfWork, shop: Shop) -> None:
    say(owner, shop)
    for statement in (
        "UPDATE consents SET decision = 'refused', until = NULL", "DELETE FROM consents", "DELETE FROM consent_notices",
        "UPDATE consent_notices SET text = ''",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="permission denied"), owner.session.begin_nested():
            owner.session.execute(text(statement))


def test_many_are_asked_at_once(owner: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    child = Customer(
        business_id=shop.business_id, name="Kid", name_key="kid", created_at=owner.now, tags=[],
        birthday=owner.now.date() - timedelta(days=3000),
    )  # fmt: skip
    owner.session.add(child)
    owner.session.flush()
    mother = {"by": "other", "guardian_name": "Meera", "guardian_bond": "parent", "guardian_proof": "document"}
    for purpose in ("photos", "sms_offers"):
        for customer_id, by in ((shop.customer_id, {}), (child.id, mother)):
            say(owner, shop, purpose=purpose, customer_id=customer_id, **by)
    everybody = [shop.customer_id, child.id or 0, neighbour.customer_id, 2**62]
    assert who_consent(owner, everybody, PHOTOS) == {shop.customer_id, child.id}
    assert who_consent(owner, everybody, ConsentPurpose.SMS_OFFERS) == {shop.customer_id}
    assert who_consent(owner, [], PHOTOS) == set()


def test_reading_costs_the_same_however_much_was_said(owner: UnitOfWork, shop: Shop) -> None:
    def statements() -> int:
        seen: list[str] = []
        connection = owner.session.connection()
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(connection, "before_cursor_execute", listen)
        consents_of(owner, shop.customer_id)
        event.remove(connection, "before_cursor_execute", listen)
        return len(seen)

    before = statements()
    for place in range(6):
        say(owner, shop, ("given", "withdrawn")[place % 2])
    assert statements() == before == 4


def test_two_who_record_the_same_at_once_write_one_row(fresh_database: Any, owner_engine: Engine) -> None:
    from concurrent.futures import ThreadPoolExecutor

    shop = fresh_database.a

    def record(_: int) -> str:
        with wiring.unit_of_work(shop.actor()) as uow:
            return say(uow, shop).undo

    with ThreadPoolExecutor(4) as pool:
        undos = list(pool.map(record, range(4)))
    assert sum(1 for undo in undos if undo) == 1
    with wiring.unit_of_work(shop.actor(permissions=frozenset(Permission))) as uow:
        assert len(uow.session.scalars(select(Consent)).all()) == 1
