"""How a message leaves and what is heard of it afterwards, whoever carries it. Twilio's own words are in ``domain/twilio.py``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from microcrm.domain.errors import DomainError


class Channel(StrEnum):
    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


class DeliveryStatus(StrEnum):
    """How far a message has come. ``FAILED``: refused before it left; ``UNDELIVERED``: the network or the channel gave it up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"


# Told late, twice and out of order. An end stands against everything before it, and a receipt of the phone against an end:
# who has it has it.
_RANK = {
    status: rank
    for rank, status in enumerate((
        DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.SENT, DeliveryStatus.CANCELED, DeliveryStatus.FAILED,
        DeliveryStatus.UNDELIVERED, DeliveryStatus.DELIVERED, DeliveryStatus.READ,
    ))
}  # fmt: skip
ENDED_BADLY = frozenset({DeliveryStatus.CANCELED, DeliveryStatus.FAILED, DeliveryStatus.UNDELIVERED})


def further(known: DeliveryStatus, told: DeliveryStatus) -> DeliveryStatus:
    """The one that stands after both were heard, in whichever order."""
    return max(known, told, key=_RANK.__getitem__)


class Refusal(StrEnum):
    """What kind of no it was, which says what is done about it."""

    NUMBER = "number"  # this receiver cannot be reached on this channel: another channel
    OPTED_OUT = "opted_out"  # the receiver stopped this sender: written down, never again
    LANDLINE = "landline"  # no mobile number: written down, another channel
    TEXT = "text"  # this text is not taken: another channel, and a person looks at the text
    TEMPLATE = "template"  # the template is missing, paused or filled in wrongly: a person looks at it
    SETTINGS = "settings"  # keys, sender or account: the channel stops until a person has put it right
    HELD = "held"  # the channel keeps it from this receiver for now: another channel, not again today
    EXPIRED = "expired"  # it waited too long at the provider: too late now
    TRANSIENT = "transient"  # again in a minute, with growing pauses
    LATER = "later"  # again in half an hour at the earliest, at most three times
    UNKNOWN = "unknown"  # a code without a class: not again, a person looks


WORTH_ANOTHER_TRY = frozenset({Refusal.TRANSIENT, Refusal.LATER})
ANOTHER_CHANNEL = frozenset({Refusal.NUMBER, Refusal.LANDLINE, Refusal.TEXT, Refusal.TEMPLATE, Refusal.HELD})


class MessageRefused(DomainError):
    """The provider said no: nothing left. ``provider_code``: its number for the reason, 0 when it gave none."""

    code = "message_refused"
    message = "The message was refused."
    remedy = "Nothing was sent. Look at Settings, Messages."

    def __init__(
        self, kind: Refusal, provider_code: int = 0, message: str | None = None, *, remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.kind, self.provider_code = kind, provider_code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What leaves. ``to``: E.164, or a mail address. ``text``: as the receiver reads it, of a template too. ``reference``: our own
    id of the message, which comes back with what is told about it."""

    channel: Channel
    to: str
    text: str
    reference: str
    content_id: str = ""  # WhatsApp's template (HX…) and its values, first to last
    content_values: tuple[str, ...] = ()
    dlt_entity_id: str = ""  # SMS in India
    dlt_template_id: str = ""
    buttons: tuple[tuple[str, str], ...] = ()  # id and title, as the template has them: Twilio knows them from there
    valid_for: int = 0  # seconds after which it is of no use any more; 0: as long as the provider keeps it
    sender: str = ""  # of an offer by SMS: the header that DLT has for those; otherwise the channel's own
    subject: str = ""  # mail
    html: str = ""
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider has it, under its own id."""

    provider_id: str
    status: DeliveryStatus


@dataclass(frozen=True, slots=True)
class RemoteMessage:
    """As the provider has it now. ``to``: E.164; ``error_code``: None while nothing went wrong; ``at``: when it was taken in."""

    provider_id: str
    status: DeliveryStatus
    error_code: int | None
    to: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryTold:
    """One word of the provider about a message of ours. ``reference``: ours; "" when it did not come back. ``at``: when we heard it."""

    reference: str
    provider_id: str
    status: DeliveryStatus
    error_code: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that came in. ``sender``, ``receiver``: E.164. ``text``: as it was written, cut at `LONGEST_INBOUND` characters;
    ``button``: what we gave the pressed button as its id, "" when it was typed; ``answers``: the provider's id of the message that
    was answered, when the phone said so; ``profile``: the name that the sender gave themselves; ``pieces``: pictures and files."""

    provider_id: str
    channel: Channel
    sender: str
    receiver: str
    text: str
    button: str
    answers: str
    profile: str
    pieces: int
    at: datetime


LONGEST_INBOUND = 4_096


class Messenger(Protocol):
    """One business's account. Each call may raise:

    - `MessageRefused`: it said no, nothing left; ``kind`` says what to do.
    - ``OutcomeUnknown``: no usable answer came: it may have left. `find` it; never repeat blindly.
    - ``Upstream`` (of which ``OutcomeUnknown`` is one: catch that first): it was not reached, nothing left, safe to try again.
    """

    def send(self, message: Outgoing) -> Handed: ...

    def find(self, message: Outgoing, since: datetime, known: Collection[str] = ()) -> RemoteMessage | None:
        """After an unknown outcome: by receiver, time and text. ``known``: provider ids that belong to other messages of ours, so
        that the same words to the same phone are not taken for each other. None: it has not arrived so far."""
        ...

    def look(self, provider_id: str) -> RemoteMessage: ...

    def check(self) -> None:
        """Whether the keys work. Reads, and sends nothing."""
        ...
