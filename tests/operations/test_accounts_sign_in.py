"""Signing in: who gets in, what a wrong try costs, and that nothing tells whether an account exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from microcrm.adapters.passwords import Argon2
from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Role
from microcrm.models.accounts import Session, User
from microcrm.operations.accounts.entering import Browser, Entry, Refusal
from microcrm.operations.accounts.sign_in import WRONG, SignIn, sign_in
from microcrm.operations.sessions import touch
from tests.conftest import Work
from tests.support.accounts import HERE, OWNER, QUICK, Desk, from_address
from tests.support.shops import PASSWORD, Shop

NOBODY = "nobody@nowhere.example"


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


class CountingArgon2(Argon2):
    """The real thing; notes how often it was asked."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, passes=1)
        self.verified = 0

    def verify(self, stored: str, password: str) -> bool:
        self.verified += 1
        return super().verify(stored, password)


def test_the_right_password_opens_a_session_in_the_persons_shop(desk: Desk, shop: Shop) -> None:
    entry = desk.sign_in()
    assert isinstance(entry, Entry)
    seat = desk.seat(entry.token)
    assert seat.actor.business_id == shop.business_id
    assert seat.actor.role is Role.OWNER
    assert not desk.seat(entry.token[:-1] + "x").is_signed_in


@pytest.mark.parametrize("email", [" Owner@A.Example ", "OWNER@a.example"])
def test_case_and_blanks_of_an_address_do_not_matter(desk: Desk, email: str) -> None:
    assert isinstance(desk.sign_in(email), Entry)


def test_known_and_unknown_addresses_are_refused_alike(desk: Desk) -> None:
    known = [desk.sign_in(OWNER, f"wrong {n}") for n in range(12)]
    unknown = [desk.sign_in(NOBODY, f"wrong {n}") for n in range(12)]
    assert known == unknown
    assert known[0] == Refusal(WRONG)
    assert isinstance(known[-1], Refusal)
    assert "Wait" in known[-1].message


@pytest.mark.parametrize("email", [OWNER, NOBODY])
def test_one_hash_is_compared_whether_or_not_there_is_an_account(desk: Desk, email: str) -> None:
    hasher = CountingArgon2()
    desk.do(sign_in, SignIn(email, "wrong"), hasher)
    assert hasher.verified == 1


def test_the_delay_grows_and_the_right_password_waits_too(desk: Desk) -> None:
    for _ in range(5):
        assert desk.sign_in(password="wrong") == Refusal(WRONG)
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        desk.now += timedelta(minutes=minutes, seconds=-5)
        early = desk.sign_in()
        assert isinstance(early, Refusal)
        assert "Wait 5 seconds" in early.message
        desk.now += timedelta(seconds=5)
        assert desk.sign_in(password="wrong") == Refusal(WRONG)
    desk.now += timedelta(hours=1)
    assert isinstance(desk.sign_in(), Entry)


def test_a_success_clears_the_count(desk: Desk) -> None:
    for _ in range(3):
        for _ in range(4):
            assert desk.sign_in(password="wrong") == Refusal(WRONG)
        assert isinstance(desk.sign_in(), Entry)


def test_one_address_that_tries_many_accounts_is_stopped_and_others_are_not(desk: Desk) -> None:
    for number in range(20):
        assert desk.sign_in(f"guess{number}@a.example", "wrong") == Refusal(WRONG)
    assert isinstance(desk.sign_in(), Refusal)
    assert isinstance(desk.sign_in(actor=from_address("198.51.100.1")), Entry)


def test_addresses_of_one_ipv6_network_count_as_one(desk: Desk) -> None:
    for number in range(20):
        desk.sign_in(f"guess{number}@a.example", "wrong", actor=from_address(f"2001:db8:1:2::{number}"))
    assert isinstance(desk.sign_in(actor=from_address("2001:db8:1:2:ffff::1")), Refusal)
    assert isinstance(desk.sign_in(actor=from_address("2001:db8:1:3::1")), Entry)


