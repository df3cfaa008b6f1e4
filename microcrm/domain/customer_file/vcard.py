"""vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) as rows of a table with headings of our own.

No library: those that are kept refuse a whole file for one bad card, and phones write many of those.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from microcrm.domain.csv_file import FileFault
from microcrm.domain.customer_file.faults import BadCustomerFile
from microcrm.domain.customer_file.kinds import encoding_for

HEADINGS = ("Name", "Phone", "Email", "Address", "Birthday", "Tags", "Notes", "Company", "Gender")
_PROPERTY = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:;\"]*(?:\"[^\"]*\")?[^:;\"]*)*):(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(r"\\.|[^\\;,]+|.", re.DOTALL)
_GENDERS = {"M": "Male", "F": "Female", "O": "Other"}


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    value: str


def read_vcard(data: bytes) -> Iterator[list[str]]:
    """The headings, then a row a card; a card that is never closed is a row too. Raises: BadCustomerFile."""
    text = data.decode(encoding_for(data), errors="replace").removeprefix("\ufeff")
    yield list(HEADINGS)
    card: list[_Property] | None = None
    count = 0
    for line in _unfolded(text):
        start = line[:11].upper()
        if start.startswith("BEGIN:VCARD"):
            if card:
                yield _row(card)
            card, count = [], count + 1
        elif start.startswith("END:VCARD"):
            if card is not None:
                yield _row(card)
            card = None
        elif card is not None and (found := _property(line)) is not None:
            card.append(found)
    if card:
        yield _row(card)
    if not count:
        raise BadCustomerFile(FileFault.NOTHING)


def _unfolded(text: str) -> Iterator[str]:
    """Lines put together again: a blank continues (3.0, 4.0), and so does "=" at the end of quoted-printable (2.1)."""
    held = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if held.endswith("=") and "QUOTED-PRINTABLE" in held.partition(":")[0].upper():
            held = held[:-1] + line
        elif line[:1] in (" ", "\t") and held:
            held += line[1:]
        else:
            if held:
                yield held
            held = line.rstrip() if "QUOTED-PRINTABLE" not in line.upper() else line
    if held:
        yield held


def _property(line: str) -> _Property | None:
    """``None`` for pictures, sounds and keys, and for what is none."""
    if len(line) > 100_000 or (found := _PROPERTY.fullmatch(line)) is None:
        return None
    name, parameters, value = found[1].upper(), found[2].upper(), found[3]
    if name in ("PHOTO", "LOGO", "SOUND", "KEY"):
        return None
    if "QUOTED-PRINTABLE" in parameters:
        charset = re.search(r"CHARSET=\"?([\w-]+)", parameters)
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        value = _decoded(raw, charset[1] if charset else "utf-8").replace("\x00", "")
    return _Property(name, value)


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return raw.decode("utf-8", errors="replace")


def _row(card: Sequence[_Property]) -> list[str]:
    def first(name: str) -> str:
        return next((_plain(one.value) for one in card if one.name == name and one.value.strip()), "")

    def every(name: str, between: str) -> str:
        return between.join(_plain(one.value) for one in card if one.name == name and one.value.strip())

    company = ", ".join(part for part in _parts(_raw(card, "ORG")) if part)
    phones = [_plain(one.value).removeprefix("tel:").partition(";")[0] for one in card if one.name == "TEL"]
    emails = [_plain(one.value).removeprefix("mailto:") for one in card if one.name == "EMAIL"]
    return [
        first("FN") or _name(_raw(card, "N")) or first("NICKNAME") or company,
        "\n".join(phone for phone in phones if phone),
        emails[0] if emails else "",
        _address(_raw(card, "ADR")),
        first("BDAY"),
        ", ".join(_plain(tag) for tag in _split(_raw(card, "CATEGORIES"), ",") if tag.strip()),
        every("NOTE", "\n"),
        company,
        _GENDERS.get(first("GENDER")[:1].upper(), ""),
    ]


def _raw(card: Sequence[_Property], name: str) -> str:
    return next((one.value for one in card if one.name == name and one.value.strip(" ;")), "")


def _parts(raw: str) -> list[str]:
    return [_plain(part) for part in _split(raw, ";")]


def _split(raw: str, mark: str) -> list[str]:
    """At each mark that has no backslash of its own."""
    parts = [""]
    for piece in _PIECE.findall(raw):
        if piece == mark:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _name(raw: str) -> str:
    """Family; given; additional; before; after: as they are said."""
    family, given, more, before, after = [*_parts(raw), "", "", "", "", ""][:5]
    return " ".join(part for part in (before, given, more, family, after) if part)


def _address(raw: str) -> str:
    """Box; flat; street; town; State; PIN code; country: one a line, the town with its PIN."""
    box, flat, street, town, state, pin, country = [*_parts(raw), *[""] * 7][:7]
    lines = (box, flat, street, " ".join(part for part in (town, pin) if part), state, country)
    return "\n".join(line for line in lines if line)


def _plain(value: str) -> str:
    """Without escapes."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
