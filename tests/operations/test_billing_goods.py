"""Goods on bills: they leave the stock when the bill is issued, and come back with it or with a credit note."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from microcrm import wiring
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.permissions import Role
from microcrm.operations.billing.corrections import CreditNote, credit
from microcrm.operations.billing.debits import DebitNote, debit
from microcrm.operations.billing.drafts import (
    SaveDraft,
    bill_of_estimate,
    bill_of_visit,
    discard_draft,
    save_draft,
    try_out,
)
from microcrm.operations.billing.goods import Shelf, shelves
from microcrm.operations.billing.issuing import cancel_unsent, issue
from microcrm.operations.billing.offers import find_offers, offers
from microcrm.operations.billing.paper import bill_paper
from microcrm.operations.billing.reading import view_document
from microcrm.operations.book import book
from microcrm.operations.booking_status import Step, step
from microcrm.operations.products import archive_product
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.settings import settings
from tests.conftest import Work
from tests.support.desk import MORNING, wish
from tests.support.goods import SERUM, moves_of, serum, shelve, stock_of
from tests.support.returns import address, gstr1_of
from tests.support.shops import Shop, TwoShops
from tests.support.till import BUYER, cut, draft, issued, register

RACERS = 8


@pytest.fixture
def till(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        register(uow, shop)
        yield uow


def test_a_draft_moves_nothing_issuing_does(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    saved = draft(till, shop, cut(), serum(product_id, quantity="2"))
    assert stock_of(till, product_id) == 6
    discarded = draft(till, shop, serum(product_id))
    discard_draft(till, discarded.document_id, discarded.version)
    try_out_only = draft(till, shop, serum(product_id))
    assert stock_of(till, product_id) == 6 and try_out_only.version
    issue(till, saved.document_id, saved.version)
    assert stock_of(till, product_id) == 4
    line = view_document(till, saved.document_id).lines[1]
    assert (line.product_id, line.unit, line.sac, line.rate_bp) == (product_id, "BTL", "33059090", 1800)


def test_issuing_twice_takes_it_once(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    bill = issued(till, shop, serum(product_id))
    with pytest.raises(Conflict):
        issue(till, bill.document_id, bill.version)
    assert stock_of(till, product_id) == 5


def test_the_same_product_on_two_lines_is_one_movement(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    issued(till, shop, serum(product_id), serum(product_id, quantity="1.5", discount="10%"))
    assert stock_of(till, product_id) == 3500
    assert [kind for kind, _ in moves_of(till, product_id)] == ["received", "sold"]


def test_more_than_there_is_can_be_sold(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till, stock="1")
    issued(till, shop, serum(product_id, quantity="2"))
    assert stock_of(till, product_id) == -1
    assert shelves(till, [product_id, "x", 10**9]) == {product_id: Shelf(-1000, 2000)}


def test_a_cancelled_bill_brings_its_goods_back(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    bill = issued(till, shop, serum(product_id, quantity="2"), cut())
    cancel_unsent(till, bill.document_id, bill.version, "Wrong customer")
    assert stock_of(till, product_id) == 6
    assert moves_of(till, product_id)[-1] == ("returned", 2)


@pytest.mark.parametrize(("come_back", "left"), [(True, 5), (False, 4)])
def test_a_credit_note_says_whether_they_come_back(till: UnitOfWork, shop: Shop, come_back: bool, left: int) -> None:
    product_id = shelve(till)
    bill = issued(till, shop, cut(), serum(product_id, quantity="2"))
    note = credit(
        till,
        CreditNote(bill.document_id, bill.version, "One leaked", quantities={2: 1000}, goods_return=come_back),
    ).note
    assert stock_of(till, product_id) == left
    cancel_unsent(till, note.document_id, note.version, "Written twice")  # and then they are sold after all
    assert stock_of(till, product_id) == 4


def test_a_note_about_the_haircut_moves_no_goods(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    bill = issued(till, shop, cut(), serum(product_id))
    credit(till, CreditNote(bill.document_id, bill.version, "Too short", lines=[1], goods_return="on"))
    assert stock_of(till, product_id) == 5


def test_a_dearer_price_afterwards_moves_nothing(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    bill = issued(till, shop, serum(product_id))
    debit(till, DebitNote(bill.document_id, bill.version, "Old price", {1: "50"}))
    assert stock_of(till, product_id) == 5


def test_an_estimate_keeps_them_and_its_bill_takes_them(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    estimate = issued(till, shop, serum(product_id), is_estimate=True)
    assert stock_of(till, product_id) == 6
    bill = view_document(till, bill_of_estimate(till, estimate.document_id))
    assert bill.lines[0].product_id == product_id
    issue(till, bill.id, bill.version)
    assert stock_of(till, product_id) == 5


def test_retail_joins_the_bill_of_a_finished_visit(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    done = book(till, wish(shop, "10:00", day=MORNING.date().isoformat()))
    for status in ("arrived", "started", "finished"):
        step(till, Step(done.booking_id, status))
    view = view_document(till, bill_of_visit(till, done.booking_id))

    visit_line = cut("500", booking_item_id=view.lines[0].booking_item_id, service_id=view.lines[0].service_id)
    saved = save_draft(
        till,
        SaveDraft([visit_line, serum(product_id)], view.id, view.version, customer_id=view.customer_id),
    )
    issue(till, saved.document_id, saved.version)
    assert view_document(till, view.id).booking_id == done.booking_id
    assert stock_of(till, product_id) == 5


@pytest.mark.parametrize("raw", [10**9, "0", "-3", "one", 2**70, [1]])
def test_odd_products_are_refused_at_their_line(till: UnitOfWork, shop: Shop, raw: object) -> None:
    with pytest.raises(Invalid) as caught:
        draft(till, shop, cut(), serum(raw))
    assert [name.split(".")[1] for name in caught.value.fields] == ["1"]


def test_a_neighbour_s_product_is_nobody_s(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        theirs = shelve(uow)
    with unit_of_work(shop.actor()) as uow:
        register(uow, shop)
        assert shelves(uow, [theirs]) == {}
        assert find_offers(uow, SERUM.barcode) == ()
        assert theirs not in {one.product_id for one in offers(uow)}
        with pytest.raises(Invalid) as caught:
            draft(uow, shop, serum(theirs))
        assert list(caught.value.fields) == ["lines.0.description"]
        with pytest.raises(Invalid):
            try_out(uow, SaveDraft([serum(theirs)]))
    with unit_of_work(neighbour.actor()) as uow:
        assert stock_of(uow, theirs) == 6


def test_the_picker_knows_codes_and_words(till: UnitOfWork, shop: Shop) -> None:
    product_id = shelve(till)
    shelve(till, replace(SERUM, name="Hair serum, travel size", barcode="20000000000151"), stock="")
    [found] = find_offers(till, "2000000000015")
    assert (found.product_id, found.is_scanned, found.stock, found.sac) == (product_id, True, 6000, "33059090")
    assert [one.name for one in find_offers(till, "HAIR")] == [
        "Hair serum, travel size", "Argan hair serum, 100 ml", "Plain haircut",
    ]  # fmt: skip
    assert [one.service_id for one in find_offers(till, "plain haircut")] == [shop.service_id]
    assert find_offers(till, "%") == find_offers(till, "") == find_offers(till, None) == ()
    assert {one.product_id for one in offers(till)} >= {product_id, None}
    archive_product(till, product_id)
    assert find_offers(till, "2000000000015") == ()


def test_goods_for_a_business_elsewhere_count_at_the_counter(till: UnitOfWork, shop: Shop) -> None:
    """Section 10(1)(c): a registered customer of another State who takes them along; so they fit beside a haircut."""
    product_id = shelve(till)
    address(till, shop)
    bill = issued(till, shop, serum(product_id), cut(), buyer_gstin=BUYER)
    view = view_document(till, bill.document_id)
    assert (view.heads, view.place_state) == ("cgst_sgst", "29") and "10(1)(c)" in view.reason
    page = bill_paper(till, bill.document_id)
    assert [line.unit for line in page.lines] == ["BTL", ""]


def test_a_mixed_bill_is_in_the_hsn_table(till: UnitOfWork, shop: Shop) -> None:
    """Goods with their quantity and unit, services without; notes taken off, and a debit note is no more goods."""
    register(till, shop, "27ABCFS1234K1Z7")
    product_id = shelve(till)
    soap = shelve(
        till,
        replace(SERUM, name="Neem soap", barcode="", hsn="34011190", tax_class="daily_goods", unit="PCS"),
    )
    bill = issued(
        till,
        shop,
        cut("1000"),
        serum(product_id, quantity="3"),
        serum(soap, description="Neem soap", price="60", sac="", tax_class="daily_goods", quantity="2"),
        day="2026-11-20",
    )
    view = view_document(till, bill.document_id)
    credit(till, CreditNote(view.id, view.version, "Leaked", quantities={2: 1000}, goods_return=True))
    view = view_document(till, bill.document_id)
    debit(till, DebitNote(view.id, view.version, "Old price", {2: "10"}))
    rows = {row["hsn_sc"]: row for row in gstr1_of(till)["hsn"]["hsn_b2c"]}
    assert {code: (row["uqc"], row["qty"], row["rt"], row["txval"]) for code, row in rows.items()} == {
        "999721": ("NA", 0, 5, 1000.0),
        "33059090": ("BTL", 2, 18, 1490.0),
        "34011190": ("PCS", 2, 5, 120.0),
    }
    assert rows["33059090"]["desc"] == "Argan hair serum, 100 ml"


def test_statements_do_not_grow_with_the_lines(till: UnitOfWork, shop: Shop) -> None:
    counts = []
    for many in (1, 6):
        ids = [shelve(till, replace(SERUM, name=f"{many} {n}", barcode="")) for n in range(many)]
        saved = draft(till, shop, *[serum(one) for one in ids])
        seen: list[str] = []
        connection = till.session.connection()

        def note(*args: Any, seen: list[str] = seen) -> None:
            seen.append(args[2])

        event.listen(connection, "before_cursor_execute", note)
        issue(till, saved.document_id, saved.version)
        event.remove(connection, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.fixture
def crowd(fresh_database: TwoShops) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, RACERS)
    yield engine
    engine.dispose()


def test_two_tills_sell_the_last_one_at_once(fresh_database: TwoShops, crowd: Engine) -> None:
    """Neither stops, neither is lost: the count goes below zero by one. With two products in opposite order nobody deadlocks."""
    shop = fresh_database.a
    with wiring.unit_of_work(shop.actor(), bind=crowd, clock=lambda: MORNING) as uow:
        register(uow, shop)
        first, second = shelve(uow, stock="1"), shelve(uow, replace(SERUM, name="Oil", barcode=""), stock="1")
        drafts = [
            draft(uow, shop, *(serum(one) for one in ((first, second) if n % 2 else (second, first))))
            for n in range(RACERS)
        ]
    line = threading.Barrier(RACERS)

    def sell(place: int) -> str:
        line.wait()
        with wiring.unit_of_work(shop.actor(Role.FRONT_DESK), bind=crowd, clock=lambda: MORNING) as uow:
            return issue(uow, drafts[place].document_id, drafts[place].version).number

    with ThreadPoolExecutor(RACERS) as pool:
        numbers = list(pool.map(sell, range(RACERS)))
    assert len(set(numbers)) == RACERS
    with wiring.unit_of_work(shop.actor(), bind=crowd) as uow:
        assert (stock_of(uow, first), stock_of(uow, second)) == (1 - RACERS, 1 - RACERS)


def test_a_count_and_a_sale_at_once_lose_nothing(fresh_database: TwoShops, crowd: Engine) -> None:

    shop = fresh_database.a
    with wiring.unit_of_work(shop.actor(), bind=crowd, clock=lambda: MORNING) as uow:
        register(uow, shop)
        product_id = shelve(uow, stock="10")
        drafts = [draft(uow, shop, serum(product_id)) for _ in range(RACERS // 2)]
    line = threading.Barrier(RACERS)

    def act(place: int) -> None:
        line.wait()
        with wiring.unit_of_work(shop.actor(), bind=crowd, clock=lambda: MORNING) as uow:
            if place % 2:
                note_stock(uow, NoteStock(product_id, "received", "1"))
            else:
                issue(uow, drafts[place // 2].document_id, drafts[place // 2].version)

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(act, range(RACERS)))
    with wiring.unit_of_work(shop.actor(), bind=crowd) as uow:
        assert stock_of(uow, product_id) == 10
