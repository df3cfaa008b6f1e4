"""A customer as a vCard 3.0 (RFC 2426), which the address books of phones and mail programs read; ``vcard`` reads it here again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_LONGEST = 75  # bytes of a line, RFC 2425 s.5.8.1
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True)
class Contact:
    """``phone`` in E.164. What is empty stands on no line."""

    name: str
    phone: str = ""
    email: str = ""
    address: str = ""
    birthday: date | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""


def card_of(contact: Contact) -> str:
    """With the name as one: which part of it is the family's nobody has asked. Nothing of it can begin a line of its own."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{_text(contact.name)}", f"N:;{_text(contact.name)};;;"]
    if contact.phone:
        lines.append(f"TEL;TYPE=CELL:{_text(contact.phone)}")
    if contact.email:
        lines.append(f"EMAIL;TYPE=INTERNET:{_text(contact.email)}")
    if contact.address:
        lines.append(f"ADR;TYPE=HOME:;;{_text(contact.address)};;;;")
    if contact.birthday:
        lines.append(f"BDAY:{contact.birthday.isoformat()}")
    if contact.tags:
        lines.append(f"CATEGORIES:{','.join(map(_text, contact.tags))}")
    if contact.notes:
        lines.append(f"NOTE:{_text(contact.notes)}")
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCARD"))


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").translate(_ESCAPED)


def _folded(line: str) -> str:
    """Long lines go on after a blank. None is cut within a letter, or behind a blank, which readers take off."""
    if len(line.encode()) <= _LONGEST:
        return line
    parts, part, size = [], "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LONGEST:
            kept = part.rstrip() or part
            parts.append(kept)
            part = part[len(kept) :]
            size = 1 + len(part.encode())
        part, size = part + letter, size + width
    return "\r\n ".join([*parts, part])
