"""Links for messages to those who are ticked: for whom, never for others, and what the log says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from microcrm import wiring
from microcrm.domain.activity_words import sentence
from microcrm.domain.customer_message import LeftOut
from microcrm.domain.errors import Forbidden, Invalid
from microcrm.domain.permissions import Permission, Role
from microcrm.models.customers import Customer
from microcrm.models.records import AuditEvent
from microcrm.operations.consents import RecordConsent, record_consent
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_list import ListCustomers
from microcrm.operations.customer_merge import MergeCustomers, merge_customers
from microcrm.operations.customer_message import MessageLinks, WriteMessages, message_ahead, write_messages
from microcrm.operations.customers import AddCustomer, add, archive
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.shops import CANARY, Shop, TwoShops


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def new(uow: UnitOfWork, name: str, number: int | None, **more: Any) -> int:
    phone = "" if number is None else f"97400 {number:05}"
    return int(add(uow, AddCustomer(name, phone=phone, **more)).id)


def write(uow: UnitOfWork, *ids: Any, about: Any = "bookings", text: Any = "Hello {name}") -> MessageLinks:
    return write_messages(uow, WriteMessages(Choice(tuple(ids)), about, text))


def say(uow: UnitOfWork, customer: int, purpose: str, decision: str = "given", **more: Any) -> None:
    record_consent(uow, RecordConsent(customer, purpose, decision, "in_person", **more))


def events(uow: UnitOfWork) -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.action == "message").order_by(AuditEvent.id)
    return list(uow.session.scalars(query))


def test_links_hold_number_and_first_name_and_the_log_says_how_many(owner: UnitOfWork) -> None:
    ravi, asha = new(owner, "Ravi Kumar", 2), new(owner, "Asha Rao", 1)
    made = write(owner, str(ravi), asha, asha, text="Hello {name}, see you & yours")
    assert [(one.customer_id, one.name, one.called, one.number) for one in made.links] == [
        (asha, "Asha Rao", "Asha", "919740000001"), (ravi, "Ravi Kumar", "Ravi", "919740000002"),
    ]  # fmt: skip
    assert made.parts == ["Hello%20", "%2C%20see%20you%20%26%20yours"]
    (entry,) = events(owner)
    assert entry.facts == {"count": 2, "about": "bookings"}
    assert sentence(entry.action, entry.subject, entry.facts) == (
        "prepared WhatsApp messages to 2 customers about their bookings"
    )


def test_an_offer_goes_to_those_alone_who_agreed_to_it(owner: UnitOfWork) -> None:
    today = owner.now.date()
    yes, never_asked, no, sms_only, over, child = (new(owner, f"Person {n}", n) for n in range(6))
    for one in (yes, no, over, child):
        day = (today - timedelta(days=9)).isoformat()
        until = (today - timedelta(days=2)).isoformat() if one == over else ""
        say(owner, one, "whatsapp_offers", day=day, until=until)
    say(owner, no, "whatsapp_offers", "withdrawn")
    say(owner, sms_only, "sms_offers")
    owner.session.get_one(Customer, child).birthday = today - timedelta(days=3000)
    owner.session.flush()
    ids = (yes, never_asked, no, sms_only, over, child)
    ahead = message_ahead(owner, Choice(ids), "offer")
    assert (ahead.count, ahead.first, ahead.left) == (1, "Person 0", {LeftOut.NO_CONSENT: 5})
    assert [one.customer_id for one in write(owner, *ids, about="offer").links] == [yes]
    assert sentence("message", "customers", events(owner)[-1].facts).endswith("1 customer with an offer")
    say(owner, sms_only, "visit_messages", "refused")
    assert message_ahead(owner, Choice(ids), "bookings").left == {LeftOut.NO_CONSENT: 1}


def test_the_archived_those_without_a_number_and_a_shared_phone_are_counted(owner: UnitOfWork) -> None:
    asha = new(owner, "Asha Rao", 1)
    anu = new(owner, "Anu Rao", 1, is_family=True)
    gone, silent = new(owner, "Gone Away", 2), new(owner, "No Number", None)
    archive(owner, gone)
    ids = (asha, anu, gone, silent)
    ahead = message_ahead(owner, Choice(ids), "bookings")
    assert (ahead.count, ahead.first) == (1, "Asha Rao")
    assert ahead.left == {LeftOut.ARCHIVED: 1, LeftOut.NO_MOBILE: 1, LeftOut.SAME_PHONE: 1}
    assert [one.customer_id for one in write(owner, *ids).links] == [asha]
    with pytest.raises(Invalid, match="reaches nobody"):
        write(owner, gone, silent)
    assert len(events(owner)) == 1


def test_whoever_was_merged_away_is_written_to_no_more(owner: UnitOfWork) -> None:
    kept, gone = new(owner, "Asha Rao", 1), new(owner, "Asha R", 2)
    merge_customers(owner, MergeCustomers(kept, gone, 1, 1), wiring.sealer())
    assert [one.customer_id for one in write(owner, kept, gone).links] == [kept]
    with pytest.raises(Invalid, match="nobody to write to"):
        write(owner, gone)


def test_customers_of_another_shop_are_nobody(owner: UnitOfWork, two_shops: TwoShops) -> None:
    asha = new(owner, "Asha Rao", 1)
    made = write(owner, asha, two_shops.b.customer_id, 2**62)
    assert [one.customer_id for one in made.links] == [asha] and CANARY not in repr(made)
    with pytest.raises(Invalid, match="nobody to write to"):
        message_ahead(owner, Choice((two_shops.b.customer_id,)), "bookings")


def test_a_hundred_at_once_in_the_same_number_of_statements(owner: UnitOfWork) -> None:
    ids = [new(owner, f"Person {n:03}", n) for n in range(101)]
    seen: list[str] = []
    engine = owner.session.get_bind()

    def note(_c: Any, _cu: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    counts = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        for some in (ids[:1], ids[:100]):
            seen.clear()
            assert len(write(owner, *some).links) == len(some)
            counts.append(len(seen))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 3
    for choice in (Choice(tuple(ids)), Choice(listed=ListCustomers(query="person")), Choice(listed=ListCustomers())):
        with pytest.raises(Invalid, match="At most 100 customers"):
            message_ahead(owner, choice, "bookings")
    with pytest.raises(Invalid):
        message_ahead(owner, Choice(tuple(range(1, 502))), "bookings")
    assert len(events(owner)) == 2


@pytest.mark.parametrize(
    ("about", "text", "field"),
    [
        ("news", "Hello", "about"), (None, "Hello", "about"), (["offer"], "Hello", "about"), ("offer", "", "text"),
        ("offer", " \n ", "text"), ("offer", None, "text"), ("offer", "x" * 1_001, "text"), ("offer", "a\x00b", "text"),
        ("offer", "\ud800", "text"), ("offer", {"a": 1}, "text"), ("offer", "क" * 350_000, "text"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_field_and_nothing_is_noted(
    owner: UnitOfWork, shop: Shop, about: Any, text: Any, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        write(owner, shop.customer_id, about=about, text=text)
    assert set(refusal.value.fields) == {field} and events(owner) == []


def test_what_is_no_list_of_customers_is_refused(owner: UnitOfWork) -> None:
    for ids in ("12", {"id": 1}, ("one",), (-1,), (10**30,), (None,)):
        with pytest.raises(Invalid):
            message_ahead(owner, Choice(ids), "bookings")


@pytest.mark.parametrize("role", [Role.STAFF, Role.ACCOUNTANT])
def test_who_sees_numbers_masked_writes_to_nobody(unit_of_work: Work, shop: Shop, role: Role) -> None:
    with unit_of_work(shop.actor(role)) as uow:
        with pytest.raises(Forbidden):
            message_ahead(uow, Choice((shop.customer_id,)), "bookings")
        with pytest.raises(Forbidden):
            write(uow, shop.customer_id)


def test_who_works_with_one_calendar_writes_to_its_customers_alone(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        stranger = new(uow, "Not Mine", 7)
    plain = shop.actor(Role.STAFF)
    trusted = shop.actor(Role.STAFF, permissions=plain.permissions | {Permission.CUSTOMERS_CONTACT})
    with unit_of_work(trusted) as uow, pytest.raises(Invalid, match="nobody to write to"):
        write(uow, stranger)


def test_who_looks_as_somebody_else_makes_no_links(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor(is_viewing_as=True)) as uow:
        with pytest.raises(Forbidden):
            write(uow, shop.customer_id)
        assert events(uow) == []
