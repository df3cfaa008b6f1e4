"""A shop's account at Twilio and its channels: sealed, for its owner only, and never by halves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st
from sqlalchemy import select

from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Role
from microcrm.models.messaging import MessageChannel, MessagingAccount
from microcrm.operations.messaging.accounts import (
    PREVIOUS_LASTS,
    AccountView,
    SaveAccount,
    account_to_try,
    channels_on,
    messenger_account,
    note_heard,
    remove_account,
    save_account,
    stop_channel,
    twilio_behind,
    use_sandbox,
    view_account,
)
from microcrm.operations.messaging.channels import SaveChannel, save_channel, switch_channel, view_channels
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.sandbox.twilio_keys import sandbox_account
from tests.conftest import Work
from tests.support.online import SEALER
from tests.support.shops import Shop

SID, OTHER_SID = "AC" + "1a" * 16, "AC" + "2b" * 16
TOKEN, OTHER_TOKEN = "0f" * 16, "1e" * 16
NUMBER = "+918045678900"
LOST = MasterSeal("another secret key of the installation")


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def connect(uow: UnitOfWork, sid: str = SID, token: str = TOKEN) -> AccountView:
    save_account(uow, SaveAccount(view_account(uow, SEALER).version, sid, token), SEALER)
    return view_account(uow, SEALER)


def version(uow: UnitOfWork, channel: Channel) -> int:
    return next(one.version for one in view_channels(uow) if one.channel is channel)


def put(uow: UnitOfWork, channel: Channel, sender: str, dlt: str = "", pace: Any = "") -> str:
    return save_channel(uow, SaveChannel(channel, version(uow, channel), sender, dlt, pace))


def switch(uow: UnitOfWork, channel: Channel, is_on: bool) -> str:
    return switch_channel(uow, channel, version(uow, channel), is_on)


def test_nothing_stands_in_the_database_as_typed(owner: UnitOfWork, shop: Shop) -> None:
    view = connect(owner)
    row = owner.session.scalars(select(MessagingAccount)).one()
    for sealed in (row.auth_token, row.hook_token, row.hook_hash):
        for secret in (TOKEN, view.hook_token):
            assert secret.encode() not in sealed
    account = messenger_account(owner, SEALER)
    assert (account.account_sid, account.auth_token, account.is_sandbox) == (SID, TOKEN, False)
    assert TOKEN not in repr(account) and view.hook_token not in repr(account)
    hook = twilio_behind(owner, view.hook_token, SEALER)
    assert (hook.business_id, hook.account_sid, hook.secrets) == (shop.business_id, SID, (TOKEN,))
    assert TOKEN not in repr(hook)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.ACCOUNTANT, Role.STAFF])
def test_only_the_owner(owner: UnitOfWork, unit_of_work: Work, shop: Shop, role: Role) -> None:
    view = connect(owner)
    with unit_of_work(shop.actor(role)) as other:
        for refused in (
            lambda: view_account(other, SEALER),
            lambda: account_to_try(other, SaveAccount(1, OTHER_SID, TOKEN), SEALER),
            lambda: save_account(other, SaveAccount(1, OTHER_SID, TOKEN), SEALER),
            lambda: use_sandbox(other, "seed", SEALER),
            lambda: remove_account(other, view.version),
            lambda: messenger_account(other, SEALER),
            lambda: channels_on(other),
            lambda: view_channels(other),
            lambda: stop_channel(other, Channel.SMS, "20003"),
            lambda: save_channel(other, SaveChannel("sms", 0, NUMBER, "", "")),
            lambda: switch_channel(other, "sms", 0, True),
            lambda: note_heard(other),
        ):
            with pytest.raises(Forbidden):
                refused()
    assert view_account(owner, SEALER) == view


def test_another_shop_has_its_own(owner: UnitOfWork, unit_of_work: Work, neighbour: Shop) -> None:
    mine = connect(owner)
    put(owner, Channel.SMS, NUMBER)
    with unit_of_work(neighbour.actor()) as theirs:
        assert view_account(theirs, SEALER).mode == ""
        assert [one.sender for one in view_channels(theirs)] == ["", "", ""]
        with pytest.raises(Conflict, match="sends no messages"):
            messenger_account(theirs, SEALER)
        with pytest.raises(NotFound):
            remove_account(theirs, mine.version)
        assert connect(theirs).hook_token != mine.hook_token


@pytest.mark.parametrize(
    ("sid", "token", "fields"),
    [
        ("", "", {"account_sid", "auth_token"}),
        (SID[:-1], TOKEN, {"account_sid"}),
        ("SK" + "1a" * 16, TOKEN, {"account_sid"}),  # an API key is no account
        (SID, "short", {"auth_token"}),
        (SID, "0f" * 40, {"auth_token"}),
        (7, [TOKEN], {"account_sid", "auth_token"}),
    ],
)
def test_an_account_that_cannot_be_one(owner: UnitOfWork, sid: Any, token: Any, fields: set[str]) -> None:
    with pytest.raises(Invalid) as caught:
        account_to_try(owner, SaveAccount(0, sid, token), SEALER)
    assert set(caught.value.fields) == fields
    assert view_account(owner, SEALER).mode == ""


def test_an_older_form_changes_nothing(owner: UnitOfWork) -> None:
    connect(owner)
    connect(owner)
    with pytest.raises(Conflict):
        save_account(owner, SaveAccount(1, OTHER_SID, TOKEN), SEALER)
    put(owner, Channel.SMS, NUMBER)
    with pytest.raises(Conflict):
        save_channel(owner, SaveChannel("sms", 0, "+918045678901", "", ""))
    with pytest.raises(Conflict):
        remove_account(owner, 1)


def test_a_changed_token_still_counts_for_a_day(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        address = connect(uow).hook_token
        assert connect(uow, token=OTHER_TOKEN).hook_token == address
        assert twilio_behind(uow, address, SEALER).secrets == (OTHER_TOKEN, TOKEN)
        connect(uow, token="")
        assert messenger_account(uow, SEALER).auth_token == OTHER_TOKEN
        uow.now += PREVIOUS_LASTS
        assert twilio_behind(uow, address, SEALER).secrets == (OTHER_TOKEN,)


def test_another_account_begins_without_senders_and_without_the_old_token(owner: UnitOfWork) -> None:
    connect(owner)
    put(owner, Channel.WHATSAPP, NUMBER)
    switch(owner, Channel.WHATSAPP, True)
    switch(owner, Channel.EMAIL, True)
    assert list(channels_on(owner)) == [Channel.WHATSAPP, Channel.EMAIL]
    view = connect(owner, OTHER_SID, OTHER_TOKEN)
    assert list(channels_on(owner)) == [Channel.EMAIL]
    assert messenger_account(owner, SEALER).whatsapp_sender == ""
    assert twilio_behind(owner, view.hook_token, SEALER).secrets == (OTHER_TOKEN,)


def test_the_sandbox_has_every_channel_and_gives_way_to_an_account_of_twilio(owner: UnitOfWork, shop: Shop) -> None:
    account = use_sandbox(owner, "seed", SEALER)
    assert account.is_sandbox
    assert (account.account_sid, account.auth_token) == sandbox_account("seed", f"business {shop.business_id}")
    assert list(channels_on(owner)) == [Channel.WHATSAPP, Channel.SMS, Channel.EMAIL]
    assert account.whatsapp_sender.startswith("+91") and account.sms_sender
    assert use_sandbox(owner, "seed", SEALER) == account
    with pytest.raises(Invalid):
        connect(owner, SID, "")
    connect(owner)
    assert view_account(owner, SEALER).mode == "live" and list(channels_on(owner)) == [Channel.EMAIL]
    with pytest.raises(Conflict, match="has an account at Twilio"):
        use_sandbox(owner, "seed", SEALER)


def test_without_an_account_only_mail_leaves(owner: UnitOfWork) -> None:
    view = connect(owner)
    for channel, sender in ((Channel.WHATSAPP, NUMBER), (Channel.SMS, "lotuss"), (Channel.EMAIL, "")):
        put(owner, channel, sender)
        switch(owner, channel, True)
    assert messenger_account(owner, SEALER).sms_sender == "LOTUSS"
    remove_account(owner, view.version)
    assert list(channels_on(owner)) == [Channel.EMAIL]
    with pytest.raises(NotFound):
        twilio_behind(owner, view.hook_token, SEALER)
    with pytest.raises(Conflict, match="no sender yet"):
        switch(owner, Channel.SMS, True)


def test_a_channel_that_stopped_says_why_and_starts_again_when_something_is_saved(owner: UnitOfWork) -> None:
    connect(owner)
    put(owner, Channel.SMS, NUMBER)
    switch(owner, Channel.SMS, True)
    stop_channel(owner, Channel.SMS, "20003")
    stop_channel(owner, Channel.SMS, "21606")  # the first reason stays
    stop_channel(owner, Channel.WHATSAPP, "20003")  # has no row
    stopped = next(one for one in view_channels(owner) if one.channel is Channel.SMS)
    assert (stopped.broken, stopped.is_on, stopped.is_live) == ("20003", True, False)
    assert channels_on(owner) == {}
    connect(owner, token=OTHER_TOKEN)
    assert list(channels_on(owner)) == [Channel.SMS]
    stop_channel(owner, Channel.SMS, "21606")
    put(owner, Channel.SMS, NUMBER)
    assert list(channels_on(owner)) == [Channel.SMS]


def test_a_change_of_a_channel_can_be_taken_back(owner: UnitOfWork) -> None:
    connect(owner)
    put(owner, Channel.SMS, NUMBER, "1101234567890123456")
    undo = put(owner, Channel.SMS, "+918045678901", "", "3")
    take_back(owner, undo)
    row = owner.session.scalars(select(MessageChannel)).one()
    assert (row.sender, row.dlt_entity_id, row.per_second) == (NUMBER, "1101234567890123456", 10)
    assert put(owner, Channel.SMS, NUMBER, "1101234567890123456") == ""


@pytest.mark.parametrize(
    ("channel", "sender", "dlt", "pace", "fields"),
    [
        ("whatsapp", "", "", "", {"sender"}),
        ("whatsapp", "MG" + "0" * 32, "", "", {"sender"}),
        ("whatsapp", "LOTUSS", "", "", {"sender"}),
        ("sms", "12345", "", "", {"sender"}),  # a header has a letter
        ("sms", "LOTUS-SPA-BLR", "", "", {"sender"}),
        ("sms", NUMBER, "not a number", "", {"dlt_entity_id"}),
        ("whatsapp", NUMBER, "1101234567890123456", "", {"dlt_entity_id"}),
        ("sms", NUMBER, "", "0", {"per_second"}),
        ("sms", NUMBER, "", "1001", {"per_second"}),
        ("sms", {"a": 1}, ["x"], "a lot", {"sender", "dlt_entity_id", "per_second"}),
    ],
)
def test_what_a_channel_cannot_be(
    owner: UnitOfWork, channel: str, sender: Any, dlt: Any, pace: Any, fields: set[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        save_channel(owner, SaveChannel(channel, 0, sender, dlt, pace))
    assert set(caught.value.fields) == fields


@pytest.mark.parametrize("channel", ["", "telegram", None, 7, [], {"x": 1}])
def test_a_channel_that_does_not_exist(owner: UnitOfWork, channel: Any) -> None:
    with pytest.raises(Invalid):
        switch_channel(owner, channel, 0, True)


odd = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers(), max_size=2), st.floats())


@given(odd, odd, odd, odd, odd)
@options(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_refused_in_words(owner: UnitOfWork, a: Any, b: Any, c: Any, d: Any, e: Any) -> None:
    for attempt in (
        lambda: save_channel(owner, SaveChannel(a, b, c, d, e)),
        lambda: save_channel(owner, SaveChannel("sms", b, c, d, e)),
        lambda: account_to_try(owner, SaveAccount(a, b, c), SEALER),
        lambda: remove_account(owner, a),
    ):
        try:
            with owner.session.begin_nested() as kept:
                attempt()
                kept.rollback()
        except DomainError as refused:
            assert refused.message


def test_after_the_installation_s_secret_was_lost_they_are_entered_again(owner: UnitOfWork) -> None:
    before = connect(owner)
    shown = view_account(owner, LOST)
    assert (shown.mode, shown.hook_token, shown.is_readable) == ("live", "", False)
    with pytest.raises(Conflict, match="be read any more"):
        messenger_account(owner, LOST)
    assert twilio_behind(owner, before.hook_token, LOST).secrets == ()
    with pytest.raises(Invalid) as caught:
        save_account(owner, SaveAccount(shown.version, SID, ""), LOST)
    assert set(caught.value.fields) == {"auth_token"}
    save_account(owner, SaveAccount(shown.version, SID, TOKEN), LOST)
    after = view_account(owner, LOST)
    assert after.hook_token not in ("", before.hook_token)
    assert TOKEN in twilio_behind(owner, after.hook_token, LOST).secrets


@pytest.mark.parametrize("token", [None, "", "x", "A" * 22, "A" * 23, 7, "é" * 22])
def test_an_address_that_was_never_given_out(owner: UnitOfWork, token: Any) -> None:
    connect(owner)
    with pytest.raises(NotFound):
        twilio_behind(owner, token, SEALER)


def test_that_twilio_called_is_written_to_some_minutes(owner: UnitOfWork) -> None:
    connect(owner)
    note_heard(owner)
    first = view_account(owner, SEALER).heard_at
    owner.now += timedelta(minutes=4)
    note_heard(owner)
    owner.session.expire_all()
    assert first is not None and view_account(owner, SEALER).heard_at == first
    owner.now += timedelta(minutes=2)
    note_heard(owner)
    owner.session.expire_all()
    assert view_account(owner, SEALER).heard_at == owner.now
