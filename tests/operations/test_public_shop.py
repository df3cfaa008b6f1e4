"""What strangers may read of a shop: the price list and its people, of one shop only, and nothing about customers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text, update

from microcrm.domain.errors import NotFound
from microcrm.domain.permissions import Role
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.policy import BookingPolicy
from microcrm.operations.public_shop import PublicShop, public_logo, shop_front, shops_to_find
from microcrm.operations.unit_of_work import VISITOR
from tests.conftest import Work
from tests.support.shops import CANARY, Shop

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def front(work: Work, slug: Any = "shop-a") -> PublicShop:
    with work(VISITOR) as uow:
        return shop_front(uow, slug)


def change(work: Work, shop: Shop, table: Any, **values: Any) -> None:
    with work(shop.actor()) as uow:
        own = table.id if table is Business else table.business_id
        uow.session.execute(update(table).where(own == shop.business_id).values(**values))


def test_a_visitor_reads_the_price_list_and_nothing_of_the_neighbour(unit_of_work: Work, shop: Shop) -> None:
    shown = front(unit_of_work)
    assert (shown.business_id, shown.name, shown.city) == (shop.business_id, "Asha's Salon", "Bengaluru")
    (service,) = shown.services
    assert (service.name, service.price_paise, service.minutes) == ("Plain haircut", 60_000, 45)
    assert {doer.member_id for doer in service.doers} == set(shop.members.values())
    assert len(shown.hours) == 7 and shown.hours[0][1][0].start == 9 * 60
    assert CANARY not in repr(shown) and "Iyer" not in repr(shown) and "@" not in repr(shown)


@pytest.mark.parametrize("slug", ["shop-z", "", "SHOP-A", "shop-a'--", "x" * 5_000, "shop\x00a", None, 7, ["shop-a"]])
def test_an_unknown_address_is_not_found(unit_of_work: Work, slug: Any) -> None:
    with pytest.raises(NotFound):
        front(unit_of_work, slug)


def test_a_shop_that_switched_the_page_off_looks_like_none(unit_of_work: Work, shop: Shop) -> None:
    with pytest.raises(NotFound) as unknown:
        front(unit_of_work, "shop-z")
    with unit_of_work(shop.actor()) as uow:
        uow.session.add(BookingPolicy(business_id=shop.business_id, is_online=False))
    with pytest.raises(NotFound) as switched_off:
        front(unit_of_work)
    assert (switched_off.value.message, switched_off.value.remedy) == (unknown.value.message, unknown.value.remedy)
    assert front(unit_of_work, "shop-b").name == f"{CANARY} Clinic"


def test_what_is_not_sold_online_is_not_shown(unit_of_work: Work, shop: Shop) -> None:
    change(unit_of_work, shop, Service, is_online=False)
    assert front(unit_of_work).services == ()
    change(unit_of_work, shop, Service, is_online=True)
    assert len(front(unit_of_work).services) == 1


def test_people_who_take_no_bookings_are_not_offered(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        uow.session.execute(update(Member).where(Member.role != Role.STAFF).values(is_bookable=False))
    shown = front(unit_of_work)
    assert set(shown.members) == {shop.members[Role.STAFF]}
    change(unit_of_work, shop, Member, is_bookable=False)
    assert front(unit_of_work).services == (), "nobody does it"
    change(unit_of_work, shop, Service, seats=8)
    assert front(unit_of_work).services[0].is_class, "a class names its people by its sessions"


def test_prices_hold_the_tax_where_the_shop_is_registered(unit_of_work: Work, shop: Shop) -> None:
    change(unit_of_work, shop, Service, is_price_with_tax=False, tax_class="hair")
    assert front(unit_of_work).services[0].price_paise == 60_000, "without a GSTIN there is no GST"
    change(unit_of_work, shop, Business, gstin="29AAQFL4821M1ZK")
    assert front(unit_of_work).services[0].price_paise == 63_000
    change(unit_of_work, shop, Service, is_price_with_tax=True)
    assert front(unit_of_work).services[0].price_paise == 60_000


def test_a_dearer_person_makes_it_a_price_from(unit_of_work: Work, shop: Shop) -> None:
    assert not front(unit_of_work).services[0].is_from
    with unit_of_work(shop.actor()) as uow:
        mine = (ServiceMember.business_id == shop.business_id, ServiceMember.member_id == shop.members[Role.OWNER])
        uow.session.execute(update(ServiceMember).where(*mine).values(price_paise=90_000, duration_min=60))
    service = front(unit_of_work).services[0]
    assert (service.price_paise, service.is_from) == (60_000, True)
    assert {doer.price_paise for doer in service.doers} == {60_000, 90_000}


def test_the_logo_is_the_shop_s_own(unit_of_work: Work, shop: Shop) -> None:
    change(unit_of_work, shop, Business, logo=PNG, logo_kind="image/png")
    with unit_of_work(VISITOR) as uow:
        assert public_logo(uow, "shop-a") == (PNG, "image/png")
    with unit_of_work(VISITOR) as uow, pytest.raises(NotFound):
        public_logo(uow, "shop-b")


def test_search_engines_find_the_shops_that_are_online(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    def found() -> tuple[str, ...]:
        with unit_of_work(VISITOR) as uow:
            return shops_to_find(uow)

    assert found() == ("shop-a", "shop-b")
    change(unit_of_work, shop, Business, is_demo=True)
    assert found() == ("shop-b",), "demo shops only while there is no other"
    change(unit_of_work, neighbour, Business, is_demo=True)
    assert found() == ("shop-a", "shop-b")
    change(unit_of_work, neighbour, Service, is_active=False)
    assert found() == ("shop-a",)


def test_the_list_names_no_shop_inside_a_tenant_query(unit_of_work: Work) -> None:
    """The function gives addresses only: the table itself stays closed to a visitor."""
    with unit_of_work(VISITOR) as uow:
        assert uow.session.execute(text("SELECT count(*) FROM businesses")).scalar_one() == 0
