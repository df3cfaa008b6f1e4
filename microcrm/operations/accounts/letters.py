"""Mails about accounts. The worker renders the template (``adapters/mail_templates``) and sends it.

What anybody may ask for by typing an address (a reset, a lockout alert) is only noted here, with the same work for a
known address as for an unknown one; ``write`` then runs in the worker and finds out whether anybody is there. So the
time of an answer tells nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import select

from microcrm.domain.bell import BellKind
from microcrm.domain.email import email_key as key_of
from microcrm.domain.permissions import Permission
from microcrm.models.accounts import MailToken, User
from microcrm.operations.accounts.tokens import new_token
from microcrm.operations.bell.ringing import ring_user
from microcrm.operations.unit_of_work import UnitOfWork

RESET_FOR = timedelta(minutes=30)


def mail(uow: UnitOfWork, to: str, template: str, key: str, **data: Any) -> None:
    """``data`` is what the template shows; ``path`` in it becomes a whole link."""
    uow.enqueue("mail", f"{template}:{key}", {"to": to, "template": template, "data": data})


def alert(uow: UnitOfWork, user: User, template: str, *, to: str = "", **data: Any) -> None:
    """To the owner of the account, by mail and on the bell: what happened, when, and from where."""
    where = {"name": user.name, "at": uow.now.isoformat(), "browser": uow.actor.browser, "address": uow.actor.address}
    key = f"{user.id}:{uow.now.timestamp()}:{key_of(to or user.email)}"
    mail(uow, to or user.email, template, key, **where, **data)
    _ring(uow, user, template)


def ask(uow: UnitOfWork, kind: str, email: str) -> None:
    """Have ``write`` look whether somebody has this address: ``kind`` is "reset" or "locked_out"."""
    payload = {"email": email, "kind": kind, "browser": uow.actor.browser, "address": uow.actor.address}
    uow.enqueue("account_letter", f"{kind}:{key_of(email)}:{uow.now.timestamp()}", payload)


def write(uow: UnitOfWork, kind: str, email: str, key: str, browser: str, address: str) -> None:
    """In the worker: the letter somebody asked for, if there is an account. The same ``key`` writes it once."""
    uow.require(Permission.ACCOUNT)
    user = uow.session.exec(select(User).where(User.email_key == key_of(email))).first()
    if user is None:
        return
    data = {"name": user.name, "at": uow.now.isoformat(), "browser": browser, "address": address}
    if kind == "reset":
        token, token_hash = new_token()
        uow.session.add(
            MailToken(
                user_id=user.id,
                purpose="reset",
                token_hash=token_hash,
                created_at=uow.now,
                expires_at=uow.now + RESET_FOR,
            )
        )
        data["path"] = f"/reset/new?token={token}"
    else:
        _ring(uow, user, kind)
    mail(uow, user.email, kind, key, **data)


def _ring(uow: UnitOfWork, user: User, what: str) -> None:
    """Told to two addresses it is one notice."""
    kind = BellKind.SIGN_IN if what == "new_device" else BellKind.ACCOUNT
    facts = {"browser": uow.actor.browser} if kind is BellKind.SIGN_IN else {"what": what}
    ring_user(uow, user.id or 0, kind, f"{what}:{uow.now.timestamp()}", **facts)
