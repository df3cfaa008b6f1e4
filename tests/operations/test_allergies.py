"""An allergy against what a service uses: the booking form says so without saying which, booking and starting refuse it, who goes past
says why, and who was told stands in the log. What the record says stays under seal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm import wiring
from microcrm.domain.errors import FormMissing, Invalid, NotSafe
from microcrm.domain.permissions import Permission, Role
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.forms import Form
from microcrm.models.records import AuditEvent
from microcrm.models.vault import RecordOpening
from microcrm.operations import catalogue, queue
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Step, step
from microcrm.operations.catalogue import SaveService
from microcrm.operations.move import MoveVisit, move_visit
from microcrm.operations.parts.allergies import Judged
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.queue import DrawTicket, StartTicket
from microcrm.operations.safety import SafetyAsked, safety_words
from microcrm.operations.series import CreateSeries, create
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import OpenRecords, list_records, open_records
from microcrm.operations.vault.records import CorrectRecord, correct_record
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, wish
from tests.support.free_times import statements_of
from tests.support.shops import Shop
from tests.support.vault import DAY, SEALER, form_of, note
from tests.support.waiting import add_customer

PPD = {"substance": "PPD (hair dye)", "severity": "severe"}
SPEAKS = "A safety note of this customer speaks against Haircut."


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        own = replace(uow, sealer=lambda: SEALER)
        uses(own, shop, "ammonia, PPD")
        yield own


def uses(uow: UnitOfWork, shop: Shop, substances: str) -> None:
    service = uow.session.get_one(Service, shop.service_id)
    service.substances, service.name = substances, "Haircut"
    uow.session.flush()


def asked(uow: UnitOfWork, shop: Shop, customer: int | None = None) -> Judged:
    said = safety_words(uow, SafetyAsked([shop.service_id], MONDAY, customer or shop.customer_id))
    assert said.unsafe == {}, "an allergy stands against no day in particular"
    return Judged(said.words, said.records)


def openings(uow: UnitOfWork) -> list[RecordOpening]:
    return list(uow.session.scalars(select(RecordOpening).order_by(RecordOpening.id)))


def reads_none(uow: UnitOfWork, shop: Shop) -> UnitOfWork:
    """The same desk, of a role that does not read allergies."""
    form = uow.session.get_one(Form, form_of(uow, "allergy"))
    form.readers, form.writers = ["owner"], ["owner"]
    uow.session.flush()
    return replace(uow, actor=shop.actor(Role.FRONT_DESK))


def test_without_an_allergy_or_without_what_it_names_everything_is_safe(desk: UnitOfWork, shop: Shop) -> None:
    assert asked(desk, shop) == Judged("")
    note(desk, shop.customer_id, "allergy", substance="Penicillin")
    note(desk, add_customer(desk.session, shop, 7), "allergy", **PPD)
    assert asked(desk, shop) == Judged(""), "another customer's allergy is not theirs"
    book(desk, wish(shop, "10:00"))
    assert openings(desk) == [], "what was compared without a hit told nobody anything"


def test_the_form_and_the_booking_say_that_something_speaks_against_it_and_not_what(
    desk: UnitOfWork, shop: Shop
) -> None:
    record = note(desk, shop.customer_id, "allergy", **PPD)
    assert asked(desk, shop) == Judged(f"{SPEAKS} Read it under Records.", (record,))
    with pytest.raises(NotSafe) as caught:
        book(desk, wish(shop, "10:00"))
    assert SPEAKS in caught.value.message and caught.value.may_override
    other = reads_none(desk, shop)
    assert asked(other, shop) == Judged(f"{SPEAKS} Ask the owner.", ())
    with pytest.raises(NotSafe) as caught:
        book(other, wish(shop, "10:00"))
    for said in (caught.value.message, caught.value.fields["day"]):
        assert "PPD" not in said and "dye" not in said and "allerg" not in said.lower()


def test_whoever_was_told_stands_in_the_log_once_a_day(desk: UnitOfWork, shop: Shop) -> None:
    record = note(desk, shop.customer_id, "allergy", **PPD)
    for _ in range(3):
        asked(desk, shop)
    [line] = openings(desk)
    assert (line.record_id, line.member_id, line.purpose) == (record, shop.members[Role.OWNER], "safety")
    assert line.words == "Compared with Haircut. What it says was not shown."
    asked(reads_none(desk, shop), shop)
    assert len(openings(desk)) == 2
    shown = list_records(desk, shop.customer_id).openings
    assert {one.words for one in shown} == {line.words}


def test_going_past_it_needs_a_reason_and_the_right_and_is_kept_without_what_it_says(
    desk: UnitOfWork, shop: Shop
) -> None:
    note(desk, shop.customer_id, "allergy", **PPD)
    own = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(NotSafe) as caught:
        book(own, wish(shop, "10:00", role=Role.STAFF, safety_reason="It will be fine"))
    assert not caught.value.may_override
    done = book(desk, wish(shop, "10:00", safety_reason="A cut only, no colour"))
    [event] = desk.session.scalars(select(BookingEvent).where(BookingEvent.booking_id == done.booking_id))
    assert (
        event.reason.startswith("A cut only, no colour (A safety note of this customer") and "PPD" not in event.reason
    )
    log = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "booking.unsafe")).one()
    assert log.subject_id == done.booking_id and "PPD" not in str(log.facts)
    move_visit(desk, MoveVisit(done.booking_id, 1, MONDAY, "11:00"))


def test_an_allergy_that_was_noted_after_the_booking_keeps_the_visit_from_starting(
    desk: UnitOfWork, shop: Shop
) -> None:
    done = book(desk, wish(shop, "10:00"))
    record = note(desk, shop.customer_id, "allergy", **PPD)
    with pytest.raises(NotSafe, match="speaks against Haircut"):
        step(desk, Step(done.booking_id, "started"))
    with pytest.raises(NotSafe):
        step(desk, Step(done.booking_id, "finished"))
    step(desk, Step(done.booking_id, "arrived"))
    correct_record(desk, CorrectRecord(record, 1, DAY, PPD | {"substance": "Penicillin"}), SEALER)
    step(desk, Step(done.booking_id, "started"))


def test_one_reason_goes_past_all_that_was_said_at_the_start_and_no_more(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id, "allergy", **PPD)
    done = book(desk, wish(shop, "10:00", safety_reason="A cut only"))
    service = desk.session.get_one(Service, shop.service_id)
    service.needed_form_id = form_of(desk, "consent")
    desk.session.flush()
    with pytest.raises(NotSafe) as caught:
        step(desk, Step(done.booking_id, "started"))
    assert SPEAKS in caught.value.message and "not signed yet" in caught.value.message
    step(desk, Step(done.booking_id, "started", reason="Both on paper"))
    logged = set(desk.session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == done.booking_id)))
    assert {"booking.unsafe", "booking.without_form"} <= logged
    uses(desk, shop, "")
    again = book(desk, wish(shop, "12:00"))
    with pytest.raises(FormMissing):
        step(desk, Step(again.booking_id, "started"))


def test_series_and_queue_ask_too(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id, "allergy", **PPD)
    haircut = (BookService(shop.service_id, shop.members[Role.MANAGER]),)
    with pytest.raises(NotSafe, match="speaks against"), desk.session.begin_nested():
        create(desk, CreateSeries(SeriesWish(haircut, MONDAY, "10:00", count="3"), customer_id=shop.customer_id))
    change_policy(desk, ChangePolicy(0, is_queue_on=True))
    drawn = queue.draw(desk, DrawTicket(shop.service_id, customer_id=shop.customer_id))
    start = StartTicket(drawn.ticket_id, member_id=shop.members[Role.MANAGER])
    with pytest.raises(NotSafe, match="speaks against"):
        queue.start(desk, start)
    queue.start(desk, replace(start, safety_reason="No colour today"))


def test_what_was_erased_speaks_no_more_and_what_cannot_be_read_speaks_against_everything(
    desk: UnitOfWork, shop: Shop
) -> None:
    note(desk, shop.customer_id, "allergy", substance="Penicillin")
    desk.session.execute(text("UPDATE sealed_versions SET sealed = sealed || 'x'"))
    assert SPEAKS in asked(desk, shop).words
    destroy_customer_keys(desk, shop.customer_id)
    assert asked(desk, shop) == Judged("")


def test_an_answer_outside_the_seal_counts_as_well(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id, "allergy", **PPD)
    desk.session.execute(
        text("""UPDATE sealed_versions SET sealed = NULL, generation = NULL, plain = '{"substance": "ammonia"}'""")
    )
    assert SPEAKS in asked(desk, shop).words


def test_nothing_of_it_can_be_told_from_the_rows(desk: UnitOfWork, shop: Shop) -> None:
    """What a dump holds is the same whether the allergy names what the service uses or not, but for who was told."""
    note(desk, shop.customer_id, "allergy", **PPD)
    asked(desk, shop)
    for table in ("sealed_records", "sealed_versions", "record_openings", "customers", "booking_events"):
        rows = str(desk.session.execute(text(f"SELECT * FROM {table}")).all())  # names from above
        assert "PPD" not in rows and "dye" not in rows


def test_however_many_allergies_there_are_it_asks_once(desk: UnitOfWork, shop: Shop) -> None:
    note(desk, shop.customer_id, "allergy", substance="Penicillin")
    few = statements_of(desk, lambda: asked(desk, shop))
    for number in range(5):
        note(desk, shop.customer_id, "allergy", substance=f"Substance {number}")
    assert statements_of(desk, lambda: asked(desk, shop)) == few


def test_a_neighbour_s_services_and_customers_are_not_compared(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work
) -> None:
    note(desk, shop.customer_id, "allergy", **PPD)
    with unit_of_work(neighbour.actor()) as uow:
        theirs = replace(uow, sealer=lambda: SEALER)
        assert asked(theirs, replace(shop, customer_id=neighbour.customer_id)) == Judged("")


def test_the_owner_says_what_a_service_uses_and_online_bookings_of_it_wait(desk: UnitOfWork, shop: Shop) -> None:
    def save(uses: Any) -> Any:
        row = catalogue.open_service(desk, shop.service_id).service
        assert row is not None
        typed = SaveService(
            row.name, "45", "600", service_id=row.id, version=row.version, substances=uses, approval="no"
        )
        catalogue.save_service(desk, typed)
        return catalogue.open_service(desk, shop.service_id).service

    row = save("latex; latex , Gloves")
    assert (row.substances, row.needs_approval) == ("latex, Gloves", True)
    row = save("")
    assert (row.substances, row.needs_approval) == ("", False)
    assert Permission.CATALOGUE_EDIT not in shop.actor(Role.FRONT_DESK).permissions


def test_nobody_who_reads_a_record_can_make_it_look_like_a_comparison(desk: UnitOfWork, shop: Shop) -> None:
    record = note(desk, shop.customer_id, "allergy", **PPD)
    words = "Compared with Haircut. What it says was not shown."
    for purpose in ("safety", "other"):
        with pytest.raises(Invalid) as caught:
            open_records(desk, OpenRecords([record], purpose, words), SEALER)
        assert set(caught.value.fields) == {"words"}
    assert openings(desk) == []


def test_a_refusal_takes_everything_back_but_who_was_told(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "sealer", lambda: SEALER)
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        uses(uow, shop, "PPD")
        done = book(uow, wish(shop, "10:00"))
        record = note(uow, shop.customer_id, "allergy", **PPD)
        change_policy(uow, ChangePolicy(0, is_queue_on=True))
        ticket = queue.draw(uow, DrawTicket(shop.service_id, customer_id=shop.customer_id)).ticket_id
    refused: list[tuple[Role, Callable[[UnitOfWork], Any]]] = [
        (Role.MANAGER, lambda uow: step(uow, Step(done.booking_id, "started"))),
        (Role.FRONT_DESK, lambda uow: queue.start(uow, StartTicket(ticket, member_id=shop.members[Role.OWNER]))),
        (Role.OWNER, lambda uow: book(uow, wish(shop, "12:00"))),
    ]
    for role, attempt in refused * 2:
        with pytest.raises(NotSafe), unit_of_work(shop.actor(role), clock=at(MORNING)) as uow:
            uow.session.execute(text("UPDATE customers SET name = 'Never' WHERE id = :id"), {"id": shop.customer_id})
            attempt(uow)
    with unit_of_work(shop.actor()) as uow:
        lines = openings(uow)
        assert [(one.record_id, one.member_id) for one in lines] == [
            (record, shop.members[role]) for role, _ in refused
        ]
        assert uow.session.get_one(Booking, done.booking_id).status == "booked"
        assert uow.session.get_one(Customer, shop.customer_id).name != "Never"
        assert len(list_records(uow, shop.customer_id).openings) == 3


def test_a_crash_notes_nothing_because_nobody_was_told(
    unit_of_work: Work, shop: Shop, at: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "sealer", lambda: SEALER)
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        uses(uow, shop, "PPD")
        note(uow, shop.customer_id, "allergy", **PPD)
    with pytest.raises(ZeroDivisionError), unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        asked(uow, shop)
        raise ZeroDivisionError
    with unit_of_work(shop.actor()) as uow:
        assert openings(uow) == []
