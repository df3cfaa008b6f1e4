"""Who may change whose rights: only owners touch owners, nobody gives a right they lack, and one owner always stays."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from microcrm.domain.errors import Conflict, Forbidden
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.models.business import Member
from microcrm.operations.unit_of_work import UnitOfWork


def is_owner(uow: UnitOfWork) -> bool:
    return uow.actor.role is Role.OWNER or uow.actor.kind == "system"


def check_target(uow: UnitOfWork, role: str) -> None:
    """``Forbidden`` when somebody who is no owner wants to change an owner, or to make one."""
    if role == Role.OWNER.value and not is_owner(uow):
        raise Forbidden("Only an owner can change an owner.", remedy="Ask an owner of the business.")


def check_gift(uow: UnitOfWork, gained: frozenset[Permission]) -> None:
    """``Forbidden`` when a right would be given that the giver lacks."""
    if not is_owner(uow) and gained - uow.actor.permissions:
        raise Forbidden("You can only give rights that you have yourself.", remedy="Ask an owner of the business.")


def rights_of(member: Member) -> frozenset[Permission]:
    return permissions_of(Role(member.role), member.granted, member.withheld)


def check_change(uow: UnitOfWork, member: Member, values: dict[str, Any]) -> None:
    """Everything at once, for a member row that is about to get ``values``."""
    role = values.get("role", member.role)
    check_target(uow, member.role)
    check_target(uow, role)
    after = permissions_of(Role(role), values.get("granted", member.granted), values.get("withheld", member.withheld))
    returns = member.deactivated_at is not None and "deactivated_at" in values
    check_gift(uow, after if returns else after - rights_of(member))
    if role != Role.OWNER.value or values.get("deactivated_at") is not None:
        keep_an_owner(uow, member)


def keep_an_owner(uow: UnitOfWork, member: Member) -> None:
    """``Conflict`` when this member is the last owner who can sign in. All owners are locked, so that two of them
    cannot leave at the same moment."""
    owners = uow.session.exec(
        select(Member.id, Member.user_id)
        .where(Member.business_id == uow.business_id, Member.role == Role.OWNER.value, Member.deactivated_at.is_(None))
        .order_by(Member.id)
        .with_for_update()
    ).all()
    others = [owner_id for owner_id, user_id in owners if owner_id != member.id and user_id is not None]
    if not others and any(owner_id == member.id for owner_id, _ in owners):
        raise Conflict(
            "This is the only owner, and a business always has one.",
            remedy="Make somebody else an owner first.",
        )
