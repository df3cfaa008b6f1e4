"""The second step: turning it on with an authenticator app, turning it off, recovery codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import pyotp
from sqlalchemy import delete

from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.one_time_codes import (
    RECOVERY_LENGTH,
    provisioning_uri,
    read_recovery_code,
    recovery_code_of,
    show_recovery_code,
    show_secret,
)
from microcrm.domain.permissions import Permission
from microcrm.domain.throttle import wait_words
from microcrm.models.accounts import RecoveryCode, User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.credentials import check_password, own_account
from microcrm.operations.accounts.entering import Refusal, end_sessions
from microcrm.operations.accounts.second_step import about_totp, codes_left, is_right, recovery_hash
from microcrm.operations.accounts.sign_in import typed_password
from microcrm.operations.capabilities import Hasher, Sealer
from microcrm.operations.unit_of_work import UnitOfWork

CODES = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """``codes_left``: recovery codes not used yet."""

    is_on: bool
    codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app is told, as the content of a QR code and in letters."""

    uri: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TurnOff:
    current: Any = field(repr=False)
    code: Any = field(repr=False)


def second_step_standing(uow: UnitOfWork) -> Standing:
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    return Standing(user.totp_enabled_at is not None, codes_left(uow, user.id or 0))


def begin_enrolment(uow: UnitOfWork, current: Any, hasher: Hasher, sealer: Sealer) -> Enrolment | Refusal:
    """A new secret, which counts for nothing until a code of it was given. Raises: Invalid; Conflict, when it is on."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    _refuse_if_on(user)
    refused = _ask_password(uow, user, current, hasher)
    if refused:
        return refused
    secret = pyotp.random_base32()
    user.totp_sealed, user.totp_last_step = sealer.seal(secret.encode(), about_totp(user)), 0
    uow.session.add(user)
    return _enrolment(user, secret)


def continue_enrolment(uow: UnitOfWork, sealer: Sealer) -> Enrolment:
    """The same secret again, after a mistyped code. Raises: Conflict, when there is none under way."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    _refuse_if_on(user)
    if user.totp_sealed is None:
        raise Conflict("Nothing was begun.", remedy="Start again.")
    return _enrolment(user, sealer.open(user.totp_sealed, about_totp(user)).decode())


def finish_enrolment(uow: UnitOfWork, code: Any, sealer: Sealer) -> tuple[str, ...]:
    """Turns the second step on and ends the other sessions. Returns the recovery codes, which can be shown only now.
    Raises: Invalid, for a wrong code; Conflict."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    _refuse_if_on(user)
    if not is_right(uow, user, code, sealer, is_recovery=False):
        message = "That code isn’t right. Type the six digits your app shows now."
        raise Invalid(fields={"code": message})
    user.totp_enabled_at = uow.now
    uow.session.add(user)
    end_sessions(uow, user.id or 0, but=uow.actor.session_id)
    letters.alert(uow, user, "second_step_on")
    return _new_codes(uow, user)


def renew_codes(uow: UnitOfWork, current: Any, hasher: Hasher) -> tuple[str, ...] | Refusal:
    """Ten new recovery codes; the old ones are void. Raises: Invalid; Conflict, when the second step is off."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    _refuse_if_off(user)
    refused = _ask_password(uow, user, current, hasher)
    return refused or _new_codes(uow, user)


def turn_off(uow: UnitOfWork, command: TurnOff, hasher: Hasher, sealer: Sealer) -> Refusal | None:
    """With the password and a code (or a recovery code). Raises: Invalid; Conflict, when it is off already."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    _refuse_if_off(user)
    refused = _ask_password(uow, user, command.current, hasher)
    if refused:
        return refused
    count = tries.of_person(uow, "second-step", user.id or 0)
    delay = tries.longest_wait(uow, count)
    if delay:
        return Refusal(f"Too many wrong codes. Wait {wait_words(delay)}, then try again.", "code")
    is_recovery = bool(read_recovery_code(command.code))
    if not is_right(uow, user, command.code, sealer, is_recovery=is_recovery):
        tries.add(uow, count)
        return Refusal("That code isn’t right. Type the one your app shows now, or a recovery code.", "code")
    user.totp_sealed, user.totp_enabled_at = None, None
    uow.session.add(user)
    uow.session.connection().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    letters.alert(uow, user, "second_step_off")
    return None


def _enrolment(user: User, secret: str) -> Enrolment:
    return Enrolment(provisioning_uri(secret, user.email), show_secret(secret))


def _ask_password(uow: UnitOfWork, user: User, raw: Any, hasher: Hasher) -> Refusal | None:
    reader = Reader()
    current = reader.by("current", typed_password, raw, instead="")
    reader.done()
    return check_password(uow, user, current, hasher)


def _refuse_if_on(user: User) -> None:
    if user.totp_enabled_at is not None:
        raise Conflict("The second step is on already.", remedy="Turn it off first to use another phone.")


def _refuse_if_off(user: User) -> None:
    if user.totp_enabled_at is None:
        raise Conflict("The second step is off.", remedy="Turn it on first.")


def _new_codes(uow: UnitOfWork, user: User) -> tuple[str, ...]:
    uow.session.connection().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [recovery_code_of(secrets.token_bytes(2 * RECOVERY_LENGTH)) for _ in range(CODES)]
    uow.session.add_all(RecoveryCode(user_id=user.id, code_hash=recovery_hash(code)) for code in codes)
    return tuple(show_recovery_code(code) for code in codes)
