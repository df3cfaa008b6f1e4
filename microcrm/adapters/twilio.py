"""Twilio through its own SDK (docs/adr/0030-messages.md), with what the SDK leaves open closed in one HTTP client: a time limit,
no proxies of the environment, nothing of a request kept, and every answer judged here, since a success without a body passes
for a message otherwise.

Importing the SDK takes a third of a second: only what sends messages imports this module.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests
import structlog
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from microcrm.domain.errors import Invalid, OutcomeUnknown, Upstream
from microcrm.domain.messenger import (
    ENDED_BADLY,
    Channel,
    DeliveryStatus,
    Handed,
    MessageRefused,
    Outgoing,
    Refusal,
    RemoteMessage,
)
from microcrm.domain.twilio import MESSAGE_SID, SERVICE_SID, channel_and_number, status_of, why_of

TIMEOUT = 10.0  # seconds, to connect and between two bytes of the answer
_POOL = 32
_CLOCKS_DIFFER = timedelta(minutes=2)
_LOOKED_THROUGH = 100  # messages of one receiver, newest first

# The stand-in knows no templates and is told what the message that is being sent looks like. Twilio never is.
_shown: ContextVar[str] = ContextVar("shown", default="")

log = structlog.get_logger()


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self.session.trust_env = False
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=_POOL))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Raises: OutcomeUnknown, MessageRefused, Upstream."""
        is_reading = method.upper() == "GET"
        if shown := _shown.get():
            kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-Sandbox-Shown": shown}
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            log.warning("twilio.no_answer", method=method, reason=type(error).__name__)
            raise (_unreached() if is_reading or _never_left(error) else _unknown()) from None
        finally:
            # The SDK keeps the last request for its own tests: somebody's number and text.
            self._test_only_last_request = self._test_only_last_response = None
        _judge(response, is_reading)
        return response


def _never_left(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _unreached() -> Upstream:
    return Upstream("Twilio cannot be reached.")


def _unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        "Twilio has not answered.", remedy="It may have left all the same: we look it up, and nothing is sent twice."
    )


def _judge(response: Response, is_reading: bool) -> None:
    """A success with a JSON object passes; everything else raises."""
    status = int(response.status_code)
    try:
        body = json.loads(response.text or "")
    except ValueError:
        body = None
    if 200 <= status < 300 and isinstance(body, dict):
        return
    code = body.get("code") if isinstance(body, dict) else None
    code = code if type(code) is int else 0
    log.warning("twilio.refused", status=status, refusal=code)
    if 400 <= status < 500 and (isinstance(body, dict) or status in (401, 403, 404, 429)):
        why = why_of(code, status)
        raise MessageRefused(why.kind, code or status, why.words, remedy=why.to_do or None)
    raise _unreached() if is_reading else _unknown()


class Twilio:
    """One business's account; may be used by several threads. ``base_url`` comes from our settings only, never from a tenant, and is
    the stand-in's. ``status_url``: where Twilio tells what became of a message; "" when nobody is told."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        whatsapp_sender: str = "",
        sms_sender: str = "",
        status_url: str = "",
        base_url: str = "",
    ) -> None:
        self._http = _Http()
        self._client = Client(account_sid, auth_token, http_client=self._http)
        # Named here, so that TWILIO_EDGE and TWILIO_REGION of the environment change nothing.
        self._client.edge = self._client.region = None
        self._is_stand_in = bool(base_url)
        if base_url:
            self._client.api.base_url = base_url
        self._senders = {Channel.WHATSAPP: whatsapp_sender, Channel.SMS: sms_sender}
        self._status_url = status_url

    def close(self) -> None:
        self._http.session.close()

    def check(self) -> None:
        account = self._client.api.v2010.accounts(self._client.account_sid).fetch()
        if account.status != "active":
            why = why_of(30002)
            raise MessageRefused(why.kind, 30002, why.words, remedy=why.to_do)

    def send(self, message: Outgoing) -> Handed:
        sender = message.sender or self._senders.get(message.channel, "")
        if not sender:
            why = why_of(21603)
            raise MessageRefused(Refusal.SETTINGS, 21603, why.words, remedy=why.to_do)
        wanted: dict[str, Any] = {"to": _address(message.channel, message.to)}
        wanted["messaging_service_sid" if SERVICE_SID.fullmatch(sender) else "from_"] = _address(
            message.channel, sender
        )
        if message.content_id:
            wanted["content_sid"] = message.content_id
            if message.content_values:  # Twilio refuses an empty object
                values = {str(number): value for number, value in enumerate(message.content_values, 1)}
                wanted["content_variables"] = json.dumps(values, ensure_ascii=False)
        else:
            wanted["body"] = message.text
        if self._status_url:
            wanted["status_callback"] = f"{self._status_url}?m={quote(message.reference, safe='')}"
        if message.valid_for:
            wanted["validity_period"] = max(1, min(message.valid_for, 36_000))
        told = _shown.set(_picture(message) if self._is_stand_in else "")
        try:
            made = self._client.messages.create(**wanted)
        finally:
            _shown.reset(told)
        if not isinstance(made.sid, str) or not MESSAGE_SID.fullmatch(made.sid):
            raise _unknown()
        state = _state(made.status)
        if state in ENDED_BADLY:  # taken in and given up in one answer
            code = int(made.error_code or 0)
            why = why_of(code)
            raise MessageRefused(why.kind, code, why.words, remedy=why.to_do or None)
        return Handed(made.sid, state)

    def find(self, message: Outgoing, since: datetime, known: Collection[str] = ()) -> RemoteMessage | None:
        """Twilio's own filter by time leaves out what has not left yet, so the newest of the receiver are looked through."""
        to, text = _address(message.channel, message.to), _plain(message.text)
        for one in self._client.messages.stream(to=to, limit=_LOOKED_THROUGH, page_size=_LOOKED_THROUGH):
            made = one.date_created
            if made is not None and _utc(made) < since - _CLOCKS_DIFFER:
                return None
            if one.direction == "inbound" or one.sid in known or _plain(one.body or "") != text:
                continue
            return _read(one)
        return None

    def look(self, provider_id: str) -> RemoteMessage:
        if not MESSAGE_SID.fullmatch(provider_id):
            raise Invalid("That is no id of Twilio’s.")
        return _read(self._client.messages(provider_id).fetch())


def _picture(message: Outgoing) -> str:
    return base64.b64encode(json.dumps({"text": message.text, "buttons": message.buttons}).encode()).decode()


def _address(channel: Channel, to: str) -> str:
    return f"whatsapp:{to}" if channel is Channel.WHATSAPP and not SERVICE_SID.fullmatch(to) else to


def _plain(text: str) -> str:
    return " ".join(text.split())


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _state(raw: Any) -> DeliveryStatus:
    """Of a message that Twilio has: a state that we do not know is no reason to send it again."""
    try:
        return status_of(str(getattr(raw, "value", raw)))
    except Invalid:
        return DeliveryStatus.QUEUED


def _read(one: Any) -> RemoteMessage:
    code = one.error_code
    _, number = channel_and_number(str(one.to))
    return RemoteMessage(
        provider_id=one.sid,
        status=_state(one.status),
        error_code=int(code) if code else None,
        to=number,
        text=one.body or "",
        at=_utc(one.date_created),
    )
