"""What operations need from outside, as they see it. The edges hand over the real thing (``wiring``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol


class Hasher(Protocol):
    """Password hashing. Slow on purpose: call it on the threads that are meant for it."""

    def hash(self, password: str) -> str: ...

    def verify(self, stored: str, password: str) -> bool:
        """An empty ``stored`` (no such account) takes as long as any other and is false."""
        ...

    def is_outdated(self, stored: str) -> bool:
        """Whether ``stored`` was made with other parameters than today's."""
        ...


class Seal(Protocol):
    """Authenticated encryption with one key. ``about`` binds the text to its place: a value that is moved to another row
    or column does not open."""

    def seal(self, plain: bytes, about: str) -> bytes: ...

    def open(self, sealed: bytes, about: str) -> bytes:
        """Raises: SealBroken."""
        ...


class Sealer(Seal, Protocol):
    """The same with the installation's master keys, of which the newest seals and all open."""

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it was sealed with the newest master key."""
        ...

    def new_key(self) -> bytes:
        """Random, to be kept sealed."""
        ...

    def keyed(self, key: bytes) -> Seal:
        """Sealing with ``key`` in place of a master key."""
        ...


class FileStore(Protocol):
    """Bytes under keys, in a folder or a bucket. A key is ``business/name``: digits, a slash, and letters, digits, "-", "_" and
    "." after it. What is written is there whole or not at all."""

    def put(self, key: str, data: bytes) -> None:
        """Raises: StoreDown."""
        ...

    def get(self, key: str) -> bytes:
        """Raises: FileGone, StoreDown."""
        ...

    def delete(self, key: str) -> None:
        """Nothing when it is not there. Raises: StoreDown."""
        ...

    def older_than(self, moment: datetime) -> Iterator[str]:
        """The keys of what was written before it, in no order. Raises: StoreDown."""
        ...
