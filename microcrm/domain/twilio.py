"""Twilio's words, read once: what its errors mean and what its forms say. Strict about ids, numbers and states; what else comes
with them varies by channel and grows without notice (twilio.com/docs/messaging/guides/track-outbound-message-status)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from microcrm.domain.errors import Invalid
from microcrm.domain.messenger import LONGEST_INBOUND, Channel, DeliveryStatus, DeliveryTold, Inbound, Refusal

ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-f]{32}")
CONTENT_SID = re.compile(r"HX[0-9a-f]{32}")
MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST_BODY = 1_600  # characters of Body: error 21617

_STATUSES = {
    **{status.value: status for status in DeliveryStatus},
    "accepted": DeliveryStatus.QUEUED,
    "scheduled": DeliveryStatus.QUEUED,
    "partially_delivered": DeliveryStatus.DELIVERED,
}


@dataclass(frozen=True, slots=True)
class Why:
    """An error code in words: what happened, and what a person does about it ("" when nothing is to be done)."""

    kind: Refusal
    words: str
    to_do: str = ""


_KEYS = "Look at Settings, Messages: the keys or the sender have to be put right there."
_PHONE = "Ask the customer for another number, or tell them yourself."
_AGAIN = "It is tried again by itself."
_ACCOUNT = "Look at the account in Twilio’s console."
_TEMPLATE = "Look at the template in Twilio’s console and in Settings, Messages."

# Twilio's pages of errors, https://www.twilio.com/docs/api/errors/CODE, and how it hands on WhatsApp's own
# (https://www.twilio.com/docs/whatsapp/api#whatsapp-errors). Twilio refines its codes over time and asks not to hang logic on
# a single one: each has a class here, and what is not here has `UNLISTED`.
WHY: Mapping[int, Why] = {
    20003: Why(Refusal.SETTINGS, "Twilio does not accept the account’s keys.", _KEYS),
    20404: Why(Refusal.SETTINGS, "Twilio does not know this account or sender.", _KEYS),
    20429: Why(Refusal.TRANSIENT, "Twilio asks us to slow down.", _AGAIN),
    21211: Why(Refusal.NUMBER, "This is not a number that can be written to.", _PHONE),
    21212: Why(Refusal.SETTINGS, "Twilio does not accept the sender.", _KEYS),
    21408: Why(Refusal.SETTINGS, "The account may not write to this country.", _ACCOUNT),
    21606: Why(Refusal.SETTINGS, "The sender cannot write to this number.", _KEYS),
    21610: Why(Refusal.OPTED_OUT, "The customer has stopped messages of this sender.", "Nothing more is sent there."),
    21612: Why(Refusal.NUMBER, "The sender does not reach this number.", _PHONE),
    21614: Why(Refusal.LANDLINE, "This is not a mobile number.", _PHONE),
    21617: Why(Refusal.TEXT, "The text is too long.", "Shorten the text in Settings, Messages."),
    21654: Why(Refusal.TEMPLATE, "Values came without a template.", _TEMPLATE),
    21655: Why(Refusal.TEMPLATE, "Twilio does not know the template.", _TEMPLATE),
    21656: Why(Refusal.TEMPLATE, "A value of the template is empty or wrong.", _TEMPLATE),
    21603: Why(Refusal.SETTINGS, "The channel has no sender.", _KEYS),
    21609: Why(Refusal.SETTINGS, "Twilio does not accept our address for delivery reports.", _ACCOUNT),
    21910: Why(Refusal.SETTINGS, "The sender is not of this channel.", _KEYS),
    30001: Why(Refusal.LATER, "Too many messages were waiting at Twilio.", _AGAIN),
    30002: Why(Refusal.SETTINGS, "The account is suspended.", _ACCOUNT),
    30003: Why(Refusal.LATER, "The phone is off or out of reach.", _AGAIN),
    30004: Why(Refusal.NUMBER, "The customer or the network blocks this sender.", _PHONE),
    30005: Why(Refusal.NUMBER, "No phone has this number.", _PHONE),
    30006: Why(Refusal.LANDLINE, "This is a landline, or its network takes no messages.", _PHONE),
    30007: Why(Refusal.TEXT, "The network took the text for spam.", "Compare the text with the one registered with DLT."),
    30008: Why(Refusal.TRANSIENT, "The network lost it.", _AGAIN),
    30036: Why(Refusal.EXPIRED, "It waited longer than it is of use.", "Tell the customer yourself, if it still matters."),
    30450: Why(Refusal.LATER, "Twilio holds messages to this number back for a while.", _AGAIN),
    63003: Why(Refusal.NUMBER, "This number is not on WhatsApp.", _PHONE),
    63005: Why(Refusal.SETTINGS, "WhatsApp refused it because of the account.", _ACCOUNT),
    63007: Why(Refusal.SETTINGS, "Twilio does not know this sender on WhatsApp.", _KEYS),
    63012: Why(Refusal.TRANSIENT, "WhatsApp had a fault.", _AGAIN),
    63014: Why(Refusal.OPTED_OUT, "The customer blocks this sender on WhatsApp.", "Nothing more is sent there."),
    63016: Why(Refusal.TEMPLATE, "The customer has not written within 24 hours: WhatsApp takes a template only.", _TEMPLATE),
    63018: Why(Refusal.LATER, "The number has sent as much as WhatsApp allows for now.", _AGAIN),
    63020: Why(Refusal.SETTINGS, "WhatsApp does not accept the business account.", _ACCOUNT),
    63021: Why(Refusal.TEXT, "WhatsApp does not take this text.", "Change the text in Settings, Messages."),
    63023: Why(Refusal.TRANSIENT, "WhatsApp had a fault.", _AGAIN),
    63024: Why(Refusal.NUMBER, "This number is not on WhatsApp.", _PHONE),
    63025: Why(Refusal.SETTINGS, "WhatsApp refused it because of the account.", _ACCOUNT),
    63027: Why(Refusal.TEMPLATE, "The template does not exist in this language.", _TEMPLATE),
    63028: Why(Refusal.TEMPLATE, "The template takes another number of values.", _TEMPLATE),
    63029: Why(Refusal.TEMPLATE, "The template breaks a rule of WhatsApp.", _TEMPLATE),
    63032: Why(Refusal.HELD, "WhatsApp holds it back from this customer for now.", _PHONE),
    63049: Why(Refusal.HELD, "WhatsApp holds offers back from this customer for now."),
}  # fmt: skip
UNLISTED = Why(Refusal.UNKNOWN, "Twilio refused it.", "Look the code up at twilio.com/docs/api/errors.")
_BY_STATUS = {401: 20003, 403: 20003, 404: 20404, 429: 20429}


def why_of(code: int | None, http_status: int = 0) -> Why:
    """What a code means. A code that we do not know goes by the HTTP status that it came with, when one did."""
    known = WHY.get(code or 0) or WHY.get(_BY_STATUS.get(http_status, 0))
    return known or UNLISTED


def status_of(raw: str) -> DeliveryStatus:
    """Raises: Invalid, also for the states of messages that come in."""
    if raw not in _STATUSES:
        raise Invalid("Twilio sent a state that we do not know.")
    return _STATUSES[raw]


def channel_and_number(address: str) -> tuple[Channel, str]:
    """Of ``whatsapp:+91…`` or ``+91…``. Raises: Invalid."""
    prefix, colon, number = address.rpartition(":")
    if not E164.fullmatch(number) or (colon and prefix != "whatsapp"):
        raise Invalid("Twilio sent no usable number.")
    return (Channel.WHATSAPP if colon else Channel.SMS), number


def read_status(form: Mapping[str, str], reference: str, at: datetime) -> DeliveryTold:
    """The form of a status callback. Raises: Invalid."""
    code = form.get("ErrorCode", "")
    return DeliveryTold(
        reference=reference,
        provider_id=_sid(form),
        status=status_of(form.get("MessageStatus", "")),
        error_code=int(code) if code.isascii() and code.isdigit() and 0 < len(code) <= 6 else None,
        at=at,
    )


def read_inbound(form: Mapping[str, str], at: datetime) -> Inbound:
    """The form of a message that came in. A button's own text stands in for a body that is empty. Raises: Invalid."""
    channel, sender = channel_and_number(form.get("From", ""))
    _, receiver = channel_and_number(form.get("To", ""))
    count = form.get("NumMedia", "")
    return Inbound(
        provider_id=_sid(form),
        channel=channel,
        sender=sender,
        receiver=receiver,
        text=_kept(form.get("Body") or form.get("ButtonText") or form.get("ListTitle") or "", LONGEST_INBOUND),
        button=_kept(form.get("ButtonPayload") or form.get("ListId") or "", 256),
        answers=given if MESSAGE_SID.fullmatch(given := form.get("OriginalRepliedMessageSid", "")) else "",
        profile=_kept(form.get("ProfileName", ""), 100),
        pieces=int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 0,
        at=at,
    )


def _sid(form: Mapping[str, str]) -> str:
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not MESSAGE_SID.fullmatch(sid):
        raise Invalid("Twilio sent no usable MessageSid.")
    return sid


def _kept(text: str, limit: int) -> str:
    """Without what a column of text cannot hold: NUL, and halves of a pair."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:limit]
