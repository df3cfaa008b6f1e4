"""Merging with a row in every table, and while others work: everything ends at the survivor, and the neighbour is not touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text

from microcrm import wiring
from microcrm.domain.errors import Conflict, NotFound
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.schema import METADATA
from microcrm.operations.book import book
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.customers import AddCustomer, add
from microcrm.operations.merge_register import LINKS, Fate
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import list_records
from microcrm.settings import settings
from tests.operations.test_spellings_races import at_once
from tests.support.desk import wish
from tests.support.furniture import fingerprint, furnish
from tests.support.merging import row, twice
from tests.support.shops import TwoShops
from tests.support.vault import FORMULA, SEALER, note, opened, values_of


@pytest.fixture
def pair(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, 6)
    yield engine
    engine.dispose()


def test_every_table_goes_over_and_the_neighbour_is_not_touched(pair: Engine, fresh_database: TwoShops) -> None:
    """With a row in each table that names a customer."""
    shop, behind = fresh_database.a, wiring.make_engine(settings().database_owner_url, pool_size=1)
    try:
        furnish(behind, fresh_database)
        with behind.begin() as owner:  # whose key opens nothing
            owner.execute(text("DELETE FROM record_openings"))
            owner.execute(text("DELETE FROM sealed_records"))
            owner.execute(text("DELETE FROM person_files"))
            owner.execute(text("DELETE FROM keys.customer_keys"))
            owner.execute(text("DELETE FROM keys.business_keys"))
            for table in ("queue_tickets", "series", "payments", "booking_events"):
                first = f"SELECT min(id) FROM customers c WHERE c.business_id = {table}.business_id"
                owner.execute(text(f"UPDATE {table} SET customer_id = ({first})"))
            owner.execute(text(
                "INSERT INTO consents (business_id, customer_id, purpose, decision, way, day, at, guardian_id, guardian_name, "
                "guardian_bond, guardian_proof) SELECT business_id, max(id), 'photos', 'refused', 'paper', current_date, now(), "
                ":mine, 'Meera', 'parent', 'known' FROM customers WHERE business_id = :shop AND id <> :mine GROUP BY business_id"
            ), {"mine": shop.customer_id, "shop": shop.business_id})  # fmt: skip
        neighbour = fingerprint(behind, fresh_database.b)
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            kept = add(uow, AddCustomer("Asha Menon")).id
            own = note(uow, shop.customer_id)
        before = fingerprint(behind, shop)
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            version = uow.session.get_one(Customer, shop.customer_id).version
            undo = merge_customers(uow, MergeCustomers(kept, shop.customer_id, 1, version), SEALER).undo
        with behind.connect() as owner:
            gone = {link for link, fate in LINKS.items() if fate is not Fate.STAYS}
            for table, column in LINKS.keys() - {("customers", "merged_into_id")}:
                rows = METADATA.tables[table]
                mine = (rows.c.business_id == shop.business_id, rows.c[column] == shop.customer_id)
                is_left = owner.execute(select(rows.c[column]).where(*mine)).first() is not None
                assert is_left == ((table, column) not in gone), (table, column)
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            assert [line.id for line in list_records(uow, kept).lines] == [own]
            take_back(uow, undo, SEALER)
        after = fingerprint(behind, shop)
        changed = {table for table in before if before[table] != after[table]}
        written = {"customers", "audit_events", "undos", "customer_merges"}
        assert changed == written | {"keys.customer_keys", "sealed_versions"}
        assert fingerprint(behind, fresh_database.b) == neighbour
    finally:
        behind.dispose()


ROUNDS = 8


def test_two_tablets_merge_the_same_pair(pair: Engine, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
        kept, gone = twice(uow)

    def there(uow: UnitOfWork) -> object:
        return merge_customers(uow, MergeCustomers(kept, gone, 1, 1), SEALER)

    def back(uow: UnitOfWork) -> object:
        return merge_customers(uow, MergeCustomers(gone, kept, 1, 1), SEALER)

    refused = at_once(pair, shop, there, back, there)
    assert len(refused) == 2 and all(isinstance(one, NotFound | Conflict) for one in refused)
    with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
        assert len([one for one in (kept, gone) if row(uow, one).merged_into_id is None]) == 1


def test_a_visit_that_is_booked_meanwhile_is_the_survivor_s(pair: Engine, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    for number in range(ROUNDS):
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            kept, gone = (add(uow, AddCustomer(f"Asha {name} {'abcdefgh'[number]}")).id for name in ("One", "Two"))
        day = (datetime.now(UTC) + timedelta(days=20 + number)).date().isoformat()

        def press(uow: UnitOfWork, gone: int = gone, day: str = day) -> object:
            return book(uow, wish(shop, "11:00", customer_id=gone, day=day))

        def join(uow: UnitOfWork, kept: int = kept, gone: int = gone) -> object:
            return merge_customers(uow, MergeCustomers(kept, gone, 1, 1), SEALER)

        refused = at_once(pair, shop, press, join)
        assert all(isinstance(one, NotFound | Conflict) for one in refused), refused
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            where = uow.session.scalars(select(Booking.customer_id).where(Booking.customer_id.in_([kept, gone]))).all()
            is_merged = row(uow, gone).merged_into_id == kept
            assert where in ([], [kept] if is_merged else [gone])
            assert len(where) + len(refused) >= 1


def test_a_record_that_is_sealed_meanwhile_opens(pair: Engine, fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    for number in range(ROUNDS):
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            kept, gone = (add(uow, AddCustomer(f"Asha {name} {'abcdefgh'[number]}")).id for name in ("One", "Two"))

        def write(uow: UnitOfWork, gone: int = gone) -> object:
            return note(uow, gone)

        def join(uow: UnitOfWork, kept: int = kept, gone: int = gone) -> object:
            return merge_customers(uow, MergeCustomers(kept, gone, 1, 1), SEALER)

        refused = at_once(pair, shop, write, join)
        assert all(isinstance(one, NotFound | Conflict) for one in refused), refused
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            whose = kept if row(uow, gone).merged_into_id == kept else gone
            for line in list_records(uow, whose).lines:
                assert values_of(opened(uow, line.id)[0]) == FORMULA
