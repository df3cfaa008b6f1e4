"""What Razorpay says, as values: orders, payments, refunds, links and disputes. Reading is strict about what money hangs on
(ids, amounts, states) and forgiving about the rest, which varies from payload to payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from microcrm.domain.errors import Invalid

CURRENCY = "INR"
MOST_PAISE = 10**13  # more is no amount but a mistake
# How far a payment has come. Failed comes before authorised: a bank that was late makes one of the other.
PAYMENT_RANK = {"created": 0, "failed": 1, "authorized": 2, "captured": 3, "refunded": 4}
REFUND_RANK = {"wanted": 0, "pending": 1, "failed": 2, "processed": 3}
LINK_RANK = {"created": 0, "partially_paid": 1, "cancelled": 2, "expired": 2, "paid": 3}
# While it is open the latest word counts; an end is never taken back, and of two ends the worse one stands.
DISPUTE_RANK = {"open": 0, "under_review": 0, "action_required": 0, "closed": 1, "won": 2, "lost": 3}
DISPUTE_OPEN = tuple(status for status, rank in DISPUTE_RANK.items() if not rank)


@dataclass(frozen=True, slots=True)
class RemoteOrder:
    """Paise."""

    id: str
    amount: int
    currency: str
    status: str
    receipt: str


@dataclass(frozen=True, slots=True)
class RemotePayment:
    """Paise. ``refunded`` counts refunds on their way as well. ``error`` is what the customer was told."""

    id: str
    order_id: str
    amount: int
    currency: str
    status: str
    method: str
    refunded: int
    fee: int
    tax: int
    error: str
    at: datetime

    @property
    def is_captured(self) -> bool:
        return self.status in ("captured", "refunded")


@dataclass(frozen=True, slots=True)
class RemoteRefund:
    """Paise. ``receipt`` is the key that we asked with, when we did."""

    id: str
    payment_id: str
    amount: int
    currency: str
    status: str
    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RemoteLink:
    """Paise. ``order_id`` is known once somebody has paid."""

    id: str
    reference: str
    amount: int
    status: str
    order_id: str
    url: str


@dataclass(frozen=True, slots=True)
class RemoteDispute:
    id: str
    payment_id: str
    amount: int
    status: str
    reason: str
    respond_by: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook: what it is about, each as it was at that moment (``at``)."""

    event: str
    at: datetime | None = None
    order: RemoteOrder | None = None
    payment: RemotePayment | None = None
    refund: RemoteRefund | None = None
    link: RemoteLink | None = None
    dispute: RemoteDispute | None = None


class Gateway(Protocol):
    """One business's account. Each call may raise KeysRefused, GatewayRefused, OutcomeUnknown or Upstream; only the last says
    that nothing has happened."""

    def check(self) -> None: ...
    def create_order(self, receipt: str, paise: int) -> RemoteOrder: ...
    def find_order(self, receipt: str) -> RemoteOrder | None: ...
    def payments_of(self, order_id: str) -> list[RemotePayment]: ...
    def payment(self, payment_id: str) -> RemotePayment: ...
    def capture(self, payment_id: str, paise: int) -> RemotePayment: ...
    def refund(self, payment_id: str, paise: int, key: str) -> RemoteRefund: ...
    def refunds_of(self, payment_id: str) -> list[RemoteRefund]: ...
    def create_link(self, reference: str, paise: int, description: str, ends_at: datetime, back: str) -> RemoteLink: ...
    def find_link(self, reference: str) -> RemoteLink | None: ...
    def link(self, link_id: str) -> RemoteLink: ...
    def cancel_link(self, link_id: str) -> RemoteLink: ...


def read_order(body: Any) -> RemoteOrder:
    """In the webhooks of payment links the id comes without its prefix."""
    return RemoteOrder(
        _order_id(_text(body, "id")), _paise(body, "amount"), _text(body, "currency"), _text(body, "status"),
        _maybe(body, "receipt"),
    )  # fmt: skip


def read_payment(body: Any) -> RemotePayment:
    return RemotePayment(
        id=_text(body, "id"),
        order_id=_order_id(_maybe(body, "order_id")),
        amount=_paise(body, "amount"),
        currency=_text(body, "currency"),
        status=_known(_text(body, "status"), PAYMENT_RANK),
        method=_maybe(body, "method"),
        refunded=_or_nothing(body, "amount_refunded"),
        fee=_or_nothing(body, "fee"),
        tax=_or_nothing(body, "tax"),
        error=_maybe(body, "error_description"),
        at=_at(body, "created_at"),
    )


def read_refund(body: Any) -> RemoteRefund:
    return RemoteRefund(
        id=_text(body, "id"),
        payment_id=_text(body, "payment_id"),
        amount=_paise(body, "amount"),
        currency=_text(body, "currency"),
        status=_known(_maybe(body, "status") or "pending", REFUND_RANK),
        receipt=_maybe(body, "receipt"),
        at=_at(body, "created_at"),
    )


def read_link(body: Any) -> RemoteLink:
    return RemoteLink(
        id=_text(body, "id"),
        reference=_maybe(body, "reference_id"),
        amount=_paise(body, "amount"),
        status=_known(_text(body, "status"), LINK_RANK),
        order_id=_order_id(_maybe(body, "order_id")),
        url=_maybe(body, "short_url"),
    )


def read_dispute(body: Any) -> RemoteDispute:
    return RemoteDispute(
        id=_text(body, "id"),
        payment_id=_text(body, "payment_id"),
        amount=_paise(body, "amount"),
        status=_known(_text(body, "status"), DISPUTE_RANK),
        reason=_maybe(body, "reason_code").replace("_", " "),
        respond_by=_at(body, "respond_by") if body.get("respond_by") else None,
    )


_READERS: dict[str, Callable[[Any], Any]] = {
    "order": read_order, "payment": read_payment, "refund": read_refund, "payment_link": read_link, "dispute": read_dispute,
}  # fmt: skip


def read_told(body: Any) -> Told:
    """The parsed body of a webhook. Entities of kinds that we do not use are left out; a stray value inside ``payload`` as
    well. Raises: Invalid."""
    event, payload = _text(body, "event"), body.get("payload")
    if not isinstance(payload, dict):
        raise Invalid("The webhook has no payload.")
    found: dict[str, Any] = {
        name.removeprefix("payment_") if name == "payment_link" else name: reader(payload[name].get("entity"))
        for name, reader in _READERS.items()
        if isinstance(payload.get(name), dict)
    }
    return Told(event, _at(body, "created_at") if body.get("created_at") else None, **found)


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(value, str) or not value or len(value) > 200:
        raise Invalid(f"Razorpay sent no usable {name}.")
    return value


def _maybe(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value[:500] if isinstance(value, str) else ""


def _paise(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if type(value) is not int or not 0 <= value <= MOST_PAISE:
        raise Invalid(f"Razorpay sent no usable {name}.")
    return value


def _or_nothing(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    return value if type(value) is int and 0 <= value <= MOST_PAISE else 0


def _known(state: str, ranks: Mapping[str, int]) -> str:
    if state not in ranks:
        raise Invalid("Razorpay sent a state that we do not know.")
    return state


def _at(body: Mapping[str, Any], name: str) -> datetime:
    value = body.get(name)
    if type(value) is not int or not 0 <= value < 2**36:
        raise Invalid(f"Razorpay sent no usable {name}.")
    return datetime.fromtimestamp(value, UTC)


def _order_id(raw: str) -> str:
    return raw if not raw or raw.startswith("order_") else f"order_{raw}"
