"""What stands around a customer's story: one statement, the same as each list read for itself, and of nobody too much."""

from __future__ import annotations

from datetime import date

import pytest

from microcrm import wiring
from microcrm.domain.consent import Light
from microcrm.domain.errors import SignedOut
from microcrm.domain.family import Tie
from microcrm.domain.permissions import Permission, Role
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.consents import RecordConsent, consents_of, record_consent
from microcrm.operations.contact_reveals import RevealContact, customer_reveals, reveal_contact, reveals_left
from microcrm.operations.customer_glance import Glance, glance
from microcrm.operations.customer_notes import WriteNote, notes_of, write_note
from microcrm.operations.customer_tasks import AddTask, add_task, tasks_of
from microcrm.operations.customer_view import view
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.family import TieFamily, tie_family
from microcrm.operations.timeline.reading import ReadTimeline, read_timeline
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork
from microcrm.operations.vault.reading import last_allergy
from tests.conftest import Work
from tests.support.free_times import statements_of
from tests.support.shops import Shop
from tests.support.vault import note as seal

MOST_STATEMENTS = 8  # of the whole page, see ``bench customer-page``


def fill(uow: UnitOfWork, shop: Shop, times: int = 1) -> None:
    for place in range(times):
        write_note(uow, WriteNote(shop.customer_id, f'Tea {place}, "no sugar"', is_pinned=place == 0))
        add_task(uow, AddTask(shop.customer_id, f"Call {place}", "2020-01-06"))
        relative = add(uow, AddCustomer(f"Relative {place}")).id
        tie_family(uow, TieFamily(shop.customer_id, relative, "child"))
        record_consent(uow, RecordConsent(shop.customer_id, "photos", ("given", "withdrawn")[place % 2], "paper"))
        seal(uow, shop.customer_id, "allergy", wiring.sealer())


def look(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        reveal_contact(uow, RevealContact(shop.customer_id, "phone", "call_back", "about Friday"))


def test_it_is_what_each_list_says_for_itself(unit_of_work: Work, shop: Shop) -> None:
    look(unit_of_work, shop)
    with unit_of_work(shop.actor()) as uow:
        fill(uow, shop, 3)
        found = glance(uow, shop.customer_id, is_whole=True)
        assert found.head.notes == notes_of(uow, shop.customer_id) and len(found.head.notes) == 3
        assert found.head.allergy == last_allergy(uow, shop.customer_id) == date(2026, 1, 5)
        assert found.beside.tasks == tasks_of(uow, shop.customer_id) and len(found.beside.tasks) == 3
        assert found.beside.looks == customer_reveals(uow, shop.customer_id) and len(found.beside.looks) == 1
        assert [(one.name, one.tie) for one in found.beside.family] == [
            ("Relative 0", Tie.CHILD), ("Relative 1", Tie.CHILD), ("Relative 2", Tie.CHILD),
        ]  # fmt: skip
        lines = consents_of(uow, shop.customer_id)
        assert [(one.purpose, one.light, one.day) for one in found.head.lights] == [
            (line.purpose, line.light, line.day) for line in lines
        ]
        assert Light.GIVEN in {one.light for one in found.head.lights}
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert glance(uow, shop.customer_id, is_whole=True).head.looks_left == reveals_left(uow) == 9


@pytest.mark.parametrize("role", list(Role))
def test_the_whole_page_costs_the_same_however_much_there_is(unit_of_work: Work, shop: Shop, role: Role) -> None:
    def page(uow: UnitOfWork) -> None:
        view(uow, shop.customer_id)
        read_timeline(uow, ReadTimeline(shop.customer_id))
        glance(uow, shop.customer_id, is_whole=True)
        if uow.may(Permission.INVOICES_VIEW):
            customer_money(uow, shop.customer_id)

    with unit_of_work(shop.actor(role)) as uow:
        before = len(statements_of(uow, lambda: page(uow)))
        assert len(statements_of(uow, lambda: glance(uow, shop.customer_id, is_whole=True))) == 1
        assert len(statements_of(uow, lambda: glance(uow, shop.customer_id, is_whole=False))) == 1
    with unit_of_work(shop.actor()) as uow:
        fill(uow, shop, 5)
    with unit_of_work(shop.actor(role)) as uow:
        assert len(statements_of(uow, lambda: page(uow))) == before <= MOST_STATEMENTS


def test_a_page_of_a_part_reads_the_head_only(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        fill(uow, shop)
        whole, part = (glance(uow, shop.customer_id, is_whole=whole) for whole in (True, False))
        assert part.head == whole.head and part.beside == Glance().beside != whole.beside


def test_who_may_not_see_a_part_does_not_get_it(unit_of_work: Work, shop: Shop) -> None:
    look(unit_of_work, shop)
    with unit_of_work(shop.actor()) as uow:
        fill(uow, shop)
    with unit_of_work(shop.actor(Role.ACCOUNTANT)) as uow:
        found = glance(uow, shop.customer_id, is_whole=True)
        assert (found.head.allergy, found.beside.looks, found.beside.merges) == (None, (), ())
        assert len(found.head.notes) == 1 and not found.head.notes[0].may_change
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        found = glance(uow, shop.customer_id, is_whole=True)
        assert found.head.allergy and (found.beside.looks, found.beside.family) == ((), ())


def test_a_customer_who_is_not_to_be_seen_is_empty(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        fill(uow, shop)
        hidden = add(uow, AddCustomer("Hidden from staff")).id
        write_note(uow, WriteNote(hidden, "Tea"))
    for actor, asked in (
        (neighbour.actor(), shop.customer_id), (shop.actor(Role.STAFF), hidden), (shop.actor(), 10**15),
        (shop.actor(), "x"), (shop.actor(), None), (shop.actor(), "1; DROP TABLE customers"),
    ):  # fmt: skip
        with unit_of_work(actor) as uow:
            found = glance(uow, asked, is_whole=True)
            assert found.beside == Glance().beside
            assert (found.head.notes, found.head.lights, found.head.allergy) == ((), (), None)
    with unit_of_work(VISITOR) as uow, pytest.raises(SignedOut):
        glance(uow, shop.customer_id, is_whole=True)
