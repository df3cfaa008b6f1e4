"""Holds in tests: short ways to keep a time, and a second clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from microcrm.domain.permissions import Role
from microcrm.operations.book import BookService
from microcrm.operations.hold import ConfirmPublic, Hold, HoldDone, PublicHold
from microcrm.operations.unit_of_work import VISITOR, Actor, UnitOfWork
from tests.support.desk import INDIA, MONDAY
from tests.support.shops import Shop

PERSON = {"name": "Meena Rao", "phone": "98450 77777"}


def start_at(time: str, day: str = MONDAY) -> str:
    """As the free times write it."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=INDIA).isoformat()


def to_hold(shop: Shop, time: str = "10:00", *, role: Role = Role.MANAGER, **changes: Any) -> Hold:
    haircut = BookService(shop.service_id, shop.members[role])
    return Hold(**({"services": (haircut,), "start": start_at(time)} | changes))


def chosen(shop: Shop, time: str = "10:00", *, role: Role = Role.MANAGER, **changes: Any) -> PublicHold:
    haircut = BookService(shop.service_id, shop.members[role])
    return PublicHold(**({"services": (haircut,), "start": start_at(time)} | changes))


def filled_in(done: HoldDone, **changes: Any) -> ConfirmPublic:
    return ConfirmPublic(**({"token": done.token, **PERSON} | changes))


def stranger(shop: Shop) -> Actor:
    """Somebody on the shop's page."""
    return replace(VISITOR, business_id=shop.business_id)


def later(uow: UnitOfWork, minutes: int) -> UnitOfWork:
    """The same transaction as it will be in a while."""
    return replace(uow, now=uow.now + timedelta(minutes=minutes))
