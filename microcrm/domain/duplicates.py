"""Whether two customers may be the same person: a score of what speaks for it and against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SUGGESTED_FROM = 60
MOST = 100
_SAME_PHONE, _SAME_EMAIL = 45, 45
_SAME_NAME, _ALIKE_NAME, _SHARED_WORD, _OTHER_NAME = 40, 35, 10, -40
_SAME_BIRTHDAY, _OTHER_BIRTHDAY = 30, -40
_SAME_ADDRESS, _NO_CONTACT = 20, 20


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one of them. ``words`` of the name as they are searched (lower case, Latin letters), ``sounds`` as they
    sound. ``address``: normalised; empty things are not known."""

    words: frozenset[str]
    sounds: frozenset[str]
    phone: str = ""
    email: str = ""
    birthday: date | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """0 to 100. ``reasons`` for it, in words, the strongest first."""

    score: int
    reasons: tuple[str, ...]

    @property
    def is_suggested(self) -> bool:
        return self.score >= SUGGESTED_FROM


def likeness(one: Known, other: Known) -> Likeness:
    """The same whichever comes first."""
    parts = [
        (_SAME_PHONE, "Same phone") if one.phone and one.phone == other.phone else (0, ""),
        (_SAME_EMAIL, "Same email") if one.email and one.email == other.email else (0, ""),
        _names(one, other),
        _birthdays(one, other),
        (_SAME_ADDRESS, "Same address") if one.address and one.address == other.address else (0, ""),
        (_NO_CONTACT, "One without phone and email") if _lacks_contact(one, other) else (0, ""),
    ]
    score = max(0, min(MOST, sum(points for points, _ in parts)))
    return Likeness(score, tuple(words for points, words in sorted(parts, key=lambda part: -part[0]) if points > 0))


def _names(one: Known, other: Known) -> tuple[int, str]:
    if not one.words or not other.words:
        return 0, ""
    if one.words == other.words:
        return _SAME_NAME, "Same name"
    shared = one.sounds & other.sounds
    if shared and (one.sounds <= other.sounds or other.sounds <= one.sounds):
        return _ALIKE_NAME, "Similar name"
    return (_SHARED_WORD, "Part of the name") if shared or one.words & other.words else (_OTHER_NAME, "")


def _birthdays(one: Known, other: Known) -> tuple[int, str]:
    if one.birthday is None or other.birthday is None:
        return 0, ""
    return (_SAME_BIRTHDAY, "Same birthday") if one.birthday == other.birthday else (_OTHER_BIRTHDAY, "")


def _lacks_contact(one: Known, other: Known) -> bool:
    """Somebody typed in twice, once without a number. One word alone is too common a name for that."""
    is_bare = not (one.phone or one.email) or not (other.phone or other.email)
    return is_bare and one.words == other.words and len(one.words) > 1
