"""The sweep of holds and requests that have run out."""

from __future__ import annotations

from sqlalchemy import text

from microcrm.domain.permissions import Permission
from microcrm.operations.parts.lapse import let_all_lapse
from microcrm.operations.unit_of_work import UnitOfWork


def businesses_with_lapsed(uow: UnitOfWork) -> list[int]:
    uow.require(Permission.BOOKINGS_ALL)
    return [row[0] for row in uow.session.execute(text("SELECT businesses_with_lapsed_holds()"))]


def lapse(uow: UnitOfWork) -> int:
    """How many gave their time back, a few hundred at most: call it again until there are none."""
    uow.require(Permission.BOOKINGS_ALL)
    return let_all_lapse(uow)
