"""The whole story of a customer: every kind, in order, a page at a time, and only what one may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from microcrm.domain.permissions import Permission, Role
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.book import book
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_status import Cancel, cancel
from microcrm.operations.customer_notes import WriteNote, remove_note, write_note
from microcrm.operations.customer_tasks import AddTask, add_task, finish_task
from microcrm.operations.customers import EditCustomer, edit
from microcrm.operations.move import move
from microcrm.operations.timeline.reading import (
    KINDS,
    PAGE_SIZE,
    Entry,
    Mark,
    ReadTimeline,
    TimelinePage,
    _statement,
    read_timeline,
)
from microcrm.operations.unit_of_work import Actor
from tests.conftest import Work
from tests.operations.test_customer_facts import add_visit
from tests.support.desk import MORNING, move_to, wish
from tests.support.shops import CANARY, VISIT_AT, Shop
from tests.support.till import issued, paying, register
from tests.support.vault import PLANTED, note

Read = Callable[..., TimelinePage]


@pytest.fixture
def read(unit_of_work: Work, shop: Shop, at: Any) -> Read:
    def look(
        show: Any = "", after: Mark | None = None, *, actor: Actor | None = None, whose: Any = None
    ) -> TimelinePage:
        with unit_of_work(actor or shop.actor(), clock=at(MORNING)) as uow:
            return read_timeline(uow, ReadTimeline(shop.customer_id if whose is None else whose, show, after))

    return look


def titles(page: TimelinePage) -> list[str]:
    return [entry.title for entry in page.entries]


def kinds(page: TimelinePage) -> set[str]:
    return {entry.key.partition("-")[0] for entry in page.entries}


def fill(unit_of_work: Work, shop: Shop, clock: Any) -> None:
    """One of everything."""
    with unit_of_work(shop.actor(), clock=clock) as uow:
        register(uow, shop)
        done = book(uow, wish(shop, "16:00"))
        moved = move(uow, move_to(done, "17:00"))
        cancel(uow, Cancel(moved.booking_id, moved.version, "business", reason="Power cut", tell=True))
        bill = issued(uow, shop)
        take_payment(uow, paying(bill.document_id, PaidPart("upi", "100", "6310 1442 7785")))
        note(uow, shop.customer_id)
        write_note(uow, WriteNote(shop.customer_id, "Window chair", is_pinned=True))
        called = add_task(uow, AddTask(shop.customer_id, "Call her", "2026-11-24"))
        finish_task(uow, called.id, 1)
        edit(uow, EditCustomer("Plain Iyer", phone="9845112345", tags="VIP", customer_id=shop.customer_id, version=1))


def test_it_tells_everything_with_who_and_when(unit_of_work: Work, shop: Shop, read: Read, at: Any) -> None:
    fill(unit_of_work, shop, at(MORNING))
    page = read()
    assert kinds(page) == {kind.name for kind in KINDS}
    told = {entry.key.partition("-")[0]: entry for entry in page.entries}
    assert told["bill"].title.startswith("Tax Invoice ") and told["bill"].status == "Part paid"
    assert told["payment"].title == "₹100.00 received, UPI"
    assert "Reference 6310 1442 7785" in told["payment"].detail and told["payment"].href == told["bill"].href
    assert (told["record"].title, told["record"].detail) == ("Colour formula", "Sealed record · By Plain owner")
    assert (told["note"].title, told["note"].detail) == ("Note, pinned", "“Window chair” · By Plain owner")
    assert (told["task"].title, told["task"].status) == ("Call her", "Done")
    assert told["task"].detail == "For Plain owner, by Today · Done by Plain owner · By Plain owner"
    assert told["change"].title == "Changed: tags"
    steps = [entry for entry in page.entries if entry.key.startswith("step")]
    assert {entry.title for entry in steps} == {"Moved: Plain haircut", "Cancelled: Plain haircut"}
    assert all(entry.detail.endswith("By Plain owner") for entry in steps)
    assert any("Power cut" in entry.detail for entry in steps)
    assert all(
        (entry.day, entry.time) == ("Today", "9:30 am")
        for entry in page.entries
        if entry.month == "Nov 2026" and "message" not in entry.key
    )


def test_visits_stand_at_their_own_time_the_coming_ones_on_top(unit_of_work: Work, shop: Shop, read: Read) -> None:
    with unit_of_work(shop.actor()) as uow:
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=5))
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=40), "no_show")
    assert [(one.month, one.title, one.status) for one in read("visits").entries] == [
        ("To come", "Plain haircut", "Confirmed"),
        ("Oct 2026", "Plain haircut", "Done"),
        ("Feb 2026", "Plain haircut", "Did not come"),
    ]
    assert read("visits").entries[0].detail == "Plain staff, 11:00 am – 11:45 am · ₹600.00"
    assert read("visits").entries[0].href == f"/calendar?date=2026-11-25&booking={shop.booking_item_id}"


def test_each_filter_shows_its_kinds_and_nothing_else(unit_of_work: Work, shop: Shop, read: Read, at: Any) -> None:
    fill(unit_of_work, shop, at(MORNING))
    by_filter = {value: kinds(read(value)) for value, _ in read().filters}
    assert by_filter == {
        one: {kind.name for kind in KINDS if kind.filter == one} for one in {kind.filter.value for kind in KINDS}
    }
    everything = titles(read())
    for strange in ("nonsense", None, 7, ["visits"], "visits' OR true --", "x" * 10_000):
        assert titles(read(strange)) == everything


def test_pages_go_on_where_the_last_one_ended(unit_of_work: Work, shop: Shop, read: Read) -> None:
    """Many at the very same moment, too: nothing is told twice, nothing is left out."""
    with unit_of_work(shop.actor()) as uow:
        for n in range(2 * PAGE_SIZE):
            add_visit(uow, shop, VISIT_AT - timedelta(weeks=2 + n // 7), "no_show")
        for _ in range(5):
            uow.audit("change", "customer", shop.customer_id, fields=["name"])
    entries: list[Entry] = []
    page = read()
    pages = 1
    while page.after is not None:
        assert len(page.entries) == PAGE_SIZE
        entries += page.entries
        page, pages = read("", page.after), pages + 1
    entries += page.entries
    assert pages == 3
    assert len({entry.key for entry in entries}) == len(entries) == 2 * PAGE_SIZE + 5 + 1


@pytest.mark.parametrize(
    ("role", "withheld", "filters"),
    [
        (Role.OWNER, set(), {"visits", "money", "notes", "tasks", "records", "messages", "changes"}),
        (Role.FRONT_DESK, set(), {"visits", "money", "notes", "tasks", "records", "messages", "changes"}),
        (Role.STAFF, set(), {"visits", "notes", "tasks", "records"}),
        (Role.ACCOUNTANT, set(), {"visits", "money", "notes", "tasks"}),
        (Role.MANAGER, {Permission.INVOICES_VIEW}, {"visits", "notes", "tasks", "records", "messages", "changes"}),
    ],
)
def test_what_one_may_not_see_is_neither_told_nor_offered(
    unit_of_work: Work, shop: Shop, read: Read, at: Any, role: Role, withheld: set[Permission], filters: set[str]
) -> None:
    fill(unit_of_work, shop, at(MORNING))
    plain = shop.actor(role)
    actor = shop.actor(role, permissions=plain.permissions - withheld)
    page = read(actor=actor)
    assert {value for value, _ in page.filters} == filters
    assert kinds(page) == {kind.name for kind in KINDS if kind.filter in filters} - (
        {"step"} if role is Role.STAFF else set()
    )
    for hidden in {kind.filter.value for kind in KINDS} - filters:
        assert titles(read(hidden, actor=actor)) == titles(page), "a filter that one does not have is no filter"


def test_what_a_record_says_is_not_in_it(unit_of_work: Work, shop: Shop, read: Read, at: Any) -> None:
    fill(unit_of_work, shop, at(MORNING))
    assert kinds(read("records")) == {"record"}
    assert PLANTED not in repr(read())


def test_a_long_note_is_told_in_short_and_a_deleted_one_not_at_all(
    unit_of_work: Work, shop: Shop, read: Read, at: Any
) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        write_note(uow, WriteNote(shop.customer_id, "long " * 700))
        gone = write_note(uow, WriteNote(shop.customer_id, "Gone"))
        remove_note(uow, gone.id, 1)
    (entry,) = read("notes").entries
    assert len(entry.detail) < 280 and "…" in entry.detail


def test_one_calendar_sees_its_own_visits_and_customers(unit_of_work: Work, shop: Shop, read: Read) -> None:
    with unit_of_work(shop.actor()) as uow:
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=5), role=Role.OWNER)
        add_visit(uow, shop, VISIT_AT - timedelta(weeks=6))
    staff = shop.actor(Role.STAFF)
    assert [entry.month for entry in read("visits", actor=staff).entries] == ["To come", "Oct 2026"]
    with unit_of_work(shop.actor()) as uow:
        uow.session.execute(text("UPDATE booking_items SET member_id = :owner"), {"owner": shop.members[Role.OWNER]})
    assert read(actor=staff).entries == ()


@pytest.mark.parametrize("whose", ["", "abc", -1, 2**70, "9" * 5_000, [1], 1.5, "1\x00", "1; DROP TABLE customers"])
def test_a_strange_id_tells_nothing(read: Read, whose: Any) -> None:
    assert read(whose=whose).entries == ()


def test_the_neighbours_customer_tells_nothing(neighbour: Shop, read: Read) -> None:
    assert read(whose=neighbour.customer_id).entries == ()
    page = read(whose=neighbour.customer_id, actor=neighbour.actor())
    assert page.entries and CANARY in repr(page)


def test_a_visit_that_was_handed_over_says_so_here_and_on_its_card(unit_of_work: Work, shop: Shop, read: Read) -> None:
    with unit_of_work(shop.actor()) as uow:
        uow.session.execute(
            text(
                "INSERT INTO booking_events (business_id, booking_id, customer_id, at, kind, from_status, to_status, reason) "
                "VALUES (:b, :id, :c, :at, 'handed_over', '', '', '')"
            ),
            {"b": shop.business_id, "id": shop.booking_id, "c": shop.customer_id, "at": MORNING},
        )
        card = booking_card(uow, shop.booking_item_id)
    assert card.history[0].what == "Handed to somebody else"
    assert "Handed to somebody else: Plain haircut" in titles(read("visits"))


def test_it_is_one_statement_and_each_kind_is_found_by_an_index(unit_of_work: Work, shop: Shop, read: Read) -> None:
    names = tuple(kind.name for kind in KINDS)
    with unit_of_work(shop.actor()) as uow:
        seen: list[str] = []
        connection = uow.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
        read_timeline(uow, ReadTimeline(shop.customer_id))
        assert len(seen) == 1
        for way in ("seqscan", "bitmapscan", "sort"):
            uow.session.execute(text(f"SET LOCAL enable_{way} = off"))
        values = {
            "business": shop.business_id, "customer": shop.customer_id, "own": None, "most": 31,
            "after_at": VISIT_AT, "after_kind": "visit", "after_id": 1,
        }  # fmt: skip
        plan = "\n".join(
            row[0] for row in uow.session.execute(text(f"EXPLAIN {_statement(names, is_later=True).text}"), values)
        )
    for index in (  # with a handful of visits, two indexes of theirs do equally well
        "ix_booking_events_customer", "ix_documents_customer", "ix_payments_customer",
        "ix_sealed_records_written", "ix_audit_events_customer", "ix_customer_notes_customer", "ix_customer_tasks_customer",
    ):  # fmt: skip
        assert index in plan
    assert "Seq Scan" not in plan


def test_steps_of_a_visit_know_whose_it_is(unit_of_work: Work, shop: Shop, at: Any) -> None:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        done = book(uow, wish(shop, "16:00"))
        moved = move(uow, move_to(done, "17:00"))
        rows = uow.session.execute(
            text("SELECT kind, customer_id FROM booking_events WHERE booking_id = :id ORDER BY id"),
            {"id": moved.booking_id},
        ).all()
        assert [tuple(row) for row in rows] == [("booked", shop.customer_id), ("moved", shop.customer_id)]
