"""Looking at the product as another member. While it lasts nothing can be changed (``UnitOfWork.require``).

Both operations write the session's row: they need the accounts realm.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from microcrm.domain.errors import Conflict, Forbidden
from microcrm.domain.permissions import Permission, Role
from microcrm.models.accounts import Session
from microcrm.models.business import Member
from microcrm.operations.parts.ranks import is_owner, rights_of
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork


def start(uow: UnitOfWork, member_id: Any) -> None:
    """From the next event on this session sees what that member sees.

    A manager may look as somebody only if that person has no right that the manager lacks, and never as an owner.
    """
    uow.require(Permission.VIEW_AS)
    if uow.actor.is_viewing_as:
        raise Conflict("You are looking as somebody else already.", remedy="Stop that first.")
    member = find(uow, Member, member_id)
    if member.deactivated_at is not None or member.id == uow.actor.member_id:
        raise Conflict("Choose another person who works here now.", remedy="")
    if not is_owner(uow) and (member.role == Role.OWNER.value or rights_of(member) - uow.actor.permissions):
        raise Forbidden("You can only look as people who may do no more than you.", remedy="Ask an owner.")
    _own_session(uow).viewing_as_member_id = member.id
    uow.audit("view_as_start", "member", member.id)


def stop(uow: UnitOfWork) -> None:
    """Be oneself again. Does nothing when one is."""
    uow.require(Permission.ACCOUNT)
    session = _own_session(uow)
    if session.viewing_as_member_id is None:
        return
    member_id, session.viewing_as_member_id = session.viewing_as_member_id, None
    uow.session.add(session)
    if uow.actor.business_id is not None:
        uow.audit("view_as_stop", "member", member_id)


def _own_session(uow: UnitOfWork) -> Session:
    session = uow.session.exec(
        select(Session)
        .where(Session.id == uow.actor.session_id, Session.user_id == uow.actor.user_id, Session.revoked_at.is_(None))
        .with_for_update()
    ).first()
    if session is None:
        raise Forbidden("There is no session to change.")
    return session
