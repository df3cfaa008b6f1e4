"""The bell: who hears of what, once, and that each sees and reads their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from microcrm.domain.bell import BellKind
from microcrm.domain.bell_news import News
from microcrm.domain.errors import Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Permission, Role
from microcrm.models.bell import BellNotice
from microcrm.models.business import Member
from microcrm.operations.bell.reading import (
    COUNTED,
    MOST_SHOWN,
    PAGE,
    count_unread,
    mark_all_read,
    mark_read,
    read_bell,
)
from microcrm.operations.bell.ringing import ring, ring_user
from microcrm.operations.bell.tidying import AT_ONCE, KEPT, forget_read, tell_news
from microcrm.operations.unit_of_work import VISITOR, UnitOfWork, system
from tests.conftest import Work
from tests.support.bells import bells
from tests.support.shops import Shop, TwoShops

NOW = datetime(2026, 12, 4, 6, 0, tzinfo=UTC)
FACTS = {"item": 1, "starts_at": "2026-12-05T10:45:00+00:00"}


@pytest.fixture
def uow(unit_of_work: Work, shop: Shop, at: Callable[..., Any]) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor(), clock=at(NOW)) as uow:
        yield uow


def of(uow: UnitOfWork, shop: Shop, role: Role, **changes: Any) -> UnitOfWork:
    return replace(uow, actor=shop.actor(role, **changes))


def many(uow: UnitOfWork, shop: Shop, number: int, role: Role = Role.OWNER) -> None:
    for place in range(number):
        ring(uow, BellKind.REPLY, f"r{place}", to=(shop.members[role],), inbound=place + 1)


def change(uow: UnitOfWork, shop: Shop, role: Role, **columns: Any) -> None:
    mine = (Member.business_id == shop.business_id, Member.id == shop.members[role])
    uow.session.execute(update(Member).where(*mine).values(**columns))


def test_those_hear_who_hold_the_permission_now(uow: UnitOfWork, shop: Shop) -> None:
    change(uow, shop, Role.STAFF, granted=[Permission.BOOKINGS_ALL.value])
    change(uow, shop, Role.MANAGER, withheld=[Permission.BOOKINGS_ALL.value])
    change(uow, shop, Role.OWNER, withheld=[Permission.BOOKINGS_ALL.value])  # an owner's set never shrinks
    ring(uow, BellKind.REQUEST, "1", **FACTS)
    assert set(bells(uow, shop, "request")) == {Role.OWNER, Role.FRONT_DESK, Role.STAFF}
    change(uow, shop, Role.FRONT_DESK, deactivated_at=NOW)
    change(uow, shop, Role.STAFF, user_id=None)
    ring(uow, BellKind.REQUEST, "2", but=shop.members[Role.OWNER], **FACTS)
    assert {role: len(found) for role, found in bells(uow, shop, "request").items()} == {
        Role.OWNER: 1, Role.FRONT_DESK: 1, Role.STAFF: 1,
    }  # fmt: skip


def test_the_same_is_told_once_and_a_stranger_s_member_never(uow: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    for _ in range(2):
        ring(uow, BellKind.REPLY, "1", to=(shop.members[Role.STAFF], neighbour.members[Role.STAFF]), inbound=1)
    assert bells(uow, shop, "reply") == {Role.STAFF: [{"inbound": 1}]}
    uow.enter_business(neighbour.business_id)
    assert bells(uow, neighbour, "reply") == {}


def test_each_sees_their_own_newest_first_and_a_page_at_a_time(uow: UnitOfWork, shop: Shop) -> None:
    many(uow, shop, PAGE + 3)
    many(uow, shop, 1, Role.MANAGER)
    first = read_bell(uow)
    assert (len(first.rows), first.unread, first.has_more) == (PAGE, PAGE + 3, True)
    assert first.rows[0].told.href == f"/inbox?c={PAGE + 3}"
    second = read_bell(uow, first.rows[-1].id)
    assert [one.told.href for one in second.rows] == ["/inbox?c=3", "/inbox?c=2", "/inbox?c=1"]
    assert not second.has_more
    assert read_bell(of(uow, shop, Role.STAFF)).rows == ()
    assert count_unread(of(uow, shop, Role.MANAGER)) == 1
    many(uow, shop, COUNTED + 5)
    assert count_unread(uow) == COUNTED
    assert len(read_bell(uow, "", 10**6).rows) == MOST_SHOWN


@pytest.mark.parametrize("raw", ["x", -1, 0.5, [1], {"a": 1}, "9" * 40, "1; drop table bell_notices"])
def test_hostile_ids(uow: UnitOfWork, shop: Shop, raw: Any) -> None:
    many(uow, shop, 1)
    with pytest.raises(NotFound):
        mark_read(uow, raw)
    for call in (lambda: mark_all_read(uow, raw), lambda: read_bell(uow, raw)):
        with pytest.raises(Invalid):
            call()
    assert count_unread(uow) == 1


def test_one_is_read_by_whom_it_is_for_and_by_nobody_else(uow: UnitOfWork, shop: Shop, neighbour: Shop) -> None:
    many(uow, shop, 3)
    one = read_bell(uow).rows[1].id
    for other in (of(uow, shop, Role.MANAGER), of(uow, neighbour, Role.OWNER)):
        with pytest.raises(NotFound):
            mark_read(other, one)
    assert count_unread(uow) == 3
    mark_read(uow, one)
    mark_read(uow, one)
    assert [row.is_new for row in read_bell(uow).rows] == [True, False, True]


def test_all_means_what_was_on_the_screen(uow: UnitOfWork, shop: Shop) -> None:
    many(uow, shop, 3)
    newest = read_bell(uow).rows[0].id
    ring(uow, BellKind.FAILED, "later")
    mark_all_read(uow, newest)
    page = read_bell(uow)
    assert page.unread == 1 and page.rows[0].told.href == "/messages"
    ring(of(uow, shop, Role.MANAGER), BellKind.FAILED, "for all")
    assert count_unread(of(uow, shop, Role.MANAGER)) == 2


def test_whoever_looks_as_somebody_else_sees_nobody_s_bell(uow: UnitOfWork, shop: Shop) -> None:
    many(uow, shop, 2, Role.STAFF)
    watching = of(uow, shop, Role.STAFF, is_viewing_as=True)
    assert (count_unread(watching), read_bell(watching).rows) == (0, ())
    notice = read_bell(of(uow, shop, Role.STAFF)).rows[0].id
    for call in (mark_read, mark_all_read):
        with pytest.raises(Forbidden):
            call(watching, notice)
    nowhere = replace(uow, actor=replace(shop.actor(), kind="account", business_id=None, member_id=None))
    assert count_unread(nowhere) == 0
    assert count_unread(of(uow, shop, Role.STAFF)) == 2


def test_an_account_s_happening_is_told_in_each_of_its_businesses(unit_of_work: Work, both_of: Any) -> None:
    a, b, user = both_of
    with unit_of_work(VISITOR, realm="accounts") as uow:
        ring_user(uow, user, BellKind.SIGN_IN, "k", browser="Edge")
        ring_user(uow, user, BellKind.SIGN_IN, "k", browser="Edge")
        here = uow.session.execute(text("SELECT current_setting('app.business_id', true)")).scalar_one()
        assert here == ""
    for shop, role in ((a, Role.OWNER), (b, Role.STAFF)):
        with unit_of_work(shop.actor()) as uow:
            assert bells(uow, shop, "sign_in") == {role: [{"browser": "Edge"}]}


@pytest.fixture
def both_of(unit_of_work: Work, two_shops: TwoShops) -> tuple[Shop, Shop, int]:
    """The owner of A is also the staff member of B."""
    a, b = two_shops.a, two_shops.b
    with unit_of_work(b.actor()) as uow:
        change(uow, b, Role.STAFF, user_id=a.users[Role.OWNER])
    return a, b, a.users[Role.OWNER]


def test_what_was_read_long_ago_goes_and_what_is_unread_stays(uow: UnitOfWork, shop: Shop) -> None:
    many(uow, shop, 4)
    uow.session.execute(text("UPDATE bell_notices SET at = :old"), {"old": NOW - timedelta(days=900)})
    ids = [row.id for row in read_bell(uow).rows]
    read = {ids[0]: KEPT + timedelta(seconds=1), ids[1]: KEPT - timedelta(seconds=1)}
    for one, ago in read.items():
        uow.session.execute(update(BellNotice).where(BellNotice.id == one).values(read_at=NOW - ago))
    working = replace(uow, actor=system(shop.business_id))
    assert AT_ONCE >= 100
    assert (forget_read(working), forget_read(working)) == (1, 0)
    assert list(uow.session.scalars(select(BellNotice.id).order_by(BellNotice.id.desc()))) == ids[1:]


def test_news_are_told_once_to_those_who_were_there_and_may_use_them(uow: UnitOfWork, shop: Shop) -> None:
    day = date(2026, 12, 3)
    news = (
        News("all", day, "a bell", "/today"),
        News("some", day, "campaigns", "/today", Permission.BUSINESS_EDIT),
        News("old", day - timedelta(days=61), "paper", "/today"),
        News("to come", day + timedelta(days=3), "flights", "/today"),
    )
    change(uow, shop, Role.STAFF, joined_at=NOW)
    working = replace(uow, actor=system(shop.business_id))
    assert tell_news(working, news) == 5
    assert tell_news(working, news) == 0
    told = {role: sorted(one["code"] for one in found) for role, found in bells(uow, shop, "news").items()}
    assert told == {
        Role.OWNER: ["all", "some"], Role.MANAGER: ["all"], Role.FRONT_DESK: ["all"], Role.ACCOUNTANT: ["all"],
    }  # fmt: skip
