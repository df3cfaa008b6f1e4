"""A message to several customers through the shop's own WhatsApp. MicroCRM makes the links and notes that it did; it sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.customer_message import (
    MOST_AT_ONCE,
    PURPOSE,
    TEXT_LIMIT,
    Candidate,
    LeftOut,
    MessageAbout,
    Reach,
    called,
    chat_number,
    link_parts,
    reach_of,
)
from microcrm.domain.errors import Forbidden, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.models.customers import Customer
from microcrm.operations.customer_choice import Choice, chosen
from microcrm.operations.parts.consent import who_consent
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MessageAhead:
    """Before anything is written. ``first``: the name of whom the message reaches first, or empty."""

    count: int
    first: str
    left: Mapping[LeftOut, int]


@dataclass(frozen=True, slots=True)
class WriteMessages:
    """As typed. ``{name}`` in the text becomes each one's first name."""

    choice: Choice
    about: Any
    text: Any


@dataclass(frozen=True, slots=True)
class ChatLink:
    """``number``: digits with the country code; ``called``: what stands where the name belongs."""

    customer_id: int
    name: str
    called: str
    number: str


@dataclass(frozen=True, slots=True)
class MessageLinks:
    """``parts``: the text as links hold it, cut where the name belongs."""

    links: tuple[ChatLink, ...]
    parts: list[str]


def message_ahead(uow: UnitOfWork, choice: Choice, about: Any) -> MessageAhead:
    """Whom a message would reach. Raises: Invalid, for nobody and for more than 100."""
    uow.require(Permission.CUSTOMERS_CONTACT)
    reader = Reader()
    wanted = reader.member("about", about, "The message", MessageAbout)
    reader.done()
    reach = _reach(uow, choice, wanted)
    return MessageAhead(len(reach.reached), reach.reached[0].name if reach.reached else "", reach.left)


def write_messages(uow: UnitOfWork, command: WriteMessages) -> MessageLinks:
    """The links, and one event that says how many and what about. Raises: Invalid, for nobody too; Forbidden, for whoever looks as
    somebody else."""
    uow.require(Permission.CUSTOMERS_CONTACT)
    if uow.actor.is_viewing_as:
        raise Forbidden
    reader = Reader()
    about = reader.member("about", command.about, "The message", MessageAbout)
    text = reader.text("text", command.text, "The text", limit=TEXT_LIMIT, multiline=True)
    reader.done()
    reached = _reach(uow, command.choice, about).reached
    if not reached:
        raise Invalid("This message reaches nobody of them.", remedy="Choose others.")
    uow.audit("message", "customers", None, count=len(reached), about=about.value)
    links = tuple(ChatLink(one.id, one.name, called(one.name), chat_number(one.phone)) for one in reached)
    return MessageLinks(links, link_parts(text))


def _reach(uow: UnitOfWork, choice: Choice, about: MessageAbout) -> Reach:
    query = (
        select(Customer.id, Customer.name, Customer.phone, Customer.is_sharing_phone, Customer.archived_at)
        .where(*chosen(uow, choice))
        .order_by(Customer.name_key, Customer.id)
        .limit(MOST_AT_ONCE + 1)
    )
    rows = uow.session.execute(query).all()
    if not rows:
        raise Invalid("There is nobody to write to.")
    if len(rows) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} customers at once.", remedy="Select fewer.")
    agreed = who_consent(uow, [row.id for row in rows], PURPOSE[about])
    return reach_of(
        Candidate(
            row.id, row.name, row.phone, row.is_sharing_phone, row.archived_at is not None, row.id in agreed
        )
        for row in rows
    )  # fmt: skip
