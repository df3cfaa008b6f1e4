"""Forgiving one wrong letter in a name that is still being typed.

Two words are at most one letter apart when both become the same by leaving out at most one letter each. So each word of a
shop's customers is kept with everything that leaving out a letter makes of it (``name_spellings``), and the typed one is
looked up without each of its letters: a dozen ranges of one index, whatever the number of customers.
"""

from __future__ import annotations

LEAST, LONGEST = (
    4,
    20,
)  # letters of a word that a mistake is forgiven in: in a shorter one everything is one letter away


def is_forgivable(word: str) -> bool:
    return LEAST <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def spellings_of(word: str) -> tuple[str, ...]:
    """The word, and the word without each of its letters. The database keeps the same for each word, see
    ``models/customers.py``."""
    without = [word[:place] + word[place + 1 :] for place in range(len(word))]
    return tuple(dict.fromkeys([word, *without]))


def is_near(typed: str, word: str) -> bool:
    """Whether ``typed`` is how ``word`` begins, but for one letter that is wrong, missing, too many, or changed places with the
    next."""
    place = 0
    while place < min(len(typed), len(word)) and typed[place] == word[place]:
        place += 1
    ours, theirs = typed[place:], word[place:]
    if not ours:
        return True
    return (
        theirs[1:].startswith(ours[1:])
        or theirs.startswith(ours[1:])
        or theirs[1:].startswith(ours)
        or (len(ours) > 1 and theirs[:2] == ours[1::-1] and theirs[2:].startswith(ours[2:]))
    )
