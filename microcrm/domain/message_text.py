"""Texts of messages with named places in them: reading, checking and filling them, and what an SMS of it costs in segments.

A place is ``{customer}``: a name out of ``VARIABLES`` in braces, nothing else. Texts are cut into pieces and the pieces are put
together; no format string is ever made of what somebody typed (ASVS 1.3.7), and what a value holds is never read as a place.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from microcrm.domain.errors import MessageUnfit
from microcrm.domain.formatting import format_count
from microcrm.domain.messenger import Channel
from microcrm.domain.money import half_up

TEXT_LIMIT = 1_000  # characters of a template
# Of a text as it leaves: https://www.twilio.com/docs/api/errors/21617, of a template with its values 63021.
MOST: Mapping[Channel, int] = MappingProxyType({Channel.SMS: 1_600, Channel.WHATSAPP: 1_024, Channel.EMAIL: 20_000})
NOTHING = "-"  # an empty value is refused there: https://www.twilio.com/docs/api/errors/21656


@dataclass(frozen=True, slots=True)
class Variable:
    """``is_optional``: may have no value; it then goes together with the blank before it."""

    name: str
    label: str
    is_optional: bool = False


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        one.name: one
        for one in (
            Variable("customer", "Customer’s first name", is_optional=True),
            Variable("service", "Service"),
            Variable("when", "Day and time"),
            Variable("day", "Day"),
            Variable("time", "Time"),
            Variable("dates", "All days and times"),
            Variable("staff", "Staff"),
            Variable("shop", "Shop"),
            Variable("address", "Address"),
            Variable("link", "Link"),
            Variable("amount", "Amount"),
            Variable("reason", "Reason", is_optional=True),
            Variable("until", "Until when"),
            Variable("ahead", "What is paid ahead", is_optional=True),
            Variable("people", "How many before them"),
            Variable("code", "Code"),
            Variable("stop", "How to stop these messages", is_optional=True),
        )
    }
)


class Piece(NamedTuple):
    """Fixed text, or the place of a variable."""

    text: str
    is_place: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """``content_values``: of the places in order, each name once, as ``{{1}}``, ``{{2}}`` … of a WhatsApp template want them."""

    text: str
    content_values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """``units``: septets of GSM-7 or 16-bit units of UCS-2; ``room``: how many more fit into the last segment."""

    encoding: str
    units: int
    count: int
    room: int = 0


_PLACE = re.compile(r"\{\s*([A-Za-z_]{1,20})\s*\}", re.ASCII)
_BRACE = re.compile(r"[{}]")
_BLANKS = re.compile(r"\s+")
# What can make a text lie about its order; a name that carries one must not turn the rest of the message around.
_UNSEEN = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


@lru_cache(maxsize=1_024)  # a shop's few texts are asked for with every message
def pieces_of(template: str) -> tuple[Piece, ...]:
    """In order. ``MessageUnfit`` for a brace that belongs to no place, or a place that nothing is known for."""
    found: list[Piece] = []
    end = 0
    for match in _PLACE.finditer(template):
        found.append(_fixed(template[end : match.start()]))
        found.append(Piece(_known(match[1].lower()), True))
        end = match.end()
    found.append(_fixed(template[end:]))
    return tuple(piece for piece in found if piece.text)


def _fixed(text: str) -> Piece:
    if _BRACE.search(text):
        raise MessageUnfit("There is a brace too many. Write a variable as one name in braces, like {customer}.")
    return Piece(text, False)


def _known(name: str) -> str:
    if name in VARIABLES:
        return name
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    hint = f" Did you mean {{{near[0]}}}?" if near else " Take one from the list."
    raise MessageUnfit(f"{{{name}}} is not a variable.{hint}")


@lru_cache(maxsize=1_024)
def places_in(template: str) -> tuple[str, ...]:
    """Names of the variables, each once, in the order in which they first stand there."""
    return tuple(dict.fromkeys(piece.text for piece in pieces_of(template) if piece.is_place))


def render(
    template: str, values: Mapping[str, str], channel: Channel = Channel.EMAIL, *, is_registered: bool = False
) -> Rendered:
    """The text as it leaves. An SMS is written in the letters of plain SMS where that saves some; of one that is registered word for
    word (``is_registered``) only what is filled in changes. ``MessageUnfit`` names a variable without a value, or says that the
    text is too long."""
    is_sms = channel is Channel.SMS
    said = {name: clean_value(values.get(name, "")) for name in places_in(template)}
    parts = [_part(piece, said, is_plain=is_sms and is_registered) for piece in pieces_of(template)]
    text = _joined(parts)
    if is_sms and not is_registered:
        text = in_plain_letters(text)
    if not text:
        raise MessageUnfit("The message is empty.")
    if len(text) > MOST[channel]:
        raise MessageUnfit(f"The message is too long: {len(text):,} characters, at most {MOST[channel]:,} leave.")
    return Rendered(text, tuple(value or NOTHING for value in said.values()))


def _part(piece: Piece, said: Mapping[str, str], *, is_plain: bool) -> tuple[str, bool]:
    if not piece.is_place:
        return piece.text, False
    value = said[piece.text]
    if not value and not VARIABLES[piece.text].is_optional:
        raise MessageUnfit(f"Nothing is known for {{{piece.text}}} here.")
    return (in_plain_letters(value) if is_plain else value), True


def _joined(parts: Sequence[tuple[str, bool]]) -> str:
    """What has no value takes the blank before it along, and a comma that set it apart: "visit, {customer}. How" and
    "Lotus: {customer}, it is" read well without a name."""
    text, is_apart = "", False
    for part, is_value in parts:
        if is_value and not part:
            text = text.removesuffix(" ")
            is_apart = not text.endswith(",")
            text = text.removesuffix(",")
            continue
        text += part.removeprefix(",") if is_apart else part
        is_apart = False
    return text.strip()


def clean_value(value: str) -> str:
    """One line without characters that nobody sees: WhatsApp takes no line break in a value, and a name may not turn the text
    around."""
    if value.isprintable():  # nothing of that is in it, as in nearly all
        return _BLANKS.sub(" ", value).strip()
    seen = "".join(one for one in value if one not in _UNSEEN and unicodedata.category(one) not in ("Cs", "Co"))
    return _BLANKS.sub(" ", "".join(" " if unicodedata.category(one) == "Cc" else one for one in seen)).strip()


def as_typed(raw: str) -> str:
    """A text as somebody wrote it, every blank kept, because on the DLT portal each counts; without what nobody can see."""
    return unicodedata.normalize("NFC", "".join(one for one in raw.replace("\r\n", "\n") if one not in _UNSEEN)).strip()


# --- what is wrong with a text somebody wrote ---------------------------------------------------------------------------------------


def problems_of(template: str, known: Collection[str], needed: Collection[str] = ()) -> list[str]:
    """In words; none: it can be sent. ``known``: the variables that this message has; ``needed``: those without which it is of no
    use."""
    try:
        places = places_in(template)
    except MessageUnfit as unfit:
        return [unfit.message]
    wrong = [f"{{{name}}} is not known in this message." for name in places if name not in known]
    wrong += [f"{{{name}}} has to be in it: {VARIABLES[name].label.lower()}." for name in needed if name not in places]
    if not template.strip():
        wrong.insert(0, "Write a text.")
    if len(template) > TEXT_LIMIT:
        wrong.append(f"At most {TEXT_LIMIT:,} characters.")
    return wrong


def whatsapp_problems(template: str) -> list[str]:
    """What Meta refuses to register (https://www.twilio.com/docs/content/twilio-call-to-action)."""
    pieces = [piece for piece in pieces_of(template) if piece.is_place or piece.text.strip()]
    wrong = []
    if pieces and pieces[0].is_place:
        wrong.append("WhatsApp registers no text that begins with a variable. Put a word before it.")
    if pieces and pieces[-1].is_place:
        wrong.append("WhatsApp registers no text that ends with a variable. Put a word after it.")
    if any(one.is_place and other.is_place for one, other in itertools.pairwise(pieces)):
        wrong.append("WhatsApp registers no text with two variables side by side. Put a word between them.")
    return wrong


def as_whatsapp_wants(template: str) -> str:
    """The text to register there: each variable by its number, ``{{1}}``."""
    numbers = {name: number for number, name in enumerate(places_in(template), start=1)}
    return "".join(f"{{{{{numbers[one.text]}}}}}" if one.is_place else one.text for one in pieces_of(template))


# --- segments of an SMS -------------------------------------------------------------------------------------------------------------

# 3GPP TS 23.038, 6.2.1: the default alphabet, and the characters that take two places because they begin with an escape.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("^{}\\[~]|€\f")
_GSM_ALL = _GSM | _GSM_TWO
_LONE = {"GSM-7": 160, "UCS-2": 70}
_OF_SEVERAL = {"GSM-7": 153, "UCS-2": 67}
_PLAIN: Mapping[str, str] = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "′": "'", "″": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...", "•": "-",
    "\u00a0": " ", "\u2009": " ", "\u202f": " ", "`": "'", "₹": "Rs.", "×": "x",
}  # fmt: skip
_RUPEES = re.compile(r"₹\s*")


