"""The last part of a booking link, made from the name of the business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from anyascii import anyascii

from microcrm.domain.errors import Invalid

SHORTEST, LONGEST = 3, 40
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_OTHER = re.compile(r"[^a-z0-9]+")

# Words that are pages of ours, or that would let a shop pass itself off as us.
_WORDS = """
about account accounts activity admin api app apps assets auth b billing blog book booking bookings
business calendar checkout contact css customer customers dashboard demo docs download email error event
events example favicon feed feeds files fonts health help home i images img index info invite invoice
invoices js legal login logout m mail mailbox manage media member members microcrm my new null official
onboarding p pay payment payments ping plans pricing privacy public ready register reports robots root
search security service services settings setup shop shops sign-in sign-out sign-up signin signout signup
sitemap staff static status support system team terms test today undefined upload user users webhook
webhooks welcome www
"""
RESERVED = frozenset(_WORDS.split())


def slug_of(name: str) -> str:
    """A good slug for a name in any script: "Glow & Go Salon" gives "glow-and-go-salon", "ग्लो" gives "glo".

    A name that leaves too little, or a reserved word, is made longer: "shop-7", "shop-admin". The owner can change it.
    """
    plain = anyascii(name.replace("&", " and ")).lower().replace("'", "")
    words = _OTHER.sub("-", plain).strip("-")
    short = words[:LONGEST].rsplit("-", 1)[0] if len(words) > LONGEST and "-" in words[:LONGEST] else words[:LONGEST]
    short = short.strip("-")
    if not short:
        return "my-shop"
    return f"shop-{short}" if len(short) < SHORTEST or short in RESERVED else short


def slugs_like(slug: str) -> Iterator[str]:
    """The slug itself, then "-2", "-3", … within the length, for when it is taken."""
    yield slug
    for number in range(2, 1000):
        ending = f"-{number}"
        yield slug[: LONGEST - len(ending)].rstrip("-") + ending


def parse_slug(raw: Any) -> str:
    """A slug as the owner wants it; upper case and outer blanks are forgiven."""
    text = raw.strip().lower() if isinstance(raw, str) and len(raw) <= 200 else ""
    if not SHORTEST <= len(text) <= LONGEST or not _SLUG.fullmatch(text):
        raise Invalid(
            f"Use {SHORTEST} to {LONGEST} small letters and digits, with hyphens between words, such as glow-salon."
        )
    if text in RESERVED:
        raise Invalid("This word is kept for our own pages. Add the name of your area or town.")
    return text
