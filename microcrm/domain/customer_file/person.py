"""One row of a list as a customer: what it says, what is left out of it and why, or why it cannot be one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from microcrm.domain.customer_file.columns import Holds
from microcrm.domain.customer_file.days import DOUBTS, DayRule, Doubt, ReadDay, read_day
from microcrm.domain.customer_file.phones import indian_mobile, read_phones
from microcrm.domain.email import parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import NOTE, clean
from microcrm.domain.gstin import check_gstin
from microcrm.domain.money import format_rupees, parse_rupees
from microcrm.domain.phone import display_phone
from microcrm.domain.search_key import search_key
from microcrm.domain.sheet import harmless
from microcrm.domain.states import STATES

NAME_LIMIT, ADDRESS_LIMIT, TAG_LIMIT, MOST_TAGS, ALLERGY_LIMIT = 120, 400, 30, 10, 200
_TAGS = re.compile(r"[,;|\n]| ::: ")
_ATOM = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)
_PIN = re.compile(r"[1-9]\d{5}", re.ASCII)
_GENDERS = {
    "m": "Male", "male": "Male", "man": "Male", "पुरुष": "Male", "ಪುರುಷ": "Male", "f": "Female", "female": "Female", "woman": "Female",
    "महिला": "Female", "स्त्री": "Female", "ಮಹಿಳೆ": "Female", "ಸ್ತ್ರೀ": "Female", "o": "Other", "other": "Other",
    "अन्य": "Other", "ಇತರ": "Other",
}  # fmt: skip
_STATES = {search_key(state.name): state.name for state in STATES.values()} | {
    state.iso.lower(): state.name for state in STATES.values() if state.iso
}
_NAMES = (Holds.NAME, Holds.FIRST_NAME, Holds.LAST_NAME)
_PLACES = frozenset({Holds.ADDRESS, Holds.CITY, Holds.PIN, Holds.STATE})
_LETTER = re.compile(r"[A-Za-z0-9]", re.ASCII)
LOST = "\ufffd"
_MOST_KNOWN = 40_000  # days of a century


@dataclass(slots=True)
class Person:
    """``warnings`` and ``fault`` are whole sentences without anything of the row in them."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    birthday: date | None = None
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    allergy: str = ""
    warnings: list[str] = field(default_factory=list)
    fault: str = ""

    def as_list(self) -> list[Any]:
        """For JSON; ``person_of`` reads it again."""
        day = self.birthday.isoformat() if self.birthday else ""
        return [self.name, self.phone, self.email, self.address, day, self.tags, self.notes, self.allergy]


def person_of(stored: Sequence[Any]) -> Person:
    name, phone, email, address, day, tags, notes, allergy = stored
    return Person(name, phone, email, address, date.fromisoformat(day) if day else None, tags, notes, allergy)


