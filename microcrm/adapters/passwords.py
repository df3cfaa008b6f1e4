"""Argon2id password hashes, and the threads that may make them.

A hash costs 45 ms of a core and 19 MiB on purpose. It must never hold up the event loop or the threads that serve
screens, so accounts work that hashes runs on threads of its own: as many as hashes are allowed at once. These threads
also have a lower priority, so that a flood of sign-ins slows sign-ins and nothing else.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

AT_ONCE = 2  # per process; the connection pool's overflow has room for just as many
_NICE = 5
# OWASP's password storage cheat sheet: Argon2id with 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


class Argon2:
    """``memory_kib`` and ``passes`` are for tests; changing the defaults rehashes each password at its next sign-in."""

    def __init__(self, memory_kib: int = _MEMORY_KIB, passes: int = _PASSES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=_LANES, type=Type.ID)
        self._nobody = self._hasher.hash(os.urandom(16))

    def hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored or self._nobody, _bytes(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    """Whatever was typed: a lone surrogate is a wrong password, not a crash."""
    return password.encode("utf-8", "surrogatepass")


@cache
def hashing_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing", initializer=_step_back)


def _step_back() -> None:
    """On Linux a thread has a priority of its own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + _NICE))


os.register_at_fork(after_in_child=hashing_threads.cache_clear)
