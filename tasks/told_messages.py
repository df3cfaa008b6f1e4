"""What Twilio told us, read from the inbox: states of messages, and what customers wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.messenger import DeliveryTold, Inbound
from microcrm.domain.twilio import read_inbound, read_status
from microcrm.operations.messages.told import take_status
from microcrm.operations.messaging.accounts import note_heard
from microcrm.operations.replies.arriving import take_inbound
from microcrm.operations.unit_of_work import UnitOfWork


def is_of_twilio(body: Any) -> bool:
    return isinstance(body, dict) and body.get("twilio") in ("status", "inbound")


def read(body: Any) -> DeliveryTold | Inbound:
    """As `http/message_hooks.py` stored it. Raises: Invalid."""
    form, reference = body.get("form"), body.get("reference")
    try:
        at = datetime.fromisoformat(body["at"])
    except (KeyError, TypeError, ValueError):
        raise Invalid("It has no moment.") from None
    if at.tzinfo is None or not isinstance(form, dict) or not isinstance(reference, str):
        raise Invalid("That is no call of Twilio’s.")
    return read_status(form, reference, at) if body["twilio"] == "status" else read_inbound(form, at)


def take(uow: UnitOfWork, told: DeliveryTold | Inbound) -> bool:
    """Whether it changed anything."""
    return take_inbound(uow, told) if isinstance(told, Inbound) else take_status(uow, told)


def note(uow: UnitOfWork) -> None:
    note_heard(uow)