def segments_of(text: str) -> Segments:
    """How many messages an SMS is counted as (india.md 3.3). One character outside GSM-7 makes the whole text UCS-2; what takes two
    units is never cut in half."""
    is_plain = _GSM_ALL.issuperset(text)
    encoding = "GSM-7" if is_plain else "UCS-2"
    if is_plain and len(text) <= _LONE[encoding] and _GSM_TWO.isdisjoint(text):  # most texts
        return Segments(encoding, len(text), 1, _LONE[encoding] - len(text))
    sizes = [2 if (one in _GSM_TWO if is_plain else ord(one) > 0xFFFF) else 1 for one in text]
    units = sum(sizes)
    if units <= _LONE[encoding]:
        return Segments(encoding, units, 1, _LONE[encoding] - units)
    count, used = 1, 0
    for size in sizes:
        if used + size > _OF_SEVERAL[encoding]:
            count, used = count + 1, 0
        used += size
    return Segments(encoding, units, count, _OF_SEVERAL[encoding] - used)


def in_plain_letters(text: str) -> str:
    """With "Rs." for the rupee sign and straight quotes, when that brings the whole text into GSM-7; else as it is."""
    if _GSM_ALL.issuperset(text):
        return text
    plain = "".join(_PLAIN.get(one, one) for one in _RUPEES.sub("₹", text))
    return plain if plain != text and segments_of(plain).encoding == "GSM-7" else text


def segment_words(segments: Segments) -> str:
    """Like "1 SMS: 96 of 160 characters"."""
    if segments.count == 1:
        return f"1 SMS: {segments.units} of {_LONE[segments.encoding]} characters"
    return f"{segments.count} SMS: {format_count(segments.units, 'character')}, {segments.room} left in the last"


def cost_paise(segments: int, price: int) -> int:
    """Paise, half up. ``price``: of one segment in hundredths of a paisa, as the shop has agreed with whoever sends for it."""
    return half_up(segments * price, 100)
