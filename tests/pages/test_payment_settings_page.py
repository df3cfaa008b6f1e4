"""A shop's keys of Razorpay on the screen of the settings, and online payments on a bill's, through the gate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from microcrm import wiring
from microcrm.domain.permissions import Role
from microcrm.models.gateway import PayRequest
from microcrm.operations.billing.payments import PaidPart, take_payment
from microcrm.operations.online.keys import hook_behind, keys_of, use_sandbox, view_account
from microcrm.operations.unit_of_work import VISITOR, system
from microcrm.sandbox.keys import secret_of
from microcrm.settings import Settings, settings
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.bill_money import Till
from microcrm.state.bill_online import OnlineTill
from microcrm.state.settings_payments import PaymentSettings
from microcrm.state.today import TodayPage
from tasks import outbox
from tasks import razorpay as tasks_razorpay
from tests.conftest import act_as
from tests.support.sandbox import SEED, Merchant, Sandbox
from tests.support.shops import Shop, TwoShops
from tests.support.tabs import Server, Tab, sign_in
from tests.support.till import cut, issued, paying, register

TYPED = {"key_id": "rzp_test_AbCdEf123456", "key_secret": "0123456789abcdef0123", "hook_secret": "our own webhook text"}


@pytest.fixture
def shop(fresh_database: TwoShops, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("MICROCRM_SANDBOX_PORT", str(urlsplit(sandbox.url).port))
    monkeypatch.setattr(Settings, "sandbox_seed", property(lambda _: SEED))
    settings.cache_clear()
    act_as(fresh_database.a.actor(), lambda uow: register(uow, fresh_database.a))
    return fresh_database.a


def tab_of(server: Server, shop: Shop, path: str, role: Role = Role.OWNER) -> Tab:
    return server.tab(sign_in(shop.users[role], shop.business_id), path)


def make_old(shop: Shop) -> None:
    """So that it is time to look it up."""
    long_ago = wiring.now() - timedelta(hours=1)
    act_as(system(shop.business_id), lambda uow: uow.session.execute(update(PayRequest).values(looked_at=long_ago)))


def secrets_of(shop: Shop) -> tuple[Any, Any]:
    account = act_as(shop.actor(), view_account, wiring.sealer())
    keys = act_as(system(shop.business_id), keys_of, wiring.sealer())
    return keys, act_as(VISITOR, hook_behind, account.hook_token, wiring.sealer()).secrets


async def test_the_sandbox_is_connected_with_one_press(server: Server, shop: Shop, fresh_database: TwoShops) -> None:
    tab = tab_of(server, shop, "/settings/payments")
    await tab.open(PaymentSettings.load)
    shown = await tab.state(PaymentSettings)
    assert (shown.account.mode, shown.account.hook, shown.has_sandbox) == ("", "", True)
    await tab.send(PaymentSettings.try_sandbox)
    shown = await tab.state(PaymentSettings)
    assert shown.account.mode == "sandbox" and "/hooks/razorpay/" in shown.account.hook and shown.saving == ""
    keys, secrets = secrets_of(shop)
    merchant = Merchant(settings().sandbox_url, keys.key_id, keys.key_secret)
    assert merchant.get("/v1/orders")["count"] == 0
    assert keys.key_secret not in str(shown) and secrets[0] not in str(shown)
    assert act_as(fresh_database.b.actor(), view_account, wiring.sealer()).mode == ""
    await tab.send(PaymentSettings.ask_to_remove, is_asked=True)
    await tab.send(PaymentSettings.remove)
    assert (await tab.state(PaymentSettings)).account.mode == ""


async def test_keys_are_tried_before_they_are_saved(
    server: Server, shop: Shop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in speaks for Razorpay here."""
    monkeypatch.setattr(wiring, "REAL_URL", sandbox.url)
    tab = tab_of(server, shop, "/settings/payments")
    await tab.open(PaymentSettings.load)
    await tab.send(PaymentSettings.save, form=TYPED)
    assert "does not accept" in (await tab.state(AppState)).errors["key_secret"]
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""
    known = TYPED | {"key_secret": secret_of(SEED, TYPED["key_id"])}
    await tab.send(PaymentSettings.save, form=known)
    shown = await tab.state(PaymentSettings)
    assert (shown.account.mode, shown.account.key_id) == ("test", TYPED["key_id"])
    assert known["key_secret"] not in str(shown) and TYPED["hook_secret"] not in str(shown)
    await tab.send(PaymentSettings.save, form=known | {"key_secret": "", "hook_secret": "another webhook text"})
    keys, secrets = secrets_of(shop)
    assert keys.key_secret == known["key_secret"]
    assert secrets == ("another webhook text", TYPED["hook_secret"])
    assert (await tab.state(PaymentSettings)).account.previous != ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key_id": ""}, "key_id"),
        ({"key_id": "AKIA12345"}, "key_id"),
        ({"key_id": "rzp_sandbox_AAAAAAAAAAAAAA"}, "key_id"),
        ({"key_secret": ""}, "key_secret"),
        ({"key_secret": "short"}, "key_secret"),
        ({"hook_secret": "short"}, "hook_secret"),
        ({"hook_secret": TYPED["key_secret"]}, "hook_secret"),
        ({"key_id": 7}, "key_id"),
    ],
)
async def test_mistakes_are_told_at_their_field(
    server: Server, shop: Shop, changes: dict[str, Any], field: str
) -> None:
    tab = tab_of(server, shop, "/settings/payments")
    await tab.open(PaymentSettings.load)
    await tab.send(PaymentSettings.save, form=TYPED | changes)
    assert field in (await tab.state(AppState)).errors
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""


