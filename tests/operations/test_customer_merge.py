"""Two records of one person become one and two again: fields, everything that hangs on them, sealed records, consents, races, and the
neighbour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from microcrm import wiring
from microcrm.domain.consent import ConsentPurpose, Decision, Way
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.merging import CustomerMerge
from microcrm.models.schema import METADATA
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.book import book
from microcrm.operations.customer_alike import Typing, customers_alike
from microcrm.operations.customer_merge import MergeCustomers, Merged, merge_customers
from microcrm.operations.customer_search import search
from microcrm.operations.customer_unmerge import Unmerge, unmerge_customers
from microcrm.operations.customer_view import view
from microcrm.operations.customers import AddCustomer, EditCustomer, add, edit
from microcrm.operations.merge_register import LINKS, MOVES
from microcrm.operations.parts.consent import Said, entries_of, has_consent, note_consent
from microcrm.operations.parts.guests import guest_of
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import list_records
from microcrm.settings import settings
from tests.conftest import Work
from tests.operations.test_spellings_races import at_once
from tests.support.desk import MORNING, wish
from tests.support.furniture import fingerprint, furnish
from tests.support.shops import Shop, TwoShops
from tests.support.till import issued, register
from tests.support.vault import FORMULA, SEALER, note, opened, values_of

OFFERS = ConsentPurpose.WHATSAPP_OFFERS


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def later(uow: UnitOfWork, **lapse: float) -> UnitOfWork:
    return replace(uow, now=uow.now + timedelta(**lapse))


def twice(uow: UnitOfWork) -> tuple[int, int]:
    """Asha, typed in two times; the second time with more."""
    first = add(uow, AddCustomer("Asha Menon", "98860 10001", tags="VIP", notes="Likes tea")).id
    more = {"email": "asha@glow.example", "address": "12 Hill Road", "birthday": "1990-01-02"}
    second = add(uow, AddCustomer("Aasha Menon", "98860 10002", **more, tags="bridal", notes="Window")).id
    return first, second


def row(uow: UnitOfWork, customer_id: int) -> Customer:
    uow.session.expire_all()
    return uow.session.get_one(Customer, customer_id)


def plain_row(uow: UnitOfWork, customer_id: int) -> dict[str, Any]:
    """All that a record says, save for how often it was written."""
    statement = text("SELECT to_jsonb(c) - 'version' FROM customers c WHERE id = :id")
    found: dict[str, Any] = uow.session.execute(statement, {"id": customer_id}).scalar_one()
    return found


def paper_of(uow: UnitOfWork, bill: int) -> dict[str, Any]:
    statement = text("SELECT to_jsonb(d) - 'customer_id' FROM documents d WHERE id = :id")
    found: dict[str, Any] = uow.session.execute(statement, {"id": bill}).scalar_one()
    return found


def merge(uow: UnitOfWork, kept: int, gone: int, **choices: str) -> Merged:
    versions = (row(uow, kept).version, row(uow, gone).version)
    return merge_customers(uow, MergeCustomers(kept, gone, *versions, choices), SEALER)


def apart(uow: UnitOfWork, *visits: int) -> None:
    merge_id = uow.session.scalars(select(CustomerMerge.id).order_by(CustomerMerge.id.desc())).first()
    unmerge_customers(uow, Unmerge(merge_id, visits), SEALER)


def test_fields_are_chosen_and_nothing_is_lost_unasked(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    done = merge(desk, kept, gone)
    one = row(desk, kept)
    assert (done.kept, done.gone) == ("Asha Menon", "Aasha Menon")
    assert (one.name, one.phone, one.email, one.address) == (
        "Asha Menon",
        "+919886010001",
        "asha@glow.example",
        "12 Hill Road",
    )
    assert (one.birthday, one.tags, one.notes) == (date(1990, 1, 2), ["VIP", "bridal"], "Likes tea\nWindow")
    assert [found.id for found in search(desk, "menon")] == [kept]
    assert customers_alike(desk, Typing("", "98860 10002")) == ()
    with pytest.raises(NotFound):
        edit(desk, EditCustomer("Aasha", customer_id=gone, version=row(desk, gone).version))


def test_other_choices(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone, name="gone", phone="gone", tags="kept", notes="gone")
    one = row(desk, kept)
    assert (one.name, one.phone, one.tags, one.notes) == ("Aasha Menon", "+919886010002", ["VIP"], "Window")
    assert [found.id for found in search(desk, "98860 10002")] == [kept]
    assert (one.is_sharing_phone, row(desk, gone).is_sharing_phone) == (False, True)


def test_everything_goes_over_and_comes_back(desk: UnitOfWork, shop: Shop) -> None:
    kept, gone = twice(desk)
    register(desk, shop)
    visit = book(desk, wish(shop, "10:00", customer_id=gone)).booking_id
    bill = issued(desk, shop, customer_id=gone).document_id
    before = {one: plain_row(desk, one) for one in (kept, gone)}
    paper = paper_of(desk, bill)
    assert customer_money(desk, kept).due == 0
    done = merge(desk, kept, gone)
    assert customer_money(desk, kept).due > 0
    assert (row(desk, kept).billed_paise, row(desk, gone).billed_paise) == (before[gone]["billed_paise"], 0)
    assert desk.session.get_one(Booking, visit).customer_id == kept
    assert desk.session.get_one(Document, bill).customer_id == kept
    assert paper_of(desk, bill) == paper
    take_back(desk, done.undo, SEALER)
    assert {one: plain_row(desk, one) for one in (kept, gone)} == before
    assert row(desk, kept).id and desk.session.get_one(Booking, visit).customer_id == gone
    assert customer_money(desk, kept).due == 0 and customer_money(desk, gone).due > 0
    assert [found.id for found in search(desk, "aasha menon")][:1] == [gone]


def test_an_issued_bill_goes_nowhere_without_a_merge(desk: UnitOfWork, shop: Shop) -> None:
    kept, gone = twice(desk)
    register(desk, shop)
    bill = issued(desk, shop, customer_id=gone).document_id
    with pytest.raises(Exception, match="does not change"), desk.session.begin_nested():
        desk.session.execute(text("UPDATE documents SET customer_id = :k WHERE id = :d"), {"k": kept, "d": bill})
    merge(desk, kept, gone)
    with pytest.raises(Exception, match="does not change"), desk.session.begin_nested():
        desk.session.execute(text("UPDATE documents SET total_paise = 1 WHERE id = :d"), {"d": bill})


def test_what_was_written_since_stays_and_visits_go_along_when_named(desk: UnitOfWork, shop: Shop) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone)
    since = later(desk, minutes=5)
    whole = {"address": "12 Hill Road", "birthday": "1990-01-02", "tags": "VIP, bridal", "notes": "Likes tea\nWindow"}
    mail = EditCustomer(
        "Asha Menon", "98860 10001", "new@glow.example", **whole, customer_id=kept, version=row(desk, kept).version
    )
    edit(since, mail)
    with pytest.raises(NotFound):  # a form that was open
        book(since, wish(shop, "10:00", customer_id=gone))
    stays, goes = (book(since, wish(shop, time, customer_id=kept)).booking_id for time in ("10:00", "12:00"))
    assert {desk.session.get_one(Booking, one).customer_id for one in (stays, goes)} == {kept}
    apart(later(desk, hours=1), goes)
    assert desk.session.get_one(Booking, stays).customer_id == kept
    desk.session.expire_all()
    assert desk.session.get_one(Booking, goes).customer_id == gone
    one, other = row(desk, kept), row(desk, gone)
    assert (one.email, one.address, one.notes, one.tags) == ("new@glow.example", "", "Likes tea", ["VIP"])
    assert (other.email, other.notes, other.archived_at) == ("asha@glow.example", "Window", None)


def test_only_visits_since_the_merge_go_along(desk: UnitOfWork, shop: Shop) -> None:
    kept, gone = twice(desk)
    old = book(desk, wish(shop, "10:00", customer_id=kept)).booking_id
    merge(later(desk, minutes=1), kept, gone)
    for visits in ((old,), (shop.booking_id,), (10**12,)):
        with pytest.raises(NotFound), desk.session.begin_nested():
            apart(desk, *visits)


def test_phones_find_their_way(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone)
    assert guest_of(desk, "Aasha Menon", "+919886010002").customer_id == kept
    assert guest_of(desk, "Asha Menon", "+919886010001").customer_id == kept
    taken = add(desk, AddCustomer("Somebody Else", "98860 10002")).id
    apart(desk)
    assert row(desk, gone).is_sharing_phone and not row(desk, taken).is_sharing_phone
    assert row(desk, gone).phone == "+919886010002"


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


def test_a_chain_of_merges_comes_apart_from_its_end(desk: UnitOfWork, shop: Shop) -> None:
    first, second = twice(desk)
    third = add(desk, AddCustomer("Asha M", "98860 10003")).id
    visit = book(desk, wish(shop, "10:00", customer_id=first)).booking_id
    merge(desk, second, first)
    inner = desk.session.scalars(select(CustomerMerge.id).order_by(CustomerMerge.id.desc())).first()
    merge(desk, third, second)
    assert row(desk, first).merged_into_id == third
    assert desk.session.get_one(Booking, visit).customer_id == third
    assert book(desk, wish(shop, "12:00", customer_id=third)).booking_id
    with pytest.raises(Conflict, match="somebody else since"):
        unmerge_customers(desk, Unmerge(inner), SEALER)
    apart(desk)
    assert row(desk, first).merged_into_id == second
    unmerge_customers(desk, Unmerge(inner), SEALER)
    desk.session.expire_all()
    assert desk.session.get_one(Booking, visit).customer_id == first
    assert {row(desk, one).merged_into_id for one in (first, second, third)} == {None}


def test_what_is_refused(desk: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    kept, gone = twice(desk)
    for one, other, error in (
        (kept, kept, Invalid),
        (kept, neighbour.customer_id, NotFound),
        (neighbour.customer_id, kept, NotFound),
        (kept, 10**12, NotFound),
        ("x", gone, NotFound),
        (None, None, NotFound),
    ):
        with pytest.raises(error):
            merge_customers(desk, MergeCustomers(one, other, 1, 1), SEALER)
    with pytest.raises(Conflict):
        merge_customers(desk, MergeCustomers(kept, gone, 1, 7), SEALER)
    with pytest.raises(Invalid) as refused:
        merge_customers(desk, MergeCustomers(kept, gone, 1, 1, {"email": "both", "name": "mine"}), SEALER)
    assert refused.value.fields.keys() == {"email", "name"}
    for role in (Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT):
        with pytest.raises(Forbidden):
            merge_customers(replace(desk, actor=shop.actor(role)), MergeCustomers(kept, gone, 1, 1), SEALER)
    merge(replace(desk, actor=shop.actor(Role.MANAGER)), kept, gone)
    with pytest.raises(NotFound):
        merge(desk, kept, gone)
    for wrong in (10**12, "x", None):
        with pytest.raises(DomainError):
            unmerge_customers(desk, Unmerge(wrong), SEALER)
    theirs = replace(desk, actor=neighbour.actor())
    apart(desk)
    with pytest.raises(Conflict, match="already"):
        apart(desk)
    assert theirs.actor.business_id != shop.business_id


def test_it_is_in_the_log(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone)
    apart(desk)
    said_so = [f"{one.who} {one.what}" for one in list_activity(desk, ListActivity(kind="customers")).rows][:2]
    assert said_so == ["Plain owner took apart a customer", "Plain owner merged another record into a customer"]


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
            owner.execute(text("DELETE FROM keys.customer_keys"))
            owner.execute(text("DELETE FROM keys.business_keys"))
            for table in ("queue_tickets", "series", "payments", "booking_events"):
                first = f"SELECT min(id) FROM customers c WHERE c.business_id = {table}.business_id"
                owner.execute(text(f"UPDATE {table} SET customer_id = ({first})"))
        neighbour = fingerprint(behind, fresh_database.b)
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            kept = add(uow, AddCustomer("Asha Menon")).id
            own = note(uow, shop.customer_id)
        before = fingerprint(behind, shop)
        with wiring.unit_of_work(shop.actor(), bind=pair) as uow:
            version = uow.session.get_one(Customer, shop.customer_id).version
            undo = merge_customers(uow, MergeCustomers(kept, shop.customer_id, 1, version), SEALER).undo
        with behind.connect() as owner:
            gone = {*MOVES, ("sealed_records", "customer_id")} - {("customers", "merged_into_id")}
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


def test_the_page_of_who_was_merged_away_is_the_survivor_s(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone)
    assert view(desk, gone).id == str(kept)
    assert [one.id for one in view(desk, kept).family] == []
