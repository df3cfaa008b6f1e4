"""Whether two names mean the same person who has the same phone: "Lakshmi", "Smt. Laxmi Venkatesh" and "ಲಕ್ಷ್ಮಿ" do."""

from __future__ import annotations

from functools import lru_cache

from microcrm.domain.name_sound import romanised, sound_of
from microcrm.domain.search_key import search_key

_TITLES = frozenset(
    {
        "dr",
        "prof",
        "mr",
        "mrs",
        "ms",
        "miss",
        "shri",
        "sri",
        "smt",
        "kum",
        "kumari",
        "master",
        "baby",
        "ji",
        "madam",
        "sir",
    }
)


def is_alike(one: str, other: str) -> bool:
    """One name says nothing that the other does not. Initials and titles count for nothing."""
    first, second = _sounds(one), _sounds(other)
    return first <= second or second <= first


@lru_cache(maxsize=2048)
def _sounds(name: str) -> frozenset[str]:
    words = search_key(name).split()
    named = [word for word in words if word not in _TITLES and len(word) > 1] or words
    return frozenset(sound_of(romanised(word) or word) or word for word in named)
