"""Before a visit starts: forms that its services need, who may go past that, and what the desk sees of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import FormMissing, Invalid, NotFound
from microcrm.domain.needed_forms import Standing, months_after
from microcrm.domain.permissions import Role
from microcrm.models.bookings import BookingEvent
from microcrm.models.catalogue import Service
from microcrm.models.records import AuditEvent
from microcrm.operations import catalogue, queue
from microcrm.operations.book import BookService, book
from microcrm.operations.booking_card import booking_card
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Step, step
from microcrm.operations.catalogue import SaveService
from microcrm.operations.forms.editing import retire_form
from microcrm.operations.queue import DrawTicket, StartTicket
from microcrm.operations.safety import SafetyAsked, SafetySaid, VisitSafety, safety_of_visit, safety_words
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.records import AddRecord, add_record
from tests.conftest import Work
from tests.support.desk import MONDAY, MORNING, add_service, wish
from tests.support.free_times import statements_of
from tests.support.shops import Shop
from tests.support.vault import SEALER, form_of, own_form

SIGNED = {"reacted": "no", "agreed": {"name": "Asha Rao", "how": "typed"}}


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def needs(uow: UnitOfWork, shop: Shop, form: int | None, months: int | None = None) -> None:
    service = uow.session.get_one(Service, shop.service_id)
    service.needed_form_id, service.needed_form_months = form, months
    uow.session.flush()


def consent(uow: UnitOfWork, shop: Shop, customer: int | None = None, moment: datetime | None = None) -> int:
    """Signed at that moment; the day that is typed counts for nothing."""
    then = replace(uow, now=moment or uow.now)
    wanted = AddRecord(customer or shop.customer_id, form_of(uow, "consent"), 1, MORNING.date().isoformat(), SIGNED)
    if moment is not None:
        wanted = replace(wanted, day=moment.date().isoformat())
    return add_record(then, wanted, SEALER)


def start(uow: UnitOfWork, booking_id: int, reason: str = "") -> Any:
    return step(uow, Step(booking_id, "started", reason=reason))


def test_without_a_rule_a_visit_starts(desk: UnitOfWork, shop: Shop) -> None:
    done = book(desk, wish(shop, "10:00"))
    assert booking_card(desk, done.item_ids[0]).forms == ()
    start(desk, done.booking_id)


def test_a_missing_consent_keeps_the_visit_from_starting_until_it_is_signed(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"), 12)
    done = book(desk, wish(shop, "10:00"))
    [form] = booking_card(desk, done.item_ids[0]).forms
    assert form.in_words(MORNING.date()) == "Consent to a chemical treatment: not signed yet"
    with pytest.raises(FormMissing, match="Before it starts: Consent to a chemical treatment: not signed yet"):
        start(desk, done.booking_id)
    with pytest.raises(FormMissing):
        step(desk, Step(done.booking_id, "finished"))
    step(desk, Step(done.booking_id, "arrived"))
    consent(desk, shop)
    [form] = booking_card(desk, done.item_ids[0]).forms
    assert form.standing(MORNING.date()) is Standing.GOOD
    start(desk, done.booking_id)
    needs(desk, shop, own_form(desk, {"label": "Later"}))
    step(desk, Step(done.booking_id, "finished"))


def test_an_expired_consent_is_none_and_a_new_one_is(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"), 12)
    consent(desk, shop, moment=MORNING - timedelta(days=366))
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(FormMissing, match="expired on 23 Nov 2026"):
        start(desk, done.booking_id)
    consent(desk, shop)
    start(desk, done.booking_id)


def test_somebody_else_s_consent_and_an_unsigned_form_count_for_nothing(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work
) -> None:
    from tests.support.waiting import add_customer

    other = add_customer(desk.session, shop, 7)
    needs(desk, shop, form_of(desk, "consent"))
    consent(desk, shop, other)
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(FormMissing):
        start(desk, done.booking_id)
    optional = own_form(desk, {"label": "I agree", "shape": "signature"}, {"label": "Note"})
    needs(desk, shop, optional)
    add_record(desk, AddRecord(shop.customer_id, optional, 1, MONDAY.replace("30", "20"), {"f2": "x"}), SEALER)
    with pytest.raises(FormMissing, match="not signed yet"):
        start(desk, done.booking_id)


def test_a_form_without_a_signature_counts_from_its_day(desk: UnitOfWork, shop: Shop) -> None:
    form = own_form(desk, {"label": "Shoe size", "is_sensitive": False})
    needs(desk, shop, form, 1)
    done = book(desk, wish(shop, "10:00"))
    old = (MORNING.date() - timedelta(days=40)).isoformat()
    add_record(desk, AddRecord(shop.customer_id, form, 1, old, {"f1": "42"}), SEALER)
    with pytest.raises(FormMissing, match=r"filled in on .*, expired on"):
        start(desk, done.booking_id)
    add_record(desk, AddRecord(shop.customer_id, form, 1, MORNING.date().isoformat(), {"f1": "42"}), SEALER)
    start(desk, done.booking_id)


def test_an_erased_consent_is_none(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"))
    consent(desk, shop)
    destroy_customer_keys(desk, shop.customer_id)
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(FormMissing):
        start(desk, done.booking_id)


def test_a_retired_form_is_asked_for_no_more(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"))
    retire_form(desk, form_of(desk, "consent"))
    done = book(desk, wish(shop, "10:00"))
    start(desk, done.booking_id)


def test_who_runs_the_calendar_starts_without_it_for_a_reason_that_is_kept(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"))
    done = book(desk, wish(shop, "10:00", role=Role.STAFF))
    stylist = replace(desk, actor=shop.actor(Role.STAFF))
    with pytest.raises(FormMissing) as caught:
        start(stylist, done.booking_id, "She is in a hurry")
    assert not caught.value.may_override
    with pytest.raises(FormMissing) as caught:
        start(desk, done.booking_id)
    assert caught.value.may_override
    start(desk, done.booking_id, "Signed on paper")
    events = desk.session.scalars(select(BookingEvent).where(BookingEvent.kind == "started")).all()
    assert events[-1].reason.startswith("Signed on paper (Before it starts")
    log = desk.session.scalars(select(AuditEvent).where(AuditEvent.action == "booking.without_form")).one()
    assert (log.subject_id, log.member_id) == (done.booking_id, shop.members[Role.OWNER])
    assert "paper" not in str(log.facts)


def test_where_the_owner_allows_no_exceptions_no_reason_helps(desk: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, is_override_allowed=False))
    needs(desk, shop, form_of(desk, "consent"))
    done = book(desk, wish(shop, "10:00"))
    with pytest.raises(FormMissing) as caught:
        start(desk, done.booking_id, "Signed on paper")
    assert not caught.value.may_override


def test_a_walk_in_signs_first_too(desk: UnitOfWork, shop: Shop) -> None:
    change_policy(desk, ChangePolicy(0, is_queue_on=True))
    needs(desk, shop, form_of(desk, "consent"))
    ticket = queue.draw(desk, DrawTicket(shop.service_id, customer_id=shop.customer_id))
    sits = StartTicket(ticket.ticket_id, member_id=shop.members[Role.MANAGER])
    with pytest.raises(FormMissing):
        queue.start(desk, sits)
    consent(desk, shop)
    queue.start(desk, sits)
    nobody = queue.draw(desk, DrawTicket(shop.service_id, name="Somebody"))
    with pytest.raises(FormMissing):
        queue.start(desk, StartTicket(nobody.ticket_id, member_id=shop.members[Role.OWNER]))
    again = StartTicket(nobody.ticket_id, member_id=shop.members[Role.OWNER], safety_reason="On paper")
    queue.start(desk, again)


def test_the_rule_is_set_on_the_service_and_can_be_taken_away(
    desk: UnitOfWork, shop: Shop, neighbour: Shop, unit_of_work: Work
) -> None:
    def save(**typed: Any) -> Any:
        row = catalogue.open_service(desk, shop.service_id).service
        assert row is not None
        catalogue.save_service(
            desk, SaveService(row.name, "45", "600", service_id=row.id, version=row.version, **typed)
        )
        return catalogue.open_service(desk, shop.service_id).service

    form = form_of(desk, "consent")
    assert (form, "Consent to a chemical treatment") in catalogue.open_service(desk, shop.service_id).forms
    row = save(needed_form=str(form), needed_months="6")
    assert (row.needed_form_id, row.needed_form_months) == (form, 6)
    row = save(needed_form="", needed_months="6")
    assert (row.needed_form_id, row.needed_form_months) == (None, None)
    for wrong in (
        {"needed_form": "x"},
        {"needed_form": form, "needed_months": "0"},
        {"needed_form": form, "needed_months": "121"},
    ):
        with pytest.raises(Invalid) as caught:
            save(**wrong)
        assert set(caught.value.fields) <= {"needed_form", "needed_months"}
    with unit_of_work(neighbour.actor()) as theirs:
        foreign = form_of(theirs, "consent")
    with unit_of_work(shop.actor()) as mine, pytest.raises(NotFound):
        row = catalogue.open_service(mine, shop.service_id).service
        assert row is not None
        catalogue.save_service(
            mine, SaveService(row.name, "45", "600", service_id=row.id, version=row.version, needed_form=foreign)
        )


def said(desk: UnitOfWork, shop: Shop, customer: int | None = None) -> SafetySaid:
    return safety_words(desk, SafetyAsked([shop.service_id], MONDAY, customer))


def test_the_form_of_a_booking_says_what_is_missing_and_refuses_nothing(desk: UnitOfWork, shop: Shop) -> None:
    monday = date.fromisoformat(MONDAY)
    assert said(desk, shop, shop.customer_id).to_fill(monday) == ""
    needs(desk, shop, form_of(desk, "consent"), 12)
    missing = "Consent to a chemical treatment: not signed yet."
    assert said(desk, shop, shop.customer_id).to_fill(monday) == missing
    assert said(desk, shop).to_fill(monday) == missing, "nobody in particular has signed nothing"
    assert said(desk, shop, shop.customer_id).words == "" == said(desk, shop).words
    done = book(desk, wish(shop, "10:00"))
    consent(desk, shop)
    assert said(desk, shop, shop.customer_id).to_fill(monday) == ""
    assert said(desk, shop).to_fill(monday) == missing
    moved = safety_of_visit(desk, VisitSafety(done.booking_id, MONDAY, done.item_ids[0]))
    assert (moved.to_fill(monday), moved.customer_id) == ("", shop.customer_id)


def test_a_day_on_which_the_consent_will_have_run_out_is_told_before_it_is_booked(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"), 1)
    signed = MORNING.date()
    consent(desk, shop)
    last, first = months_after(signed, 1) - timedelta(days=1), months_after(signed, 1)
    now = said(desk, shop, shop.customer_id)
    assert now.to_fill(last) == ""
    assert now.to_fill(first).endswith("runs out on 24 Dec 2026.") and now.to_fill(last, first) == now.to_fill(first)
    done = book(desk, wish(shop, "10:00"))
    for again in (True, False):
        asked = VisitSafety(done.booking_id, str(first), is_again=again)
        assert "runs out on 24 Dec 2026" in safety_of_visit(desk, asked).to_fill(first)


def test_only_one_service_of_a_visit_is_moved_with_its_own_form(desk: UnitOfWork, shop: Shop) -> None:
    manager = shop.members[Role.MANAGER]
    other = BookService(add_service(desk.session, shop, "Blow-dry"), manager)
    done = book(desk, wish(shop, "10:00", services=(BookService(shop.service_id, manager), other)))
    needs(desk, shop, form_of(desk, "consent"))
    monday = date.fromisoformat(MONDAY)
    said = [safety_of_visit(desk, VisitSafety(done.booking_id, MONDAY, one)).to_fill(monday) for one in done.item_ids]
    assert bool(said[0]) and said[1] == ""
    assert safety_of_visit(desk, VisitSafety(done.booking_id, MONDAY)).to_fill(monday) == said[0]


def test_however_many_days_are_asked_about_the_forms_are_read_once(desk: UnitOfWork, shop: Shop) -> None:
    needs(desk, shop, form_of(desk, "consent"))

    def ask(days: int) -> Any:
        return safety_words(desk, SafetyAsked([shop.service_id], MONDAY, shop.customer_id, days))

    assert len(statements_of(desk, lambda: ask(1))) == len(statements_of(desk, lambda: ask(60)))
