"""A forgotten password, and changing one's own password or address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.accounts.credentials import (
    ChangeEmail,
    ChangePassword,
    ask_to_change_email,
    change_email,
    change_password,
    new_email_behind,
)
from microcrm.operations.accounts.entering import Entry, Refusal
from microcrm.operations.accounts.reset import ResetPassword, ask_for_reset, reset_password, whose_reset
from tests.conftest import Work
from tests.support.accounts import NEW_PASSWORD, OWNER, QUICK, Desk
from tests.support.shops import PASSWORD, Shop

NEW_EMAIL = "asha@new.example"


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


def reset(desk: Desk, token: Any, password: Any = NEW_PASSWORD) -> None:
    desk.do(reset_password, ResetPassword(token, password), QUICK)


def test_the_link_sets_a_password_and_ends_every_session(desk: Desk) -> None:
    before = desk.sign_in()
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    assert desk.do(whose_reset, token) == OWNER
    reset(desk, token)
    assert not desk.seat(before.token).is_signed_in
    assert isinstance(desk.sign_in(password=PASSWORD), Refusal)
    assert isinstance(desk.sign_in(password=NEW_PASSWORD), Entry)
    assert "password_changed" in desk.templates()


def test_it_also_ends_a_lockout(desk: Desk) -> None:
    for _ in range(6):
        desk.sign_in(password="wrong")
    desk.do(ask_for_reset, OWNER)
    reset(desk, desk.link("reset"))
    assert isinstance(desk.sign_in(password=NEW_PASSWORD), Entry)


def test_the_second_step_stays_on(desk: Desk, shop: Shop) -> None:
    desk.turn_on_second_step(shop.actor(Role.OWNER))
    desk.do(ask_for_reset, OWNER)
    reset(desk, desk.link("reset"))
    assert desk.sign_in(password=NEW_PASSWORD).needs_second_step


def test_an_unknown_address_gets_no_mail_and_the_same_answer(desk: Desk) -> None:
    assert desk.do(ask_for_reset, "nobody@nowhere.example") is desk.do(ask_for_reset, OWNER) is None
    assert [mail["to"] for mail in desk.mails()] == [OWNER]


@pytest.mark.parametrize("address", ["", "nobody", None, "x" * 1_000_000, "a\x00@b.example"])
def test_what_is_no_address_is_refused(desk: Desk, address: Any) -> None:
    with pytest.raises(Invalid) as refused:
        desk.do(ask_for_reset, address)
    assert list(refused.value.fields) == ["email"]


def test_a_reset_link_works_once(desk: Desk) -> None:
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    reset(desk, token)
    with pytest.raises(NotFound):
        reset(desk, token, "another quiet password here")


def test_a_used_link_voids_the_others_under_way(desk: Desk) -> None:
    desk.do(ask_for_reset, OWNER)
    first = desk.link("reset")
    desk.now += timedelta(seconds=1)
    desk.do(ask_for_reset, OWNER)
    reset(desk, desk.link("reset"))
    with pytest.raises(NotFound):
        reset(desk, first)


@pytest.mark.parametrize(("minutes", "works"), [(29, True), (31, False)])
def test_a_reset_link_works_for_half_an_hour(desk: Desk, minutes: int, works: bool) -> None:
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    desk.now += timedelta(minutes=minutes)
    if works:
        reset(desk, token)
    else:
        with pytest.raises(NotFound):
            reset(desk, token)
    assert isinstance(desk.sign_in(password=NEW_PASSWORD), Entry) is works


@pytest.mark.parametrize(
    "password", ["short", "password123", "owner@a.example", "", None, "x" * 1_000_000, "a\x00bcdefgh"]
)
def test_a_weak_password_is_refused_and_the_link_stays_good(desk: Desk, password: Any) -> None:
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    with pytest.raises(Invalid) as refused:
        reset(desk, token, password)
    assert list(refused.value.fields) == ["password"]
    reset(desk, token)
    assert isinstance(desk.sign_in(password=NEW_PASSWORD), Entry)


def test_nobody_is_flooded_with_reset_mails(desk: Desk) -> None:
    for _ in range(9):
        desk.now += timedelta(seconds=1)
        desk.do(ask_for_reset, OWNER)
    assert len(desk.mails()) == 5


def test_changing_the_password_takes_the_old_one_and_ends_other_sessions(desk: Desk) -> None:
    here, elsewhere = desk.sign_in(), desk.sign_in()
    actor = desk.actor(here.token)
    wrong = desk.do(change_password, ChangePassword("wrong", NEW_PASSWORD), QUICK, actor=actor)
    assert wrong.field == "current"
    assert desk.do(change_password, ChangePassword(PASSWORD, NEW_PASSWORD), QUICK, actor=actor) is None
    assert desk.seat(here.token).is_signed_in
    assert not desk.seat(elsewhere.token).is_signed_in
    assert isinstance(desk.sign_in(password=NEW_PASSWORD), Entry)


def test_guessing_the_password_in_a_stolen_session_is_slowed_down(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    for _ in range(5):
        desk.do(change_password, ChangePassword("wrong", NEW_PASSWORD), QUICK, actor=actor)
    refused = desk.do(change_password, ChangePassword(PASSWORD, NEW_PASSWORD), QUICK, actor=actor)
    assert "Wait" in refused.message


def test_a_new_address_counts_once_its_mail_is_answered_and_both_are_told(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    assert desk.do(ask_to_change_email, ChangeEmail(PASSWORD, NEW_EMAIL), QUICK, actor=actor) is None
    assert isinstance(desk.sign_in(OWNER), Entry)
    token = desk.link("confirm_email")
    assert desk.do(new_email_behind, token) == NEW_EMAIL
    desk.do(change_email, token)
    assert isinstance(desk.sign_in(NEW_EMAIL), Entry)
    assert isinstance(desk.sign_in(OWNER), Refusal)
    assert [m["to"] for m in desk.mails() if m["template"] == "email_changed"] == [OWNER, NEW_EMAIL]
    assert [m["to"] for m in desk.mails() if m["template"] == "email_change_asked"] == [OWNER]
    with pytest.raises(NotFound):
        desk.do(change_email, token)


def test_changing_the_address_takes_the_password(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    assert desk.do(ask_to_change_email, ChangeEmail("wrong", NEW_EMAIL), QUICK, actor=actor).field == "current"
    assert "confirm_email" not in desk.templates()


def test_somebody_elses_address_is_answered_alike_and_gets_no_link(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    taken = ChangeEmail(PASSWORD, "owner@b.example")
    assert desk.do(ask_to_change_email, taken, QUICK, actor=actor) is None
    assert "confirm_email" not in desk.templates()


def test_an_address_taken_meanwhile_is_a_conflict(desk: Desk) -> None:
    tokens = []
    for email in (OWNER, "manager@a.example"):
        actor = desk.actor(desk.sign_in(email).token)
        desk.do(ask_to_change_email, ChangeEmail(PASSWORD, NEW_EMAIL), QUICK, actor=actor)
        tokens.append(desk.link("confirm_email"))
    assert desk.do(change_email, tokens[0]) == NEW_EMAIL
    with pytest.raises(Conflict):
        desk.do(change_email, tokens[1])


def test_a_link_is_good_for_its_own_purpose_only(desk: Desk) -> None:
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    with pytest.raises(NotFound):
        desk.do(change_email, token)
    reset(desk, token)


def test_a_reset_under_way_to_the_old_address_dies_with_the_change(desk: Desk) -> None:
    actor = desk.actor(desk.sign_in().token)
    desk.do(ask_for_reset, OWNER)
    token = desk.link("reset")
    desk.do(ask_to_change_email, ChangeEmail(PASSWORD, NEW_EMAIL), QUICK, actor=actor)
    desk.do(change_email, desk.link("confirm_email"))
    with pytest.raises(NotFound):
        reset(desk, token)
