"""Roles, rights and their limits; people who leave and come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range
from sqlmodel import select

from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Permission, Role, permissions_of
from microcrm.models.bookings import Booking, BookingItem, Occupancy
from microcrm.models.business import Member
from microcrm.models.catalogue import ServiceMember
from microcrm.models.records import AuditEvent
from microcrm.operations import departures, members
from microcrm.operations.members import AddMember, ChangeRights, EditMember
from microcrm.operations.undo import take_back
from tests.conftest import Work
from tests.support.shops import CANARY, VISIT_AT, Shop

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
Uow = Any


@pytest.fixture
def work(unit_of_work: Work, at: Any) -> Any:
    return lambda actor: unit_of_work(actor, clock=at(NOW))


def change(uow: Uow, member_id: int, role: Role, **more: Any) -> str:
    version = members.open_member(uow, member_id).version
    return members.change_rights(uow, ChangeRights(member_id, version, role.value, **more))


def test_the_list_shows_this_shop_only(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        rows = members.list_members(uow)
    assert [row.role for row in rows] == list(Role)
    assert rows[0].is_me
    assert not any(CANARY in row.name or row.email.endswith("b.example") for row in rows)


def test_addresses_are_for_those_who_manage_people(work: Work, shop: Shop) -> None:
    with work(shop.actor(Role.MANAGER)) as uow:
        assert members.list_members(uow)[3].email == "staff@a.example"
    with work(shop.actor(Role.FRONT_DESK)) as uow:
        assert {row.email for row in members.list_members(uow)} == {""}
    with work(shop.actor(Role.STAFF)) as uow, pytest.raises(Forbidden):
        members.list_members(uow)


def test_staff_without_a_sign_in(work: Work, shop: Shop) -> None:
    with work(shop.actor(Role.MANAGER)) as uow:
        member_id, token = members.add_member(uow, AddMember("  Divya   Rao "))
        added = members.open_member(uow, member_id)
        assert (added.name, added.has_sign_in, added.role, added.is_bookable) == ("Divya Rao", False, Role.STAFF, True)
        assert members.list_members(uow)[-1].id == member_id
        take_back(uow, token)
        assert member_id not in {row.id for row in members.list_members(uow)}
        assert member_id in {row.id for row in members.list_members(uow, is_former=True)}
    with work(shop.actor(Role.FRONT_DESK)) as uow, pytest.raises(Forbidden):
        members.add_member(uow, AddMember("Divya Rao"))


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (AddMember(""), "name"),
        (AddMember("x" * 1_000_000), "name"),
        (AddMember("a\x00b"), "name"),
        (AddMember({"name": "x"}), "name"),
        (AddMember("Divya", colour="url(//x)"), "colour"),
        (AddMember("Divya", is_bookable="maybe"), "is_bookable"),
    ],
)
def test_odd_people_are_refused(work: Work, shop: Shop, command: AddMember, field: str) -> None:
    with work(shop.actor()) as uow:
        with pytest.raises(Invalid) as refusal:
            members.add_member(uow, command)
        assert field in refusal.value.fields
        assert len(members.list_members(uow)) == 5


def test_editing_and_its_versions(work: Work, shop: Shop, neighbour: Shop) -> None:
    staff = shop.members[Role.STAFF]
    with work(shop.actor()) as uow:
        token = members.edit_member(uow, EditMember(staff, 1, "Meera Nair", "rose", ""))
        with pytest.raises(Conflict):
            members.edit_member(uow, EditMember(staff, 1, "Someone else", "rose", ""))
        assert not members.open_member(uow, staff).is_bookable
        take_back(uow, token)
        assert members.open_member(uow, staff).name == "Plain staff"
        with pytest.raises(NotFound):
            members.edit_member(uow, EditMember(neighbour.members[Role.STAFF], 1, "Meera", "rose", "on"))


def test_rights_beyond_the_role_and_less_than_it(work: Work, shop: Shop) -> None:
    desk = shop.members[Role.FRONT_DESK]
    rights = sorted(permissions_of(Role.FRONT_DESK) - {Permission.CUSTOMERS_CONTACT} | {Permission.HOURS_EDIT})
    with work(shop.actor()) as uow:
        token = change(uow, desk, Role.FRONT_DESK, rights=rights)
        row = uow.session.exec(select(Member).where(Member.id == desk)).one()
        assert (row.granted, row.withheld) == (["hours.edit"], ["customers.contact"])
        assert sorted(members.open_member(uow, desk).rights) == rights
        take_back(uow, token)
        assert members.open_member(uow, desk).rights == permissions_of(Role.FRONT_DESK)


@pytest.mark.parametrize("rights", ["all", ["root"], [1], [["hours.edit"]], {"hours.edit": True}])
def test_unknown_rights_are_refused(work: Work, shop: Shop, rights: Any) -> None:
    with work(shop.actor()) as uow, pytest.raises(Invalid):
        change(uow, shop.members[Role.STAFF], Role.STAFF, rights=rights)


def test_a_manager_gives_no_more_than_they_have(work: Work, shop: Shop) -> None:
    staff = shop.members[Role.STAFF]
    with work(shop.actor(Role.MANAGER)) as uow:
        with pytest.raises(Forbidden):
            change(uow, staff, Role.OWNER)
        with pytest.raises(Forbidden):
            change(uow, staff, Role.STAFF, rights=[*permissions_of(Role.STAFF), "business.edit"])
        with pytest.raises(Forbidden):
            change(uow, shop.members[Role.OWNER], Role.STAFF)
        with pytest.raises(Forbidden):
            members.edit_member(uow, EditMember(shop.members[Role.OWNER], 1, "Boss", "rose", "on"))
        assert change(uow, staff, Role.MANAGER)
    lesser = shop.actor(Role.MANAGER, permissions=permissions_of(Role.MANAGER, (), ["catalogue.edit"]))
    with work(lesser) as uow, pytest.raises(Forbidden):
        change(uow, shop.members[Role.FRONT_DESK], Role.MANAGER)


def test_a_manager_cannot_bring_rights_back_through_undo(work: Work, shop: Shop) -> None:
    staff = shop.members[Role.STAFF]
    with work(shop.actor()) as uow:
        change(uow, staff, Role.OWNER)
        token = change(uow, staff, Role.STAFF)
    with work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Forbidden):
        take_back(uow, token)
    with work(shop.actor()) as uow:
        take_back(uow, token)
        assert members.open_member(uow, staff).role is Role.OWNER


def test_one_owner_always_stays(work: Work, shop: Shop) -> None:
    owner, manager = shop.members[Role.OWNER], shop.members[Role.MANAGER]
    with work(shop.actor()) as uow:
        with pytest.raises(Conflict):
            change(uow, owner, Role.MANAGER)
        with pytest.raises(Conflict):
            departures.deactivate(uow, owner, members.open_member(uow, owner).version)
        change(uow, manager, Role.OWNER)
        assert change(uow, owner, Role.MANAGER)


def test_an_owner_without_a_sign_in_does_not_count(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        spare, _ = members.add_member(uow, AddMember("Silent partner"))
        change(uow, spare, Role.OWNER)
        with pytest.raises(Conflict):
            change(uow, shop.members[Role.OWNER], Role.MANAGER)


def test_nobody_of_another_shop_is_touched(work: Work, shop: Shop, neighbour: Shop) -> None:
    foreign = neighbour.members[Role.STAFF]
    with work(shop.actor()) as uow:
        for attempt in (
            lambda: members.open_member(uow, foreign),
            lambda: members.change_rights(uow, ChangeRights(foreign, 1, "owner")),
            lambda: departures.plan_departure(uow, foreign),
            lambda: departures.deactivate(uow, foreign, 1),
            lambda: departures.reactivate(uow, foreign),
            lambda: departures.hand_over(uow, departures.HandOver(shop.members[Role.STAFF], foreign)),
            lambda: members.move_member(uow, foreign, "up"),
        ):
            with pytest.raises(NotFound):
                attempt()


@pytest.mark.parametrize("odd", [None, "", "x", -1, 0, 2**70, 1.5, True, [1], "1; drop table members"])
def test_odd_ids_are_simply_not_found(work: Work, shop: Shop, odd: Any) -> None:
    with work(shop.actor()) as uow, pytest.raises(NotFound):
        members.open_member(uow, odd)


def test_bookings_are_handed_over_before_somebody_leaves(work: Work, shop: Shop) -> None:
    staff, desk = shop.members[Role.STAFF], shop.members[Role.FRONT_DESK]
    with work(shop.actor()) as uow:
        version = members.open_member(uow, staff).version
        with pytest.raises(Conflict):
            departures.deactivate(uow, staff, version)
        plan = departures.plan_departure(uow, staff)
        assert plan.visits == 1
        assert staff not in dict(plan.takers)
        done = departures.hand_over(uow, departures.HandOver(staff, str(desk)))
        assert (done.moved, done.clashes) == (1, ())
        item = uow.session.exec(select(BookingItem).where(BookingItem.id == shop.booking_item_id)).one()
        taken = uow.session.exec(select(Occupancy).where(Occupancy.booking_item_id == item.id)).one()
        assert (item.member_id, taken.member_id) == (desk, desk)
        take_back(uow, done.undo)
        assert departures.plan_departure(uow, staff).visits == 1
        departures.hand_over(uow, departures.HandOver(staff, desk))
        token = departures.deactivate(uow, staff, version)
        assert staff not in {row.id for row in members.list_members(uow)}
        with pytest.raises(Conflict):
            take_back(uow, done.undo)
        take_back(uow, token)
        assert staff in {row.id for row in members.list_members(uow)}
        facts = uow.session.exec(select(AuditEvent).where(AuditEvent.action == "hand_over")).first()
        assert facts is not None
        assert facts.facts == {"to": desk, "visits": 1}


def book(uow: Uow, shop: Shop, member_id: int, starts_at: datetime) -> None:
    mine = {"business_id": shop.business_id}
    ends_at = starts_at + timedelta(minutes=45)
    booking = Booking(**mine, number=2, status="booked", starts_at=starts_at, ends_at=ends_at, created_at=NOW)
    uow.session.add(booking)
    uow.session.flush()
    item = BookingItem(
        **mine, booking_id=booking.id, service_id=shop.service_id, member_id=member_id, starts_at=starts_at,
        ends_at=ends_at, duration_min=45, price_paise=1,
    )  # fmt: skip
    uow.session.add(item)
    uow.session.flush()
    uow.session.add(Occupancy(**mine, booking_item_id=item.id, member_id=member_id, span=Range(starts_at, ends_at)))
    uow.session.flush()


def test_visits_that_clash_stay_and_are_listed(work: Work, shop: Shop) -> None:
    staff, desk = shop.members[Role.STAFF], shop.members[Role.FRONT_DESK]
    with work(shop.actor()) as uow:
        book(uow, shop, desk, VISIT_AT + timedelta(minutes=30))
        done = departures.hand_over(uow, departures.HandOver(staff, desk))
        assert (done.moved, done.clash_count, done.undo) == (0, 1, "")
        assert "taken at that time" in done.clashes[0].reason
        assert departures.plan_departure(uow, staff).visits == 1
        spans = uow.session.exec(select(Occupancy).where(Occupancy.booking_item_id == shop.booking_item_id)).all()
        assert [span.member_id for span in spans] == [staff]


def test_nobody_takes_over_what_they_do_not_do(work: Work, shop: Shop) -> None:
    staff, desk = shop.members[Role.STAFF], shop.members[Role.FRONT_DESK]
    with work(shop.actor()) as uow:
        uow.session.delete(uow.session.exec(select(ServiceMember).where(ServiceMember.member_id == desk)).one())
        done = departures.hand_over(uow, departures.HandOver(staff, desk))
        assert done.moved == 0
        assert "does not do" in done.clashes[0].reason
        for odd in ("", None, staff):
            with pytest.raises(Invalid):
                departures.hand_over(uow, departures.HandOver(staff, odd))


@pytest.mark.parametrize("role", list(Role))
def test_who_may_let_people_go(work: Work, shop: Shop, role: Role) -> None:
    accountant = shop.members[Role.ACCOUNTANT]
    with work(shop.actor(role)) as uow:
        if role in (Role.OWNER, Role.MANAGER):
            assert departures.deactivate(uow, accountant, 1)
            assert departures.reactivate(uow, accountant)
            return
        with pytest.raises(Forbidden):
            departures.deactivate(uow, accountant, 1)
        with pytest.raises(Forbidden):
            departures.reactivate(uow, accountant)


def test_a_manager_cannot_bring_an_owner_back(work: Work, shop: Shop) -> None:
    with work(shop.actor()) as uow:
        spare, _ = members.add_member(uow, AddMember("Partner"))
        change(uow, spare, Role.OWNER)
        departures.deactivate(uow, spare, members.open_member(uow, spare).version)
    with work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Forbidden):
        departures.reactivate(uow, spare)
