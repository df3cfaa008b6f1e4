"""The last word about double booking is the database's: here all code that asks first is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from microcrm.domain.permissions import Role
from microcrm.models.bookings import Occupancy
from tests.support.shops import VISIT_AT, Shop

Span = tuple[int, int]  # minutes from the standing visit's start, which lasts from 0 to 45


@pytest.fixture
def hold(owner_engine: Engine, shop: Shop) -> Callable[..., None]:
    """Insert one occupancy as the owner of the tables, then forget it again."""

    def insert(
        minutes: Span, *, is_live: bool = True, member: Role | None = Role.STAFF, resource: int | None = None
    ) -> None:
        with Session(owner_engine) as session:
            start, end = (VISIT_AT + timedelta(minutes=minute) for minute in minutes)
            session.execute(
                Occupancy.__table__.insert().values(
                    business_id=shop.business_id,
                    booking_item_id=shop.booking_item_id,
                    member_id=shop.members[member] if member else None,
                    resource_id=resource,
                    span=text(f"tstzrange('{start.isoformat()}', '{end.isoformat()}')"),
                    is_live=is_live,
                )
            )
            session.rollback()

    return insert


@pytest.mark.parametrize("minutes", [(0, 45), (-30, 1), (44, 90), (10, 20), (-60, 120)])
def test_time_that_overlaps_is_refused(hold: Callable[..., None], minutes: Span) -> None:
    with pytest.raises(IntegrityError, match="ex_occupancies_no_double_booking"):
        hold(minutes)


@pytest.mark.parametrize("minutes", [(45, 90), (-45, 0)])
def test_time_that_only_touches_is_allowed(hold: Callable[..., None], minutes: Span) -> None:
    hold(minutes)


def test_other_people_rooms_and_visits_that_are_off_do_not_collide(hold: Callable[..., None], shop: Shop) -> None:
    hold((0, 45), member=Role.OWNER)
    hold((0, 45), member=None, resource=shop.resource_id)
    hold((0, 45), is_live=False)


@pytest.mark.parametrize(("member", "has_resource"), [(None, False), (Role.OWNER, True)])
def test_an_occupancy_has_exactly_one_keeper(
    hold: Callable[..., None], shop: Shop, member: Role | None, has_resource: bool
) -> None:
    with pytest.raises(IntegrityError, match="one_keeper"):
        hold((200, 245), member=member, resource=shop.resource_id if has_resource else None)


def test_a_live_visit_cannot_be_pushed_onto_another(owner_engine: Engine, shop: Shop) -> None:
    later = (VISIT_AT + timedelta(hours=3), VISIT_AT + timedelta(hours=4))
    with Session(owner_engine) as session:
        session.execute(_insert(shop, *later))
        with pytest.raises(IntegrityError, match="no_double_booking"):
            session.execute(
                text("UPDATE occupancies SET span = tstzrange(:a, :b) WHERE business_id = :shop AND span @> :inside"),
                {"a": VISIT_AT, "b": later[1], "shop": shop.business_id, "inside": later[0]},
            )
        session.rollback()


def _insert(shop: Shop, start: datetime, end: datetime) -> object:
    return Occupancy.__table__.insert().values(
        business_id=shop.business_id,
        booking_item_id=shop.booking_item_id,
        member_id=shop.members[Role.STAFF],
        span=text(f"tstzrange('{start.isoformat()}', '{end.isoformat()}')"),
        is_live=True,
    )
