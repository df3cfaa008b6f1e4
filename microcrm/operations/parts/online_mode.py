"""Whether a shop takes payments online, and whether that is real money."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from microcrm.models.gateway import GatewayAccount
from microcrm.operations.unit_of_work import UnitOfWork

Mode = Literal["", "live", "test", "sandbox"]


def online_mode(uow: UnitOfWork) -> Mode:
    """ "": it has no keys. ``test`` and ``sandbox`` move no money."""
    query = select(GatewayAccount.key_id, GatewayAccount.is_sandbox)
    row = uow.session.execute(query.where(GatewayAccount.business_id == uow.business_id)).first()
    if row is None:
        return ""
    return mode_of(row.key_id, is_sandbox=row.is_sandbox)


def mode_of(key_id: str, *, is_sandbox: bool) -> Mode:
    if is_sandbox:
        return "sandbox"
    return "live" if key_id.startswith("rzp_live_") else "test"
