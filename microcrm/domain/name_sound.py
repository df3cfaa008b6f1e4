"""How a name sounds, whoever wrote it down: "Lakshmi", "Laxmi", "Lakshmee" and "ಲಕ್ಷ್ಮಿ" have one sound.

The nine big scripts of India say what each letter is in its Unicode name ("KANNADA LETTER KSSA"), so the standard library is
the table. Names in other scripts (Urdu, which leaves its vowels out) are found as they are written, and have no sound. Tamil
writes k and g, p and b with one letter: "பானு" sounds like Panu, not like Banu.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SCRIPTS = frozenset(
    {"DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM"}
)
_CONSONANTS = {
    "CA": "ch", "CHA": "ch", "NGA": "ng", "NYA": "ny", "TTA": "t", "TTHA": "th", "DDA": "d", "DDHA": "dh", "NNA": "n",
    "NNNA": "n", "RRA": "r", "RHA": "rh", "DDDHA": "d", "LLA": "l", "LLLA": "zh", "SSA": "sh", "YYA": "y", "QA": "k",
    "KHHA": "kh", "GHHA": "g", "ZA": "z", "FA": "f", "WA": "v",
}  # fmt: skip
_VOWELS = {
    "AA": "a", "II": "i", "UU": "u", "EE": "e", "OO": "o", "VOCALIC R": "ri", "VOCALIC RR": "ri", "VOCALIC L": "li",
    "VOCALIC LL": "li", "CANDRA E": "e", "CANDRA O": "o", "SHORT E": "e", "SHORT O": "o", "CANDRA A": "a", "SHORT A": "a",
}  # fmt: skip
_MOUTH = frozenset({"PA", "PHA", "BA", "BHA", "MA"})  # before these a nasal is an m
_PLAIN = re.compile(r"[a-z]+")

# In order. What sounds alike, or is left out as often as not, becomes one; "C" stands for the sound of "ch" meanwhile.
_ALIKE = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"chh?", "C"), (r"c?k|c|q", "k"), (r"x", "ks"), (r"ph", "f"), (r"zh", "l"), (r"z", "j"),
        (r"(?:jn|dn|gn)y|jn", "gy"),
        (r"(?<=[bdgjkprstlC])h", ""),
        (r"[ao]w(?![aeiouy])|au|ou", "o"), (r"w", "v"),
        (r"[ae]y(?![aeiou])|ai|ei|ae", "e"), (r"ee|ea", "i"), (r"oo", "u"), (r"iy(?=[aeiou])", "i"), (r"(?<!^)y(?![aeiou])", "i"),
        (r"m(?=[bpf])", "n"), (r"ngh|nh(?![aeiou])", "ng"),
        (r"(?<!^)a+(?!a*$)", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=16_384)
def sound_of(word: str) -> str:
    """Like "lksmi" for "lakshmi" and "laxmi"; "" for a word that is not written in Latin letters. ``word``: of a search key.
    An a within a word goes: "Kamla" is "Kamala"."""
    if not _PLAIN.fullmatch(word):
        return ""
    for pattern, instead in _ALIKE:
        word = pattern.sub(instead, word)
    return word.replace("C", "c")


@lru_cache(maxsize=4096)  # names come again
def romanised(word: str, *, is_beginning: bool = False) -> str:
    """Like "sharmila" for "ಶರ್ಮಿಳಾ" and "gauda" for "ಗೌಡ"; "" for what is in none of the nine scripts. Of a word that is only
    a beginning nobody knows the last vowel yet: "gaud"."""
    letters = [_named(character) for character in word]
    if not letters or any(letter is None for letter in letters):
        return ""
    named = [letter for letter in letters if letter is not None]
    spelt: list[str] = []
    for place, (kind, name) in enumerate(named):
        following = named[place + 1] if place + 1 < len(named) else ("END", "")
        if kind == "LETTER" and _is_vowel(name):
            spelt.append(_vowel(name))
        elif kind in ("LETTER", "BARE"):
            spelt.append(_CONSONANTS.get(name, name.removesuffix("A").lower()))
            if kind == "LETTER" and following[0] not in ("VOWEL", "VIRAMA", "END" if is_beginning else ""):
                spelt.append("a")
        elif kind == "VOWEL":
            spelt.append(_vowel(name))
        elif kind == "NASAL":
            spelt.append("m" if following[1] in _MOUTH else "n")
    return "".join(spelt)


def _named(character: str) -> tuple[str, str] | None:
    """(LETTER, BARE, VOWEL, VIRAMA, NASAL or MARK; its name). A bare letter is a consonant that never has a vowel."""
    script, _, name = unicodedata.name(character, "").partition(" ")
    if script not in _SCRIPTS:
        return None
    if name.startswith("LETTER "):
        pure = name.removeprefix("LETTER ")
        if pure.startswith(("CHILLU ", "KHANDA ")):
            return "BARE", pure.split()[1].rstrip("A") + "A"
        return "LETTER", pure.split(" WITH ")[0]
    if name.startswith("VOWEL SIGN "):
        return "VOWEL", name.removeprefix("VOWEL SIGN ")
    if name == "SIGN VIRAMA":
        return "VIRAMA", ""
    if name in ("SIGN ANUSVARA", "SIGN CANDRABINDU", "SIGN BINDI", "TIPPI"):
        return "NASAL", ""
    return "MARK", ""


def _is_vowel(name: str) -> bool:
    return name in _VOWELS or name in {"A", "I", "U", "E", "O", "AI", "AU"}


def _vowel(name: str) -> str:
    return _VOWELS.get(name, name.lower())
