"""A shop's secrets at a provider, sealed with the installation's key, and the address that the provider calls."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from microcrm.domain.errors import NotFound, SealBroken
from microcrm.operations.capabilities import Sealer
from microcrm.operations.links import TOKEN, hash_of

_BYTES = 16


def opened(sealer: Sealer, sealed: bytes, about: str) -> str:
    """ "" for what was sealed with another key of the installation: then it has to be entered again."""
    try:
        return sealer.open(sealed, about).decode()
    except SealBroken:
        return ""


def new_address(sealer: Sealer, about: str) -> tuple[bytes, bytes]:
    """The end of an address that nobody can guess: its hash, by which the shop is found, and the token itself, sealed."""
    token = secrets.token_urlsafe(_BYTES)
    return hash_of(token), sealer.seal(token.encode(), about)


def hash_of_address(token: Any) -> bytes:
    """Raises: NotFound, for what is no end of an address of ours."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise NotFound
    return hash_of(token)


def good_now(
    sealer: Sealer, about: str, secret: bytes, previous: bytes | None, until: datetime | None, now: datetime
) -> tuple[str, ...]:
    """What may sign a call: the secret, and for a while the one before it. ``about`` is the same for both: it is the same text moved to
    another column."""
    sealed = [secret, *([previous] if previous is not None and until is not None and until > now else [])]
    return tuple(found for one in sealed if (found := opened(sealer, one, about)))
