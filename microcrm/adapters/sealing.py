"""AES-256-GCM (NIST SP 800-38D): with the master keys of the installation, or with a key that is itself sealed somewhere.

What one key sealed: a byte 1, twelve of nonce, then the ciphertext with its tag. What a master key sealed since they can
be changed: a byte 2, four of the key's name, then the same.
"""

from __future__ import annotations

import os
from hashlib import sha256

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from microcrm.domain.errors import SealBroken

log = structlog.get_logger()

_PLAIN, _NAMED = b"\x01", b"\x02"
_NONCE = 12  # bytes
_NAME = 4
_KEY = 32


class KeySeal:
    """With one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, about: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return _PLAIN + nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Raises: SealBroken, when it was changed, moved, or sealed with another key."""
        plain = self.opened(sealed, about) if sealed[:1] == _PLAIN else None
        if plain is None:
            raise broken(about)
        return plain

    def opened(self, sealed: bytes, about: str) -> bytes | None:
        """The same without a word in the log, whatever the first byte says: one of several keys may be meant."""
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, body, about.encode())
        except (InvalidTag, ValueError):
            return None


class MasterSeal:
    """With the installation's master keys: the first seals, each opens what it has sealed."""

    def __init__(self, *secrets: str) -> None:
        keys = [_derived(secret) for secret in secrets]
        self._names = [sha256(b"microcrm master key" + key).digest()[:_NAME] for key in keys]
        self._seals = [KeySeal(key) for key in keys]

    def seal(self, plain: bytes, about: str) -> bytes:
        return _NAMED + self._names[0] + self._seals[0].seal(plain, about)[1:]

    def open(self, sealed: bytes, about: str) -> bytes:
        """Raises: SealBroken, when it was changed, moved, or sealed with a key that is not here."""
        if sealed[:1] == _NAMED:
            name, sealed = sealed[1 : 1 + _NAME], _PLAIN + sealed[1 + _NAME :]
            able = [seal for own, seal in zip(self._names, self._seals, strict=True) if own == name]
        else:
            able = self._seals if sealed[:1] == _PLAIN else []
        for seal in able:
            plain = seal.opened(sealed, about)
            if plain is not None:
                return plain
        raise broken(about)

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the first master key has sealed it."""
        return sealed.startswith(_NAMED + self._names[0])

    def new_key(self) -> bytes:
        return os.urandom(_KEY)

    def keyed(self, key: bytes) -> KeySeal:
        """The same work with another key than a master key."""
        return KeySeal(key)


def broken(about: str) -> SealBroken:
    log.error("seal.broken", about=about)
    return SealBroken()


def _derived(secret: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=b"microcrm sealing 1")
    return derive.derive(secret.encode())