async def test_a_manager_neither_sees_nor_changes_keys(server: Server, shop: Shop) -> None:
    tab = tab_of(server, shop, "/settings/payments", Role.MANAGER)
    assert (await tab.send(PaymentSettings.save, form=TYPED)).refusals != []
    assert (await tab.send(PaymentSettings.try_sandbox)).refusals != []
    assert act_as(shop.actor(), view_account, wiring.sealer()).mode == ""


async def test_a_bill_is_asked_for_by_link_paid_and_given_back(server: Server, shop: Shop) -> None:
    settings_tab = tab_of(server, shop, "/settings/payments")
    await settings_tab.open(PaymentSettings.load)
    await settings_tab.send(PaymentSettings.try_sandbox)
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    tab = tab_of(server, shop, f"/invoice?id={bill}")
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    await tab.send(OnlineTill.ask)
    shown = await tab.state(OnlineTill)
    assert shown.mode == "sandbox" and shown.address.startswith(settings().sandbox_url)
    first = shown.address
    await tab.send(OnlineTill.ask)
    assert (await tab.state(OnlineTill)).address == first
    keys, _ = secrets_of(shop)
    merchant = Merchant(settings().sandbox_url, keys.key_id, keys.key_secret)
    merchant.act("knobs", settles_after=0)
    merchant.act("pay", link_id=first.rpartition("/")[2])
    make_old(shop)
    assert tasks_razorpay.sweep() == 1
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    [line] = (await tab.state(OnlineTill)).lines
    assert (line.status, line.amount, line.left) == ("Paid", "₹525.00", "525")
    assert (await tab.state(Bill)).bill.status == "Paid"
    await tab.send(OnlineTill.begin_refund, ledger_id=line.ledger_id)
    await tab.send(OnlineTill.give_back, form={"amount": "600", "reason": "Too much"})
    assert "amount" in (await tab.state(AppState)).errors
    await tab.send(OnlineTill.give_back, form={"amount": "125", "reason": "Not satisfied"})
    assert outbox.sweep() == 1
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    [line] = (await tab.state(OnlineTill)).lines
    assert "₹125.00 on the way back" in line.about and line.left == "400"


async def test_money_that_fits_no_bill_is_on_today_until_somebody_has_looked(server: Server, shop: Shop) -> None:
    keys, _ = act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    tab = tab_of(server, shop, f"/invoice?id={bill}")
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    await tab.send(OnlineTill.ask)
    link = (await tab.state(OnlineTill)).address.rpartition("/")[2]
    act_as(shop.actor(), take_payment, paying(bill, PaidPart("cash", "525")))
    Merchant(settings().sandbox_url, keys.key_id, keys.key_secret).act("pay", link_id=link)
    make_old(shop)
    tasks_razorpay.sweep()
    today = tab_of(server, shop, "/today")
    await today.open(TodayPage.load)
    rows = (await today.state(TodayPage)).attention
    assert [row.href for row in rows if "online payment" in row.title] == [f"/invoice?id={bill}"]
    desk = tab_of(server, shop, "/today", Role.FRONT_DESK)
    await desk.open(TodayPage.load)
    assert not [row for row in (await desk.state(TodayPage)).attention if "online payment" in row.title]
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    [line] = (await tab.state(OnlineTill)).lines
    assert "paid already" in line.concern
    await tab.send(OnlineTill.leave_it, payment_id=line.id)
    assert (await tab.state(OnlineTill)).lines[0].concern == ""
    await today.open(TodayPage.load)
    assert not [row for row in (await today.state(TodayPage)).attention if "online payment" in row.title]


async def test_the_front_desk_asks_but_gives_nothing_back(server: Server, shop: Shop) -> None:
    act_as(shop.actor(), use_sandbox, SEED, wiring.sealer())
    bill = act_as(shop.actor(), lambda uow: issued(uow, shop, cut("500")).document_id)
    tab = tab_of(server, shop, f"/invoice?id={bill}", Role.FRONT_DESK)
    await tab.open(Bill.load, Till.load, OnlineTill.load)
    await tab.send(OnlineTill.ask)
    assert (await tab.state(OnlineTill)).address != ""
    for handler, given in (
        (OnlineTill.begin_refund, {"ledger_id": "1"}),
        (OnlineTill.give_back, {"form": {"amount": "1", "reason": "x"}}),
        (OnlineTill.leave_it, {"payment_id": "1"}),
    ):
        assert (await tab.send(handler, **given)).refusals != []
