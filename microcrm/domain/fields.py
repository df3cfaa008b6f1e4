"""Reading what people type.

Everything that reaches an operation may be any JSON value: a websocket client chooses its own payload. A ``Reader``
takes the raw values one by one, notes what is wrong with each, and ``done()`` raises one ``Invalid`` for all of them,
so that a form shows every mistake at once. No message repeats what was typed: it may be hostile, huge or private.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Collection
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from microcrm.domain.calendar_text import parse_clock, parse_day
from microcrm.domain.errors import Invalid
from microcrm.domain.formatting import format_day

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

LINE = 200  # characters of a one-line field unless told otherwise
NOTE = 4_000  # characters of a note
BIGINT = 2**63 - 1  # the largest id the database can hold
_BLANKS = {ord(c): " " for c in "\t\n\r\v\f\x85\u00a0\u2028\u2029"}
_DROPPED = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\u00ad"))  # invisible marks that come along when text is pasted
_JOINERS = "\u200c\u200d"  # Indic scripts need them, but they are nothing by themselves
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # can make text lie about its order


def clean(raw: str, label: str = "This", *, multiline: bool = False) -> str:
    """NFC text without outer blanks; ``Invalid`` when it holds characters that no keyboard types.

    Lone surrogates and null bytes would be refused by PostgreSQL anyway; here they get a sentence.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    breaks = "\n" if multiline else ""
    text = text.translate({k: v for k, v in _BLANKS.items() if chr(k) not in breaks}).translate(_DROPPED)
    for character in text:
        if character in breaks:
            continue
        if unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTION:
            raise Invalid(f"{label} contains characters that cannot be saved. Type it again instead of pasting it.")
    text = unicodedata.normalize("NFC", text)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    text = "\n".join(lines).strip()
    return text if text.strip(_JOINERS + " \n") else ""


def parse_text(raw: Any, label: str = "This", *, limit: int = LINE, least: int = 0, multiline: bool = False) -> str:
    """Clean text of at most ``limit`` characters; "" for nothing. ``Invalid`` says what is wrong, without the value."""
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise Invalid(f"{label} must be text.")
    if len(raw) > 4 * limit + 64:  # refuse before spending time on it
        raise Invalid(f"{label} is too long: at most {limit:,} characters.")
    text = clean(raw, label, multiline=multiline)
    if len(text) > limit:
        raise Invalid(f"{label} is too long: at most {limit:,} characters.")
    if text and len(text) < least:
        raise Invalid(f"{label} is too short: at least {least} characters.")
    return text


def parse_whole(raw: Any, label: str = "This") -> int | None:
    """A whole number typed in any digits ("12", "१२", 12, 12.0); ``None`` for nothing."""
    if raw is None:
        return None
    if isinstance(raw, bool):
        raise Invalid(f"{label} must be a whole number.")
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float) and math.isfinite(raw) and raw.is_integer():
        return int(raw)
    if isinstance(raw, str) and len(raw) <= 40:
        text = clean(raw, label).replace("\u2212", "-")
        if not text:
            return None
        if text.removeprefix("-").isdecimal():
            return int(text)
    raise Invalid(f"{label} must be a whole number.")


def parse_flag(raw: Any, label: str = "This") -> bool:
    """A tick box: true, "on", "1", "yes" and their opposites; nothing means not ticked."""
    if isinstance(raw, bool):
        return raw
    if raw in (None, 0, 1) and not isinstance(raw, float):
        return bool(raw)
    word = raw.strip().lower() if isinstance(raw, str) and len(raw) <= 8 else "?"
    if word in ("true", "on", "1", "yes"):
        return True
    if word in ("", "false", "off", "0", "no"):
        return False
    raise Invalid(f"{label} must be on or off.")


