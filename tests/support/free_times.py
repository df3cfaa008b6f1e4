"""Asking for free times in tests, and shops in which that is not easy."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from microcrm.domain.errors import SlotTaken
from microcrm.domain.permissions import Role
from microcrm.models.catalogue import Resource, ServiceResource
from microcrm.models.classes import ClassSession
from microcrm.models.policy import BookingPolicy
from microcrm.models.schedule import Leave, WeeklyHours
from microcrm.operations.book import BookService, book
from microcrm.operations.free_times import FreeTimes, FreeTimesAsked
from microcrm.operations.unit_of_work import UnitOfWork
from tests.support.desk import INDIA, MONDAY, add_service, wish
from tests.support.shops import Shop

DAY = date.fromisoformat(MONDAY)


def asked(shop: Shop, role: Role | None = Role.MANAGER, **changes: Any) -> FreeTimesAsked:
    """A haircut on Monday."""
    service = (shop.service_id, None if role is None else shop.members[role])
    return FreeTimesAsked(**({"services": (service,), "first": DAY, "last": DAY, "is_public": False} | changes))


def clocks(found: FreeTimes) -> list[str]:
    return [start.start.astimezone(INDIA).strftime("%H:%M") for start in found.starts]


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=INDIA)


def set_policy(session: Session, shop: Shop, **terms: Any) -> None:
    session.add(BookingPolicy(business_id=shop.business_id, **terms))
    session.flush()


def add_rooms(session: Session, shop: Shop, service: int, *names: str, choice: int = 1) -> list[int]:
    rooms = [Resource(business_id=shop.business_id, name=name, kind="room", position=n) for n, name in enumerate(names)]
    session.add_all(rooms)
    session.flush()
    session.add_all(
        ServiceResource(business_id=shop.business_id, service_id=service, resource_id=room.id, choice=choice)
        for room in rooms
    )
    session.flush()
    return [room.id or 0 for room in rooms]


def add_class(session: Session, shop: Shop, service: int, start: datetime, seats: int, taken: int = 0) -> int:
    row = ClassSession(
        business_id=shop.business_id, service_id=service, member_id=shop.members[Role.MANAGER], starts_at=start,
        ends_at=start + timedelta(hours=1), seats=seats, taken=taken, created_at=start,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id or 0


def statements_of(uow: UnitOfWork, ask: Any) -> list[str]:
    """The SQL that ``ask`` sends."""
    seen: list[str] = []
    engine = uow.session.connection().engine
    note = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def busy_shop(uow: UnitOfWork, shop: Shop, seed: int, visits: int = 14) -> list[int]:
    """Breaks, leave, rooms, buffers, gaps and some visits, by chance. Returns the services."""
    rng, manager, owner = Random(seed), shop.members[Role.MANAGER], shop.members[Role.OWNER]
    doing = (Role.MANAGER, Role.OWNER)
    services = [
        add_service(uow.session, shop, "Colour", roles=doing, duration_min=100, gap_after_min=35, gap_min=40),
        add_service(
            uow.session, shop, "Facial", roles=doing, duration_min=50, buffer_before_min=5, buffer_after_min=15
        ),
        add_service(uow.session, shop, "Massage", roles=doing, duration_min=47, buffer_after_min=10),
    ]
    rooms = add_rooms(uow.session, shop, services[1], "Room 1", "Room 2")
    uow.session.add_all(
        ServiceResource(business_id=shop.business_id, service_id=services[2], resource_id=room) for room in rooms
    )
    for window in ((555, 780), (840, 1110)):
        uow.session.add_all(
            WeeklyHours(
                business_id=shop.business_id, member_id=manager, weekday=n, start_min=window[0], end_min=window[1]
            )
            for n in range(7)
        )
    away = Leave(business_id=shop.business_id, member_id=owner, starts_on=DAY, ends_on=DAY, start_min=600, end_min=690)
    uow.session.add(away)
    uow.session.flush()
    for _ in range(visits):
        minute = rng.randrange(540, 1140, 5)
        visit = (BookService(rng.choice(services), rng.choice((manager, owner))),)
        attempt = uow.session.begin_nested()
        try:
            book(uow, wish(shop, f"{minute // 60}:{minute % 60:02d}", services=visit, reason="by chance"))
        except SlotTaken:
            attempt.rollback()
        else:
            attempt.commit()
    return services
