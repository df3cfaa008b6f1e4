"""Between our transactions and Razorpay: each step of its own, so that no transaction waits for an answer from outside."""

from __future__ import annotations

from dataclasses import replace

from microcrm import wiring
from microcrm.adapters.razorpay import is_signed
from microcrm.domain.gateway import RemoteLink, RemoteOrder, RemotePayment, Told
from microcrm.operations.online.asking import Wanted, note_made
from microcrm.operations.online.keys import Keys, keys_of
from microcrm.operations.online.told import POLLED, take_told
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.state.bridge import outside, perform

THANKS = "/paid-online"  # where a payment link sends the customer afterwards


async def made(wanted: Wanted) -> tuple[Wanted, Keys]:
    """The order or link at Razorpay. Raises: Upstream and its kinds; the next try looks first whether it is there."""
    actor = system(wanted.business_id)
    keys = await perform(actor, keys_of, wiring.sealer())
    if wanted.remote_id:
        return wanted, keys
    remote = await outside(_make, keys, wanted)
    url = remote.url if isinstance(remote, RemoteLink) else ""
    remote_id, url = await perform(actor, note_made, wanted.id, remote.id, url)
    return replace(wanted, remote_id=remote_id, url=url), keys


async def look_up_order(business_id: int, order_id: str, payment_id: str, signature: str) -> None:
    """What a customer's browser says after the checkout is only a reason to ask Razorpay, and only when it is signed."""
    actor = system(business_id)
    keys = await perform(actor, keys_of, wiring.sealer())
    if is_signed(f"{order_id}|{payment_id}".encode(), signature, keys.key_secret):
        for payment in await outside(_payments_of, keys, order_id):
            await perform(actor, take_told, Told(POLLED, payment=payment))


def _payments_of(keys: Keys, order_id: str) -> list[RemotePayment]:
    return wiring.gateway(keys).payments_of(order_id)


def _make(keys: Keys, wanted: Wanted) -> RemoteOrder | RemoteLink:
    gateway = wiring.gateway(keys)
    if wanted.kind == "order":
        known = None if wanted.is_new else gateway.find_order(wanted.reference)
        return known or gateway.create_order(wanted.reference, wanted.amount)
    found = None if wanted.is_new else gateway.find_link(wanted.reference)
    back = f"{settings().public_url}{THANKS}"
    return found or gateway.create_link(wanted.reference, wanted.amount, wanted.description, wanted.ends_at, back)
