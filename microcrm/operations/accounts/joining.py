"""Accepting an invitation: with the account one is signed in to, or with a new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import select

from microcrm.domain.email import email_key
from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.passwords import parse_password
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role
from microcrm.models.accounts import Session, User
from microcrm.models.business import Invitation, Member
from microcrm.operations.accounts import tries
from microcrm.operations.accounts.entering import Browser, Entry, enter
from microcrm.operations.accounts.opening import act_as
from microcrm.operations.accounts.tokens import hash_of_typed
from microcrm.operations.capabilities import Hasher
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Invited:
    """What the page of the link shows. ``has_account``: the invited address can sign in already."""

    business: str
    invited_by: str
    role: str
    email: str
    name: str
    has_account: bool


@dataclass(frozen=True, slots=True)
class JoinAsNew:
    token: Any = field(repr=False)
    name: Any
    password: Any = field(repr=False)
    browser: Browser = field(repr=False)


def look_at_invitation(uow: UnitOfWork, token: Any) -> Invited:
    """Raises: NotFound, for a link that was used, taken back, is too old, or never was."""
    uow.require_public()
    row = _behind(uow, token)
    known = uow.session.exec(select(User.id).where(User.email_key == email_key(row.email))).first()
    label = ROLE_LABELS[Role(row.role)]
    return Invited(row.business_name, row.invited_by, label, row.email, row.name, known is not None)


def join_as_new(uow: UnitOfWork, command: JoinAsNew, hasher: Hasher) -> Entry:
    """An account for the invited address, which the link has proved. Raises: Invalid; NotFound; Conflict."""
    uow.require_public()
    found = _behind(uow, command.token)
    reader = Reader()
    name = reader.text("name", command.name, "Your name", limit=120, least=2)
    about = {"email": found.email, "name": name, "business": found.business_name}
    password = reader.by("password", parse_password, command.password, **about, instead="")
    reader.done()
    if uow.session.exec(select(User.id).where(User.email_key == email_key(found.email))).first() is not None:
        raise Conflict("This email address already has an account.", remedy="Sign in, then open the link again.")
    tries.spend(uow, tries.of_address(uow, "sign-up", tries.SIGN_UPS))
    user = User(
        email=found.email,
        email_key=email_key(found.email),
        name=name,
        password_hash=hasher.hash(password),
        password_changed_at=uow.now,
        email_verified_at=uow.now,
        created_at=uow.now,
    )
    uow.session.add(user)
    uow.session.flush()
    _join(uow, found, user)
    return enter(uow, user, command.browser, is_kept=True, business_id=found.business_id, is_new_here=True)


def join_signed_in(uow: UnitOfWork, token: Any) -> None:
    """With one's own account, whatever its address: whoever holds the link was meant to. Raises: NotFound; Conflict."""
    uow.require(Permission.ACCOUNT)
    found = _behind(uow, token)
    user = uow.session.get_one(User, uow.actor.user_id)
    session = uow.session.get_one(Session, uow.actor.session_id)
    _join(uow, found, user)
    session.business_id, session.viewing_as_member_id = found.business_id, None
    uow.session.add(session)


def _behind(uow: UnitOfWork, token: Any) -> Any:
    """What the database function tells about the link; its business is not known before."""
    row = (
        uow.session.connection()
        .execute(text("SELECT * FROM invitation_for(:wanted)"), {"wanted": hash_of_typed(token)})
        .first()
    )
    if row is None:
        message = "This invitation doesn’t work any more."
        raise NotFound(message, remedy="Ask the person who invited you to send a new one.")
    return row


def _join(uow: UnitOfWork, found: Any, user: User) -> None:
    uow.enter_business(found.business_id)
    invitation = uow.session.exec(
        select(Invitation)
        .where(Invitation.business_id == found.business_id, Invitation.id == found.invitation_id)
        .where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .with_for_update()
    ).first()
    if invitation is None:  # somebody else was quicker
        raise NotFound
    member = _seat_of(uow, found, user)
    member.role, member.user_id, member.deactivated_at = invitation.role, user.id, None
    uow.session.add(member)
    invitation.accepted_at = uow.now
    uow.session.add(invitation)
    uow.session.flush()
    act_as(uow, user, member)
    uow.audit("join", "member", member.id, role=member.role, invitation=invitation.id)


def _seat_of(uow: UnitOfWork, found: Any, user: User) -> Member:
    """The member the invitation is for, their own earlier place, or a new one."""
    mine = select(Member).where(Member.business_id == found.business_id)
    earlier = uow.session.exec(mine.where(Member.user_id == user.id).with_for_update()).first()
    if earlier is not None and earlier.deactivated_at is None:
        raise Conflict("You belong to this business already.", remedy="There is nothing more to do.")
    invited = None
    if found.member_id is not None:
        invited = uow.session.exec(mine.where(Member.id == found.member_id).with_for_update()).first()
    if invited is not None and invited.user_id is None and earlier is None:
        invited.version += 1
        return invited
    if earlier is not None:
        earlier.version += 1
        earlier.granted, earlier.withheld = [], []  # what they had before is not the new inviter's to give
        return earlier
    name = found.name or user.name
    return Member(
        business_id=found.business_id, name=name, role=found.role, position=_last_place(uow), joined_at=uow.now
    )


def _last_place(uow: UnitOfWork) -> int:
    places = uow.session.exec(select(Member.position).where(Member.business_id == uow.business_id)).all()
    return max(places, default=-1) + 1
