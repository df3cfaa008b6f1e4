"""Argon2id hashes and sealed values."""

from __future__ import annotations

import os
import threading

import pytest

from microcrm.adapters.passwords import AT_ONCE, Argon2, hashing_threads
from microcrm.adapters.sealing import MasterSeal
from microcrm.domain.errors import SealBroken

QUICK = Argon2(memory_kib=64, passes=1)


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    one, two = QUICK.hash("quiet mango"), QUICK.hash("quiet mango")
    assert one.startswith("$argon2id$")
    assert one != two
    assert QUICK.verify(one, "quiet mango")
    assert not QUICK.verify(one, "quiet mangO")


def test_the_usual_price_is_that_of_owasp() -> None:
    assert "m=19456,t=2,p=1" in Argon2().hash("quiet mango")


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=64,t=1,p=1$x$y", "$2b$12$" + "x" * 53])
def test_what_is_no_hash_fits_no_password(stored: str) -> None:
    assert not QUICK.verify(stored, "")
    assert not QUICK.verify(stored, "quiet mango")


@pytest.mark.parametrize("password", ["", "नमस्ते 🙏", "\ud800", "\x00", "x" * 100_000])
def test_any_text_can_be_compared(password: str) -> None:
    assert QUICK.verify(QUICK.hash(password), password)
    assert not QUICK.verify(QUICK.hash("quiet mango"), password)


def test_a_hash_of_other_parameters_is_outdated() -> None:
    assert not QUICK.is_outdated(QUICK.hash("a"))
    assert QUICK.is_outdated(Argon2(memory_kib=128, passes=1).hash("a"))


def test_no_more_hashes_run_at_once_than_are_allowed_and_they_step_back() -> None:
    gate, running, most = threading.Event(), set(), []

    def work() -> int:
        running.add(threading.get_native_id())
        most.append(len(running))
        gate.wait(0.2)
        running.discard(threading.get_native_id())
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    niceness = [job.result() for job in [hashing_threads().submit(work) for _ in range(3 * AT_ONCE)]]
    assert max(most) == AT_ONCE
    assert all(mine < nice or nice == 19 for nice in niceness)


def test_what_is_sealed_opens_with_the_same_key_and_place_only() -> None:
    seal = MasterSeal("k" * 40)
    sealed = seal.seal(b"JBSWY3DPEHPK3PXP", "users.totp:1")
    assert b"JBSWY3DP" not in sealed
    assert seal.open(sealed, "users.totp:1") == b"JBSWY3DPEHPK3PXP"
    assert sealed != seal.seal(b"JBSWY3DPEHPK3PXP", "users.totp:1")
    for broken, key, about in (
        (sealed, "k" * 40, "users.totp:2"),
        (sealed, "j" * 40, "users.totp:1"),
        (b"", "k" * 40, "users.totp:1"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "k" * 40, "users.totp:1"),
    ):
        with pytest.raises(SealBroken):
            MasterSeal(key).open(broken, about)


OLD, NEW = "an older master key, long enough to be one", "a newer master key, long enough to be one"


def test_the_newest_master_key_seals_and_each_opens_its_own() -> None:
    before, both, after = MasterSeal(OLD), MasterSeal(NEW, OLD), MasterSeal(NEW)
    old, new = before.seal(b"secret", "here"), both.seal(b"secret", "here")
    assert (both.is_newest(old), both.is_newest(new), before.is_newest(old)) == (False, True, True)
    assert both.open(old, "here") == both.open(new, "here") == after.open(new, "here") == b"secret"
    for seal, sealed in ((after, old), (before, new)):
        with pytest.raises(SealBroken):
            seal.open(sealed, "here")


def test_what_was_sealed_before_keys_had_names_opens_with_any_of_them() -> None:
    nameless = b"\x01" + MasterSeal(OLD).seal(b"secret", "here")[5:]
    assert MasterSeal(OLD).open(nameless, "here") == MasterSeal(NEW, OLD).open(nameless, "here") == b"secret"
    assert not MasterSeal(OLD).is_newest(nameless)
    with pytest.raises(SealBroken):
        MasterSeal(NEW).open(nameless, "here")


def test_a_key_that_is_sealed_itself_seals_and_opens() -> None:
    master = MasterSeal(OLD)
    one, other = master.new_key(), master.new_key()
    sealed = master.keyed(one).seal("नमस्ते".encode(), "here")
    assert master.keyed(one).open(sealed, "here").decode() == "नमस्ते"
    for key, about, text in (
        (other, "here", sealed),
        (one, "there", sealed),
        (one, "here", sealed[:12]),
        (one, "here", b""),
    ):
        with pytest.raises(SealBroken):
            master.keyed(key).open(text, about)
    with pytest.raises(SealBroken):
        master.open(sealed, "here")