@pytest.mark.parametrize(("email", "mails"), [(OWNER, ["locked_out"]), (NOBODY, [])])
def test_the_owner_is_told_of_a_lockout_once(desk: Desk, email: str, mails: list[str]) -> None:
    for _ in range(12):
        desk.sign_in(email, "wrong")
        desk.now += timedelta(hours=1, minutes=1)
    assert desk.templates() == mails


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(desk: Desk, unit_of_work: Work) -> None:
    def stored() -> str:
        with unit_of_work(HERE, realm="accounts") as uow:
            return str(uow.session.exec(select(User.password_hash).where(User.email == OWNER)).one())

    stronger = Argon2(memory_kib=128, passes=2)
    before = stored()
    desk.do(sign_in, SignIn(OWNER, "wrong"), stronger)
    assert stored() == before
    desk.do(sign_in, SignIn(OWNER, PASSWORD), stronger)
    assert "m=128,t=2" in stored()
    assert isinstance(desk.do(sign_in, SignIn(OWNER, PASSWORD), stronger), Entry)


def test_signing_in_again_ends_the_session_that_the_browser_had(desk: Desk) -> None:
    first = desk.sign_in()
    second = desk.sign_in(browser=Browser(first.token, first.device_token))
    assert first.token != second.token
    assert not desk.seat(first.token).is_signed_in
    assert desk.seat(second.token).is_signed_in


def test_only_a_browser_that_is_new_to_the_account_is_told_about(desk: Desk) -> None:
    first = desk.sign_in()
    assert desk.templates() == ["new_device"]
    desk.sign_in(browser=Browser("", first.device_token))
    assert desk.templates() == ["new_device"]
    colleague = desk.sign_in("manager@a.example", browser=Browser("", first.device_token))
    assert colleague.device_token == first.device_token
    assert [mail["to"] for mail in desk.mails()] == [OWNER, "manager@a.example"]


@pytest.mark.parametrize(
    ("keep", "idle", "at_most"),
    [("", timedelta(hours=12), timedelta(days=1)), ("on", timedelta(days=14), timedelta(days=60))],
)
def test_a_session_ends_when_idle_and_in_any_case(
    desk: Desk, unit_of_work: Work, keep: str, idle: timedelta, at_most: timedelta
) -> None:
    entry = desk.sign_in(keep=keep)
    began = desk.now
    session_id = desk.actor(entry.token).session_id

    def ends_at() -> datetime:
        with unit_of_work(HERE, realm="accounts") as uow:
            return uow.session.get_one(Session, session_id).expires_at

    assert ends_at() == began + idle
    desk.now = began + timedelta(hours=3)
    desk.do(touch, session_id)
    assert ends_at() == began + min(idle + timedelta(hours=3), at_most)
    desk.now = began + at_most - timedelta(hours=1)
    desk.do(touch, session_id)
    assert ends_at() == began + at_most


@pytest.mark.parametrize("days", [13, 15])
def test_an_idle_session_is_no_session(desk: Desk, days: int) -> None:
    desk.now -= timedelta(days=days)
    entry = desk.sign_in(keep="on")
    assert desk.seat(entry.token).is_signed_in is (days == 13)


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("", PASSWORD, "email"),
        (OWNER, "", "password"),
        ("owner", PASSWORD, "email"),
        ("a\x00@a.example", PASSWORD, "email"),
        ("x" * 1_000_000, PASSWORD, "email"),
        ("<script>@a.example", PASSWORD, "email"),
        (None, PASSWORD, "email"),
        (["owner@a.example"], PASSWORD, "email"),
        (OWNER, None, "password"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_at_its_field(desk: Desk, email: Any, password: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.sign_in(email, password)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("password", ["x" * 1_000_000, "null\x00byte", "\ud800", "<b>"])
def test_hostile_passwords_are_only_wrong(desk: Desk, password: str) -> None:
    assert desk.sign_in(OWNER, password) == Refusal(WRONG)
    assert isinstance(desk.do(sign_in, SignIn(OWNER, PASSWORD), QUICK), Entry)
