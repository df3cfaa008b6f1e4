"""Online payments without Razorpay: what it would say, made up; and a shop that has keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from microcrm import wiring
from microcrm.adapters.sealing import MasterSeal
from microcrm.operations.online.asking import Wanted, ask_by_link, note_made
from microcrm.operations.online.keys import AccountView, SaveKeys, save_keys, view_account
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.support.shops import Shop

SEALER = MasterSeal("a secret key of these tests, long enough")
KEY_SECRET, HOOK_SECRET = "a key secret of razorpay", "a webhook secret"
AT = int(datetime(2026, 12, 1, 9, tzinfo=UTC).timestamp())


def connect(uow: UnitOfWork, sealer: Any = SEALER, key_id: str = "rzp_test_AbCdEf123456") -> AccountView:
    save_keys(uow, SaveKeys(view_account(uow, sealer).version, key_id, KEY_SECRET, HOOK_SECRET), sealer)
    return view_account(uow, sealer)


def asked(uow: UnitOfWork, document_id: int, remote_id: str = "plink_A") -> Wanted:
    """A payment link for the bill, made at Razorpay."""
    wanted = ask_by_link(uow, document_id)
    note_made(uow, wanted.id, remote_id, f"https://rzp.example/{remote_id}")
    return wanted


def connected_shop(shop: Shop) -> AccountView:
    """The same in a committed transaction, sealed as the product seals."""
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        return connect(uow, wiring.sealer())


def payment(status: str, amount: int = 52_500, **changes: Any) -> dict[str, Any]:
    return {
        "id": "pay_A", "entity": "payment", "amount": amount, "currency": "INR", "status": status, "order_id": "order_A",
        "method": "upi", "amount_refunded": 0, "fee": None, "tax": None, "error_description": None, "created_at": AT,
        "notes": [],
    } | changes  # fmt: skip


def refund(status: str, amount: int = 20_000, **changes: Any) -> dict[str, Any]:
    return {
        "id": "rfnd_A", "entity": "refund", "amount": amount, "currency": "INR", "payment_id": "pay_A", "status": status,
        "receipt": None, "created_at": AT,
    } | changes  # fmt: skip


def order(amount: int = 52_500, status: str = "paid", order_id: str = "A") -> dict[str, Any]:
    """As in the webhook of a link: without the prefix of its id."""
    return {"id": order_id, "entity": "order", "amount": amount, "currency": "INR", "status": status, "receipt": None}


def link(status: str, reference: str, amount: int = 52_500, **changes: Any) -> dict[str, Any]:
    return {"id": "plink_A", "amount": amount, "reference_id": reference, "status": status, "short_url": "x"} | changes


def dispute(status: str) -> dict[str, Any]:
    return {
        "id": "disp_A", "entity": "dispute", "payment_id": "pay_A", "amount": 52_500, "status": status,
        "reason_code": "goods_not_received", "respond_by": AT + 86_400,
    }  # fmt: skip


def webhook(event: str, **entities: dict[str, Any]) -> dict[str, Any]:
    payload = {name: {"entity": body} for name, body in entities.items()}
    return {
        "entity": "event", "account_id": "acc_A", "event": event, "contains": list(entities), "payload": payload,
        "created_at": AT,
    }  # fmt: skip


def raw(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
