"""How a shop's messages leave, on the screen of the settings, through the gate; the stand-in speaks for Twilio."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from microcrm import wiring
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Role
from microcrm.operations.messaging.accounts import (
    channels_on,
    messenger_account,
    remove_account,
    stop_channel,
    use_sandbox,
    view_account,
)
from microcrm.sandbox.twilio_keys import sandbox_account
from microcrm.settings import Settings, settings
from microcrm.state.base import AppState
from microcrm.state.settings_messages import MessageSettings
from tests.conftest import act_as
from tests.support.sandbox import SEED, Sandbox, Texter
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.texting import PHONE

OWN = PHONE.removeprefix("+91")


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    wiring._messenger.cache_clear()
    return fresh_database.a


@pytest.fixture
def speaks_for_twilio(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that is not marked as the sandbox's goes there too."""
    made = wiring._messenger.__wrapped__
    monkeypatch.setattr(wiring, "_messenger", lambda account, status_url, _base: made(account, status_url, sandbox.url))


def tab_of(server: Server, shop: Shop, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), "/settings/messages")


async def opened(server: Server, shop: Shop) -> Tab:
    tab = tab_of(server, shop)
    await tab.open(MessageSettings.load)
    return tab


async def row(tab: Tab, key: str) -> Any:
    return next(one for one in (await tab.state(MessageSettings)).channels if one.key == key)


async def test_the_sandbox_is_connected_with_one_press(server: Server, shop: Shop, fresh_database: TwoShops) -> None:
    tab = await opened(server, shop)
    shown = await tab.state(MessageSettings)
    assert (shown.account.mode, shown.has_sandbox, shown.phone_page) == ("", True, f"{settings().sandbox_url}/phone")
    assert [one.state for one in shown.channels] == ["Not connected", "Not connected", "Off"]
    await tab.send(MessageSettings.try_sandbox)
    shown = await tab.state(MessageSettings)
    assert shown.account.mode == "sandbox" and shown.saving == ""
    assert [one.state for one in shown.channels] == ["Sandbox", "Sandbox", "Works"]
    account = act_as(shop.actor(), messenger_account, wiring.sealer())
    texter = Texter(settings().sandbox_url, account.account_sid, account.auth_token, account.whatsapp_sender)
    assert texter.act("state")["inbound_url"] == shown.account.inbound_url
    assert account.auth_token not in str(shown)
    assert act_as(fresh_database.b.actor(), view_account, wiring.sealer()).mode == ""
    await tab.send(MessageSettings.ask_to_remove, is_asked=True)
    await tab.send(MessageSettings.remove)
    assert (await tab.state(MessageSettings)).account.mode == ""
    assert list(act_as(shop.actor(), channels_on)) == [Channel.EMAIL]


async def test_keys_are_tried_before_they_are_saved(server: Server, shop: Shop, speaks_for_twilio: None) -> None:
    sid, token = sandbox_account(SEED, "an account of one's own")
    tab = await opened(server, shop)
    await tab.send(MessageSettings.save, form={"account_sid": sid, "auth_token": "0" * 32})
    assert "does not accept" in (await tab.state(AppState)).errors["auth_token"]
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""
    await tab.send(MessageSettings.save, form={"account_sid": sid, "auth_token": token})
    shown = await tab.state(MessageSettings)
    assert (shown.account.mode, shown.account.shown_sid, shown.account.is_reachable) == ("live", sid, False)
    assert token not in str(shown)
    await tab.send(MessageSettings.try_sandbox)  # gives way to nothing
    assert (await tab.state(MessageSettings)).account.mode == "live"


@pytest.mark.parametrize("form", [{}, {"account_sid": "AC1", "auth_token": "x"}, {"account_sid": 7}])
async def test_mistakes_are_told_at_their_field(server: Server, shop: Shop, form: Any) -> None:
    tab = await opened(server, shop)
    await tab.send(MessageSettings.save, form=form)
    assert {"account_sid", "auth_token"} & set((await tab.state(AppState)).errors)
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""


async def test_each_channel_has_a_sender_and_a_switch_which_can_be_undone(
    server: Server, shop: Shop, speaks_for_twilio: None
) -> None:
    sid, token = sandbox_account(SEED, "channels")
    tab = await opened(server, shop)
    await tab.send(MessageSettings.save, form={"account_sid": sid, "auth_token": token})
    assert ((await row(tab, "sms")).state, (await row(tab, "sms")).can_switch) == ("No sender yet", False)
    typed = {"channel": "sms", "sms_sender": "12", "sms_dlt_entity_id": "x", "sms_per_second": "0"}
    await tab.send(MessageSettings.save_channel, form=typed)
    assert set((await tab.state(AppState)).errors) == {"sms_sender", "sms_dlt_entity_id", "sms_per_second"}
    good = {"channel": "sms", "sms_sender": "lotuss", "sms_dlt_entity_id": "1101234567890123456", "sms_per_second": "5"}
    await tab.send(MessageSettings.save_channel, form=good)
    shown = await row(tab, "sms")
    assert (shown.sender, shown.dlt, shown.pace, shown.state) == ("LOTUSS", "1101234567890123456", "5", "Off")
    await tab.send(MessageSettings.switch, channel="sms", is_on=True)
    assert (await row(tab, "sms")).state == "Works"
    undo = (await tab.state(AppState)).notices[-1].undo
    await tab.send(AppState.undo, token=undo)
    assert list(act_as(shop.actor(), channels_on)) == []


