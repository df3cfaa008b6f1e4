"""How many masked numbers a day each role and each person may look at: the owner's to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from microcrm.domain.errors import Conflict
from microcrm.domain.fields import Reader
from microcrm.domain.permissions import ROLE_LABELS, Permission, Role, permissions_of
from microcrm.domain.reveals import MOST_A_DAY, USUAL_A_DAY
from microcrm.models.business import Business, Member
from microcrm.models.reveals import RevealBudget
from microcrm.operations.parts.sets import stamp
from microcrm.operations.unit_of_work import UnitOfWork

ROLES: tuple[Role, ...] = (Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT)
Whose = tuple[str | None, int | None]  # a role, or a member
MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """``key`` names the field: "role_staff", "member_12". ``a_day`` is None for a person who has what the role has, which is
    ``usual``."""

    key: str
    label: str
    a_day: int | None
    usual: int


@dataclass(frozen=True, slots=True)
class Budgets:
    """``people`` are those who see numbers masked and may look at some."""

    roles: tuple[BudgetLine, ...]
    people: tuple[BudgetLine, ...]
    stamp: int


@dataclass(frozen=True, slots=True)
class SaveBudgets:
    """As typed, by the keys of the lines. ``stamp``: of the budgets that the form was filled from."""

    typed: Mapping[str, Any]
    stamp: Any


def reveal_budgets(uow: UnitOfWork) -> Budgets:
    """Two statements."""
    uow.require(Permission.BUSINESS_EDIT)
    stored = _stored(uow)
    a_day: dict[Role, int] = {role: stored.get((role.value, None), USUAL_A_DAY[role]) for role in ROLES}
    roles = tuple(BudgetLine(f"role_{role}", ROLE_LABELS[role], a_day[role], USUAL_A_DAY[role]) for role in ROLES)
    people = tuple(
        BudgetLine(f"member_{one.id}", one.name, stored.get((None, one.id)), a_day[Role(one.role)])
        for one in _people(uow)
    )
    return Budgets(roles, people, stamp([(role, member, many) for (role, member), many in stored.items()]))


def save_budgets(uow: UnitOfWork, command: SaveBudgets) -> bool:
    """Whether anything was different. Raises: Invalid, and Conflict when somebody saved others meanwhile."""
    uow.require(Permission.BUSINESS_EDIT)
    uow.session.scalars(select(Business.id).where(Business.id == uow.business_id).with_for_update(key_share=True)).one()
    now = reveal_budgets(uow)
    reader = Reader()
    wanted: dict[Whose, int] = {}
    for line in now.roles:
        typed = command.typed.get(line.key)
        wanted[line.key.removeprefix("role_"), None] = reader.whole_number(
            line.key, typed, line.label, low=0, high=MOST_A_DAY
        )
    for line in now.people:
        typed = command.typed.get(line.key)
        own = reader.optional_number(line.key, typed, line.label, low=0, high=MOST_A_DAY)
        if own is not None:
            wanted[None, int(line.key.removeprefix("member_"))] = own
    reader.done()
    if str(command.stamp) != str(now.stamp):
        raise Conflict
    usual: dict[Whose, int] = {(role.value, None): USUAL_A_DAY[role] for role in ROLES}
    if wanted == usual | _stored(uow):
        return False
    _replace(uow, wanted)
    uow.audit("change", "reveal_budgets", uow.business_id, rows=len(wanted))
    return True


def _stored(uow: UnitOfWork) -> dict[Whose, int]:
    query = select(RevealBudget.role, RevealBudget.member_id, RevealBudget.a_day).where(
        RevealBudget.business_id == uow.business_id
    )
    return {(row.role, row.member_id): row.a_day for row in uow.session.execute(query)}


def _people(uow: UnitOfWork) -> list[Member]:
    query = (
        select(Member)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.user_id.is_not(None))
        .order_by(Member.position, Member.id)
        .limit(MOST_PEOPLE)
    )
    return [member for member in uow.session.scalars(query) if _is_masked(member)]


def _is_masked(member: Member) -> bool:
    rights = permissions_of(Role(member.role), member.granted, member.withheld)
    return Permission.CUSTOMERS_REVEAL in rights and Permission.CUSTOMERS_CONTACT not in rights


def _replace(uow: UnitOfWork, wanted: Mapping[Whose, int]) -> None:
    connection = uow.session.connection()
    connection.execute(delete(RevealBudget).where(RevealBudget.business_id == uow.business_id))
    rows = [
        {"business_id": uow.business_id, "role": role, "member_id": member, "a_day": many}
        for (role, member), many in wanted.items()
    ]
    connection.execute(insert(RevealBudget), rows)
