"""Customers' files in a folder: the default, for one server. What is written there is sealed already."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from microcrm.domain.errors import FileGone, StoreDown

KEY = re.compile(r"\d{1,19}/[A-Za-z0-9_-]{16,64}(\.[A-Za-z0-9_-]{1,24})*", re.ASCII)


def checked(key: str) -> str:
    """A key that can name nothing outside the store."""
    if not KEY.fullmatch(key):
        raise ValueError("not a key of the file store")
    return key


class FolderStore:
    """One folder a business. A file is written beside its place and moved there whole, and the folder is told to keep it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        place = self._root / checked(key)
        half = place.with_name(f"{place.name}.half-{secrets.token_hex(4)}")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            half.replace(place)
            _keep(place.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            raise StoreDown from error

    def get(self, key: str) -> bytes:
        try:
            return (self._root / checked(key)).read_bytes()
        except FileNotFoundError:
            raise FileGone from None
        except OSError as error:
            raise StoreDown from error

    def delete(self, key: str) -> None:
        try:
            (self._root / checked(key)).unlink(missing_ok=True)
        except OSError as error:
            raise StoreDown from error

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Halves of a write that was cut off as well; whatever else lies there is not ours."""
        if not self._root.is_dir():
            return
        try:
            for folder in os.scandir(self._root):
                if folder.is_dir(follow_symlinks=False):
                    yield from self._older_in(folder, moment)
        except OSError as error:
            raise StoreDown from error

    def _older_in(self, folder: os.DirEntry[str], moment: datetime) -> Iterator[str]:
        for entry in os.scandir(folder):
            key = f"{folder.name}/{entry.name}"
            if KEY.fullmatch(key) and datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC) < moment:
                yield key


def _keep(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
