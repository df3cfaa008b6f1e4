"""The people of the shop: who they are, whether they can be booked, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import select

from microcrm.domain.bell import BellKind
from microcrm.domain.colours import COLOURS
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.models.business import Member
from microcrm.operations.bell.ringing import ring
from microcrm.operations.parts.order import move_row, next_position
from microcrm.operations.parts.ranks import check_change, check_target, rights_of
from microcrm.operations.parts.rows import amend, create, find, same_version
from microcrm.operations.unit_of_work import UnitOfWork

MOST = 50  # people at work


@dataclass(frozen=True, slots=True)
class MemberView:
    """``email`` is "" for staff who never sign in, and for those who may not edit members."""

    id: int
    name: str
    role: Role
    colour: str
    email: str
    has_sign_in: bool
    has_second_step: bool
    is_own_calendar_only: bool
    is_bookable: bool
    most_per_day: int | None
    is_active: bool
    is_me: bool
    rights: frozenset[Permission]
    version: int


@dataclass(frozen=True, slots=True)
class AddMember:
    """Somebody who works here and does not sign in. An invitation can add the sign-in later."""

    name: Any
    colour: Any = ""
    is_bookable: Any = True


@dataclass(frozen=True, slots=True)
class EditMember:
    """``most_per_day``: visits that customers may book with them on one day; empty: as many as fit."""

    member_id: Any
    version: Any
    name: Any
    colour: Any
    is_bookable: Any
    most_per_day: Any = None


@dataclass(frozen=True, slots=True)
class ChangeRights:
    """``rights`` as ticked, by value; ``None``: exactly those of the role."""

    member_id: Any
    version: Any
    role: Any
    rights: Any = None
    is_own_calendar_only: Any = False


def list_members(uow: UnitOfWork, *, is_former: bool = False) -> list[MemberView]:
    """Those who work here, in the order of the calendar's columns; or those who have left."""
    uow.require(Permission.MEMBERS_VIEW)
    state = Member.deactivated_at.is_not(None) if is_former else Member.deactivated_at.is_(None)
    rows = uow.session.exec(
        select(Member)
        .where(Member.business_id == uow.business_id, state)
        .order_by(Member.position, Member.id)
        .limit(MOST)
    ).all()
    accounts = _accounts(uow)
    return [_view(uow, row, accounts) for row in rows]


def open_member(uow: UnitOfWork, member_id: Any) -> MemberView:
    uow.require(Permission.MEMBERS_VIEW)
    return _view(uow, find(uow, Member, member_id), _accounts(uow))


def add_member(uow: UnitOfWork, command: AddMember) -> tuple[int, str]:
    """Somebody without a sign-in. Returns their id and the undo token."""
    uow.require(Permission.MEMBERS_EDIT)
    fields = Reader()
    name = fields.text("name", command.name, "Name", limit=80)
    place = next_position(uow, Member)
    colour = fields.choice("colour", command.colour, "Colour", COLOURS, default=COLOURS[place % len(COLOURS)])
    is_bookable = fields.flag("is_bookable", command.is_bookable, "Takes bookings")
    fields.done()
    if len(list_members(uow)) >= MOST:
        raise Invalid(fields={"name": f"A shop can have {MOST} people. Deactivate those who have left."})
    row = Member(
        business_id=uow.business_id,
        name=name,
        role=Role.STAFF.value,
        colour=colour,
        is_bookable=is_bookable,
        is_own_calendar_only=True,
        position=place,
        joined_at=uow.now,
    )
    token = create(uow, "member", row, name)
    return int(row.id or 0), token


def edit_member(uow: UnitOfWork, command: EditMember) -> str:
    """Name, colour, whether they can be booked and how often a day. Returns the undo token."""
    uow.require(Permission.MEMBERS_EDIT)
    fields = Reader()
    name = fields.text("name", command.name, "Name", limit=80)
    colour = fields.choice("colour", command.colour, "Colour", COLOURS, default="slate")
    is_bookable = fields.flag("is_bookable", command.is_bookable, "Takes bookings")
    most = fields.optional_number("most_per_day", command.most_per_day, "Visits a day", low=1, high=500)
    fields.done()
    row = find(uow, Member, command.member_id)
    same_version(command.version, row.version)
    check_target(uow, row.role)
    values = {"name": name, "colour": colour, "is_bookable": is_bookable, "most_per_day": most}
    return amend(uow, "member", row, values, name)


def change_rights(uow: UnitOfWork, command: ChangeRights) -> str:
    """Another role, and rights added to or taken from it. Returns the undo token."""
    uow.require(Permission.MEMBERS_EDIT)
    fields = Reader()
    role = fields.member("role", command.role, "Role", Role)
    is_own_only = fields.flag("is_own_calendar_only", command.is_own_calendar_only, "Own calendar only")
    granted, withheld = _read_rights(fields, role, command.rights)
    fields.done()
    row = find(uow, Member, command.member_id)
    same_version(command.version, row.version)
    values = {
        "role": role.value,
        "granted": granted,
        "withheld": withheld,
        "is_own_calendar_only": is_own_only and role is not Role.OWNER,
    }
    check_change(uow, row, values)
    token = amend(uow, "member", row, values, f"what {row.name} may do", action="change_rights")
    if token:
        mine, me = (row.id or 0,), uow.actor.member_id
        ring(uow, BellKind.RIGHTS, f"{row.id}:{row.version}", to=mine, who=row.id, but=me, role=role.value)
    return token


def move_member(uow: UnitOfWork, member_id: Any, direction: str) -> str:
    """One place ``up`` or ``down`` in lists and in the calendar's columns. Returns the undo token."""
    uow.require(Permission.MEMBERS_EDIT)
    return move_row(uow, "member", find(uow, Member, member_id), direction)


def _read_rights(fields: Reader, role: Role, raw: Any) -> tuple[list[str], list[str]]:
    """What is granted beyond the role and withheld from it."""
    if raw is None or role is Role.OWNER:
        return [], []
    known = {p.value for p in Permission}
    if not isinstance(raw, list | tuple) or not all(isinstance(p, str) and p in known for p in raw):
        fields.refuse("rights", "Choose the rights from the list.")
        return [], []
    usual, least = permissions_of(role), permissions_of(role, (), known)
    wanted = {Permission(p) for p in raw} | least
    return sorted(p.value for p in wanted - usual), sorted(p.value for p in usual - wanted)


def _accounts(uow: UnitOfWork) -> dict[int, tuple[str, bool]]:
    rows = uow.session.connection().execute(text("SELECT member_id, email, has_second_step FROM emails_of_members()"))
    return {member_id: (email, has_second_step) for member_id, email, has_second_step in rows}


def _view(uow: UnitOfWork, row: Member, accounts: dict[int, tuple[str, bool]]) -> MemberView:
    email, has_second_step = accounts.get(int(row.id or 0), ("", False))
    return MemberView(
        id=int(row.id or 0),
        name=row.name,
        role=Role(row.role),
        colour=row.colour,
        email=email if uow.may(Permission.MEMBERS_EDIT) else "",
        has_sign_in=row.user_id is not None,
        has_second_step=has_second_step,
        is_own_calendar_only=row.is_own_calendar_only,
        is_bookable=row.is_bookable,
        most_per_day=row.most_per_day,
        is_active=row.deactivated_at is None,
        is_me=row.id == uow.actor.member_id,
        rights=rights_of(row),
        version=row.version,
    )
