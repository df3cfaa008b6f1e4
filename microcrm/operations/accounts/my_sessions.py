"""One's own sessions: where they are, ending them, and which business is on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import select

from microcrm.domain.errors import NotFound
from microcrm.domain.fields import BIGINT
from microcrm.domain.formatting import format_near_day, format_time
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role
from microcrm.models.accounts import Session
from microcrm.operations.accounts.entering import end_session, end_sessions
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50


@dataclass(frozen=True, slots=True)
class OwnSession:
    id: str
    browser: str
    seen: str  # "In use now", "Today, 9:30 am"
    since: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Membership:
    business_id: int
    name: str
    role: str
    is_open: bool  # on the screen of this session


def list_sessions(uow: UnitOfWork) -> tuple[OwnSession, ...]:
    """Those in force, this one first, then the last used."""
    uow.require(Permission.ACCOUNT)
    rows = uow.session.exec(
        select(Session)
        .where(Session.user_id == uow.actor.user_id, Session.revoked_at.is_(None), Session.expires_at > uow.now)
        .where(Session.is_pending_second_step.is_(False))
        .order_by((Session.id == uow.actor.session_id).desc(), Session.last_seen_at.desc())
        .limit(MOST)
    ).all()
    return tuple(_described(uow, row) for row in rows)


def revoke_session(uow: UnitOfWork, session_id: Any) -> None:
    """Raises: NotFound, for anybody else's session as for one that never was."""
    uow.require(Permission.ACCOUNT)
    known = isinstance(session_id, str) and session_id.isascii() and session_id.isdecimal() and len(session_id) < 20
    row = None
    if known and int(session_id) <= BIGINT:
        row = uow.session.exec(
            select(Session).where(Session.id == int(session_id), Session.user_id == uow.actor.user_id)
        ).first()
    if row is None or row.revoked_at is not None:
        raise NotFound
    row.revoked_at = uow.now
    uow.session.add(row)


def sign_out(uow: UnitOfWork, token: str) -> None:
    """Whatever the token was good for; nothing happens when it wasn't."""
    uow.require_public()
    end_session(uow, token)


def sign_out_everywhere_else(uow: UnitOfWork) -> None:
    """Every session but this one."""
    uow.require(Permission.ACCOUNT)
    end_sessions(uow, uow.actor.user_id or 0, but=uow.actor.session_id)


def memberships(uow: UnitOfWork) -> tuple[Membership, ...]:
    uow.require(Permission.ACCOUNT)
    found = uow.session.connection().execute(
        text("SELECT business_id, business_name, role FROM memberships_of(:user)"), {"user": uow.actor.user_id}
    )
    return tuple(
        Membership(
            row.business_id, row.business_name, ROLE_LABELS[Role(row.role)], row.business_id == uow.actor.business_id
        )
        for row in found
    )


def choose_business(uow: UnitOfWork, business_id: Any) -> None:
    """Show this business in this session. Raises: NotFound, unless the person belongs to it."""
    uow.require(Permission.ACCOUNT)
    mine = {str(membership.business_id): membership.business_id for membership in memberships(uow)}
    if business_id not in mine:
        raise NotFound
    row = uow.session.get_one(Session, uow.actor.session_id)
    row.business_id, row.viewing_as_member_id = mine[business_id], None
    uow.session.add(row)


def _described(uow: UnitOfWork, row: Session) -> OwnSession:
    zone, is_here = ZoneInfo(uow.actor.zone), row.id == uow.actor.session_id
    today = uow.now.astimezone(zone).date()

    def moment(at: Any) -> str:
        return f"{format_near_day(at.astimezone(zone).date(), today)}, {format_time(at, zone)}"

    seen = "In use now" if is_here else moment(row.last_seen_at)
    return OwnSession(str(row.id), row.browser, seen, moment(row.created_at), row.address, is_here)
