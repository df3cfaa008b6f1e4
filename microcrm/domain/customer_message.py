"""A message to several customers through the shop's own WhatsApp: who gets it, who does not and why, and its words for each.

An offer needs a consent to offers by WhatsApp. What is about somebody's own bookings goes until they object (`domain/consent.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote

from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.errors import Invalid
from microcrm.domain.names import given_name
from microcrm.domain.phone import parse_phone

MOST_AT_ONCE = 100
TEXT_LIMIT = 1_000  # characters, before names are filled in
NAME = "{name}"


class MessageAbout(StrEnum):
    BOOKINGS = "bookings"
    OFFER = "offer"


PURPOSE: Mapping[MessageAbout, ConsentPurpose] = MappingProxyType(
    {MessageAbout.BOOKINGS: ConsentPurpose.VISIT_MESSAGES, MessageAbout.OFFER: ConsentPurpose.WHATSAPP_OFFERS}
)


class LeftOut(StrEnum):
    """Why somebody gets no message. The first that fits counts."""

    ARCHIVED = "archived"
    NO_MOBILE = "no_mobile"
    NO_CONSENT = "no_consent"
    SAME_PHONE = "same_phone"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was chosen. ``phone`` is E.164 or empty; ``is_sharing``: the phone is somebody else's of the family;
    ``may_send``: what they said allows this kind of message today."""

    id: int
    name: str
    phone: str
    is_sharing: bool = False
    is_archived: bool = False
    may_send: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """``reached``: one for each phone, in the order of the candidates. ``left``: how many are left out, by reason."""

    reached: tuple[Candidate, ...]
    left: Mapping[LeftOut, int]


def reach_of(candidates: Iterable[Candidate]) -> Reach:
    """A family that shares a phone is written to once: whose phone it is, if they may be."""
    known = list(candidates)
    left: dict[LeftOut, int] = {}
    chosen: dict[str, int] = {}
    for one in sorted(known, key=lambda one: one.is_sharing):
        reason = _reason(one, chosen)
        if reason is None:
            chosen[one.phone] = one.id
        else:
            left[reason] = left.get(reason, 0) + 1
    ids = set(chosen.values())
    return Reach(tuple(one for one in known if one.id in ids), {why: left[why] for why in LeftOut if why in left})


def called(name: str) -> str:
    """What stands for ``{name}``: the first name, or the whole when there is none in it."""
    return given_name(name) or name.strip()


def filled_in(text: str, name: str) -> str:
    """What one customer reads."""
    return text.replace(NAME, called(name))


def link_parts(text: str) -> list[str]:
    """The text as a link holds it, cut where the name belongs: a hundred links would hold the same text a hundred times."""
    return [quote(part, safe="") for part in text.split(NAME)]


def chat_number(phone: str) -> str:
    """Of E.164 the digits that a link to a chat holds (https://faq.whatsapp.com/5913398998672934)."""
    return phone.removeprefix("+")


def _reason(one: Candidate, chosen: Mapping[str, int]) -> LeftOut | None:
    if one.is_archived:
        return LeftOut.ARCHIVED
    if not _is_mobile(one.phone):
        return LeftOut.NO_MOBILE
    if not one.may_send:
        return LeftOut.NO_CONSENT
    return LeftOut.SAME_PHONE if one.phone in chosen else None


def _is_mobile(phone: str) -> bool:
    try:
        return bool(parse_phone(phone, mobile=True))
    except Invalid:
        return False
