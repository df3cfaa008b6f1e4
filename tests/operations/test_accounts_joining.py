"""Accepting an invitation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from microcrm.domain.errors import Conflict, Invalid, NotFound, SignedOut
from microcrm.domain.permissions import Role
from microcrm.models.business import Member
from microcrm.operations.accounts.entering import Browser
from microcrm.operations.accounts.joining import JoinAsNew, join_as_new, join_signed_in, look_at_invitation
from microcrm.operations.invitations import Invite, invite, open_invitations, revoke
from tests.conftest import Work
from tests.support.accounts import NEW_PASSWORD, QUICK, Desk
from tests.support.shops import Shop

GUEST = "divya@guest.example"


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


def ask(desk: Desk, unit_of_work: Work, shop: Shop, email: str = GUEST, **more: Any) -> str:
    """The token in the mail."""
    command = Invite(email=email, role="front_desk", name="Divya", **more)
    with unit_of_work(shop.actor(), clock=lambda: desk.now) as uow:
        invite(uow, command)
    return desk.link("invitation")


def join(desk: Desk, token: Any, name: Any = "Divya Shetty", password: Any = NEW_PASSWORD) -> Any:
    return desk.do(join_as_new, JoinAsNew(token, name, password, Browser()), QUICK)


def test_a_new_person_joins_with_the_role_and_is_signed_in(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    token = ask(desk, unit_of_work, shop)
    invited = desk.do(look_at_invitation, token)
    assert (invited.business, invited.role, invited.email) == ("Asha's Salon", "Front desk", GUEST)
    assert not invited.has_account
    seat = desk.seat(join(desk, token).token)
    assert (seat.actor.business_id, seat.actor.role) == (shop.business_id, Role.FRONT_DESK)
    assert (seat.person_email, seat.is_verified) == (GUEST, True)
    with pytest.raises(NotFound):
        join(desk, token)


def test_somebody_signed_in_joins_with_their_account(
    desk: Desk, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    token = ask(desk, unit_of_work, shop, "owner@b.example")
    assert desk.do(look_at_invitation, token).has_account
    entry = desk.sign_in("owner@b.example")
    assert desk.actor(entry.token).business_id == neighbour.business_id
    desk.do(join_signed_in, token, actor=desk.actor(entry.token))
    seat = desk.seat(entry.token)
    assert (seat.actor.business_id, seat.actor.role) == (shop.business_id, Role.FRONT_DESK)
    with pytest.raises(NotFound):
        desk.do(join_signed_in, token, actor=desk.actor(entry.token))


def test_an_account_cannot_be_made_twice(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    token = ask(desk, unit_of_work, shop, "owner@b.example")
    with pytest.raises(Conflict):
        join(desk, token)
    with pytest.raises(SignedOut):
        desk.do(join_signed_in, token)


def test_a_member_without_a_sign_in_gets_one(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        member = Member(business_id=shop.business_id, name="Farah", role="staff", joined_at=uow.now, colour="rose")
        uow.session.add(member)
        uow.session.flush()
        member_id = member.id
    seat = desk.seat(join(desk, ask(desk, unit_of_work, shop, member_id=member_id)).token)
    assert seat.actor.member_id == member_id
    with unit_of_work(shop.actor()) as uow:
        assert uow.session.get_one(Member, member_id).colour == "rose"


def test_somebody_who_left_comes_back_to_their_place(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        uow.session.get_one(Member, shop.members[Role.STAFF]).deactivated_at = desk.now
    token = ask(desk, unit_of_work, shop, "other@a.example")
    entry = desk.sign_in("staff@a.example")
    desk.do(join_signed_in, token, actor=desk.actor(entry.token))
    actor = desk.actor(entry.token)
    assert (actor.member_id, actor.role) == (shop.members[Role.STAFF], Role.FRONT_DESK)


def test_who_belongs_already_cannot_join_again(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    token = ask(desk, unit_of_work, shop)
    entry = desk.sign_in("manager@a.example")
    with pytest.raises(Conflict):
        desk.do(join_signed_in, token, actor=desk.actor(entry.token))
    assert desk.actor(entry.token).role is Role.MANAGER


def test_a_link_taken_back_or_too_old_is_void(desk: Desk, unit_of_work: Work, shop: Shop) -> None:
    token = ask(desk, unit_of_work, shop)
    with unit_of_work(shop.actor()) as uow:
        revoke(uow, open_invitations(uow)[0].id)
    with pytest.raises(NotFound):
        desk.do(look_at_invitation, token)
    desk.now -= timedelta(days=8)
    old = ask(desk, unit_of_work, shop, "late@guest.example")
    with pytest.raises(NotFound):
        join(desk, old)


@pytest.mark.parametrize("token", ["", None, "x" * 43, "\x00" * 43, "x" * 1_000_000, {}])
def test_what_is_no_invitation_finds_nothing(desk: Desk, unit_of_work: Work, shop: Shop, token: Any) -> None:
    ask(desk, unit_of_work, shop)
    with pytest.raises(NotFound):
        join(desk, token)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", NEW_PASSWORD, "name"),
        ("Divya", "password", "password"),
        ("Divya", "divya@guest", "password"),
        ("\x00", NEW_PASSWORD, "name"),
    ],
)
def test_mistakes_are_named_and_the_invitation_stays_open(
    desk: Desk, unit_of_work: Work, shop: Shop, name: str, password: str, field: str
) -> None:
    token = ask(desk, unit_of_work, shop)
    with pytest.raises(Invalid) as refused:
        join(desk, token, name, password)
    assert list(refused.value.fields) == [field]
    assert desk.seat(join(desk, token).token).is_signed_in


def test_joining_opens_one_shop_only(desk: Desk, unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    actor = desk.actor(join(desk, ask(desk, unit_of_work, shop)).token)
    with unit_of_work(actor) as uow:
        assert {m.business_id for m in uow.session.exec(select(Member))} == {shop.business_id}
    with unit_of_work(replace(neighbour.actor())) as uow:
        assert GUEST not in str(uow.session.exec(select(Member)).all())
