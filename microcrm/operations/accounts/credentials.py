"""Changing one's own password or address. Both ask for the password again: a session may be a stolen one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlmodel import select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.passwords import parse_password
from microcrm.domain.permissions import Permission
from microcrm.domain.throttle import wait_words
from microcrm.models.accounts import MailToken, User
from microcrm.operations.accounts import letters, tries
from microcrm.operations.accounts.entering import Refusal, end_sessions
from microcrm.operations.accounts.reset import behind, use_up
from microcrm.operations.accounts.sign_in import typed_password
from microcrm.operations.accounts.tokens import new_token
from microcrm.operations.capabilities import Hasher
from microcrm.operations.unit_of_work import UnitOfWork

LINK_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ChangePassword:
    current: Any = field(repr=False)
    password: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeEmail:
    current: Any = field(repr=False)
    email: Any = ""


def change_password(uow: UnitOfWork, command: ChangePassword, hasher: Hasher) -> Refusal | None:
    """Ends the other sessions. Raises: Invalid."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    reader = Reader()
    about = {"email": user.email, "name": user.name}
    password = reader.by("password", parse_password, command.password, **about, instead="")
    current = reader.by("current", typed_password, command.current, instead="")
    reader.done()
    refused = check_password(uow, user, current, hasher)
    if refused:
        return refused
    user.password_hash, user.password_changed_at = hasher.hash(password), uow.now
    uow.session.add(user)
    use_up(uow, user.id or 0)
    end_sessions(uow, user.id or 0, but=uow.actor.session_id)
    letters.alert(uow, user, "password_changed")
    return None


def ask_to_change_email(uow: UnitOfWork, command: ChangeEmail, hasher: Hasher) -> Refusal | None:
    """A link to the new address; nothing changes until it is followed. An address that has an account is answered alike
    and gets no mail. Raises: Invalid; LimitReached."""
    uow.require(Permission.ACCOUNT)
    user = own_account(uow)
    reader = Reader()
    email = reader.by("email", parse_email, command.email, instead="")
    current = reader.by("current", typed_password, command.current, instead="")
    if email and email_key(email) == user.email_key:
        reader.refuse("email", "This is your address already.")
    reader.done()
    refused = check_password(uow, user, current, hasher)
    if refused:
        return refused
    tries.spend(uow, tries.of_mails(uow, f"change:{user.id}"))
    token, token_hash = new_token()
    uow.session.add(
        MailToken(
            user_id=user.id,
            purpose="change_email",
            token_hash=token_hash,
            detail={"email": email},
            created_at=uow.now,
            expires_at=uow.now + LINK_FOR,
        )
    )
    taken = uow.session.exec(select(User.id).where(User.email_key == email_key(email))).first()
    if taken is None:
        path = f"/account/email/confirm?token={token}"
        letters.mail(uow, email, "confirm_email", token_hash.hex(), name=user.name, path=path)
    letters.alert(uow, user, "email_change_asked")
    return None


def new_email_behind(uow: UnitOfWork, token: Any) -> str:
    """The address that a link would set. Raises: NotFound."""
    uow.require_public()
    return str(behind(uow, token, "change_email")[0].detail["email"])


def change_email(uow: UnitOfWork, token: Any) -> str:
    """Returns the new address; both addresses are told. Raises: NotFound; Conflict, when another account has it by now."""
    uow.require_public()
    link, user = behind(uow, token, "change_email")
    old, new = user.email, str(link.detail["email"])
    taken = uow.session.exec(select(User.id).where(User.email_key == email_key(new))).first()
    if taken is not None:
        raise Conflict("Another account has this email address.", remedy="Choose a different address.")
    user.email, user.email_key, user.email_verified_at = new, email_key(new), uow.now
    uow.session.add(user)
    use_up(uow, user.id or 0)
    for address in (old, new):
        letters.alert(uow, user, "email_changed", to=address, new_email=new)
    return new


def own_account(uow: UnitOfWork) -> User:
    """The signed-in person's row, locked."""
    return uow.session.exec(select(User).where(User.id == uow.actor.user_id).with_for_update()).one()


def check_password(uow: UnitOfWork, user: User, password: str, hasher: Hasher) -> Refusal | None:
    """The password asked for again; wrong ones are counted."""
    count = tries.of_person(uow, "password", user.id or 0)
    delay = tries.longest_wait(uow, count)
    if delay:
        return Refusal(f"Too many tries. Wait {wait_words(delay)}, then try again.", "current")
    if hasher.verify(user.password_hash, password):
        tries.forgive(uow, count)
        return None
    if tries.add(uow, count):
        letters.alert(uow, user, "locked_out")
    return Refusal("That isn’t your password.", "current")
