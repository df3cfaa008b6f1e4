"""Rows of people: two sisters, and what the owner's bell says. For `furniture.py`."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from microcrm.domain.permissions import Role
from microcrm.models.bell import BellNotice
from microcrm.models.customers import Customer
from microcrm.models.family import FamilyTie
from tests.support.shops import OPENED_AT, Shop


def furnish_people(session: Session, shop: Shop) -> None:
    """The customer who was added last belongs to nobody."""
    mine: dict[str, Any] = {"business_id": shop.business_id, "created_at": OPENED_AT}
    people = [Customer(**mine, name=name, tags=[]) for name in ("Meera", "Tara", "Zoya")]
    for person in people:
        session.add(person)
        session.flush()
    session.add(FamilyTie(**mine, customer_id=people[0].id, relative_id=people[1].id, tie="sibling"))
    owner = shop.members[Role.OWNER]
    session.add(
        BellNotice(business_id=shop.business_id, member_id=owner, who_id=owner, kind="keys", key="1", at=OPENED_AT)
    )
    session.flush()
