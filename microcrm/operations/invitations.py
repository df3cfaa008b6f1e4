"""Asking somebody to join, by a link in a mail. Accepting it is in ``accounts.joining``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import func, select

from microcrm.domain.email import email_key, parse_email
from microcrm.domain.errors import Conflict, Forbidden, Invalid, LimitReached
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role, permissions_of
from microcrm.models.accounts import User
from microcrm.models.business import Business, Invitation, Member
from microcrm.operations.accounts.letters import mail
from microcrm.operations.accounts.tokens import new_token
from microcrm.operations.parts.ranks import check_gift, check_target
from microcrm.operations.parts.rows import find
from microcrm.operations.unit_of_work import UnitOfWork

DAYS = 7  # a link works
MOST_OPEN = 20
RESEND_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class InvitationView:
    id: int
    name: str
    email: str
    role: Role
    sent_at: datetime
    is_expired: bool


@dataclass(frozen=True, slots=True)
class Invite:
    """``member_id``: somebody who works here already and is to get a sign-in."""

    email: Any
    role: Any
    name: Any = ""
    member_id: Any = None


def open_invitations(uow: UnitOfWork) -> list[InvitationView]:
    """Those that wait for an answer, the newest first."""
    uow.require(Permission.MEMBERS_EDIT)
    rows = uow.session.exec(_open(uow).order_by(Invitation.created_at.desc(), Invitation.id.desc()).limit(MOST_OPEN))
    return [
        InvitationView(int(r.id or 0), r.name, r.email, Role(r.role), r.created_at, r.expires_at <= uow.now)
        for r in rows
    ]


def invite(uow: UnitOfWork, command: Invite) -> int:
    """Write the invitation and have the mail sent. Returns the invitation's id.

    Raises ``Forbidden`` until the inviter has confirmed their own e-mail address: nobody is to get mail in a stranger's
    name.
    """
    uow.require(Permission.MEMBERS_EDIT)
    _require_confirmed_email(uow)
    fields = Reader()
    email = fields.by("email", parse_email, command.email, instead="")
    name = fields.text("name", command.name, "Name", limit=80, required=command.member_id in (None, ""))
    role = fields.member("role", command.role, "Role", Role)
    fields.done()
    member = None if command.member_id in (None, "") else find(uow, Member, command.member_id)
    check_target(uow, role.value)
    check_gift(uow, permissions_of(role))
    if member is not None:
        check_target(uow, member.role)
        if member.user_id is not None or member.deactivated_at is not None:
            raise Conflict(f"{member.name} cannot be invited.", remedy="They sign in already, or do not work here now.")
    _refuse_known(uow, email)
    row = Invitation(
        business_id=uow.business_id,
        member_id=member.id if member else None,
        email=email,
        name=member.name if member else name,
        role=role.value,
        token_hash=b"",
        invited_by_member_id=_inviter(uow),
        created_at=uow.now,
        expires_at=uow.now,
    )
    _send(uow, row)
    uow.audit("invite", "invitation", row.id, role=role.value)
    return int(row.id or 0)


def resend(uow: UnitOfWork, invitation_id: Any) -> None:
    """The same invitation with a new link; the old link stops working."""
    uow.require(Permission.MEMBERS_EDIT)
    _require_confirmed_email(uow)
    row = _find_open(uow, invitation_id)
    check_target(uow, row.role)
    check_gift(uow, permissions_of(Role(row.role)))
    if uow.now - row.created_at < RESEND_AFTER:
        raise LimitReached("This mail has just been sent.", remedy="Give it a minute to arrive, then try again.")
    row.created_at, row.invited_by_member_id = uow.now, _inviter(uow)
    _send(uow, row)
    uow.audit("resend", "invitation", row.id)


def revoke(uow: UnitOfWork, invitation_id: Any) -> None:
    """The link stops working."""
    uow.require(Permission.MEMBERS_EDIT)
    row = _find_open(uow, invitation_id)
    check_target(uow, row.role)
    row.revoked_at = uow.now
    uow.session.add(row)
    uow.audit("revoke", "invitation", row.id)


def _send(uow: UnitOfWork, row: Invitation) -> None:
    """Give the row a fresh token and ask for the mail."""
    token, row.token_hash = new_token()
    row.expires_at = uow.now + timedelta(days=DAYS)
    uow.session.add(row)
    uow.session.flush()
    shop = uow.session.exec(select(Business.name).where(Business.id == uow.business_id)).one()
    inviter = uow.session.exec(
        select(Member.name).where(Member.business_id == uow.business_id, Member.id == row.invited_by_member_id)
    ).one()
    mail(
        uow,
        row.email,
        "invitation",
        f"{row.id}:{uow.now.timestamp()}",
        name=row.name,
        business=shop,
        invited_by=inviter,
        role=ROLE_LABELS[Role(row.role)].lower(),
        days=DAYS,
        path=f"/invite?token={token}",
    )


def _require_confirmed_email(uow: UnitOfWork) -> None:
    if uow.actor.kind == "system":
        return
    inviter = uow.session.exec(select(User.email_verified_at).where(User.id == uow.actor.user_id)).first()
    if inviter is None:
        raise Forbidden(
            "Confirm your email address before you invite people.",
            remedy="Open the mail we sent you, or have it sent again from your account page.",
        )


def _inviter(uow: UnitOfWork) -> int:
    if uow.actor.member_id is None:
        raise Forbidden
    return uow.actor.member_id


def _refuse_known(uow: UnitOfWork, email: str) -> None:
    key = email_key(email)
    taken = uow.session.connection().execute(text("SELECT email FROM emails_of_members()")).scalars()
    if key in {email_key(address) for address in taken}:
        raise Invalid(
            fields={"email": "Somebody with this address works here already. Look among those who left, too."}
        )
    waiting = uow.session.exec(_open(uow).with_only_columns(Invitation.email)).all()
    if key in {email_key(address) for address in waiting}:
        raise Invalid(fields={"email": "This address has an invitation. Send it again from the list."})
    if len(waiting) >= MOST_OPEN:
        raise LimitReached(f"{MOST_OPEN} invitations wait for an answer.", remedy="Take some back first.")


def _open(uow: UnitOfWork) -> Any:
    return select(Invitation).where(
        Invitation.business_id == uow.business_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


def _find_open(uow: UnitOfWork, invitation_id: Any) -> Invitation:
    row = find(uow, Invitation, invitation_id)
    if row.accepted_at is not None or row.revoked_at is not None:
        raise Conflict("This invitation was answered or taken back already.", remedy="Refresh the list.")
    return row


def count_open(uow: UnitOfWork) -> int:
    """How many invitations wait for an answer."""
    uow.require(Permission.MEMBERS_VIEW)
    return int(uow.session.exec(select(func.count()).select_from(_open(uow).subquery())).one())
