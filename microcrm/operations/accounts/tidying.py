"""Forgetting what has run out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_
from sqlmodel import col

from microcrm.domain.permissions import Permission
from microcrm.models.accounts import MailToken, Session, SignUp, Throttle
from microcrm.operations.unit_of_work import UnitOfWork

_ENDED_KEPT = timedelta(days=30)  # so that "where was I signed in?" can still be answered
_TRIES_KEPT = timedelta(days=2)  # longer than any rule remembers


def tidy_accounts(uow: UnitOfWork) -> int:
    """How many rows went."""
    uow.require(Permission.ACCOUNT)
    old = uow.now - _ENDED_KEPT
    gone = 0
    for statement in (
        delete(SignUp).where(SignUp.expires_at < uow.now),
        delete(MailToken).where(MailToken.expires_at < old),
        delete(Session).where(or_(col(Session.expires_at) < old, col(Session.revoked_at) < old)),
        delete(Throttle).where(Throttle.last_failed_at < uow.now - _TRIES_KEPT)
        .where(or_(Throttle.blocked_until.is_(None), col(Throttle.blocked_until) < uow.now)),
    ):  # fmt: skip
        gone += uow.session.connection().execute(statement).rowcount
    return gone
