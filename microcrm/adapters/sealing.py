"""AES-256-GCM with a key derived from the installation's secret key.

Sealed: one byte of version, twelve of nonce, then the ciphertext with its tag.
"""

from __future__ import annotations

import os

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from microcrm.domain.errors import SealBroken

log = structlog.get_logger()

_VERSION = b"\x01"
_NONCE = 12  # bytes


class MasterSeal:
    def __init__(self, secret_key: str) -> None:
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"microcrm sealing 1")
        self._cipher = AESGCM(derive.derive(secret_key.encode()))

    def seal(self, plain: bytes, about: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Raises: SealBroken, when it was changed, moved, or sealed with another key."""
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, body, about.encode())
        except (InvalidTag, ValueError):
            log.error("seal.broken", about=about)
            raise SealBroken from None
