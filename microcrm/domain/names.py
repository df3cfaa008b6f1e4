"""What of a person's name stands in a small circle."""

from __future__ import annotations

import unicodedata

from microcrm.domain.colours import COLOURS


def initials(name: str) -> str:
    """Like "LV" for "Lakshmi Venkatesh"; in other scripts the first letter with its vowel signs: "सु" for "सुमा"."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    first = _first_letter(words[0])
    if not first.isascii() or len(words) == 1 or not words[-1][0].isascii():
        return first.upper()
    return (first + words[-1][0]).upper()


def hue_for(number: int) -> str:
    """A colour that stays with row ``number``, so that a list is easier to find one's way in."""
    return COLOURS[number % len(COLOURS)]


def _first_letter(word: str) -> str:
    end = 1
    while end < min(len(word), 4) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[:end]
