"""Sealed records and consents of two who become one, and two again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from microcrm.domain.consent import ConsentPurpose, Decision, Way
from microcrm.operations.parts.consent import Said, entries_of, has_consent, note_consent
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import list_records
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.merging import apart, merge, twice
from tests.support.shops import Shop
from tests.support.vault import FORMULA, note, opened, values_of

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
