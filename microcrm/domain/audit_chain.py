"""The audit log's hash chain.

Each event's hash covers the hash before it, so that no row can be changed, taken out, slipped in or moved without
breaking every later one.
What is missing at the end cannot be seen from the rows alone: keep the last hash elsewhere and give it as ``head``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

GENESIS = "0" * 64


def _plain(value: Any) -> Any:
    """The one JSON form of a value. ``TypeError`` for what has none: floats, naive instants, keys that are not text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("an instant in the audit log must have a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no place in the audit log")


def canonical(event: Mapping[str, Any]) -> bytes:
    """One spelling for one event: sorted keys, no blanks, UTF-8."""
    text = json.dumps(_plain(event), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def link(previous: str, event: Mapping[str, Any]) -> str:
    """The hash of an event that follows the one with hash ``previous``; 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical(event)).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    count: int  # events that hold
    head: str  # the last good hash
    broken_at: int | None = (
        None  # place (0 first) of the first event that does not fit; ``count`` when the end is missing
    )

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None


def verify(links: Iterable[tuple[Mapping[str, Any], str]], *, start: str = GENESIS, head: str | None = None) -> Verdict:
    """Walk (event, stored hash) pairs. ``start``: the hash before the first; ``head``: the hash it must end with."""
    previous, count = start, 0
    for event, stored in links:
        if link(previous, event) != stored:
            return Verdict(count, previous, broken_at=count)
        previous, count = stored, count + 1
    return Verdict(count, previous, broken_at=None if head in (None, previous) else count)