async def test_a_channel_that_stopped_says_why_and_what_to_do(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    act_as(shop.actor(), stop_channel, Channel.SMS, "21606")
    tab = await opened(server, shop)
    shown = await row(tab, "sms")
    assert (shown.state, shown.tone) == ("Stopped", "danger")
    assert "cannot write to this number" in shown.why and "Since" in shown.why and shown.to_do
    await tab.send(MessageSettings.switch, channel="sms", is_on=True)
    assert (await row(tab, "sms")).state == "Sandbox"


async def test_two_tabs_do_not_write_over_each_other(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    first, second = await opened(server, shop), await opened(server, shop)
    await first.send(MessageSettings.switch, channel="sms", is_on=False)
    await second.send(MessageSettings.switch, channel="sms", is_on=True)
    assert Channel.SMS not in act_as(shop.actor(), channels_on)
    assert "Somebody changed" in (await second.state(AppState)).notices[-1].text
    act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    await second.send(MessageSettings.remove)
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == "sandbox"


async def test_a_test_message_shows_what_became_of_it(
    server: Server, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    texter = Texter(settings().sandbox_url, account.account_sid, account.auth_token, account.whatsapp_sender)
    texter.act("knobs", delivers_after=0)
    texter.act("phone", number=PHONE, is_off=False, has_whatsapp=True, blocks=[])
    tab = await opened(server, shop)

    async def tried(channel: str, phone: str = OWN) -> Any:
        await tab.send(MessageSettings.send_test, form={"test_channel": channel, "test_phone": phone})
        return (await tab.state(MessageSettings)).tried

    assert (await tried("sms")).title == "It has arrived"
    assert settings().public_url in texter.act("state")["requests"][-1]["form"].get(
        "StatusCallback", settings().public_url
    )
    refused = await tried("whatsapp")
    assert refused.title == "It did not arrive" and "Write anything to the sender" in refused.text
    texter.act("answer", sender=PHONE, receiver=texter.sender, text="Hello")
    assert (await tried("whatsapp")).tone == "ok"
    texter.act("fault", kind="reset_after")
    assert (await tried("sms")).title == "Twilio did not answer"
    texter.act("stop", sender="SANDBX", to="+919845099998")
    assert (await tried("sms", "9845099998")).title == "It was refused"
    assert (await tried("sms", "98")).title == "" and "test_phone" in (await tab.state(AppState)).errors
    assert (await tried("email")).title == "" and "test_channel" in (await tab.state(AppState)).errors
    texter.act("knobs")
    act_as(shop.actor(), lambda uow: remove_account(uow, view_account(uow, wiring.sealer()).version))
    assert (await tried("sms")).title == ""


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK])
async def test_only_the_owner_sees_or_changes_anything(server: Server, shop: Shop, role: Role) -> None:
    tab = tab_of(server, shop, role)
    for handler, given in (
        (MessageSettings.load, {}),
        (MessageSettings.save, {"form": {}}),
        (MessageSettings.try_sandbox, {}),
        (MessageSettings.remove, {}),
        (MessageSettings.save_channel, {"form": {}}),
        (MessageSettings.switch, {"channel": "sms", "is_on": True}),
        (MessageSettings.send_test, {"form": {}}),
    ):
        assert (await tab.send(handler, **given)).refusals != []
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""


@pytest.mark.parametrize(
    "odd", [None, 7, "telegram", [], {"channel": ["sms"]}, {"channel": {"a": 1}}, {"channel": "x" * 5_000}]
)
async def test_whatever_is_sent_changes_nothing(server: Server, shop: Shop, odd: Any) -> None:
    act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    before = act_as(shop.actor(), channels_on)
    tab = await opened(server, shop)
    for handler, given in (
        (MessageSettings.save_channel, {"form": odd}),
        (MessageSettings.switch, {"channel": odd, "is_on": odd}),
        (MessageSettings.send_test, {"form": odd}),
    ):
        answer = await tab.send(handler, **given)
        assert answer.crashes == []
    assert act_as(shop.actor(), channels_on) == before
