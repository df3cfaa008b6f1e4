"""Which columns of the list of customers a person looks at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from microcrm.domain.permissions import Permission
from microcrm.models.business import Member
from microcrm.operations.customer_list import sees_money
from microcrm.operations.unit_of_work import UnitOfWork

COLUMNS = {
    "last": "Last visit",
    "next": "Next visit",
    "visits": "Visits",
    "billed": "Billed",
    "due": "Due",
    "tags": "Tags",
    "added": "Added",
}
USUAL = ("last", "next", "billed", "due", "tags")
MONEY = frozenset({"billed", "due"})
_NONE = "-"  # stands for a choice of no column: an empty one is no choice


def columns_of(uow: UnitOfWork) -> tuple[str, ...]:
    """In the order in which they stand, without those of money for whoever may not see bills."""
    uow.require(Permission.CUSTOMERS_VIEW)
    query = select(Member.customer_columns).where(
        Member.business_id == uow.business_id, Member.id == uow.actor.member_id
    )
    return _shown(uow, uow.session.execute(query).scalar() or USUAL)


def choose_columns(uow: UnitOfWork, wanted: Any) -> tuple[str, ...]:
    """Remembered for this person. Whoever looks as somebody else changes nothing of theirs."""
    uow.require(Permission.CUSTOMERS_VIEW)
    names = [name for name in COLUMNS if name in wanted] if isinstance(wanted, list | tuple) else list(USUAL)
    if not uow.actor.is_viewing_as:
        mine = (Member.business_id == uow.business_id, Member.id == uow.actor.member_id)
        uow.session.execute(update(Member).where(*mine).values(customer_columns=names or [_NONE]))
    return _shown(uow, names)


def _shown(uow: UnitOfWork, names: Any) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS if name in names and (name not in MONEY or sees_money(uow)))
