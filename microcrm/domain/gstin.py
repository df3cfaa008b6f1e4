"""GSTINs: the fifteen characters of a GST registration, checked by form and check character (never by a look-up).

State code (2), PAN (10), number of the registration (1), kind (1), check character (1): CGST Rules 2017, r.10(2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.states import RETIRED, STATES

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _DIGITS[10:]
_KINDS = "Z123456789ABCDEFGHIJ"  # GSTN's patterns: Z for most, D for tax deducted and C for tax collected at source
_LENGTH = 15


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` is "" when the number holds, else a sentence for the person who typed it."""

    value: str  # normalised: upper case, no blanks or hyphens; "" when nothing was typed or it was refused unread
    reason: str

    @property
    def is_valid(self) -> bool:
        return bool(self.value) and not self.reason

    @property
    def state_code(self) -> str:
        return self.value[:2] if self.is_valid else ""

    @property
    def pan(self) -> str:
        return self.value[2:12] if self.is_valid else ""


def check_character(first: str) -> str:
    """The fifteenth character for the first fourteen: weights 1, 2, 1, 2, … in base 36 (india.md 4.1)."""
    total = 0
    for place, character in enumerate(first):
        product = _DIGITS.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return _DIGITS[-total % 36]


def _faults(text: str) -> Iterator[str]:
    """What is wrong with a normalised number. Only the first is meant: a later test may rest on an earlier one."""
    if len(text) != _LENGTH or not set(text) <= set(_DIGITS):
        yield "A GSTIN has 15 letters and digits, such as 29ABCFS1234K1Z3."
    state, letters, digits, last, entity, kind = text[:2], text[2:7], text[7:11], text[11], text[12], text[13]
    if state in RETIRED:
        code = RETIRED[state]
        yield f"State code {state} is no longer used; {STATES[code].name} has {code} now."
    if state not in STATES:
        yield "The first two digits are not a State code."
    if not set(letters) <= set(_LETTERS):
        yield "Characters 3 to 7 must be letters: they are the start of the PAN."
    if not digits.isdecimal():
        yield "Characters 8 to 11 must be digits: check for the letter O typed for a zero."
    if last not in _LETTERS:
        yield "Character 12 must be a letter: it ends the PAN."
    if entity == "0" or kind not in _KINDS:
        yield "Characters 13 and 14 do not belong to a GSTIN; they are usually 1Z."
    if text[14] != check_character(text[:14]):
        yield "The check character does not fit. One character is mistyped or two have changed places."


def check_gstin(raw: Any) -> Verdict:
    """What can be said of anything typed; nothing typed gives ("", ""), for a business that is not registered."""
    if raw is not None and (not isinstance(raw, str) or len(raw) > 60):
        return Verdict("", next(_faults("")))
    text = "".join((raw or "").replace("-", "").split()).upper()
    return Verdict(text, next(_faults(text), "")) if text else Verdict("", "")


def parse_gstin(raw: Any, *, state_code: str = "") -> str:
    """A good GSTIN, "" for nothing. ``state_code``: the State it must be registered in, when that is known."""
    verdict = check_gstin(raw)
    if verdict.reason:
        raise Invalid(verdict.reason)
    if verdict.value and state_code and verdict.state_code != state_code:
        there = STATES[verdict.state_code].name
        raise Invalid(f"This GSTIN is registered in {there}, but the address is in {STATES[state_code].name}.")
    return verdict.value


def display_gstin(value: str) -> str:
    """Like "29 ABCFS1234K 1Z3"; "" stays ""."""
    return f"{value[:2]} {value[2:12]} {value[12:]}" if value else ""
