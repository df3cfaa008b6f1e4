"""What members find on their bells."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from microcrm.domain.permissions import Role
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.shops import Shop


def bells(uow: UnitOfWork, shop: Shop, kind: str) -> dict[Role, list[dict[str, Any]]]:
    """The facts of each notice of this kind, by the role of whom it was told to; oldest first."""
    rows = uow.session.execute(
        text("SELECT member_id, facts FROM bell_notices WHERE business_id = :b AND kind = :k ORDER BY id"),
        {"b": shop.business_id, "k": kind},
    ).all()
    roles = {member: role for role, member in shop.members.items()}
    found: dict[Role, list[dict[str, Any]]] = {}
    for member_id, facts in rows:
        found.setdefault(roles[member_id], []).append(facts)
    return found
