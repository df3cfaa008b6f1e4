"""Messages against the stand-in for Twilio: what is sent, and waiting until something has become of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from microcrm.adapters.twilio import Twilio
from microcrm.domain.messenger import Channel, MessageRefused, Outgoing
from tests.support.sandbox import Texter

PHONE = "+919845012345"
CONTENT = "HX" + "0c" * 16
TEXT = "Your visit is tomorrow at 10:00. नमस्ते 🌸"
SMS = Outgoing(Channel.SMS, PHONE, TEXT, "message 1")
WHATSAPP = Outgoing(Channel.WHATSAPP, PHONE, TEXT, "message 2")
TEMPLATE = replace(WHATSAPP, content_id=CONTENT, content_values=("tomorrow", "10:00"))


def client_of(texter: Texter, **changes: Any) -> Twilio:
    given = {"whatsapp_sender": texter.sender, "sms_sender": "SANDBX", "base_url": texter.url} | changes
    return Twilio(texter.sid, texter.token, **given)


def just_now() -> datetime:
    return datetime.now(UTC)


def settled(client: Twilio, provider_id: str, status: str) -> Any:
    """Once the stand-in has moved it there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = client.look(provider_id)
        if found.status == status:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found.status}")


def refused(call: Callable[[], Any]) -> MessageRefused:
    with pytest.raises(MessageRefused) as caught:
        call()
    return caught.value


def callbacks_of(texter: Texter, least: int, address: str = "") -> list[dict[str, Any]]:
    """What the stand-in has to tell, once there is that much; to addresses that hold ``address``, for other tests have had this
    account before."""

    def told() -> list[dict[str, Any]]:
        return [one for one in texter.act("state")["callbacks"] if address in one["url"]]

    until = time.monotonic() + 20
    while len(found := told()) < least and time.monotonic() < until:
        time.sleep(0.05)
    assert len(found) >= least
    return found
