"""The second step: codes good once, recovery codes, trust in a browser, and no way around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from microcrm.domain.errors import Conflict, Invalid, SealBroken, SignedOut
from microcrm.domain.permissions import Role
from microcrm.operations.accounts.authenticator import (
    TurnOff,
    begin_enrolment,
    finish_enrolment,
    renew_codes,
    second_step_standing,
    turn_off,
)
from microcrm.operations.accounts.entering import Browser, Entry, Refusal
from microcrm.operations.accounts.second_step import AnswerSecondStep, answer_second_step, whose_second_step
from tests.conftest import Work
from tests.support.accounts import OWNER, QUICK, SEAL, Desk
from tests.support.shops import PASSWORD, Shop


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


@pytest.fixture
def enrolled(desk: Desk, shop: Shop) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    result = desk.turn_on_second_step(shop.actor(Role.OWNER))
    desk.now += timedelta(minutes=1)  # the code that confirmed it is used up
    return result


def answer(desk: Desk, entry: Entry, code: Any, *, is_recovery: bool = False, trust: str = "") -> Entry | Refusal:
    command = AnswerSecondStep(code, Browser(entry.token, entry.device_token), is_recovery, trust)
    return desk.do(answer_second_step, command, SEAL)


def test_the_password_alone_opens_nothing(desk: Desk, enrolled: Any) -> None:
    half = desk.sign_in()
    assert half.needs_second_step
    assert not desk.seat(half.token).is_signed_in
    assert desk.do(whose_second_step, half.token) == OWNER


def test_a_code_opens_the_session_under_a_new_token(desk: Desk, enrolled: Any) -> None:
    half = desk.sign_in()
    whole = answer(desk, half, enrolled[0].at(desk.now))
    assert isinstance(whole, Entry)
    assert whole.token != half.token
    assert desk.seat(whole.token).is_signed_in
    assert not desk.seat(half.token).is_signed_in


@pytest.mark.parametrize("typed", ["{}", " {} ", "{} {}", "{}-{}"])
def test_a_code_may_be_typed_with_blanks(desk: Desk, enrolled: Any, typed: str) -> None:
    code = enrolled[0].at(desk.now)
    halves = (code,) if typed.count("{}") == 1 else (code[:3], code[3:])
    assert isinstance(answer(desk, desk.sign_in(), typed.format(*halves)), Entry)


def test_a_code_is_good_once(desk: Desk, enrolled: Any) -> None:
    code = enrolled[0].at(desk.now)
    assert isinstance(answer(desk, desk.sign_in(), code), Entry)
    assert isinstance(answer(desk, desk.sign_in(), code), Refusal)
    desk.now += timedelta(seconds=30)
    assert isinstance(answer(desk, desk.sign_in(), code), Refusal)
    assert isinstance(answer(desk, desk.sign_in(), enrolled[0].at(desk.now)), Entry)


def test_the_code_that_confirmed_the_app_is_used_up(desk: Desk, shop: Shop) -> None:
    totp, _ = desk.turn_on_second_step(shop.actor(Role.OWNER))
    assert isinstance(answer(desk, desk.sign_in(), totp.at(desk.now)), Refusal)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "१२३", None, ["123456"], "0" * 1_000_000, "\x00" * 6]
)
def test_what_is_no_code_is_a_wrong_one(desk: Desk, enrolled: Any, code: Any) -> None:
    assert isinstance(answer(desk, desk.sign_in(), code), Refusal)


def test_wrong_codes_lock_the_step_and_are_counted_across_sign_ins(desk: Desk, enrolled: Any) -> None:
    for left in (4, 3, 2, 1):
        refused = answer(desk, desk.sign_in(), "000000")
        assert f"{left} {'try' if left == 1 else 'tries'} left" in refused.message
    answer(desk, desk.sign_in(), "000000")
    assert "Wait" in answer(desk, desk.sign_in(), enrolled[0].at(desk.now)).message
    desk.now += timedelta(minutes=2)
    assert isinstance(answer(desk, desk.sign_in(), enrolled[0].at(desk.now)), Entry)


def test_the_step_must_follow_soon(desk: Desk, enrolled: Any) -> None:
    half = desk.sign_in()
    desk.now += timedelta(minutes=11)
    with pytest.raises(SignedOut):
        answer(desk, half, enrolled[0].at(desk.now))


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\x00" * 43, "x" * 100_000])
def test_without_the_password_there_is_no_step(desk: Desk, enrolled: Any, token: str) -> None:
    with pytest.raises(SignedOut):
        desk.do(answer_second_step, AnswerSecondStep(enrolled[0].at(desk.now), Browser(token)), SEAL)


def test_a_whole_session_is_no_half_one(desk: Desk, shop: Shop) -> None:
    with pytest.raises(SignedOut):
        desk.do(whose_second_step, desk.sign_in("manager@a.example").token)


def test_a_recovery_code_works_once_however_it_is_typed(desk: Desk, enrolled: Any) -> None:
    code = enrolled[1][3]
    assert isinstance(answer(desk, desk.sign_in(), code.upper().replace("-", " "), is_recovery=True), Entry)
    assert isinstance(answer(desk, desk.sign_in(), code, is_recovery=True), Refusal)
    assert [m["data"]["left"] for m in desk.mails() if m["template"] == "recovery_code_used"] == [9]


def test_somebody_elses_recovery_code_is_wrong(desk: Desk, shop: Shop, neighbour: Shop, enrolled: Any) -> None:
    _, theirs = desk.turn_on_second_step(neighbour.actor(Role.OWNER))
    assert isinstance(answer(desk, desk.sign_in(), theirs[0], is_recovery=True), Refusal)
    assert isinstance(answer(desk, desk.sign_in(), enrolled[1][0], is_recovery=True), Entry)


def test_a_trusted_browser_skips_the_step_for_thirty_days(desk: Desk, enrolled: Any) -> None:
    trusted = answer(desk, desk.sign_in(), enrolled[0].at(desk.now), trust="on")
    browser = Browser("", trusted.device_token)
    assert not desk.sign_in(browser=browser).needs_second_step
    assert desk.sign_in().needs_second_step
    desk.now += timedelta(days=31)
    assert desk.sign_in(browser=browser).needs_second_step


def test_renewed_codes_replace_the_old_ones(desk: Desk, shop: Shop, enrolled: Any) -> None:
    new = desk.do(renew_codes, PASSWORD, QUICK, actor=shop.actor(Role.OWNER))
    assert len(set(new)) == 10
    assert isinstance(answer(desk, desk.sign_in(), enrolled[1][0], is_recovery=True), Refusal)
    assert isinstance(answer(desk, desk.sign_in(), new[0], is_recovery=True), Entry)


def test_turning_it_on_takes_the_password_and_a_code_of_the_app(desk: Desk, shop: Shop) -> None:
    actor = shop.actor(Role.OWNER)
    assert desk.do(begin_enrolment, "wrong", QUICK, SEAL, actor=actor) == Refusal(
        "That isn’t your password.", "current"
    )
    with pytest.raises(Invalid):
        desk.do(finish_enrolment, "000000", SEAL, actor=actor)
    desk.do(begin_enrolment, PASSWORD, QUICK, SEAL, actor=actor)
    assert not desk.do(second_step_standing, actor=actor).is_on
    assert not desk.sign_in().needs_second_step
    desk.turn_on_second_step(actor)
    assert desk.do(second_step_standing, actor=actor).is_on
    with pytest.raises(Conflict):
        desk.do(begin_enrolment, PASSWORD, QUICK, SEAL, actor=actor)


def test_turning_it_off_takes_both(desk: Desk, shop: Shop, enrolled: Any) -> None:
    actor, code = shop.actor(Role.OWNER), enrolled[0].at(desk.now)
    assert desk.do(turn_off, TurnOff("wrong", code), QUICK, SEAL, actor=actor).field == "current"
    assert desk.do(turn_off, TurnOff(PASSWORD, "000000"), QUICK, SEAL, actor=actor).field == "code"
    assert desk.do(turn_off, TurnOff(PASSWORD, code), QUICK, SEAL, actor=actor) is None
    assert not desk.sign_in().needs_second_step
    assert "second_step_off" in desk.templates()


def test_the_secret_is_sealed_to_its_account(desk: Desk, shop: Shop, enrolled: Any, unit_of_work: Work) -> None:
    from sqlmodel import select

    from microcrm.models.accounts import User

    with unit_of_work(desk.visitor, realm="accounts") as uow:
        sealed = uow.session.exec(select(User.totp_sealed).where(User.email == OWNER)).one()
    owner = shop.users[Role.OWNER]
    assert SEAL.open(sealed, f"users.totp:{owner}").decode() == enrolled[0].secret
    assert enrolled[0].secret.encode() not in sealed
    with pytest.raises(SealBroken):
        SEAL.open(sealed, f"users.totp:{owner + 1}")
