"""The real SDK against the stand-in over HTTP: what works, and everything that can go wrong on the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from microcrm.adapters import razorpay
from microcrm.adapters.razorpay import Razorpay, is_signed
from microcrm.domain.errors import GatewayRefused, KeysRefused, LimitReached, OutcomeUnknown, Upstream
from microcrm.ports import free_port
from tests.support.sandbox import RECORDED, Merchant, Sandbox

SOON = datetime.now(UTC) + timedelta(days=3)
needs_recorded = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not here")


@pytest.fixture
def merchant(sandbox: Sandbox, request: pytest.FixtureRequest) -> Merchant:
    made = sandbox.merchant(request.node.name)
    made.act("knobs", settles_after=0)
    return made


@pytest.fixture
def gateway(merchant: Merchant) -> Iterator[Razorpay]:
    made = Razorpay(merchant.key_id, merchant.secret, merchant.url)
    yield made
    made.close()


def test_keys_are_tried(gateway: Razorpay, merchant: Merchant) -> None:
    gateway.check()
    for key_id, secret in ((merchant.key_id, "wrong"), ("rzp_test_AAAAAAAAAAAAAA", merchant.secret), ("", "")):
        with pytest.raises(KeysRefused):
            Razorpay(key_id, secret, merchant.url).check()


def test_an_order_is_paid_and_given_back(gateway: Razorpay, merchant: Merchant) -> None:
    order = gateway.create_order("bill-1", 52_500)
    assert (order.amount, order.currency, order.status, order.receipt) == (52_500, "INR", "created", "bill-1")
    assert gateway.find_order("bill-1") == order
    assert gateway.find_order("bill-2") is None
    merchant.act("pay", order_id=order.id, outcome="failed")
    merchant.act("pay", order_id=order.id)
    paid, failed = sorted(gateway.payments_of(order.id), key=lambda one: one.status)
    assert (paid.status, paid.is_captured, paid.amount, failed.status) == ("captured", True, 52_500, "failed")
    assert failed.error and not paid.error
    back = gateway.refund(paid.id, 12_500, "refund-key-1")
    assert (back.status, back.amount, back.receipt) == ("pending", 12_500, "refund-key-1")
    assert gateway.refund(paid.id, 12_500, "refund-key-1").id == back.id
    assert len(gateway.refunds_of(paid.id)) == 1
    assert gateway.payment(paid.id).refunded == 12_500
    with pytest.raises(OutcomeUnknown):  # 409: the same key for another sum
        gateway.refund(paid.id, 12_400, "refund-key-1")
    with pytest.raises(GatewayRefused, match="greater than amount captured"):
        gateway.refund(paid.id, 50_000, "refund-key-2")


def test_a_late_bank_is_captured_by_us(gateway: Razorpay, merchant: Merchant) -> None:
    order = gateway.create_order("late-1", 10_000)
    payment = merchant.act("pay", order_id=order.id, outcome="failed")
    merchant.act("authorise", payment_id=payment["id"])
    assert gateway.payment(payment["id"]).status == "authorized"
    with pytest.raises(GatewayRefused, match="equal to the amount authorized"):
        gateway.capture(payment["id"], 9_999)
    assert gateway.capture(payment["id"], 10_000).status == "captured"
    with pytest.raises(GatewayRefused, match="already been captured"):
        gateway.capture(payment["id"], 10_000)


def test_two_captures_at_once_do_not_mix_their_sums(gateway: Razorpay, merchant: Merchant) -> None:
    """The SDK keeps a default dictionary that all calls share; ours never touch it."""
    for n, paise in enumerate((11_100, 22_200)):
        order = gateway.create_order(f"mix-{n}", paise)
        payment = merchant.act("pay", order_id=order.id, outcome="failed")
        merchant.act("authorise", payment_id=payment["id"])
        assert gateway.capture(payment["id"], paise).amount == paise
    assert gateway._client.payment.capture.__defaults__ == ({},)


def test_a_link_is_made_found_and_ended(gateway: Razorpay, merchant: Merchant) -> None:
    link = gateway.create_link("bill-9", 70_000, "Bill 9", SOON, "http://127.0.0.1/pay/back")
    assert gateway.find_link("bill-9") == link
    assert (link.status, link.order_id) == ("created", "")
    assert requests.get(link.url, timeout=5).status_code == 200
    with pytest.raises(GatewayRefused, match="already attempted"):
        gateway.create_link("bill-9", 70_000, "Bill 9", SOON, "http://127.0.0.1/pay/back")
    with pytest.raises(GatewayRefused, match="15 minutes"):
        gateway.create_link("bill-10", 70_000, "Bill", datetime.now(UTC), "http://127.0.0.1/pay/back")
    assert gateway.cancel_link(link.id).status == "cancelled"
    paid = gateway.create_link("bill-11", 70_000, "Bill", SOON, "http://127.0.0.1/pay/back")
    merchant.act("pay", link_id=paid.id)
    assert gateway.link(paid.id).status == "paid"
    with pytest.raises(GatewayRefused, match="cannot cancel"):
        gateway.cancel_link(paid.id)


@pytest.mark.parametrize("paise", [525.0, "52500", True, None])
def test_only_whole_paise_leave(gateway: Razorpay, paise: Any) -> None:
    with pytest.raises(TypeError):
        gateway.create_order("odd", paise)


def test_the_stand_in_is_as_strict_as_the_real_one(merchant: Merchant) -> None:
    def refused(**given: Any) -> str:
        answer = requests.post(
            f"{merchant.url}/v1/orders", json=given, auth=(merchant.key_id, merchant.secret), timeout=5
        )
        assert answer.status_code == 400
        return str(answer.json()["error"]["description"])

    assert refused(amount=500.5, currency="INR") == "The amount must be an integer."
    assert refused(amount="500", currency="INR") == "The amount must be an integer."
    assert refused(amount=99, currency="INR") == "The amount must be at least INR 1.00"
    assert refused(amount=500) == "The currency field is required."
    assert refused(amount=500, currency="ABC") == "Currency is not supported"
    assert refused(amount=500, currency="INR", tip=5) == "tip is/are not required and should not be sent"
    assert merchant.get("/v1/orders/order_AAAAAAAAAAAAAA")["error"]["description"] == "The id provided does not exist"
    assert merchant.get("/v1/nowhere")["error"]["description"] == "The requested URL was not found on the server."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "html", "status": 502}, OutcomeUnknown),
        ({"kind": "html", "status": 200}, OutcomeUnknown),
        ({"kind": "empty"}, OutcomeUnknown),
        ({"kind": "reset_before"}, OutcomeUnknown),
        ({"kind": "reset_after"}, OutcomeUnknown),
        (
            {"kind": "status", "status": 500, "body": {"error": {"code": "SERVER_ERROR", "description": "x"}}},
            OutcomeUnknown,
        ),
        ({"kind": "status", "status": 502, "body": {"error": {"code": "GATEWAY_ERROR"}}}, OutcomeUnknown),
        ({"kind": "status", "status": 302, "body": {}}, OutcomeUnknown),
        ({"kind": "status", "status": 200, "body": {"error": "odd"}}, OutcomeUnknown),
        ({"kind": "status", "status": 200, "body": []}, OutcomeUnknown),
        ({"kind": "status", "status": 429, "body": {"error": {"code": "BAD_REQUEST_ERROR"}}}, LimitReached),
    ],
)
def test_what_goes_wrong_has_a_name(
    gateway: Razorpay,
    merchant: Merchant,
    fault: dict[str, Any],
    error: type[Exception],
    capsys: pytest.CaptureFixture[str],
) -> None:
    merchant.act("fault", **fault)
    with pytest.raises(error) as caught:
        gateway.create_order("faulty", 50_000)
    assert type(caught.value) is error
    assert "Request error" not in capsys.readouterr().out, "the SDK prints, and nobody reads that"
    # Whether it was made is found out by looking, and only then is it made again.
    assert (gateway.find_order("faulty") is not None) == (fault["kind"] == "reset_after")


def test_a_server_that_stands_still_is_given_up(
    gateway: Razorpay, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(razorpay, "TIMEOUT", (1, 0.5))
    merchant.act("fault", kind="slow", seconds=3)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        gateway.create_order("slow", 50_000)
    assert time.monotonic() - began < 2


def test_nobody_there_means_that_nothing_happened() -> None:
    with pytest.raises(Upstream) as caught:
        Razorpay("rzp_sandbox_x", "x", f"http://127.0.0.1:{free_port()}").check()
    assert type(caught.value) is Upstream


def test_proxies_of_the_environment_are_not_asked(gateway: Razorpay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    gateway.check()


def test_each_thread_has_its_own_session(merchant: Merchant) -> None:
    made: list[str] = []

    def work(n: int) -> None:
        made.append(
            Razorpay(merchant.key_id, merchant.secret, merchant.url).create_order(f"thread-{n}", 100 + n).receipt
        )

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [f"thread-{n}" for n in range(8)]


def test_a_signature_counts_bytes() -> None:
    body = '{"amount":500,"note":"\\u20b9 ₹"}'.encode()
    good = "c5ba7ff4c5d1d2e4a7d8b5c2d4bdfc7a"
    assert not is_signed(body, good, "secret")
    import hashlib
    import hmac

    good = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert is_signed(body, good, "secret")
    assert not is_signed(json.dumps(json.loads(body)).encode(), good, "secret")
    for signature, secret in ((good, ""), (good, "other"), ("", "secret"), ("₹", "secret"), (good.upper(), "secret")):
        assert not is_signed(body, signature, secret)


@needs_recorded
def test_razorpay_s_own_vector_is_accepted() -> None:
    body = (RECORDED / "sdk-mocks" / "fake_payment_authorized_webhook.json").read_bytes()
    vector = json.loads((RECORDED.parent / "vectors.json").read_text())["signatures"]["razorpay_webhook"]
    assert is_signed(body, vector["hex"], vector["secret"])
    assert not is_signed(body + b" ", vector["hex"], vector["secret"])


def test_the_sandbox_is_nowhere_near_real_keys() -> None:
    source = Path(razorpay.__file__).read_text()
    assert "sandbox" not in source
