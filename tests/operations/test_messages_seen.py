"""Messages as those who sent them see them: words, lists, and what can be done about one that did not arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, NotFound
from microcrm.domain.message_words import reason_words, ticks, title_of
from microcrm.domain.messages import MessageState
from microcrm.domain.notices import NoticeStep
from microcrm.domain.permissions import Role
from microcrm.domain.send_gate import REASONS
from microcrm.domain.twilio import WHY
from microcrm.models.messages import Message
from microcrm.models.records import AuditEvent
from microcrm.operations.booking_card import booking_card
from microcrm.operations.messages.live import is_sending, leaving_hint
from microcrm.operations.messages.seen import (
    PAGE_SIZE,
    ListMessages,
    list_messages,
    mark_told,
    messages_of_visit,
    send_again,
)
from microcrm.operations.timeline.reading import ReadTimeline, read_timeline
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.desk import MORNING
from tests.support.free_times import statements_of
from tests.support.shops import Shop

INDIA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def desk(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(MORNING)) as uow:
        yield uow


def message(uow: UnitOfWork, shop: Shop, state: str, **values: Any) -> int:
    given = {
        "subject": f"booking:{shop.booking_id}", "step": "booked", "channel": "whatsapp", "created_at": uow.now,
        "due_at": uow.now, "customer_id": shop.customer_id, "booking_id": shop.booking_id, "subject_version": 1,
    } | values  # fmt: skip
    row = Message(business_id=uow.business_id, state=state, **given)
    uow.session.add(row)
    uow.session.flush()
    return row.id or 0


def test_what_needs_a_person_comes_first_and_what_went_on_does_not(desk: UnitOfWork, shop: Shop) -> None:
    failed = message(desk, shop, "failed", reason="63024")
    unknown = message(desk, shop, "unknown", subject_version=2, reason="unknown")
    message(desk, shop, "failed", subject_version=3, reason="63024", details={"next": "sms"})
    message(desk, shop, "delivered", subject_version=4, handed_at=desk.now, text="You are booked.")
    message(desk, shop, "planned", subject_version=5, due_at=desk.now + timedelta(days=1), step="reminder")
    page = list_messages(desk, ListMessages())
    assert [one.id for one in page.trouble] == [unknown, failed] and page.may_act
    assert page.trouble[1].ticks.why == "This number is not on WhatsApp. (code 63024)"
    assert [(one.title, one.channel, one.ticks.status, one.text) for one in page.rows] == [
        ("Booked", "WhatsApp", "Delivered", "You are booked.")
    ]
    [planned] = list_messages(desk, ListMessages("planned")).rows
    assert (planned.title, planned.ticks.status) == ("Reminder", "Planned for Tomorrow, 9:30 am")
    not_sent = list_messages(desk, ListMessages("not_sent")).rows
    assert {one.ticks.status for one in not_sent} == {
        "Not delivered", "Perhaps not sent", "Went by SMS instead",
    }  # fmt: skip
    assert list_messages(desk, ListMessages(["?"])).show == "sent"


def test_pages_follow_each_other_and_cost_the_same(desk: UnitOfWork, shop: Shop) -> None:
    for number in range(PAGE_SIZE + 5):
        message(desk, shop, "sent", subject_version=number + 1, due_at=desk.now - timedelta(minutes=number // 2))
    first = list_messages(desk, ListMessages())
    few = statements_of(desk, lambda: list_messages(desk, ListMessages()))
    second = list_messages(desk, ListMessages(after=first.after))
    seen = [one.id for one in (*first.rows, *second.rows)]
    assert len(seen) == len(set(seen)) == PAGE_SIZE + 5 and second.after is None
    assert len(few) == 2


def test_one_that_failed_is_sent_again_or_told_by_hand(desk: UnitOfWork, shop: Shop) -> None:
    failed = message(desk, shop, "failed", reason="30003", attempts=3, expires_at=desk.now - timedelta(days=1))
    assert send_again(desk, failed) == "Booked goes out again"
    row = desk.session.get_one(Message, failed)
    assert (row.state, row.reason, row.attempts, row.due_at) == ("planned", "", 0, desk.now)
    assert row.expires_at is not None and row.expires_at > desk.now and "messages" in desk.nudges
    with pytest.raises(Conflict):
        send_again(desk, failed)
    unknown = message(desk, shop, "unknown", subject_version=2)
    assert mark_told(desk, str(unknown)) == "Noted: they know of it"
    assert list_messages(desk, ListMessages()).trouble == ()
    actions = select(AuditEvent.action).where(AuditEvent.subject == "message").order_by(AuditEvent.id)
    assert list(desk.session.scalars(actions)) == ["message.sent_again", "message.told_by_hand"]


@pytest.mark.parametrize("raw", ["", None, "0", "x", "99999999999999999999", [1]])
def test_odd_ids_find_nothing(desk: UnitOfWork, raw: Any) -> None:
    with pytest.raises(NotFound):
        send_again(desk, raw)


def test_a_neighbour_s_message_is_not_there(desk: UnitOfWork, shop: Shop, unit_of_work: Work, neighbour: Shop) -> None:
    failed = message(desk, shop, "failed")
    with unit_of_work(neighbour.actor()) as theirs:
        with pytest.raises(NotFound):
            send_again(theirs, failed)
        assert list_messages(theirs, ListMessages("not_sent")).rows == ()


def test_who_may_not_see_messages_sees_none(desk: UnitOfWork, shop: Shop) -> None:
    staff = replace(desk, actor=shop.actor(Role.STAFF))
    for refused in (
        lambda: list_messages(staff, ListMessages()),
        lambda: send_again(staff, 1),
        lambda: mark_told(staff, 1),
    ):
        with pytest.raises(Forbidden):
            refused()
    message(desk, shop, "delivered")
    entries = read_timeline(staff, ReadTimeline(shop.customer_id)).entries
    assert not [one for one in entries if one.key.startswith("message")]


def test_the_card_and_the_timeline_show_each_message_with_its_ticks(desk: UnitOfWork, shop: Shop) -> None:
    message(desk, shop, "read", handed_at=desk.now, text="You are booked.")
    message(desk, shop, "failed", subject_version=2, step="moved", channel="sms", reason="30005")
    message(desk, shop, "withdrawn", subject_version=3, step="cancelled", reason="taken_back")
    shown = messages_of_visit(desk, shop.booking_id)
    assert [(one.title, one.channel, one.ticks.status) for one in shown] == [
        ("Moved", "SMS", "Not delivered"), ("Booked", "WhatsApp", "Read"),
    ]  # fmt: skip
    assert shown[0].ticks.to_do == "Ask the customer for another number, or tell them yourself."
    assert booking_card(desk, shop.booking_item_id).messages == shown
    page = read_timeline(desk, ReadTimeline(shop.customer_id, "messages"))
    assert [(one.title, one.status, one.tone) for one in page.entries] == [
        ("Moved, SMS", "Not delivered", "bad"), ("Booked, WhatsApp", "Read", "ok"),
    ]  # fmt: skip
    assert ("messages", "Messages") in page.filters


def test_whether_messages_leave_is_said(desk: UnitOfWork) -> None:
    assert not is_sending(desk) and "once messaging is set up" in leaving_hint(desk)


@given(
    state=st.sampled_from(MessageState),
    reason=st.sampled_from([*REASONS, *map(str, WHY), "", "unreachable", "odd", "99"]),
)
def test_every_state_and_reason_has_words(state: MessageState, reason: str) -> None:
    said = ticks(state, reason, MORNING, "", INDIA, MORNING)
    assert said.status and said.icon and said.tone in ("neutral", "ok", "info", "warn", "bad")
    assert all(part == "" or part[-1] in ".)" for part in (said.why, said.to_do))
    if reason:
        assert reason_words(reason)[0]


def test_every_step_has_a_title() -> None:
    assert all(title_of(step) for step in (*NoticeStep, "reply", "answer"))
