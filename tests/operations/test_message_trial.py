"""A test of the words to one's own phone: as they would leave, whatever was saved, and not for writing to people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, LimitReached
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Role
from microcrm.models.records import AuditEvent
from microcrm.operations.messaging.accounts import use_sandbox
from microcrm.operations.messaging.channels import SaveChannel, save_channel, view_channels
from microcrm.operations.messaging.templates import WriteTemplate
from microcrm.operations.messaging.trying import MOST_AN_HOUR, try_template
from microcrm.operations.unit_of_work import UnitOfWork
from tests.conftest import Work
from tests.support.online import SEALER
from tests.support.shops import Shop

MINE = WriteTemplate("reminder", "whatsapp", "en", text="Hello {customer}, see you {when}. Bye")
HX = "HX" + "0a" * 16
PHONE = "98450 12345"
ENTITY, DLT_ID = "1101234567890123456", "1107161234567890123"


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        use_sandbox(uow, "seed", SEALER)
        yield uow


def test_the_words_leave_as_typed(owner: UnitOfWork) -> None:
    trial = try_template(owner, MINE, PHONE, SEALER)
    out = trial.outgoing
    assert trial.account.is_sandbox and (out.channel, out.to) == (Channel.WHATSAPP, "+919845012345")
    assert out.text.startswith("Hello Asha, see you ") and (out.content_id, out.content_values) == ("", ())


def test_a_registered_text_leaves_by_its_number_with_its_values(owner: UnitOfWork) -> None:
    out = try_template(owner, replace(MINE, content_sid=HX), PHONE, SEALER).outgoing
    assert out.content_id == HX and out.content_values[0] == "Asha" and len(out.content_values) == 2


def test_an_sms_takes_its_registration_along(owner: UnitOfWork) -> None:
    row = next(one for one in view_channels(owner) if one.channel is Channel.SMS)
    save_channel(owner, SaveChannel("sms", row.version, row.sender, ENTITY, 10))
    text = replace(
        MINE, channel="sms", text="See you {when}", dlt_template_id=DLT_ID, dlt_text="See you {#alphanumeric#}"
    )
    out = try_template(owner, text, PHONE, SEALER).outgoing
    assert (out.dlt_entity_id, out.dlt_template_id) == (ENTITY, DLT_ID)
    plain = try_template(owner, replace(text, dlt_template_id="", dlt_text=""), PHONE, SEALER).outgoing
    assert (plain.dlt_entity_id, plain.dlt_template_id) == ("", "")


@pytest.mark.parametrize("to", ["", None, "12", "080 4567 8900", "x" * 10_000, 7, ["98450 12345"]])
def test_only_to_a_mobile(owner: UnitOfWork, to: Any) -> None:
    with pytest.raises(Invalid) as refused:
        try_template(owner, MINE, to, SEALER)
    assert set(refused.value.fields) == {"to"}


def test_not_what_could_not_be_sent_and_not_by_mail(owner: UnitOfWork) -> None:
    with pytest.raises(Invalid) as refused:
        try_template(owner, replace(MINE, text="{nobody}"), PHONE, SEALER)
    assert set(refused.value.fields) == {"text"}
    with pytest.raises(Invalid):
        try_template(owner, replace(MINE, channel="email"), PHONE, SEALER)


def test_each_is_in_the_log_without_the_number_and_there_are_not_many_an_hour(owner: UnitOfWork) -> None:
    for _ in range(MOST_AN_HOUR):
        try_template(owner, MINE, PHONE, SEALER)
    event = owner.session.scalars(select(AuditEvent).where(AuditEvent.action == "message.tried")).first()
    assert event is not None and event.facts == {"channel": "whatsapp", "step": "reminder"}
    with pytest.raises(LimitReached):
        try_template(owner, MINE, PHONE, SEALER)
    owner.now += timedelta(hours=1, seconds=1)
    try_template(owner, MINE, PHONE, SEALER)


def test_only_with_an_account_and_only_who_may_change_the_business(
    unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    with unit_of_work(neighbour.actor()) as other, pytest.raises(Conflict):
        try_template(other, MINE, PHONE, SEALER)
    for role in (Role.MANAGER, Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF):
        with unit_of_work(shop.actor(role)) as other, pytest.raises(Forbidden):
            try_template(other, MINE, PHONE, SEALER)
