"""Two records of one person become one and two again: fields, everything that hangs on them, sealed records, consents, races, and the
neighbour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.merging import CustomerMerge
from microcrm.operations.activity import ListActivity, list_activity
from microcrm.operations.billing.accounts import customer_money
from microcrm.operations.book import book
from microcrm.operations.customer_alike import Typing, customers_alike
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.customer_search import search
from microcrm.operations.customer_unmerge import Unmerge, unmerge_customers
from microcrm.operations.customer_view import view
from microcrm.operations.customers import AddCustomer, EditCustomer, add, edit
from microcrm.operations.parts.guests import guest_of
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING, wish
from tests.support.merging import apart, later, merge, paper_of, plain_row, row, twice
from tests.support.shops import Shop
from tests.support.till import issued, register
from tests.support.vault import SEALER


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


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
    assert (one.birthday, one.tags) == (date(1990, 1, 2), ["VIP", "bridal"])
    assert [found.id for found in search(desk, "menon")] == [kept]
    assert customers_alike(desk, Typing("", "98860 10002")) == ()
    with pytest.raises(NotFound):
        edit(desk, EditCustomer("Aasha", customer_id=gone, version=row(desk, gone).version))


def test_other_choices(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone, name="gone", phone="gone", tags="kept")
    one = row(desk, kept)
    assert (one.name, one.phone, one.tags) == ("Aasha Menon", "+919886010002", ["VIP"])
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
    whole = {"address": "12 Hill Road", "birthday": "1990-01-02", "tags": "VIP, bridal"}
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
    assert (one.email, one.address, one.tags) == ("new@glow.example", "", ["VIP"])
    assert (other.email, other.archived_at) == ("asha@glow.example", None)


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


def test_the_page_of_who_was_merged_away_is_the_survivor_s(desk: UnitOfWork) -> None:
    kept, gone = twice(desk)
    merge(desk, kept, gone)
    assert view(desk, gone).id == str(kept)