class Reader:
    """Reads the fields of one form. After a mistake a method gives back a harmless value; ``done()`` then raises."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def refuse(self, name: str, message: str) -> None:
        """Note a mistake; the first one of a field stays."""
        self.errors.setdefault(name, message)

    def done(self) -> None:
        if self.errors:
            raise Invalid(fields=self.errors)

    def by(self, name: str, parse: Callable[..., T], /, *args: Any, instead: T, **options: Any) -> T:
        """``parse(*args)``, any function that raises ``Invalid`` with a whole sentence; ``instead`` after a mistake."""
        try:
            return parse(*args, **options)
        except Invalid as refusal:
            self.refuse(name, refusal.message)
            return instead

    def text(
        self,
        name: str,
        raw: Any,
        label: str,
        *,
        limit: int = LINE,
        least: int = 0,
        required: bool = True,
        multiline: bool = False,
    ) -> str:
        text = self.by(name, parse_text, raw, label, limit=limit, least=least, multiline=multiline, instead="")
        if required and not text:
            self.refuse(name, f"{label} is needed.")
        return text

    def note(self, name: str, raw: Any, label: str, *, limit: int = NOTE) -> str:
        """Optional text of several lines."""
        return self.text(name, raw, label, limit=limit, required=False, multiline=True)

    def optional_number(self, name: str, raw: Any, label: str, *, low: int, high: int) -> int | None:
        number = self.by(name, parse_whole, raw, label, instead=None)
        if number is not None and not low <= number <= high:
            self.refuse(name, f"{label} must be from {low:,} to {high:,}.")
            return low
        return number

    def whole_number(self, name: str, raw: Any, label: str, *, low: int, high: int, default: int | None = None) -> int:
        """A number in ``low..high``; ``default`` for nothing, or a mistake when there is no default."""
        number = self.optional_number(name, raw, label, low=low, high=high)
        if number is not None:
            return number
        if default is None:
            self.refuse(name, f"{label} is needed.")
        return low if default is None else default

    def id(self, name: str, raw: Any, label: str) -> int:
        """The id of a row chosen from a list. Whether it is ours is for the operation to find out."""
        number = self.by(name, parse_whole, raw, label, instead=None)
        if number is None:
            self.refuse(name, f"Choose {label[:1].lower()}{label[1:]}.")
        elif not 1 <= number <= BIGINT:
            self.refuse(name, f"{label} was not found. Choose one from the list.")
            return 0
        return number or 0

    def ids(self, name: str, raw: Any, label: str, *, limit: int = 50) -> tuple[int, ...]:
        """Several ids in the order given, each once; nothing gives ()."""
        rows = [] if raw is None else raw
        if not isinstance(rows, list | tuple):
            self.refuse(name, f"{label} must be a list.")
            return ()
        if len(rows) > limit:
            self.refuse(name, f"{label}: at most {limit} at once.")
            return ()
        return tuple(dict.fromkeys(self.id(name, row, label) for row in rows))

    def choice(self, name: str, raw: Any, label: str, options: Collection[str], default: str | None = None) -> str:
        """One of ``options``; ``default`` for nothing."""
        if raw in (None, "") and default is not None:
            return default
        if not isinstance(raw, str) or raw not in options:
            self.refuse(name, f"Choose one of the given answers for {label[:1].lower()}{label[1:]}.")
            return default if default is not None else ""
        return raw

    def member(self, name: str, raw: Any, label: str, kind: type[E], default: E | None = None) -> E:
        """A value of the enumeration ``kind``; its first one after a mistake."""
        word = self.choice(name, raw, label, [m.value for m in kind], default.value if default else None)
        return kind(word) if word else next(iter(kind))

    def flag(self, name: str, raw: Any, label: str) -> bool:
        return self.by(name, parse_flag, raw, label, instead=False)

    def optional_day(
        self, name: str, raw: Any, label: str, *, earliest: date = date(1900, 1, 1), latest: date = date(2100, 12, 31)
    ) -> date | None:
        found = self.by(name, parse_day, raw, label, instead=None)
        if found is not None and not earliest <= found <= latest:
            self.refuse(name, f"{label} must be from {format_day(earliest)} to {format_day(latest)}.")
            return earliest
        return found

    def day(
        self, name: str, raw: Any, label: str, *, earliest: date = date(1900, 1, 1), latest: date = date(2100, 12, 31)
    ) -> date:
        found = self.optional_day(name, raw, label, earliest=earliest, latest=latest)
        if found is None:
            self.refuse(name, f"{label} is needed.")
        return found or earliest

    def clock(self, name: str, raw: Any, label: str, *, closing: bool = False) -> int:
        """A time of day as minutes after midnight, 0..1440. ``closing``: midnight means the end of the day, 1440."""
        minute = self.by(name, parse_clock, raw, label, instead=None)
        if minute is None:
            self.refuse(name, f"{label} is needed.")
        return 1440 if closing and minute == 0 else minute or 0
