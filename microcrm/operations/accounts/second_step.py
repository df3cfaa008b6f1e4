"""The code of an authenticator app, or a recovery code, after the password."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, update
from sqlmodel import select

from microcrm.domain.errors import SignedOut
from microcrm.domain.fields import Reader
from microcrm.domain.one_time_codes import matching_step, read_code, read_recovery_code
from microcrm.domain.throttle import wait_words
from microcrm.models.accounts import RecoveryCode, Session, User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.entering import TRUSTED_FOR, Browser, Entry, Refusal, device_of, enter
from microcrm.operations.accounts.tokens import hash_of_typed
from microcrm.operations.capabilities import Sealer
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AnswerSecondStep:
    code: Any = field(repr=False)
    browser: Browser = field(repr=False)
    is_recovery: bool = False
    trust: Any = ""


def whose_second_step(uow: UnitOfWork, session_token: str) -> str:
    """The address of whoever gave the right password in this browser. Raises: SignedOut, also when it took too long."""
    uow.require_public()
    return _pending(uow, session_token)[1].email


def answer_second_step(uow: UnitOfWork, command: AnswerSecondStep, sealer: Sealer) -> Entry | Refusal:
    """Raises: SignedOut, when the password has to be given again."""
    uow.require_public()
    pending, user = _pending(uow, command.browser.session_token)
    reader = Reader()
    trust = reader.flag("trust", command.trust, "Don’t ask here for 30 days")
    reader.done()
    count = tries.of_person(uow, "second-step", user.id or 0)
    delay = tries.longest_wait(uow, count)
    if delay:
        return Refusal(f"Too many wrong codes. Wait {wait_words(delay)}, then try again.", "code")
    if not is_right(uow, user, command.code, sealer, is_recovery=command.is_recovery):
        if tries.add(uow, count):
            letters.alert(uow, user, "locked_out")
        return Refusal(_wrong(count, is_recovery=command.is_recovery), "code")

    tries.forgive(uow, count)
    entry = enter(uow, user, command.browser, is_kept=pending.is_kept, by_second_step=True)
    device = device_of(uow, user.id or 0, entry.device_token)
    if trust and device is not None:
        device.trusted_until = uow.now + TRUSTED_FOR
        uow.session.add(device)
    return entry


def is_right(uow: UnitOfWork, user: User, code: Any, sealer: Sealer, *, is_recovery: bool) -> bool:
    """Whether the code is good; then it is used up. The user's row must be locked, so that no code is good twice."""
    if is_recovery:
        return _use_recovery_code(uow, user, code)
    if user.totp_sealed is None:
        return False
    secret = sealer.open(user.totp_sealed, about_totp(user)).decode()
    step = matching_step(secret, read_code(code), uow.now, user.totp_last_step)
    if step is None:
        return False
    user.totp_last_step = step
    uow.session.add(user)
    return True


def about_totp(user: User) -> str:
    """What the sealed secret is bound to."""
    return f"users.totp:{user.id}"


def recovery_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _pending(uow: UnitOfWork, session_token: str) -> tuple[Session, User]:
    row = uow.session.exec(
        select(Session, User)
        .join(User, User.id == Session.user_id)
        .where(
            Session.token_hash == hash_of_typed(session_token),
            Session.is_pending_second_step,
            Session.revoked_at.is_(None),
            Session.expires_at > uow.now,
        )
        .with_for_update()
    ).first()
    if row is None:
        raise SignedOut("That took too long.", remedy="Sign in again.")
    return row


def _use_recovery_code(uow: UnitOfWork, user: User, code: Any) -> bool:
    used = uow.session.connection().execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == recovery_hash(read_recovery_code(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=uow.now)
        .returning(RecoveryCode.id)
    )
    if used.first() is None:
        return False
    letters.alert(uow, user, "recovery_code_used", left=codes_left(uow, user.id or 0))
    return True


def codes_left(uow: UnitOfWork, user_id: int) -> int:
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int(uow.session.exec(unused).one())


def _wrong(count: tries.Count, *, is_recovery: bool) -> str:
    left = count.rule.free_tries - count.failures.count
    again = f"You have {left} {'try' if left == 1 else 'tries'} left." if left > 0 else "Wait a minute, then try again."
    if is_recovery:
        return f"That recovery code isn’t one of yours, or was used already. {again}"
    return f"That code isn’t right, or its half minute is over. Type the one your app shows now. {again}"
