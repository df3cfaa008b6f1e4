"""A signature on a form: drawn with a finger or typed, kept with who signed, when, and what exactly was signed.

It is one JSON text among the sealed answers. A drawing is lines of whole numbers in a box of 1000 by 400, so that it can be
drawn again and can hold nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.formatting import format_instant
from microcrm.domain.zones import INDIA, zone_of

WIDE, HIGH = 1000, 400
MOST_STROKES, MOST_NUMBERS = 80, 4_000
_LEAST_NUMBERS = 12  # six points: less is a slip of the finger


@dataclass(frozen=True, slots=True)
class Signing:
    """What a signature is put under: the moment, the shop's zone, and the fingerprint of the form's version."""

    at: datetime
    fingerprint: str
    zone: str = INDIA


def read_signature(raw: Any, label: str, signing: Signing) -> str:
    """``raw``: {"name", "how", "strokes"}; ``how`` is "drawn" or "typed", which has no strokes. "" for nothing. Raises: Invalid."""
    if raw in (None, ""):
        return ""
    if not isinstance(raw, dict):
        raise Invalid(f"{label} must be drawn or typed.")
    is_typed = raw.get("how") == "typed"
    strokes = [] if is_typed else raw.get("strokes") or []
    name = parse_text(raw.get("name"), "The name of who signs", limit=80)
    if not name and not strokes:
        return ""
    if len(name) < 2:
        raise Invalid("Type the name of who signs.")
    if not is_typed:
        _check(strokes, label)
    kept = {
        "name": name, "at": signing.at.isoformat(timespec="seconds"), "form": signing.fingerprint, "zone": signing.zone,
        "strokes": strokes,
    }  # fmt: skip
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def signature_words(kept: str) -> str:
    """As "Drawn by Asha Rao, 30 Nov 2026, 4:15 pm. What was signed: 8f2a93c01b44"."""
    facts = json.loads(kept)
    when = format_instant(datetime.fromisoformat(facts["at"]), zone_of(facts["zone"]))
    how = "Drawn" if facts["strokes"] else "Typed"
    return f"{how} by {facts['name']}, {when}. What was signed: {facts['form'][:12]}"


def drawn_path(kept: str) -> str:
    """The path of an SVG of 1000 by 400; "" for a typed one."""
    return "".join(
        f"M{stroke[0]} {stroke[1]}" + "".join(f"L{x} {y}" for x, y in zip(stroke[2::2], stroke[3::2], strict=True))
        for stroke in json.loads(kept)["strokes"]
    )


def _check(strokes: Any, label: str) -> None:
    if strokes == []:
        raise Invalid("Sign in the box, or choose that the typed name counts.")
    wrong = Invalid(f"{label} could not be read. Clear it and sign again.")
    if not isinstance(strokes, list) or not 1 <= len(strokes) <= MOST_STROKES:
        raise wrong
    for stroke in strokes:
        if not isinstance(stroke, list) or len(stroke) < 2 or len(stroke) % 2 or len(stroke) > MOST_NUMBERS:
            raise wrong
        if not all(type(n) is int and 0 <= n <= (HIGH if odd % 2 else WIDE) for odd, n in enumerate(stroke)):
            raise wrong
    numbers = sum(map(len, strokes))
    if numbers > MOST_NUMBERS:
        raise wrong
    if numbers < _LEAST_NUMBERS:
        raise Invalid(f"{label} is only a dot. Sign in the box.")