@dataclass(frozen=True, slots=True)
class Layout:
    """``days``: for the column of birthdays."""

    headings: tuple[str, ...]
    mapping: tuple[Holds, ...]
    days: DayRule
    known: dict[str, ReadDay] = field(default_factory=dict, repr=False, compare=False)  # days come again
    columns: tuple[tuple[Holds, str, Callable[[Any, str], None] | None], ...] = field(
        default=(), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """What is done with the cells of each column is looked up once, and not for each row."""
        columns = zip(self.mapping, self.headings, strict=False)
        found = tuple((holds, heading, _READERS.get(holds)) for holds, heading in columns)
        object.__setattr__(self, "columns", found)

    def read_day(self, cell: str) -> ReadDay:
        found = self.known.get(cell)
        if found is None:
            found = read_day(cell, self.days)
            if len(self.known) < _MOST_KNOWN:
                self.known[cell] = found
        return found


@dataclass(slots=True)
class _Row:
    """What is being read. ``lines``: of the notes."""

    person: Person
    read_day: Callable[[str], ReadDay]
    lines: list[str] = field(default_factory=list)
    heading: str = ""


def read_person(cells: Sequence[str], layout: Layout) -> Person:
    """Everything that is wrong with the row is one sentence; what is only doubtful is left out and said."""
    person = Person()
    row = _Row(person, layout.read_day)
    parts: dict[Holds, list[str]] = {}
    for (holds, heading, reader), raw in zip(layout.columns, cells, strict=False):
        if not raw or holds is Holds.SKIP:
            continue
        cell = _cleaned(raw)
        if not cell:
            continue
        if LOST in cell:
            _note_loss(person, holds, heading)
        elif reader is not None:
            row.heading = heading
            reader(row, cell)
        elif holds in parts:
            parts[holds].append(cell)
        else:
            parts[holds] = [cell]
    _finish(person, parts, row.lines)
    return person


def _cleaned(raw: str) -> str:
    if raw.isascii() and raw.isprintable():
        return raw.strip() if raw[0] != "'" else unharmed(raw).strip()
    try:
        return clean(unharmed(raw), multiline=True)
    except Invalid:
        return LOST


def _note_loss(person: Person, holds: Holds, heading: str) -> None:
    if holds in (Holds.NAME, Holds.FIRST_NAME, Holds.LAST_NAME, Holds.PHONE, Holds.EMAIL):
        person.fault = person.fault or f"{heading or 'A cell'} has letters that were lost or cannot be saved."
    else:
        person.warnings.append(f"{heading or 'A cell'} has letters that cannot be saved; it is left out.")


def unharmed(text: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from running it."""
    return text[1:] if text[:1] == "'" and harmless(text[1:]) == text else text


def _finish(person: Person, parts: Mapping[Holds, Sequence[str]], lines: Sequence[str]) -> None:
    names = [cell for holds in _NAMES if holds in parts for cell in parts[holds]]
    person.name = " ".join(" ".join(names).split())
    if any("\n" in cell for cell in names):
        person.fault = person.fault or "The name has several lines."
    if not person.name:
        person.fault = person.fault or "The name is missing."
    elif len(person.name) > NAME_LIMIT:
        person.fault = person.fault or f"The name is longer than {NAME_LIMIT} characters."
    elif not _LETTER.match(person.name) and not search_key(person.name):
        person.fault = person.fault or "The name has no letter."
    person.address = _address(person, parts)
    notes = "\n".join([*parts.get(Holds.NOTES, ()), *lines])
    if len(notes) > NOTE:
        notes = notes[: NOTE - 1] + "…"
        person.warnings.append("The notes are longer than can be kept; their end is cut off.")
    person.notes = notes


def _address(person: Person, parts: Mapping[Holds, Sequence[str]]) -> str:
    if _PLACES.isdisjoint(parts):
        return ""
    lines = list(parts.get(Holds.ADDRESS, ()))
    town = " ".join([*parts.get(Holds.CITY, ()), *(_pins(person, parts[Holds.PIN]) if Holds.PIN in parts else ())])
    states = [_STATES.get(search_key(cell), cell) for cell in parts.get(Holds.STATE, ())]
    text = "\n".join(line for line in (*lines, town, *states) if line)
    if len(text) > ADDRESS_LIMIT:
        person.warnings.append(f"The address is longer than {ADDRESS_LIMIT} characters; its end is cut off.")
    return text[:ADDRESS_LIMIT].rstrip()


def _pins(person: Person, cells: Sequence[str]) -> list[str]:
    pins = [cell.replace(" ", "").removesuffix(".0") for cell in cells]
    good = [pin for pin in pins if _PIN.fullmatch(pin)]
    if len(good) < len(pins):
        person.warnings.append("The PIN code does not have six digits; it is left out.")
    return good


def _read_phone(row: _Row, cell: str) -> None:
    if quick := indian_mobile(cell):
        row.person.phone = quick
        return
    found = read_phones(cell)
    if found.fault:
        row.person.fault = row.person.fault or found.fault
        return
    if found.is_partly_unread:
        row.person.warnings.append("One of several phone numbers could not be read; it is left out.")
    row.person.phone = found.first
    row.lines += [f"Another phone: {display_phone(other)}" for other in found.others]


def _read_other_phone(row: _Row, cell: str) -> None:
    found = read_phones(cell)
    if found.fault:
        row.person.warnings.append("Another phone number could not be read; it is left out.")
    row.lines += [f"Another phone: {display_phone(one)}" for one in (found.first, *found.others) if one]


def _read_email(row: _Row, cell: str) -> None:
    first, *others = [part for part in re.split(r"[,;\s]+", cell) if part][:4] or [""]
    row.person.email = read_email(first)
    if not row.person.email:
        row.person.fault = row.person.fault or "This is no e-mail address. It needs to look like name@example.com."
    row.lines += [f"Another e-mail: {other}" for other in others if read_email(other)]


def _read_birthday(row: _Row, cell: str) -> None:
    found = row.read_day(cell)
    row.person.birthday = found.day
    if found.doubt is not None:
        row.person.warnings.append(DOUBTS[found.doubt])
    if found.doubt is Doubt.NO_YEAR:
        row.lines.append(f"Birthday: {cell}")


def _read_tags(row: _Row, cell: str) -> None:
    words = _tag_words(cell)
    known = {tag.casefold() for tag in row.person.tags}
    for word in words:
        if word.casefold() not in known and len(word) <= TAG_LIMIT and len(row.person.tags) < MOST_TAGS:
            row.person.tags.append(word)
            known.add(word.casefold())
    if any(len(word) > TAG_LIMIT for word in words) or len(words) > MOST_TAGS:
        row.person.warnings.append(
            f"At most {MOST_TAGS} tags of {TAG_LIMIT} characters are taken; the others are left out."
        )


@lru_cache(maxsize=1024)  # tags come again
def _tag_words(cell: str) -> tuple[str, ...]:
    """Each once, however it is written."""
    words: dict[str, str] = {}
    for part in _TAGS.split(cell):
        word = " ".join(part.replace("* ", "").split())
        words.setdefault(word.casefold(), word)
    words.pop("", None)
    return tuple(words.values())


def _read_gender(row: _Row, cell: str) -> None:
    word = _GENDERS.get(cell.lower().rstrip("."))
    if word is None:
        row.person.warnings.append("The gender could not be read; it is left out.")
    else:
        row.lines.append(f"Gender: {word}")


def _read_gstin(row: _Row, cell: str) -> None:
    verdict = check_gstin(cell)
    if verdict.is_valid:
        row.lines.append(f"GSTIN: {verdict.value}")
    elif cell.strip(" -.").lower() not in ("", "na", "n/a", "nil", "no"):
        row.person.warnings.append("The GSTIN does not hold; it is left out.")


def _read_amount(row: _Row, cell: str) -> None:
    paise = read_amount(cell)
    if paise is None:
        row.person.warnings.append(f"{row.heading or 'An amount'} could not be read; it is left out.")
    else:
        row.lines.append(f"{row.heading or 'Amount'}: {format_rupees(paise)}")


def _read_allergy(row: _Row, cell: str) -> None:
    if cell.strip(" -.").lower() not in ("", "na", "n/a", "nil", "no", "none"):
        row.person.allergy = " ".join(cell.split())[:ALLERGY_LIMIT]


def _read_note(row: _Row, cell: str) -> None:
    row.lines.append(f"{row.heading}: {cell}" if row.heading else cell)


_READERS = {
    Holds.PHONE: _read_phone,
    Holds.OTHER_PHONE: _read_other_phone,
    Holds.EMAIL: _read_email,
    Holds.BIRTHDAY: _read_birthday,
    Holds.TAGS: _read_tags,
    Holds.GENDER: _read_gender,
    Holds.GSTIN: _read_gstin,
    Holds.AMOUNT: _read_amount,
    Holds.ALLERGY: _read_allergy,
    Holds.NOTE: _read_note,
}


def read_amount(cell: str) -> int | None:
    """Paise of "1,23,456.50", "₹ 1.5 lakh", "2,00,000 Cr" or "1234.5"; ``None`` for what is none."""
    text = (
        cell.strip().lower().removesuffix("dr").removesuffix("cr").strip()
        if not _LAKH.search(cell)
        else cell.strip().lower()
    )
    if found := _LAKH.fullmatch(text):
        whole, fraction, unit = found[1].replace(",", ""), found[2] or "", found[3]
        zeros = 7 if unit.startswith("c") else 5
        if len(fraction) > zeros + 2 or len(whole) > 8:
            return None
        return int(whole + fraction.ljust(zeros + 2, "0"))
    head, dot, fraction = text.partition(".")
    if dot and fraction.isdecimal() and len(fraction) > 2:  # what a spreadsheet has calculated
        text = f"{head}.{fraction[:2]}"
    try:
        return parse_rupees(text, negative=True)
    except Invalid:
        return None


_LAKH = re.compile(r"(?:₹|rs\.?|inr)?\s*([\d,]+)(?:\.(\d+))?\s*(lakhs?|lacs?|crores?)", re.IGNORECASE | re.ASCII)


def read_email(text: str) -> str:
    """The address as `parse_email` would have it; "" for none. Of a domain that was seen before only what stands before the @ is
    looked at: the same answer, many times as fast."""
    local, at, domain = text.rpartition("@")
    if at and len(text) <= 254 and len(local) <= 64 and _ATOM.fullmatch(local):
        known = _domain(domain)
        return f"{local}@{known}" if known else ""
    try:
        return parse_email(text, required=False)
    except Invalid:
        return ""


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    try:
        return parse_email(f"a@{domain}").rpartition("@")[2]
    except Invalid:
        return ""
