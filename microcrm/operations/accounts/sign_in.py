"""Signing in with a password. Nothing in the answer, or in the time it takes, says whether the account exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.passwords import LONGEST, normalise_password
from microcrm.domain.throttle import wait_words
from microcrm.models.accounts import User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.entering import (
    Browser,
    Entry,
    Refusal,
    device_of,
    enter,
    wait_for_second_step,
)
from microcrm.operations.capabilities import Hasher
from microcrm.operations.unit_of_work import UnitOfWork

WRONG = "That email address and password don’t fit together. Check both and try again."


@dataclass(frozen=True, slots=True)
class SignIn:
    email: Any
    password: Any = field(repr=False)
    keep: Any = ""
    browser: Browser = field(default=Browser(), repr=False)


def sign_in(uow: UnitOfWork, command: SignIn, hasher: Hasher) -> Entry | Refusal:
    """Raises: Invalid, when a field is empty or the address can't be one."""
    uow.require_public()
    reader = Reader()
    email = reader.by("email", parse_email, command.email, instead="")
    password = reader.by("password", typed_password, command.password, instead="")
    is_kept = reader.flag("keep", command.keep, "Keep me signed in")
    reader.done()

    of_account, of_address = tries.of_account(uow, email_key(email)), tries.of_address(uow)
    delay = tries.longest_wait(uow, of_account, of_address)
    if delay:
        return Refusal(f"Too many tries. Wait {wait_words(delay)}, then try again or reset the password.")
    user = uow.session.exec(select(User).where(User.email_key == email_key(email))).first()
    is_right = hasher.verify(user.password_hash if user else "", password)
    if user is None or not is_right:
        tries.add(uow, of_address)
        if tries.add(uow, of_account):
            letters.ask(uow, "locked_out", email)
        return Refusal(WRONG)

    tries.forgive(uow, of_account)
    if hasher.is_outdated(user.password_hash):
        user.password_hash = hasher.hash(password)
        uow.session.add(user)
    if user.totp_enabled_at is not None and not _is_trusted(uow, user, command.browser.device_token):
        return wait_for_second_step(uow, user, command.browser, is_kept=is_kept)
    return enter(uow, user, command.browser, is_kept=is_kept)


def typed_password(raw: Any) -> str:
    """A password to compare, not one to set: only what can't be one is refused."""
    if not isinstance(raw, str) or not raw:
        raise Invalid("Type your password.")
    return normalise_password(raw) if len(raw) <= 4 * LONGEST else raw[: 4 * LONGEST]


def _is_trusted(uow: UnitOfWork, user: User, device_token: str) -> bool:
    device = device_of(uow, user.id or 0, device_token)
    return device is not None and device.trusted_until is not None and device.trusted_until > uow.now
