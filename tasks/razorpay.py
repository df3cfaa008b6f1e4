"""What leaves for Razorpay: captures, refunds, and the question how things stand, for when its webhooks do not come (in order)."""

from __future__ import annotations

import structlog

from microcrm import wiring
from microcrm.adapters.outbox import Message
from microcrm.domain.errors import DomainError, GatewayRefused
from microcrm.domain.gateway import Gateway, RemotePayment, RemoteRefund, Told
from microcrm.operations.online import asking
from microcrm.operations.online.asking import Open
from microcrm.operations.online.capturing import is_authorized, is_capture_wanted
from microcrm.operations.online.keys import keys_of
from microcrm.operations.online.refunds import note_refund_failed
from microcrm.operations.online.told import POLLED, take_told
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app

log = structlog.get_logger()


def capture(message: Message) -> None:
    """Payload: ``payment`` and ``amount``. Mostly it was captured meanwhile and nothing is left to do. Else looks first: a second
    capture is refused, and the bill may be paid by now."""
    business_id, payment_id = message.business_id or 0, message.payload["payment"]
    with unit_of_work(system(business_id)) as uow:
        if not is_authorized(uow, payment_id):
            return
    gateway = _gateway(business_id)
    _take(business_id, payment=gateway.payment(payment_id))
    with unit_of_work(system(business_id)) as uow:
        is_wanted = is_capture_wanted(uow, payment_id)
    if is_wanted:
        _take(business_id, payment=gateway.capture(payment_id, message.payload["amount"]))


def refund(message: Message) -> None:
    """Payload: ``payment``, ``amount``, ``key``. Sent again with the same key after an unknown outcome, it is the same refund."""
    given = message.payload
    _send_back(message.business_id or 0, given["payment"], given["amount"], given["key"])


def look(message: Message) -> None:
    """Payload: ``payment``, of which somebody has spoken before Razorpay told us of it."""
    business_id, payment_id = message.business_id or 0, message.payload["payment"]
    try:
        found = _gateway(business_id).payment(payment_id)
    except GatewayRefused:  # Razorpay does not know it
        log.warning("razorpay.unknown_payment", business_id=business_id)
        return
    _take(business_id, payment=found)


def _send_back(business_id: int, payment_id: str, paise: int, key: str) -> None:
    try:
        made = _gateway(business_id).refund(payment_id, paise, key)
    except GatewayRefused:
        with unit_of_work(system(business_id)) as uow:
            note_refund_failed(uow, key)
        return
    _take(business_id, refund=made)


@app.task(name="tasks.razorpay.sweep")
def sweep() -> int:
    """How many open requests were looked up."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = asking.businesses_to_look_at(uow)
    looked = 0
    for business_id in businesses:
        try:
            looked += look_up(business_id)
        except DomainError as error:  # one shop's keys must not stop the others
            log.warning("razorpay.not_looked_up", business_id=business_id, reason=error.code)
    return looked


def look_up(business_id: int) -> int:
    with unit_of_work(system(business_id)) as uow:
        requests, refunds, stuck = asking.open_requests(uow), asking.open_refunds(uow), asking.stuck_refunds(uow)
    gateway = _gateway(business_id)
    for one in requests:
        is_over = one.is_old
        try:
            is_over = _ask(gateway, business_id, one) or is_over
        except GatewayRefused:  # Razorpay does not know it
            is_over = True
        with unit_of_work(system(business_id)) as uow:
            asking.note_looked(uow, one.id, is_over=is_over)
    for payment_id, paise, key in stuck:
        _send_back(business_id, payment_id, paise, key)
    for payment_id in refunds:
        for made in gateway.refunds_of(payment_id):
            _take(business_id, refund=made)
    return len(requests)


def _ask(gateway: Gateway, business_id: int, one: Open) -> bool:
    """Take in what Razorpay says of one request; whether nothing more is expected of it."""
    remote_id = one.remote_id or _find(gateway, business_id, one)
    if not remote_id:
        return False
    if one.kind == "order":
        for payment in gateway.payments_of(remote_id):
            _take(business_id, payment=payment)
        return False
    link = gateway.link(remote_id)
    if link.status == "created" and not one.is_wanted:
        link = gateway.cancel_link(remote_id)
    # A link tells its order once it is paid; the order of one that a late bank has only authorised is found by its receipt.
    order = gateway.find_order(one.reference)
    with unit_of_work(system(business_id)) as uow:
        take_told(uow, Told(POLLED, link=link, order=order))
    for payment in gateway.payments_of(order.id) if order is not None else ():
        _take(business_id, payment=payment)
    return link.status in ("cancelled", "expired")


def _find(gateway: Gateway, business_id: int, one: Open) -> str:
    """Whether Razorpay got what we asked for when nobody answered."""
    found = gateway.find_order(one.reference) if one.kind == "order" else gateway.find_link(one.reference)
    if found is None:
        return ""
    with unit_of_work(system(business_id)) as uow:
        asking.note_made(uow, one.id, found.id, getattr(found, "url", ""))
    return found.id


def _take(business_id: int, *, payment: RemotePayment | None = None, refund: RemoteRefund | None = None) -> None:
    with unit_of_work(system(business_id)) as uow:
        take_told(uow, Told(POLLED, payment=payment, refund=refund))


def _gateway(business_id: int) -> Gateway:
    with unit_of_work(system(business_id)) as uow:
        keys = keys_of(uow, wiring.sealer())
    return wiring.gateway(keys)
