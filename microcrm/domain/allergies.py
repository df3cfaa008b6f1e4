"""Whether what somebody is allergic to is among what a service uses. Pure.

Both are words that people type. One names the other when the words of either stand in the other in one piece: "latex" in "Latex
gloves", "PPD" in "PPD (hair dye)". A word too many is a question at the desk, a word too few may be a rash, so no more than that is
asked of them; what is spelled differently is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from microcrm.domain.fields import Reader
from microcrm.domain.search_key import search_key

MOST, LONGEST = 20, 60  # substances of a service, letters of one
_BETWEEN = re.compile(r"[,;/()\[\]|\n]|\s(?:and|or|&|\+)\s", re.IGNORECASE)


def read_substances(reader: Reader, raw: Any) -> str:
    """What a service uses, as typed with commas between: each once, in the order that was typed, as "ammonia, PPD"."""
    typed = reader.text("substances", raw, "Uses", limit=MOST * (LONGEST + 2), required=False)
    found: dict[str, str] = {}
    for part in typed.replace(";", ",").split(","):
        if key := _key(part):
            found.setdefault(key, " ".join(part.split()))
    if len(found) > MOST:
        reader.refuse("substances", f"Name at most {MOST}.")
    if any(len(one) > LONGEST for one in found.values()):
        reader.refuse("substances", f"Name each in at most {LONGEST} letters, with commas between them.")
    return ", ".join(found.values())


def substances_in(stored: str) -> tuple[str, ...]:
    return tuple(one for one in stored.split(", ") if one)


def is_named(allergy: str, substances: Iterable[str]) -> bool:
    """Whether what is written about an allergy names one of the substances, or a part of it is named by one."""
    whole = _spaced(_key(allergy))
    parts = [_spaced(key) for part in _BETWEEN.split(allergy) if (key := _key(part))]
    keys = [_spaced(key) for one in substances if (key := _key(one))]
    return any(key in whole or any(part in key for part in parts) for key in keys)


def _spaced(key: str) -> str:
    return f" {key} "


def _key(text: str) -> str:
    """Without the plural s of English: "nuts" and "nut" are one."""
    words = search_key(text).split()
    return " ".join(word[:-1] if len(word) > 3 and word.isascii() and word[-1] == "s" else word for word in words)
