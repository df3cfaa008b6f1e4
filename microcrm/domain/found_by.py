"""By which words a customer is found, and what somebody who types into a search means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from microcrm.domain.name_sound import romanised, sound_of
from microcrm.domain.search_key import prefix_end, search_key, words_of

MOST_WORDS = 6
TAG, TAG_WORD = "#", "~"  # stand before a tag as a whole, and before each word of one
_LEAST_HEARD = 3  # letters of a sound by whose beginning one searches
_LEAST_OF_TAG = 3  # letters: a tag may be on a third of all customers, and whoever types two letters means a name
_AFTER = "\x01"  # no word has this letter, so that [word, word + _AFTER) holds the word alone


@dataclass(frozen=True, slots=True)
class Key:
    """A word by which a customer is found. ``sound`` is empty for tags and for scripts that have none."""

    word: str
    sound: str


@dataclass(frozen=True, slots=True)
class Range:
    """The words from ``first`` on that come before ``end``."""

    first: str
    end: str


NONE = Range("", "")


@dataclass(frozen=True, slots=True)
class Sought:
    """One typed word: how the words that it means begin, in its own script and in Latin letters; how they sound; how the words of
    tags begin."""

    word: str
    as_typed: Range
    as_latin: Range
    as_heard: Range
    as_tag: Range


def keys_for(name: str, tags: Iterable[str] = ()) -> tuple[Key, ...]:
    """Each word of the name, in Latin letters as well where it is in another script; each tag, and each word of it."""
    keys: dict[str, Key] = {}
    for word in words_of(name):
        for place, key in enumerate(_keys_of_word(word)):
            if place:
                keys.setdefault(key.word, key)
            else:
                keys[key.word] = key
    for tag in tags:
        keys |= {key.word: key for key in _keys_of_tag(tag)}
    return tuple(keys.values())


@lru_cache(maxsize=16_384)  # names come again
def _keys_of_word(word: str) -> tuple[Key, ...]:
    """As it is written, and then in Latin letters."""
    latin = romanised(word)
    own = Key(word, sound_of(latin or word))
    return (own, Key(latin, sound_of(latin))) if latin else (own,)


@lru_cache(maxsize=1_024)
def _keys_of_tag(tag: str) -> tuple[Key, ...]:
    return tuple(Key(key, "") for key in (tag_key(tag), *(TAG_WORD + word for word in words_of(tag))) if key)


def tag_key(tag: str) -> str:
    """Like "#new bride" for "New bride"; "" for a tag without a letter."""
    key = search_key(tag)
    return TAG + key if key else ""


def sought(typed: str) -> tuple[Sought, ...]:
    """The words that were typed, in the order in which they narrow the search most: the longest first."""
    words = search_key(typed).split()[:MOST_WORDS]
    return tuple(_sought(word) for word in sorted(dict.fromkeys(words), key=len, reverse=True))


def beginning(key: str) -> Range:
    return Range(key, prefix_end(key))


def exactly(key: str) -> Range:
    return Range(key, key + _AFTER)


def _sought(word: str) -> Sought:
    latin = romanised(word, is_beginning=True)
    sound = sound_of(latin or word)
    heard = NONE
    if len(sound) >= _LEAST_HEARD:
        heard = beginning(sound)
    elif sound and len(word) >= _LEAST_HEARD:
        heard = exactly(sound)
    tag = beginning(TAG_WORD + word) if len(word) >= _LEAST_OF_TAG else exactly(TAG_WORD + word)
    return Sought(latin or word, beginning(word), beginning(latin) if latin else NONE, heard, tag)
