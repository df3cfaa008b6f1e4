"""Sealed records and consents of two who become one, and two again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.consent import ConsentPurpose, Decision, Way
from microcrm.domain.person_files import PDF
from microcrm.models.family import FamilyTie
from microcrm.models.person_files import PersonFile
from microcrm.operations.customer_notes import add_note, notes_of
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.family import TieFamily, tie_family
from microcrm.operations.files.keeping import AboutFile, AddFile, begin_file, finish_file
from microcrm.operations.parts.consent import Said, entries_of, has_consent, note_consent
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.keyring import about_file_key, key_for_reading
from microcrm.operations.vault.reading import list_records
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.glance import family_of
from tests.support.merging import apart, merge, twice
from tests.support.shops import Shop
from tests.support.vault import FORMULA, SEALER, note, opened, values_of

OFFERS = ConsentPurpose.WHATSAPP_OFFERS


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_sealed_records_are_sealed_anew_both_ways(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    own, other = note(desk, kept), note(desk, gone)
    merge(desk, kept, gone)
    assert [line.id for line in list_records(desk, kept).lines] == [other, own]
    assert values_of(opened(desk, own, other)[1]) == FORMULA
    added = note(desk, kept)
    apart(desk)
    assert sorted(line.id for line in list_records(desk, kept).lines) == sorted([own, added])
    assert [line.id for line in list_records(desk, gone).lines] == [other]
    assert values_of(opened(desk, other)[0]) == FORMULA and values_of(opened(desk, added)[0]) == FORMULA


def test_what_was_erased_stays_erased(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    own, other = note(desk, kept), note(desk, gone)
    destroy_customer_keys(desk, gone)
    merge(desk, kept, gone)
    assert {line.id: line.is_erased for line in list_records(desk, kept).lines} == {own: False, other: True}
    destroy_customer_keys(desk, kept)
    apart(desk)
    assert [line.is_erased for one in (kept, gone) for line in list_records(desk, one).lines] == [True, True]


def said(uow: UnitOfWork, customer: int, decision: Decision) -> None:
    note_consent(uow, Said(customer, OFFERS, decision, Way.PAPER, date(2026, 11, 2)))


@pytest.mark.parametrize(
    ("kept_said", "gone_said", "holds"),
    [
        (Decision.GIVEN, Decision.WITHDRAWN, False),
        (Decision.GIVEN, Decision.REFUSED, False),
        (Decision.GIVEN, None, True),
        (Decision.GIVEN, Decision.GIVEN, True),
        (Decision.WITHDRAWN, Decision.GIVEN, False),
        (None, Decision.GIVEN, False),
        (None, Decision.REFUSED, False),
    ],
)
def test_a_no_of_either_holds_and_a_yes_is_not_carried_over(
    desk: UnitOfWork, kept_said: Decision | None, gone_said: Decision | None, holds: bool
) -> None:
    kept, gone = twice(desk)
    for customer, decision in ((kept, kept_said), (gone, gone_said)):
        if decision is not None:
            said(desk, customer, decision)
    before = {one: has_consent(desk, one, OFFERS) for one in (kept, gone)}
    merge(desk, kept, gone)
    assert has_consent(desk, kept, OFFERS) is holds
    apart(desk)
    assert {one: has_consent(desk, one, OFFERS) for one in (kept, gone)} == before


def test_a_yes_that_was_given_since_the_merge_stays(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    said(desk, gone, Decision.REFUSED)
    merge(desk, kept, gone)
    note_consent(desk, Said(kept, OFFERS, Decision.GIVEN, Way.PAPER, MORNING.date()))
    apart(desk)
    assert has_consent(desk, kept, OFFERS) and not has_consent(desk, gone, OFFERS)
    assert len(entries_of(desk, gone)) == 1


def test_photos_and_papers_are_sealed_anew_both_ways(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    seen = [brought(desk, one) for one in (kept, gone)]
    merge(desk, kept, gone)
    assert [key_of(desk, one, kept) for one in seen] == [True, True]
    apart(desk)
    assert [key_of(desk, one, whose) for one, whose in zip(seen, (kept, gone), strict=True)] == [True, True]
    assert not key_of(desk, seen[1], kept)


def brought(uow: UnitOfWork, customer_id: int) -> int:
    """A paper of the customer; where its bytes lie is not looked at."""
    coming = begin_file(uow, AddFile(customer_id, AboutFile("paper"), PDF, 3), SEALER)
    finish_file(uow, coming.id, 0, 0)
    return coming.id


def key_of(uow: UnitOfWork, file_id: int, customer_id: int) -> bool:
    """Whether the file is this customer's and its key opens with the customer's."""
    uow.session.expire_all()
    row = uow.session.get_one(PersonFile, file_id)
    owner = key_for_reading(uow, customer_id, row.generation, SEALER) if row.customer_id == customer_id else None
    return owner is not None and bool(
        owner.seal.open(row.sealed_key, about_file_key(uow.business_id, customer_id, row.token))
    )


def test_ties_go_over_unless_the_survivor_has_one(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    mother, brother = (add(desk, AddCustomer(name)).id for name in ("Meera Menon", "Ravi Menon"))
    for one, other, tie in (
        (gone, mother, "parent"),
        (brother, gone, "sibling"),
        (kept, mother, "parent"),
        (kept, gone, "relative"),
    ):
        tie_family(desk, TieFamily(one, other, tie))
    before = ties(desk)
    merge(desk, kept, gone)
    assert {line.name for line in family_of(desk, kept)} == {"Meera Menon", "Ravi Menon"}
    assert [line.name for line in family_of(desk, brother)] == ["Asha Menon"]
    assert [line.name for line in family_of(desk, mother)] == ["Asha Menon"]
    apart(desk)
    assert ties(desk) == before


def ties(uow: UnitOfWork) -> list[tuple[int, int]]:
    query = select(FamilyTie.customer_id, FamilyTie.relative_id).where(FamilyTie.business_id == uow.business_id)
    return sorted((row.customer_id, row.relative_id) for row in uow.session.execute(query))


def test_notes_and_tasks_go_over_and_come_back(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    add_note(desk, gone, "Likes the window", is_pinned=False)
    merge(desk, kept, gone)
    assert [line.words for line in notes_of(desk, kept)] == ["Likes the window"]
    apart(desk)
    assert notes_of(desk, kept) == () and [line.words for line in notes_of(desk, gone)] == ["Likes the window"]
