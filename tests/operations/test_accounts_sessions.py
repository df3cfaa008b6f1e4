"""The list of one's sessions, ending them, choosing the business, and one's own details."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from microcrm.domain.errors import Invalid, NotFound, SignedOut
from microcrm.domain.permissions import Role
from microcrm.models.business import Member
from microcrm.operations.accounts.entering import Browser, Entry
from microcrm.operations.accounts.my_sessions import (
    choose_business,
    list_sessions,
    memberships,
    revoke_session,
    sign_out,
    sign_out_everywhere_else,
)
from microcrm.operations.accounts.profile import EditProfile, edit_profile, my_profile
from microcrm.operations.accounts.second_step import AnswerSecondStep, answer_second_step
from tests.conftest import Work
from tests.support.accounts import HERE, SEAL, Desk
from tests.support.shops import Shop


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


def test_the_list_shows_ones_own_sessions_this_one_first(desk: Desk) -> None:
    here, _, _ = desk.sign_in(), desk.sign_in(), desk.sign_in("owner@b.example")
    rows = desk.do(list_sessions, actor=desk.actor(here.token))
    assert [row.is_here for row in rows] == [True, False]
    assert rows[0].seen == "In use now"
    assert rows[0].browser == "Firefox on Linux"


def test_a_revoked_session_is_out_at_once(desk: Desk) -> None:
    here, elsewhere = desk.sign_in(), desk.sign_in()
    actor = desk.actor(here.token)
    desk.do(revoke_session, desk.do(list_sessions, actor=actor)[1].id, actor=actor)
    assert not desk.seat(elsewhere.token).is_signed_in
    assert desk.seat(here.token).is_signed_in


@pytest.mark.parametrize("session_id", ["", "0", "-1", "9" * 30, "1; drop table sessions", None, 7, "١"])
def test_what_is_no_session_of_mine_is_not_found(desk: Desk, session_id: Any) -> None:
    actor = desk.actor(desk.sign_in().token)
    with pytest.raises(NotFound):
        desk.do(revoke_session, session_id, actor=actor)


def test_somebody_elses_session_is_not_found(desk: Desk) -> None:
    mine, theirs = desk.sign_in(), desk.sign_in("owner@b.example")
    session_id = str(desk.actor(theirs.token).session_id)
    with pytest.raises(NotFound):
        desk.do(revoke_session, session_id, actor=desk.actor(mine.token))
    assert desk.seat(theirs.token).is_signed_in
    desk.do(revoke_session, session_id, actor=desk.actor(theirs.token))
    assert not desk.seat(theirs.token).is_signed_in


def test_signing_out_ends_this_session_only(desk: Desk) -> None:
    here, elsewhere = desk.sign_in(), desk.sign_in()
    desk.do(sign_out, here.token)
    assert not desk.seat(here.token).is_signed_in
    assert desk.seat(elsewhere.token).is_signed_in
    desk.do(sign_out, "never given out")


def test_signing_out_everywhere_else_keeps_this_one_and_trusts_no_browser(desk: Desk, shop: Shop) -> None:
    _, codes = desk.turn_on_second_step(shop.actor(Role.OWNER))
    half = desk.sign_in()
    here = desk.do(
        answer_second_step, AnswerSecondStep(codes[0], Browser(half.token, half.device_token), True, "on"), SEAL
    )
    neighbour = desk.sign_in("owner@b.example")
    assert not desk.sign_in(browser=Browser("", here.device_token)).needs_second_step
    desk.do(sign_out_everywhere_else, actor=desk.actor(here.token))
    assert desk.seat(here.token).is_signed_in
    assert desk.seat(neighbour.token).is_signed_in
    assert len(desk.do(list_sessions, actor=desk.actor(here.token))) == 1
    assert desk.sign_in(browser=Browser("", here.device_token)).needs_second_step


def test_visitors_have_no_sessions_to_see(desk: Desk) -> None:
    with pytest.raises(SignedOut):
        desk.do(list_sessions)


def join(unit_of_work: Work, shop: Shop, user_id: int, now: datetime) -> None:
    with unit_of_work(shop.actor()) as uow:
        uow.session.add(
            Member(business_id=shop.business_id, user_id=user_id, name="Guest", role="staff", joined_at=now)
        )


def test_with_two_businesses_one_chooses_and_the_choice_is_remembered(
    desk: Desk, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    join(unit_of_work, neighbour, shop.users[Role.OWNER], desk.now)
    first = desk.sign_in()
    actor = desk.actor(first.token)
    assert (actor.kind, actor.business_id) == ("account", None)
    assert {(m.business_id, m.role) for m in desk.do(memberships, actor=actor)} == {
        (shop.business_id, "Owner"),
        (neighbour.business_id, "Staff"),
    }
    desk.do(choose_business, str(neighbour.business_id), actor=actor)
    assert desk.actor(first.token).role is Role.STAFF
    assert desk.actor(desk.sign_in().token).business_id == neighbour.business_id


@pytest.mark.parametrize("business_id", ["", None, 0, "nonsense", "9" * 40])
def test_only_ones_own_business_can_be_chosen(desk: Desk, neighbour: Shop, business_id: Any) -> None:
    entry = desk.sign_in()
    actor = desk.actor(entry.token)
    for foreign in (business_id, str(neighbour.business_id)):
        with pytest.raises(NotFound):
            desk.do(choose_business, foreign, actor=actor)
    assert desk.actor(entry.token).business_id == actor.business_id


def test_a_deactivated_member_is_out_of_the_business_but_keeps_the_account(
    desk: Desk, unit_of_work: Work, shop: Shop
) -> None:
    entry = desk.sign_in("staff@a.example")
    assert isinstance(entry, Entry)
    with unit_of_work(shop.actor()) as uow:
        uow.session.get_one(Member, shop.members[Role.STAFF]).deactivated_at = desk.now
    assert desk.actor(entry.token).kind == "account"
    assert desk.do(memberships, actor=desk.actor(entry.token)) == ()


def test_ones_details_are_read_and_changed(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    assert desk.do(my_profile, actor=actor).email == "owner@a.example"
    changed = desk.do(edit_profile, EditProfile(" Asha  Rao ", "98450 99999"), actor=actor)
    assert (changed.name, changed.phone) == ("Asha Rao", "+91 98450 99999")
    assert desk.do(my_profile, actor=desk.actor(desk.sign_in("owner@b.example").token)).name == "CANARY owner"


@pytest.mark.parametrize(
    ("name", "phone", "field"),
    [
        ("", "", "name"),
        ("a\x00b", "", "name"),
        ("x" * 10**6, "", "name"),
        ("Asha", "12", "phone"),
        (None, None, "name"),
    ],
)
def test_bad_details_are_named_at_their_field(desk: Desk, name: Any, phone: Any, field: str) -> None:
    actor = desk.actor(desk.sign_in().token)
    with pytest.raises(Invalid) as refused:
        desk.do(edit_profile, EditProfile(name, phone), actor=actor)
    assert list(refused.value.fields) == [field]


def test_outside_the_accounts_realm_nobody_sees_accounts(unit_of_work: Work, shop: Shop, desk: Desk) -> None:
    """The wall itself: the same query, with the realm and without."""
    from sqlmodel import func, select

    from microcrm.models.accounts import User

    with unit_of_work(HERE) as uow:
        assert uow.session.exec(select(func.count()).select_from(User)).one() == 0
    with unit_of_work(shop.actor()) as uow:
        assert [u.id for u in uow.session.exec(select(User))] == [shop.users[Role.OWNER]]
    with unit_of_work(HERE, realm="accounts") as uow:
        assert uow.session.exec(select(func.count()).select_from(User)).one() == 10
