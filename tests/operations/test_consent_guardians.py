"""Who agreed for a child: named with their bond and the shop's proof, kept as it was said, through merges and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from microcrm.domain.consent import ConsentPurpose, Decision, Light
from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.guardian import AdultProof, Bond, Guardian
from microcrm.domain.permissions import Role, permissions_of
from microcrm.operations.consent_guardians import who_agrees
from microcrm.operations.consents import ConsentLine, RecordConsent, RecordedConsent, consents_of, record_consent
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.family import TieFamily, tie_family
from microcrm.operations.parts.consent import has_consent
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.merging import apart, merge
from tests.support.shops import Shop

PHOTOS = ConsentPurpose.PHOTOS
BORN = (MORNING.date() - timedelta(days=3000)).isoformat()
TYPED = {"by": "other", "guardian_name": "Meera Rao", "guardian_bond": "parent", "guardian_proof": "document"}
MEERA = Guardian("Meera Rao", Bond.PARENT, AdultProof.DOCUMENT)


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


@pytest.fixture
def child(desk: UnitOfWork) -> int:
    return somebody(desk, "Kabir Rao", birthday=BORN)


def somebody(uow: UnitOfWork, name: str, **more: Any) -> int:
    return add(uow, AddCustomer(name, **more)).id


def say(uow: UnitOfWork, customer: int, decision: str = "given", **more: Any) -> RecordedConsent:
    return record_consent(uow, replace(RecordConsent(customer, PHOTOS.value, decision, "paper"), **more))


def line_of(uow: UnitOfWork, customer: int) -> ConsentLine:
    return next(line for line in consents_of(uow, customer) if line.purpose is PHOTOS)


def test_a_childs_yes_names_who_gave_it(desk: UnitOfWork, child: int) -> None:
    with pytest.raises(Invalid) as caught:
        say(desk, child)
    assert "under 18" in caught.value.fields["by"]
    say(desk, child, **TYPED)
    line = line_of(desk, child)
    assert (line.light, line.steps[0].guardian) == (Light.GIVEN, MEERA) and has_consent(desk, child, PHOTOS)
    assert say(desk, child, **TYPED).undo == "", "the same again is one record"
    say(desk, child, "withdrawn")
    assert line_of(desk, child).steps[0].guardian is None, "a no needs nobody else"
    assert not has_consent(desk, child, PHOTOS)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"by": "other"}, {"guardian_name", "guardian_bond", "guardian_proof"}),
        (TYPED | {"guardian_name": " "}, {"guardian_name"}),
        (TYPED | {"guardian_name": "x" * 200}, {"guardian_name"}),
        (TYPED | {"guardian_bond": "aunt"}, {"guardian_bond"}),
        (TYPED | {"guardian_proof": ["known"]}, {"guardian_proof"}),
        (TYPED | {"by": "0"}, {"by"}), (TYPED | {"by": str(2**62)}, {"by"}), (TYPED | {"by": ["other"]}, {"by"}),
        (TYPED | {"by": None}, {"by"}), (TYPED | {"by": "<b>"}, {"by"}),
    ],
)  # fmt: skip
def test_bad_input_is_refused_at_its_field(
    desk: UnitOfWork, child: int, typed: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        say(desk, child, **typed)
    assert set(caught.value.fields) == wrong
    assert line_of(desk, child).steps == ()


def test_a_tied_parent_is_chosen_and_nobody_else(desk: UnitOfWork, child: int, neighbour: Shop) -> None:
    mother, aunt = somebody(desk, "Asha Rao"), somebody(desk, "Usha Rao")
    sister = somebody(desk, "Anu Rao", birthday=BORN)
    tie_family(desk, TieFamily(mother, child, "child"))
    tie_family(desk, TieFamily(child, aunt, "relative"))
    tie_family(desk, TieFamily(child, sister, "guardian"))
    who = who_agrees(desk, child)
    assert (who.is_child, [(one.customer_id, one.bond) for one in who.tied]) == (True, [(mother, Bond.PARENT)])
    for stranger in (aunt, sister, child, neighbour.customer_id):
        with pytest.raises(Invalid) as caught:
            say(desk, child, by=str(stranger), guardian_proof="known")
        assert set(caught.value.fields) == {"by"}
    say(desk, child, by=str(mother), guardian_proof="known")
    assert line_of(desk, child).steps[0].guardian == Guardian("Asha Rao", Bond.PARENT, AdultProof.KNOWN, mother)


def test_who_turns_out_to_be_a_child_needs_a_parents_yes_from_then_on(desk: UnitOfWork) -> None:
    customer = somebody(desk, "Kavya Rao")
    say(desk, customer)
    assert has_consent(desk, customer, PHOTOS) and not who_agrees(desk, customer).is_child
    desk.session.execute(text("UPDATE customers SET birthday = :d WHERE id = :c"), {"d": BORN, "c": customer})
    assert (line_of(desk, customer).light, has_consent(desk, customer, PHOTOS)) == (Light.ALONE, False)
    done = say(desk, customer, **TYPED)
    assert done.undo and line_of(desk, customer).light is Light.GIVEN and has_consent(desk, customer, PHOTOS)


def test_somebody_of_age_may_be_spoken_for_too(desk: UnitOfWork, shop: Shop) -> None:
    say(desk, shop.customer_id, **TYPED | {"guardian_bond": "guardian"})
    assert line_of(desk, shop.customer_id).steps[0].guardian == replace(MEERA, bond=Bond.GUARDIAN)


def test_it_stays_with_the_child_it_was_said_of_and_follows_the_parents_record(desk: UnitOfWork, child: int) -> None:
    mother = somebody(desk, "Asha Rao", phone="98450 11111")
    twin = somebody(desk, "Asha Rao Bhat", phone="98450 22222")
    other = somebody(desk, "Kabir R", birthday=BORN)
    tie_family(desk, TieFamily(mother, child, "child"))
    say(desk, child, by=str(mother), guardian_proof="known")

    def guardian() -> Guardian | None:
        return line_of(desk, child).steps[0].guardian

    merge(desk, twin, mother)
    assert guardian() == Guardian("Asha Rao", Bond.PARENT, AdultProof.KNOWN, twin), "named as then, found as now"
    apart(desk)
    assert guardian() == Guardian("Asha Rao", Bond.PARENT, AdultProof.KNOWN, mother)
    merge(desk, other, child)
    assert not has_consent(desk, other, PHOTOS), "a yes is not carried over"
    assert line_of(desk, other).steps == ()
    apart(desk)
    assert has_consent(desk, child, PHOTOS) and guardian() is not None


def test_a_no_that_a_merge_carries_over_needs_no_parent(desk: UnitOfWork, child: int) -> None:
    other = somebody(desk, "Kabir R", birthday=BORN)
    say(desk, other, **TYPED)
    say(desk, child, "refused")
    merge(desk, other, child)
    assert line_of(desk, other).light is Light.REFUSED
    apart(desk)
    assert line_of(desk, other).light is Light.GIVEN and line_of(desk, other).steps[-1].guardian == MEERA


def test_only_who_may_record_asks_who_agrees_and_only_of_own_customers(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, child: int
) -> None:
    with pytest.raises(NotFound):
        who_agrees(desk, neighbour.customer_id)
    accountant = replace(desk, actor=shop.actor(Role.ACCOUNTANT, permissions=permissions_of(Role.ACCOUNTANT)))
    with pytest.raises(Forbidden):
        who_agrees(accountant, child)


@pytest.mark.parametrize(
    "columns",
    ["guardian_name = 'x'", "guardian_bond = 'parent'", "guardian_proof = 'known'", "guardian_bond = 'aunt'",
     "guardian_id = customer_id, guardian_name = 'x', guardian_bond = 'parent', guardian_proof = 'known'"],
)  # fmt: skip
def test_the_database_refuses_half_a_guardian(owner_engine: Any, fresh_database: Any, columns: str) -> None:
    from microcrm import wiring
    from microcrm.settings import settings
    from tests.conftest import act_as

    shop = fresh_database.a
    act_as(shop.actor(), record_consent, RecordConsent(shop.customer_id, "photos", "given", "paper"))
    engine = wiring.make_engine(settings().database_owner_url, 1)
    with pytest.raises(DBAPIError, match="ck_consents_guardian"), engine.begin() as connection:
        connection.execute(text(f"UPDATE consents SET {columns}"))
    engine.dispose()


def test_the_day_a_decision_counts_is_not_moved_by_who_said_it(desk: UnitOfWork, child: int) -> None:
    say(desk, child, day="2026-01-05", **TYPED)
    say(desk, child, "withdrawn", day="2026-02-05", **TYPED)
    line = line_of(desk, child)
    assert [(step.decision, step.day, step.guardian) for step in line.steps] == [
        (Decision.WITHDRAWN, date(2026, 2, 5), MEERA), (Decision.GIVEN, date(2026, 1, 5), MEERA),
    ]  # fmt: skip
