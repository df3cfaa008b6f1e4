"""Signing up: the same answer for every address, and an account only for whoever reads its mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Invalid, LimitReached, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.accounts import SignUp, User
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.operations.accounts.entering import Browser, Entry, Refusal
from microcrm.operations.accounts.opening import OpenBusiness, open_another
from microcrm.operations.accounts.sign_up import (
    ConfirmAccount,
    ask_for_account,
    confirm_account,
    look_at_link,
    mail_again,
    waiting_in,
)
from microcrm.operations.accounts.tidying import tidy_accounts
from microcrm.operations.unit_of_work import system
from tests.conftest import Work
from tests.support.accounts import NEW_PASSWORD, OWNER, QUICK, Desk, a_device, a_request, from_address
from tests.support.shops import Shop, TwoShops


@pytest.fixture
def desk(unit_of_work: Work) -> Desk:
    return Desk(unit_of_work, datetime.now(UTC))


def ask(desk: Desk, **changes: Any) -> str:
    """The device token of the browser that asked."""
    device = changes.pop("device_token", a_device())
    desk.do(ask_for_account, a_request(device_token=device, **changes), QUICK)
    return device


def confirm(desk: Desk, token: Any, device: str = "", password: Any = "") -> Entry | Refusal:
    return desk.do(confirm_account, ConfirmAccount(token, Browser("", device), password), QUICK)


def test_the_link_makes_the_account_its_business_and_a_session(desk: Desk, unit_of_work: Work) -> None:
    device = ask(desk, gstin="29 abcfs1234k 1z3")
    entry = confirm(desk, desk.link("confirm_account"), device)
    seat = desk.seat(entry.token)
    assert (seat.person_name, seat.shop_name, seat.shop_slug) == ("Kavya Rao", "Glow & Go Salon", "glow-and-go-salon")
    assert seat.actor.role is Role.OWNER
    assert seat.is_verified
    with unit_of_work(seat.actor) as uow:
        business = uow.session.exec(select(Business)).one()
        assert (business.gstin, business.state_code, business.holiday_state) == ("29ABCFS1234K1Z3", "29", "29")
        assert business.phone == "+919845012345"
        assert uow.session.exec(select(func.count()).select_from(Service)).one() > 3
        assert [m.role for m in uow.session.exec(select(Member))] == ["owner"]
    assert isinstance(desk.sign_in("kavya@glow.example", NEW_PASSWORD), Entry)
    assert "new_device" in desk.templates()[1:]  # only for the second browser, just now


def test_nothing_exists_before_the_link_is_followed(desk: Desk) -> None:
    ask(desk)
    assert isinstance(desk.sign_in("kavya@glow.example", NEW_PASSWORD), Refusal)


def test_an_address_with_an_account_gets_a_hint_and_the_asker_the_same_answer(desk: Desk, unit_of_work: Work) -> None:
    new, known = ask(desk), ask(desk, email=OWNER)
    assert desk.do(waiting_in, new) == "kavya@glow.example"
    assert desk.do(waiting_in, known) == OWNER
    assert [(m["to"], m["template"]) for m in desk.mails()] == [
        ("kavya@glow.example", "confirm_account"),
        (OWNER, "already_known"),
    ]
    assert not any("Kavya" in str(mail) or "Glow" in str(mail) for mail in desk.mails())
    with unit_of_work(desk.visitor, realm="accounts") as uow:
        assert uow.session.exec(select(func.count()).select_from(SignUp)).one() == 2


def test_another_browser_has_to_know_the_password(desk: Desk) -> None:
    ask(desk)
    token = desk.link("confirm_account")
    assert desk.do(look_at_link, token, a_device()).needs_password
    assert confirm(desk, token, a_device(), "wrong password").field == "password"
    with pytest.raises(Invalid):
        confirm(desk, token, a_device(), "")
    assert isinstance(confirm(desk, token, a_device(), NEW_PASSWORD), Entry)


def test_guessing_that_password_is_slowed_down(desk: Desk) -> None:
    ask(desk)
    token = desk.link("confirm_account")
    for _ in range(5):
        confirm(desk, token, a_device(), "wrong password")
    assert "Wait" in confirm(desk, token, a_device(), NEW_PASSWORD).message
    desk.now += timedelta(minutes=2)
    assert isinstance(confirm(desk, token, a_device(), NEW_PASSWORD), Entry)


def test_a_link_works_once(desk: Desk) -> None:
    device = ask(desk)
    token = desk.link("confirm_account")
    confirm(desk, token, device)
    with pytest.raises(NotFound):
        confirm(desk, token, device)


def test_a_link_works_for_a_day(desk: Desk) -> None:
    device = ask(desk)
    token = desk.link("confirm_account")
    desk.now += timedelta(hours=23)
    assert desk.do(look_at_link, token, device).business == "Glow & Go Salon"
    desk.now += timedelta(hours=2)
    with pytest.raises(NotFound):
        confirm(desk, token, device)
    assert desk.do(tidy_accounts, actor=system()) >= 1
    desk.now -= timedelta(hours=2)
    with pytest.raises(NotFound):
        desk.do(look_at_link, token, device)


@pytest.mark.parametrize("token", ["", None, "x" * 43, "x" * 1_000_000, "\x00" * 43, 7, ["x"]])
def test_what_is_no_link_finds_nothing(desk: Desk, token: Any) -> None:
    ask(desk)
    with pytest.raises(NotFound):
        confirm(desk, token, "")


def test_sent_again_only_the_newest_link_works(desk: Desk) -> None:
    device = ask(desk)
    first = desk.link("confirm_account")
    desk.do(mail_again, device)
    second = desk.link("confirm_account")
    with pytest.raises(NotFound):
        confirm(desk, first, device)
    assert isinstance(confirm(desk, second, device), Entry)
    with pytest.raises(NotFound):
        desk.do(mail_again, a_device())


def test_one_address_is_not_flooded_with_mail(desk: Desk) -> None:
    device = ask(desk)
    for _ in range(9):
        desk.do(mail_again, device)
    assert len(desk.mails()) == 5


def test_one_network_address_cannot_ask_without_end(desk: Desk) -> None:
    for number in range(20):
        ask(desk, email=f"k{number}@glow.example")
    with pytest.raises(LimitReached):
        ask(desk, email="more@glow.example")
    desk.visitor = from_address("198.51.100.9")
    ask(desk, email="more@glow.example")


def test_of_two_requests_for_one_address_the_first_link_wins(desk: Desk) -> None:
    one = ask(desk)
    first = desk.link("confirm_account")
    two = ask(desk, business="Another Salon")
    second = desk.link("confirm_account")
    assert isinstance(confirm(desk, second, two), Entry)
    with pytest.raises(NotFound):
        confirm(desk, first, one)


def test_shops_of_one_name_get_addresses_of_their_own(desk: Desk) -> None:
    slugs = []
    for number in range(3):
        device = ask(desk, email=f"k{number}@glow.example")
        slugs.append(desk.seat(confirm(desk, desk.link("confirm_account"), device).token).shop_slug)
    assert slugs == ["glow-and-go-salon", "glow-and-go-salon-2", "glow-and-go-salon-3"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "<b>\x00"), ("name", "x" * 1_000_000), ("name", None),
        ("email", "nobody"), ("email", "x" * 1_000_000),
        ("password", "short"), ("password", "password123"), ("password", "kavya rao kavya"), ("password", "x" * 1_000_000),
        ("business", ""), ("business", "a\x00b"), ("trade", "bank"), ("trade", ""), ("city", ""),
        ("state", "99"), ("state", "28"), ("state", "'; drop table users; --"),
        ("gstin", "29ABCFS1234K1Z4"), ("gstin", "27AAPFU0939F1ZV"), ("phone", "12345"), ("phone", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_field_and_nothing_is_kept(
    desk: Desk, unit_of_work: Work, field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(desk, **{field: value})
    assert list(refused.value.fields) == [field]
    assert desk.mails() == []
    with unit_of_work(desk.visitor, realm="accounts") as uow:
        assert uow.session.exec(select(SignUp)).all() == []


def test_every_mistake_is_named_at_once(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        ask(desk, name="", email="", password="", business="", trade="", city="", state="", phone="")
    assert set(refused.value.fields) == {"name", "email", "password", "business", "trade", "city", "state", "phone"}


def test_html_in_a_name_is_kept_as_typed(desk: Desk) -> None:
    device = ask(desk, business="<script>alert(1)</script> & Co")
    entry = confirm(desk, desk.link("confirm_account"), device)
    assert desk.seat(entry.token).shop_name == "<script>alert(1)</script> & Co"


def test_a_second_business_of_ones_own(desk: Desk, shop: Shop) -> None:
    token = desk.sign_in().token
    desk.do(
        open_another, OpenBusiness("Second Chair", "salon", "Mysuru", "29", "", "98450 12345"), actor=desk.actor(token)
    )
    seat = desk.seat(token)
    assert seat.shop_name == "Second Chair"
    assert seat.actor.business_id != shop.business_id
    with pytest.raises(DomainError):
        desk.do(open_another, OpenBusiness("Third", "salon", "Mysuru", "29", "", "98450 12345"))


def test_the_same_address_and_name_from_everywhere_at_once(fresh_database: TwoShops) -> None:
    """Real connections: one account for one address; one booking address for each shop."""
    desk = Desk(wiring.unit_of_work, datetime.now(UTC))
    emails = ["kavya@glow.example"] * 4 + [f"k{n}@glow.example" for n in range(4)]

    def sign_up(place: int) -> str:
        visitor = from_address(f"198.51.100.{place}")
        device = a_device()
        desk.do(ask_for_account, a_request(email=emails[place], device_token=device), QUICK, actor=visitor)
        return device

    devices = [sign_up(place) for place in range(len(emails))]
    links = [mail["data"]["path"].partition("token=")[2] for mail in desk.mails()]

    def follow(place: int) -> Entry | DomainError:
        try:
            return confirm(desk, links[place], devices[place])
        except (NotFound, Conflict) as refused:
            return refused

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(follow, range(len(emails))))
    assert sum(isinstance(result, Entry) for result in results[:4]) == 1
    assert all(isinstance(result, Entry) for result in results[4:])
    with wiring.unit_of_work(desk.visitor, realm="accounts") as uow:
        assert uow.session.exec(select(func.count()).where(User.email_key.like("%@glow.example"))).one() == 5
    slugs = {desk.seat(result.token).shop_slug for result in results if isinstance(result, Entry)}
    assert slugs == {"glow-and-go-salon"} | {f"glow-and-go-salon-{n}" for n in range(2, 6)}
