"""Razorpay through its own SDK (docs/adr/0017-razorpay.md), with what the SDK leaves open closed in one session: time
limits, no proxies of the environment, no redirects, no retries, and every answer judged here, since the SDK keeps only
its text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
import structlog
from razorpay import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from microcrm.domain.errors import GatewayRefused, KeysRefused, LimitReached, OutcomeUnknown, Upstream
from microcrm.domain.gateway import (
    CURRENCY,
    RemoteLink,
    RemoteOrder,
    RemotePayment,
    RemoteRefund,
    read_link,
    read_order,
    read_payment,
    read_refund,
)

REAL_URL = "https://api.razorpay.com"
TIMEOUT = (3.05, 12.0)  # seconds to connect, and between two bytes of the answer
_AUTOMATIC_MIN, _MANUAL_MIN = 15, 7_200  # how long a late payment is captured by itself, and how long it can be by us
MOST_A_PAGE = 100

log = structlog.get_logger()


class _Session(requests.Session):
    """Raises our own errors before the SDK sees a failure: it would print it, and forget the status."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            log.warning("razorpay.no_answer", method=method, reason=type(error).__name__)
            raise (Upstream("Razorpay cannot be reached.") if _never_left(error) else OutcomeUnknown()) from None
        _judge(response)
        return response


def _never_left(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _judge(response: requests.Response) -> None:
    """A success with a JSON object passes; everything else raises."""
    status = response.status_code
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    if 200 <= status < 300 and isinstance(body, dict) and "error" not in body:
        return
    error = body.get("error") if isinstance(body, dict) else None
    said = str(error.get("description", ""))[:200] if isinstance(error, dict) else ""
    log.warning("razorpay.refused", status=status, refusal=error.get("code") if isinstance(error, dict) else "")
    if status == 401:
        raise KeysRefused
    if status == 429:
        raise LimitReached("Razorpay asks us to slow down.")
    if 400 <= status < 500 and isinstance(error, dict) and status != 409:
        raise GatewayRefused(said)
    raise OutcomeUnknown


class Razorpay:
    """One business's account; not shared between threads. ``base_url`` comes from our settings only, never from a tenant."""

    def __init__(self, key_id: str, key_secret: str, base_url: str = REAL_URL) -> None:
        self._session = _Session()
        self._client = Client(session=self._session, auth=(key_id, key_secret), base_url=base_url)

    def close(self) -> None:
        self._session.close()

    def check(self) -> None:
        """Whether the keys are good. Reads, and changes nothing."""
        self._client.order.all({"count": 1})

    def create_order(self, receipt: str, paise: int) -> RemoteOrder:
        capture = {
            "capture": "automatic",
            "capture_options": {
                "automatic_expiry_period": _AUTOMATIC_MIN,
                "manual_expiry_period": _MANUAL_MIN,
                "refund_speed": "normal",
            },
        }
        wanted = {"amount": _whole(paise), "currency": CURRENCY, "receipt": receipt, "payment": capture}
        return read_order(self._client.order.create(wanted))

    def find_order(self, receipt: str) -> RemoteOrder | None:
        found = _items(self._client.order.all({"receipt": receipt}), "items", read_order)
        return next((one for one in found if one.receipt == receipt), None)

    def payments_of(self, order_id: str) -> list[RemotePayment]:
        return _items(self._client.order.payments(order_id, {"count": MOST_A_PAGE}), "items", read_payment)

    def payment(self, payment_id: str) -> RemotePayment:
        return read_payment(self._client.payment.fetch(payment_id, {}))

    def capture(self, payment_id: str, paise: int) -> RemotePayment:
        """The dictionary is ours: the SDK's own default is shared between all calls, amounts included."""
        return read_payment(self._client.payment.capture(payment_id, _whole(paise), {"currency": CURRENCY}))

    def refund(self, payment_id: str, paise: int, key: str) -> RemoteRefund:
        """The same ``key`` again is the same refund."""
        headers = {"X-Refund-Idempotency": key}
        wanted = {"amount": _whole(paise), "speed": "normal", "receipt": key}
        return read_refund(self._client.payment.refund(payment_id, wanted, headers=headers))

    def refunds_of(self, payment_id: str) -> list[RemoteRefund]:
        found = self._client.payment.fetch_multiple_refund(payment_id, {"count": MOST_A_PAGE})
        return _items(found, "items", read_refund)

    def create_link(self, reference: str, paise: int, description: str, ends_at: datetime, back: str) -> RemoteLink:
        wanted = {
            "amount": _whole(paise),
            "currency": CURRENCY,
            "accept_partial": False,
            "reference_id": reference,
            "description": description,
            "expire_by": int(ends_at.timestamp()),
            "notify": {"sms": False, "email": False},  # we tell the customer ourselves
            "reminder_enable": False,
            "callback_url": back,
            "callback_method": "get",
        }
        return read_link(self._client.payment_link.create(wanted))

    def find_link(self, reference: str) -> RemoteLink | None:
        found = _items(self._client.payment_link.all({"reference_id": reference}), "payment_links", read_link)
        return next((one for one in found if one.reference == reference), None)

    def link(self, link_id: str) -> RemoteLink:
        return read_link(self._client.payment_link.fetch(link_id, {}))

    def cancel_link(self, link_id: str) -> RemoteLink:
        return read_link(self._client.payment_link.cancel(link_id))


def _whole(paise: int) -> int:
    """``TypeError`` for anything that Razorpay would misread: 5.0, "500", True."""
    if type(paise) is not int:
        raise TypeError("paise are whole numbers")
    return paise


def _items(body: Any, name: str, read: Callable[[Any], Any]) -> list[Any]:
    rows = body.get(name) if isinstance(body, dict) else None
    return [read(one) for one in rows] if isinstance(rows, list) else []


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """A webhook, over the bytes as they came: the SDK's own check takes no bytes, and text that was read and written again is not
    what was signed."""
    if not secret or not signature.isascii():
        return False
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())
