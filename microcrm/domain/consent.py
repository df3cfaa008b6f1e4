"""What a customer has agreed to: purposes, decisions, and whether something may be done today.

Consent is asked for each purpose apart, in words that say what for, and taken back as easily as it is given (Digital Personal Data
Protection Act 2023 s.6(1), (4), (6)). Messages about somebody's own visits need none: who books gives the number for that
(s.7(a)), until they object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

ADULT = 18  # s.2(f): a child is who has not completed eighteen years
ENGLISH = "en"


class ConsentPurpose(StrEnum):
    VISIT_MESSAGES = "visit_messages"
    WHATSAPP_OFFERS = "whatsapp_offers"
    SMS_OFFERS = "sms_offers"
    EMAIL_OFFERS = "email_offers"
    PHOTOS = "photos"
    PHOTOS_IN_PUBLIC = "photos_in_public"
    HEALTH = "health"


class Decision(StrEnum):
    """``VOID`` takes back one earlier record that was a mistake."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class Way(StrEnum):
    """How it reached the shop."""

    IN_PERSON = "in_person"
    PAPER = "paper"
    PHONE = "phone"
    MESSAGE = "message"
    ONLINE = "online"


class Light(StrEnum):
    """``ALLOWED``: needs no consent, and nobody has objected; ``ALONE``: a child said yes, and no parent or guardian did."""

    GIVEN = "given"
    ALONE = "alone"
    ALLOWED = "allowed"
    MISSING = "missing"
    EXPIRED = "expired"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """``notice``: what the customer is told before they agree; ``{shop}`` is the business. ``is_asked``: nothing without a
    consent; otherwise it goes until somebody objects. ``is_advertising``: never for children (s.9(3))."""

    purpose: ConsentPurpose
    label: str
    notice: str
    is_asked: bool = True
    is_advertising: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger. ``day``: when the customer said so, in the shop's days; ``until``: the last day of a consent that
    ends by itself; ``voids``: the row that this one takes back; ``is_for_child``: a parent or guardian is named who said so."""

    id: int
    purpose: str
    decision: Decision
    day: date
    until: date | None = None
    voids: int | None = None
    is_for_child: bool = False


_RIGHTS = " You may say no, and you may take a yes back at any time, as easily as you gave it; your booking does not depend on it."
PURPOSES: Mapping[ConsentPurpose, PurposeRule] = MappingProxyType(
    {
        rule.purpose: rule
        for rule in (
            PurposeRule(
                ConsentPurpose.VISIT_MESSAGES,
                "Visit messages",
                "{shop} uses your name, phone number and email to tell you about your own bookings, bills and reminders. You may "
                "object at any time.",
                is_asked=False,
            ),
            PurposeRule(
                ConsentPurpose.WHATSAPP_OFFERS,
                "WhatsApp offers",
                "{shop} would like to send you offers and news by WhatsApp, using your name and phone number."
                + _RIGHTS,
                is_advertising=True,
            ),
            PurposeRule(
                ConsentPurpose.SMS_OFFERS,
                "SMS offers",
                "{shop} would like to send you offers and news by SMS, using your name and phone number." + _RIGHTS,
                is_advertising=True,
            ),
            PurposeRule(
                ConsentPurpose.EMAIL_OFFERS,
                "Email offers",
                "{shop} would like to send you offers and news by email, using your name and email address." + _RIGHTS,
                is_advertising=True,
            ),
            PurposeRule(
                ConsentPurpose.PHOTOS,
                "Photos",
                "{shop} would like to take and keep photos of you, such as before and after a service, to plan and compare your "
                "visits. They are kept encrypted and shown only to staff who work with you." + _RIGHTS,
            ),
            PurposeRule(
                ConsentPurpose.PHOTOS_IN_PUBLIC,
                "Photos in public",
                "{shop} would like to show photos of you to others, such as on its page, in its rooms or in social media."
                + _RIGHTS,
                is_advertising=True,
            ),
            PurposeRule(
                ConsentPurpose.HEALTH,
                "Health notes",
                "{shop} would like to write down what you tell us about your health, such as allergies and patch tests, to serve you "
                "safely. It is kept encrypted, and each reading is noted." + _RIGHTS,
            ),
        )
    }
)
WAYS: Mapping[Way, str] = MappingProxyType(
    {
        Way.IN_PERSON: "In person",
        Way.PAPER: "On paper",
        Way.PHONE: "By phone",
        Way.MESSAGE: "In a message",
        Way.ONLINE: "Online",
    }
)
LIGHT_WORDS: Mapping[Light, str] = MappingProxyType(
    {
        Light.GIVEN: "given",
        Light.ALONE: "needs a parent’s yes",
        Light.ALLOWED: "no objection",
        Light.MISSING: "not asked yet",
        Light.EXPIRED: "expired",
        Light.REFUSED: "refused",
        Light.WITHDRAWN: "withdrawn",
    }
)


def notice_text(rule: PurposeRule, shop: str) -> str:
    return rule.notice.replace("{shop}", shop)


def digest_of(text: str) -> bytes:
    """By which a notice is the same as another: 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def standing(entries: Iterable[Entry]) -> dict[str, Entry]:
    """What counts for each purpose: the latest day, and of one day what was written down last. What was taken back as a mistake
    never was."""
    known = list(entries)
    void = {entry.voids for entry in known if entry.decision is Decision.VOID}
    found: dict[str, Entry] = {}
    for entry in sorted(known, key=lambda one: (one.day, one.id)):
        if entry.decision is not Decision.VOID and entry.id not in void:
            found[entry.purpose] = entry
    return found


def light(purpose: ConsentPurpose, entry: Entry | None, today: date, birthday: date | None = None) -> Light:
    """A child's yes is its parent's or guardian's to give (s.9(1)); a no is anybody's."""
    if entry is None:
        return Light.MISSING if PURPOSES[purpose].is_asked else Light.ALLOWED
    if entry.decision is Decision.GIVEN:
        if entry.until is not None and entry.until < today:
            return Light.EXPIRED
        is_alone = PURPOSES[purpose].is_asked and is_child(birthday, today) and not entry.is_for_child
        return Light.ALONE if is_alone else Light.GIVEN
    return Light.REFUSED if entry.decision is Decision.REFUSED else Light.WITHDRAWN


def is_child(birthday: date | None, today: date) -> bool:
    """Who is known to be under eighteen; one born on 29 February turns eighteen on 1 March."""
    if birthday is None:
        return False
    return (today.year - birthday.year) - ((today.month, today.day) < (birthday.month, birthday.day)) < ADULT


def permits(purpose: ConsentPurpose, entry: Entry | None, today: date, birthday: date | None) -> bool:
    """Whether it may be done today. Advertising to children may not, whoever agreed (s.9(3))."""
    if PURPOSES[purpose].is_advertising and is_child(birthday, today):
        return False
    return light(purpose, entry, today, birthday) in (Light.GIVEN, Light.ALLOWED)
