"""A new password for somebody who forgot theirs, by a link in a mail. The second step stays on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.passwords import parse_password
from microcrm.models.accounts import MailToken, User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.entering import end_sessions
from microcrm.operations.accounts.tokens import hash_of_typed
from microcrm.operations.capabilities import Hasher
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ResetPassword:
    token: Any = field(repr=False)
    password: Any = field(repr=False)


def ask_for_reset(uow: UnitOfWork, email: Any) -> None:
    """The same answer whether or not there is such an account. Raises: Invalid; LimitReached, by network address."""
    uow.require_public()
    reader = Reader()
    address = reader.by("email", parse_email, email, instead="")
    reader.done()
    of_mails = tries.of_mails(uow, email_key(address))
    tries.spend(uow, tries.of_address(uow, "reset"))
    if not tries.longest_wait(uow, of_mails):
        tries.add(uow, of_mails)
        letters.ask(uow, "reset", address)


def whose_reset(uow: UnitOfWork, token: Any) -> str:
    """The address behind a link, so that password managers know it. Raises: NotFound."""
    uow.require_public()
    return behind(uow, token, "reset")[1].email


def reset_password(uow: UnitOfWork, command: ResetPassword, hasher: Hasher) -> None:
    """Ends every session. Raises: Invalid; NotFound, for a link that is used up, too old, or never was."""
    uow.require_public()
    _, user = behind(uow, command.token, "reset")
    reader = Reader()
    password = reader.by("password", parse_password, command.password, email=user.email, name=user.name, instead="")
    reader.done()
    user.password_hash, user.password_changed_at = hasher.hash(password), uow.now
    user.email_verified_at = user.email_verified_at or uow.now
    uow.session.add(user)
    use_up(uow, user.id or 0)
    end_sessions(uow, user.id or 0)
    tries.forgive(uow, tries.of_account(uow, user.email_key))
    letters.alert(uow, user, "password_changed")


def behind(uow: UnitOfWork, token: Any, purpose: str) -> tuple[MailToken, User]:
    """The link's row, locked, and its owner. Raises: NotFound."""
    row = uow.session.exec(
        select(MailToken, User)
        .join(User, User.id == MailToken.user_id)
        .where(
            MailToken.token_hash == hash_of_typed(token),
            MailToken.purpose == purpose,
            MailToken.used_at.is_(None),
            MailToken.expires_at > uow.now,
        )
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("This link doesn’t work any more.", remedy="It works once and not for long. Ask for a new one.")
    return row


def use_up(uow: UnitOfWork, user_id: int) -> None:
    """All links that are under way to this person: one of them has been used, or their address has changed."""
    uow.session.connection().execute(
        update(MailToken).where(MailToken.user_id == user_id, MailToken.used_at.is_(None)).values(used_at=uow.now)
    )
