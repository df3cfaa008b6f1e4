"""The stand-in's bodies beside those that Razorpay has documented: the same fields, of the same kinds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from microcrm.adapters.razorpay import Razorpay
from microcrm.domain.errors import Invalid
from microcrm.domain.gateway import read_told
from tests.support.sandbox import RECORDED, Sandbox

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not here")
Body = dict[str, Any]
KINDS = ("order", "payment", "refund", "dispute", "payment_link")


def kind_of(body: Body) -> str:
    return "payment_link" if str(body.get("id", "")).startswith("plink_") else str(body.get("entity", ""))


def entities(value: Any) -> Iterator[Body]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str) and kind_of(value) in KINDS:
            yield value
        for inner in value.values():
            yield from entities(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from entities(inner)


def json_kind(value: Any) -> str:
    kinds = {bool: "bool", int: "int", str: "str", list: "list", dict: "dict", type(None): "null", float: "float"}
    return kinds[type(value)]


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[Body]]:
    found: dict[str, list[Body]] = defaultdict(list)
    files = [*RECORDED.glob("webhooks_*.json"), RECORDED / "api_samples.json", *(RECORDED / "sdk-mocks").glob("*.json")]
    for file in files:
        try:
            parsed = json.loads(file.read_text())
        except ValueError:  # nine of the SDK's own files are no JSON
            continue
        for one in entities(parsed):
            found[kind_of(one)].append(one)
    return found


@pytest.fixture(scope="module")
def served(sandbox: Sandbox) -> list[Any]:
    """A busy afternoon: answers of the API and every webhook that it told."""
    merchant = sandbox.merchant("contract")
    merchant.act("knobs", settles_after=0)
    merchant.act("hook", url="http://127.0.0.1:9/hooks", secret="s")
    gateway = Razorpay(merchant.key_id, merchant.secret, merchant.url)
    soon = datetime.now(UTC) + timedelta(days=1)
    order = gateway.create_order("contract-1", 50_000)
    late = merchant.act("pay", order_id=order.id, outcome="failed", method="netbanking")
    paid = merchant.act("pay", order_id=order.id, method="card")
    back = merchant.act("refund", payment_id=paid["id"], amount=20_000)
    merchant.act("settle", refund_id=back["id"])
    merchant.act("dispute", payment_id=paid["id"])
    merchant.act("dispute", payment_id=paid["id"], status="lost")
    links = [gateway.create_link(f"contract-link-{n}", 9_900, "Bill", soon, "http://127.0.0.1/back") for n in range(3)]
    merchant.act("pay", link_id=links[0].id)
    gateway.cancel_link(links[1].id)
    merchant.act("expire", link_id=links[2].id)
    answers = [
        merchant.get(f"/v1/orders/{order.id}"),
        merchant.get(f"/v1/orders/{order.id}/payments"),
        late,
        paid,
        back,
    ]
    answers += [merchant.get(f"/v1/payments/{paid['id']}/refunds"), merchant.get("/v1/payment_links")]
    told = [json.loads(one["body"]) for one in merchant.act("state")["deliveries"]]
    return [*answers, *told]


@pytest.mark.parametrize("kind", KINDS)
def test_bodies_have_the_recorded_fields(kind: str, recorded: dict[str, list[Body]], served: list[Any]) -> None:
    known = recorded[kind]
    always = set.intersection(*(set(one) for one in known))
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in known:
        for name, value in one.items():
            kinds[name].add(json_kind(value))
    ours = [one for one in entities(served) if kind_of(one) == kind]
    assert ours
    for one in ours:
        assert always <= set(one) | {"payments"}, sorted(always - set(one))
        assert set(one) <= set(kinds), sorted(set(one) - set(kinds))
        for name, value in one.items():
            assert json_kind(value) in kinds[name] | {"null"}, name


def test_webhooks_have_the_recorded_envelope(served: list[Any]) -> None:
    samples = {
        one["payload"]["event"]: one["payload"]
        for file in RECORDED.glob("webhooks_*.json")
        for one in json.loads(file.read_text())
    }
    told = [one for one in served if isinstance(one, dict) and one.get("entity") == "event"]
    assert {one["event"] for one in told} >= {
        "payment.failed", "payment.authorized", "payment.captured", "order.paid", "refund.created", "refund.processed",
        "payment.dispute.created", "payment.dispute.lost", "payment_link.paid", "payment_link.cancelled", "payment_link.expired",
    }  # fmt: skip
    for one in told:
        sample = samples[one["event"]]
        assert set(one) == set(sample)
        assert set(one["contains"]) == set(sample["contains"]) == set(one["payload"])


def test_refusals_have_the_recorded_shape(sandbox: Sandbox) -> None:
    shape = json.loads((RECORDED / "api_samples.json").read_text())["api/orders/create.md"][1]["body"]["error"]
    ours = sandbox.merchant("refused").get("/v1/orders/order_AAAAAAAAAAAAAA")["error"]
    assert set(ours) <= set(shape) and {"code", "description", "source", "step", "reason"} <= set(ours)


def test_every_recorded_webhook_is_read() -> None:
    """Those of kinds that we do not use are read as well, and lead to nothing."""
    count = 0
    for file in RECORDED.glob("webhooks_*.json"):
        for one in json.loads(file.read_text()):
            told = read_told(one["payload"])
            assert told.event == one["payload"]["event"]
            if "payment" in one["payload"]["payload"]:
                assert told.payment is not None and told.payment.id.startswith("pay_")
            if told.order is not None:
                assert told.order.id.startswith("order_")
            count += 1
    assert count >= 70


def test_bodies_that_money_cannot_hang_on_are_refused() -> None:
    good = json.loads((RECORDED / "webhooks_payments.json").read_text())[0]["payload"]
    assert read_told(good).payment is not None
    for change in ({"amount": "100"}, {"amount": -1}, {"id": None}, {"status": "invented"}, {"created_at": "now"}):
        spoiled = json.loads(json.dumps(good))
        spoiled["payload"]["payment"]["entity"].update(change)
        with pytest.raises(Invalid):
            read_told(spoiled)
    for odd in (None, [], "x", {}, {"event": "payment.captured"}, {"event": "x", "payload": []}):
        with pytest.raises(Invalid):
            read_told(odd)
