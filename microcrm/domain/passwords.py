"""Which passwords are refused: by length and guessability, never by kinds of characters (NIST SP 800-63B 3.1.1).

The bundled list (``data/common_passwords.txt``, see the note beside it) holds the common and leaked ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from microcrm.domain.errors import Invalid
from microcrm.domain.search_key import words_of

SHORTEST, LONGEST = 8, 256
_FEWEST_DIFFERENT = 4  # characters
_TAIL = re.compile(r"[\d\W_]+$")
_OURS = ("microcrm",)


@cache
def common_passwords() -> frozenset[str]:
    """Case-folded passwords that everybody tries first."""
    text = files("microcrm.domain").joinpath("data/common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n"))


def normalise_password(raw: str) -> str:
    """The form that is hashed and compared: NFKC, so that every keyboard's spelling of a letter is the same one."""
    return unicodedata.normalize("NFKC", raw)


def _is_run(password: str) -> bool:
    """Like "12345678", "hgfedcba": each character is one further than the last."""
    steps = {ord(later) - ord(earlier) for earlier, later in pairwise(password)}
    return len(steps) == 1 and steps <= {1, -1}


def _is_common(folded: str) -> bool:
    """On the list as it is, or without the digits and marks that people put behind it ("password123!")."""
    bare = _TAIL.sub("", folded)
    return folded in common_passwords() or (len(bare) >= SHORTEST and bare in common_passwords())


def _personal_words(email: str, name: str, business: str) -> set[str]:
    local, _, domain = email.rpartition("@")
    said = [local, domain.split(".")[0], name, business]
    return {word for text in said for word in words_of(text) if len(word) >= 4} | set(_OURS)


def faults_of(password: str, *, email: str = "", name: str = "", business: str = "") -> Iterator[str]:
    """What is wrong with a normalised password and what to do instead; nothing when it will do."""
    folded = password.casefold()
    if len(password) < SHORTEST:
        yield f"Use at least {SHORTEST} characters. Three or four unrelated words are easy to remember."
    if len(password) > LONGEST:
        yield f"Use at most {LONGEST} characters."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        yield "Leave out characters that no keyboard types."
    if len(set(folded)) < _FEWEST_DIFFERENT or _is_run(folded):
        yield "This is easy to guess. Use three or four unrelated words instead."
    if _is_common(folded):
        yield "This is one of the passwords that are tried first. Use three or four unrelated words instead."
    if any(word in folded for word in _personal_words(email, name, business)):
        yield "Leave your name, your email address and the name of the business out of the password."


def parse_password(raw: Any, *, email: str = "", name: str = "", business: str = "") -> str:
    """A password good enough to set, ready to hash. Never trimmed: blanks belong to it."""
    if raw is None or raw == "":
        raise Invalid("A password is needed.")
    if not isinstance(raw, str):
        raise Invalid("A password must be text.")
    if len(raw) > 4 * LONGEST:  # refuse before spending time on it
        raise Invalid(f"Use at most {LONGEST} characters.")
    password = normalise_password(raw)
    for fault in faults_of(password, email=email, name=name, business=business):
        raise Invalid(fault)
    return password
