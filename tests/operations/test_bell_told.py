"""What rings the bell, and whose: each in the transaction of what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from microcrm.domain.errors import Conflict
from microcrm.domain.messenger import Channel, Inbound
from microcrm.domain.permissions import Role
from microcrm.domain.reveals import USUAL_A_DAY
from microcrm.models.catalogue import Service
from microcrm.models.customers import Customer
from microcrm.models.replies import InboundMessage
from microcrm.operations import members
from microcrm.operations.accounts.credentials import ChangePassword, change_password
from microcrm.operations.accounts.entering import Browser
from microcrm.operations.contact_reveals import RevealContact, reveal_contact
from microcrm.operations.hold import ConfirmPublic, confirm_public, hold_public
from microcrm.operations.members import ChangeRights
from microcrm.operations.messages.outcomes import Look, give_up, needs_a_person
from microcrm.operations.messaging.accounts import stop_channel
from microcrm.operations.online.keys import remove_keys, use_sandbox
from microcrm.operations.public_booking import Agreed, TakeTime, take_and_book
from microcrm.operations.replies import inbox
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.replies.inbox import AssignInbound
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.conftest import Work
from tests.operations.test_messaging_accounts import connect as connect_twilio
from tests.operations.test_messaging_accounts import put
from tests.support.accounts import NEW_PASSWORD, QUICK, Desk
from tests.support.bells import bells
from tests.support.deposits import hear
from tests.support.desk import MORNING
from tests.support.holds import PERSON, chosen, filled_in, start_at, stranger
from tests.support.online import SEALER, asked, connect, dispute, link, order, payment, webhook
from tests.support.shops import PASSWORD, Shop
from tests.support.till import cut, issued, register
from tests.support.waiting import List

ANSWERERS = {Role.OWNER, Role.MANAGER, Role.FRONT_DESK}


@pytest.fixture
def uow(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def test_a_new_browser_and_a_new_password(unit_of_work: Work, shop: Shop) -> None:
    desk = Desk(unit_of_work, datetime.now(UTC))
    first = desk.sign_in()
    desk.sign_in(browser=Browser(device_token=first.device_token))
    actor = desk.actor(first.token)
    desk.do(change_password, ChangePassword(PASSWORD, NEW_PASSWORD), QUICK, actor=actor)
    with unit_of_work(shop.actor()) as uow:
        assert bells(uow, shop, "sign_in") == {Role.OWNER: [{"browser": "Firefox on Linux"}]}
        assert bells(uow, shop, "account") == {Role.OWNER: [{"what": "password_changed"}]}


def test_somebody_who_looks_at_all_they_may(uow: UnitOfWork, shop: Shop) -> None:
    staff = replace(uow, actor=shop.actor(Role.STAFF))
    for hour in range(USUAL_A_DAY[Role.STAFF]):
        later = replace(staff, now=MORNING + timedelta(minutes=20 * hour))
        reveal_contact(later, RevealContact(shop.customer_id, "phone", "late", ""))
    member = shop.members[Role.STAFF]
    assert bells(uow, shop, "contacts") == {Role.OWNER: [{"member": member}]}


def test_other_rights_are_told_to_whom_they_are_of_and_to_the_owners(uow: UnitOfWork, shop: Shop) -> None:
    by_manager = replace(uow, actor=shop.actor(Role.MANAGER))
    members.change_rights(by_manager, ChangeRights(shop.members[Role.STAFF], 1, Role.FRONT_DESK.value))
    assert bells(uow, shop, "rights") == {role: [{"role": "front_desk"}] for role in (Role.OWNER, Role.STAFF)}
    members.change_rights(uow, ChangeRights(shop.members[Role.STAFF], 2, Role.FRONT_DESK.value))
    members.change_rights(uow, ChangeRights(shop.members[Role.MANAGER], 1, Role.STAFF.value))
    found = bells(uow, shop, "rights")
    assert (len(found[Role.OWNER]), len(found[Role.STAFF]), len(found[Role.MANAGER])) == (1, 1, 1)


def test_keys_that_come_and_go_and_a_channel_that_stops(uow: UnitOfWork, shop: Shop) -> None:
    account = connect(uow)
    remove_keys(replace(uow, now=MORNING + timedelta(minutes=1)), account.version)
    use_sandbox(uow, "seed", SEALER)  # with which no money moves
    connect_twilio(uow)
    put(uow, Channel.SMS, "LOTUSS")
    said = [(one["of"], one["what"]) for one in bells(uow, shop, "keys")[Role.OWNER]]
    assert said == [("razorpay", "entered"), ("razorpay", "removed"), ("twilio", "entered")]
    for _ in range(2):
        stop_channel(uow, Channel.SMS, "20003")
    assert bells(uow, shop, "channel") == {Role.OWNER: [{"channel": "sms"}]}


def test_messages_that_need_a_person_ring_once_an_hour(uow: UnitOfWork, shop: Shop) -> None:
    for minutes in (0, 5, 59):
        needs_a_person(replace(uow, now=MORNING.replace(minute=0) + timedelta(minutes=minutes)))
    needs_a_person(replace(uow, now=MORNING.replace(minute=0) + timedelta(minutes=60)))
    assert {role: len(found) for role, found in bells(uow, shop, "failed").items()} == dict.fromkeys(ANSWERERS, 2)


def test_a_look_that_lost_its_lease_tells_nobody(uow: UnitOfWork, shop: Shop) -> None:
    look: Any = type("Gone", (), {"message_id": 10**9, "attempt": 1, "looks": 6})()
    gone: Look = look
    give_up(replace(uow, actor=system(shop.business_id)), gone)
    assert bells(uow, shop, "failed") == {}


def test_a_dispute_and_that_it_was_lost(uow: UnitOfWork, shop: Shop) -> None:
    register(uow, shop)
    connect(uow)
    bill = issued(uow, shop, cut("500")).document_id
    wanted = asked(uow, bill)
    told = link("paid", wanted.reference)
    hear(uow, webhook("payment_link.paid", payment_link=told, order=order(), payment=payment("captured")))
    for _ in range(2):
        hear(uow, webhook("payment.dispute.created", dispute=dispute("open"), payment=payment("captured")))
    for _ in range(2):
        hear(uow, webhook("payment.dispute.lost", dispute=dispute("lost"), payment=payment("captured")))
    found = bells(uow, shop, "dispute")
    assert set(found) == {Role.OWNER, Role.MANAGER, Role.ACCOUNTANT}
    assert [(one["paise"], one["status"], one["document"]) for one in found[Role.OWNER]] == [
        (52_500, "open", bill), (52_500, "lost", bill),
    ]  # fmt: skip


def test_a_request_from_the_page_by_either_road(uow: UnitOfWork, shop: Shop) -> None:
    mine = (Service.business_id == shop.business_id, Service.id == shop.service_id)
    uow.session.execute(update(Service).where(*mine).values(needs_approval=True))
    page = replace(uow, actor=stranger(shop))
    first = confirm_public(page, filled_in(hold_public(page, chosen(shop))))
    assert first.status == "pending_approval"
    slug = uow.session.execute(text("SELECT slug FROM businesses WHERE id = :b"), {"b": shop.business_id}).scalar_one()
    at_once = TakeTime([(shop.service_id, shop.members[Role.MANAGER])], start_at("14:00"))
    second = take_and_book(page, slug, at_once, ConfirmPublic("A" * 22, **PERSON), Agreed())
    assert second.status == "pending_approval"
    found = bells(uow, shop, "request")
    assert set(found) == ANSWERERS
    assert [one["item"] for one in found[Role.FRONT_DESK]] == [first.item_ids[0], second.item_ids[0]]


def test_a_yes_from_the_waiting_list_is_told_when_nobody_of_the_shop_said_it(unit_of_work: Work, shop: Shop) -> None:
    waiting = List(unit_of_work, shop)
    visit = waiting.book()
    first = waiting.join()
    waiting.cancel(visit)
    assert waiting.answer(first, "accept").state == "accepted"
    waiting.answer(first, "accept")
    found = waiting.do(lambda uow: bells(uow, shop, "offer"))
    assert {role: len(told) for role, told in found.items()} == dict.fromkeys(ANSWERERS, 1)


def says(uow: UnitOfWork, shop: Shop, words: str, number: int) -> InboundMessage:
    working = replace(uow, actor=system(shop.business_id), now=uow.now + timedelta(minutes=number))
    phone = uow.session.get_one(Customer, shop.customer_id).phone
    told = Inbound(
        provider_id=f"SM{number:032d}", channel=Channel.WHATSAPP, sender=phone, receiver="+14155238886", text=words, button="",
        answers="", profile="", pieces=0, at=working.now,
    )  # fmt: skip
    take_inbound(working, told)
    take_inbound(working, told)
    return uow.session.scalars(select(InboundMessage).where(InboundMessage.provider_id == told.provider_id)).one()


def test_a_conversation_that_is_given_to_somebody_stays_theirs(uow: UnitOfWork, shop: Shop) -> None:
    desk, owner = shop.members[Role.FRONT_DESK], shop.members[Role.OWNER]
    first = says(uow, shop, "Is there parking?", 1)
    inbox.assign(uow, AssignInbound(first.id, first.version, owner))
    assert bells(uow, shop, "assigned") == {}, "nobody is told of what they did themselves"
    inbox.assign(uow, AssignInbound(first.id, first.version, desk))
    with pytest.raises(Conflict):
        inbox.assign(uow, AssignInbound(first.id, first.version - 1, desk))
    assert bells(uow, shop, "assigned") == {Role.FRONT_DESK: [{"inbound": first.id}]}
    second = says(uow, shop, "Hello? Anybody?", 2)
    assert second.assigned_id == desk
    assert bells(uow, shop, "reply") == {Role.FRONT_DESK: [{"inbound": second.id}]}
    inbox.settle(uow, second.id)
    third = says(uow, shop, "Do you sell oil?", 3)
    assert third.assigned_id is None, "what is settled is nobody's any more"
    assert len(bells(uow, shop, "reply")[Role.FRONT_DESK]) == 1
