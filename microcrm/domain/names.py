"""What of a person's name stands in a small circle."""

from __future__ import annotations

import unicodedata

from microcrm.domain.colours import COLOURS

# What stands before a name and is none itself; "Dr Anjali" is never shortened to "Dr".
_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "miss", "shri", "smt", "kum", "adv", "er", "ca"})


def initials(name: str) -> str:
    """Like "LV" for "Lakshmi Venkatesh", without a title: "AD" for "Dr Anjali Deshmukh"; in other scripts the first letter
    with its vowel signs: "सु" for "सुमा"."""
    _, words = _parts(name)
    if not words:
        return "?"
    first = _first_letter(words[0])
    if not first.isascii() or len(words) == 1 or not words[-1][0].isascii():
        return first.upper()
    return (first + words[-1][0]).upper()


def short_name(name: str) -> str:
    """What a person is called where there is little room: "Lakshmi", "Dr Anjali"."""
    titles, words = _parts(name)
    return " ".join([*titles, *words[:1]])


def given_name(name: str) -> str:
    """The first name without a title, to greet somebody; "" when there is none."""
    _, words = _parts(name)
    return words[0] if words else ""


def hue_for(number: int) -> str:
    """A colour that stays with row ``number``, so that a list is easier to find one's way in."""
    return COLOURS[number % len(COLOURS)]


def _parts(name: str) -> tuple[list[str], list[str]]:
    """The titles at the beginning, and the words of the name itself. A name that is only a title is a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    count = 0
    while count < len(words) - 1 and words[count].rstrip(".").casefold() in _TITLES:
        count += 1
    return words[:count], words[count:]


def _first_letter(word: str) -> str:
    end = 1
    while end < min(len(word), 4) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[:end]
