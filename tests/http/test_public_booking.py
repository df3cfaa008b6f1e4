"""Booking as a customer without scripts: every step, and every way in which one can fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import httpx
import pytest
from sqlalchemy import select, update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.domain.permissions import Role
from microcrm.http.book import fronts, services, traps
from microcrm.models.bookings import Booking, BookingItem
from microcrm.models.business import Member
from microcrm.models.catalogue import Service, ServiceMember
from microcrm.models.customers import Customer as CustomerRow
from microcrm.models.policy import BookingPolicy
from microcrm.operations.unit_of_work import UnitOfWork, system
from tests.support.booking import Customer, errors_of, forms_of, words
from tests.support.shops import CANARY, Shop, TwoShops


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> Iterator[None]:
    """Tests fill in forms at once, often from one address; and pages kept for seconds would be another test's."""
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    fronts.fronts.clear()
    services.forget_pages()
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    yield
    fronts.fronts.clear()
    services.forget_pages()


def tomorrow() -> str:
    return (wiring.now() + timedelta(days=1)).date().isoformat()


def arrange(shop: Shop, change: Callable[[UnitOfWork], object]) -> None:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        change(uow)
    fronts.fronts.clear()
    services.forget_pages()


def policy(shop: Shop, **terms: object) -> None:
    arrange(shop, lambda uow: uow.session.add(BookingPolicy(business_id=shop.business_id, **terms)))


def visits(shop: Shop) -> list[Booking]:
    """What was booked online."""
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        mine = select(Booking).where(Booking.business_id == shop.business_id, Booking.source == "online")
        return list(uow.session.scalars(mine.order_by(Booking.id)))


async def held(customer: Customer, shop: Shop, place: int = 0) -> tuple[str, str]:
    await customer.to_times("shop-a", shop.service_id, day=tomorrow())
    return await customer.take(place)


async def test_from_the_price_list_to_the_visit(shop: Shop) -> None:
    customer = Customer()
    first = words(await customer.go("/b/shop-a"))
    assert "Plain haircut" in first and "₹600" in first and "45 min" in first and "Step 1 of 5" in first
    await customer.press(s=str(shop.service_id))
    assert "Who should do it?" in words(customer.page) and "Anybody free" in words(customer.page)
    await customer.press()
    assert "When suits you?" in words(customer.page)
    await customer.go(f"{customer.page.url.raw_path.decode()}&day={tomorrow()}")
    _, start = await customer.take()
    assert "is kept for you for about 10 minutes" in words(customer.page)
    await customer.press(name="Ananya Hegde", phone="98450 54321", note="No fringe")
    assert customer.page.status_code == 200 and "You’re booked, Ananya" in words(customer.page)
    (visit,) = visits(shop)
    assert (visit.status, visit.note, visit.starts_at) == ("booked", "No fringe", datetime.fromisoformat(start))
    assert CANARY not in customer.page.text


async def test_the_chosen_person_does_it(shop: Shop) -> None:
    customer, wanted = Customer(), shop.members[Role.MANAGER]
    await customer.go("/b/shop-a")
    await customer.press(s=str(shop.service_id))
    await customer.press(**{f"w{shop.service_id}": str(wanted)})
    await customer.go(f"{customer.page.url.raw_path.decode()}&day={tomorrow()}")
    await customer.take()
    assert "Plain manager" in customer.page.text
    await customer.press(name="Asha", phone="9845054321")
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        item = uow.session.scalars(select(BookingItem).order_by(BookingItem.id.desc())).first()
        assert item is not None and item.member_id == wanted


@pytest.mark.parametrize(("ahead", "shown"), [(1, None), (6, None), (7, None), (12, None), (30, 20), (3, 9), (9, 3)])
async def test_the_day_of_the_address_is_shown_wherever_it_lies(shop: Shop, ahead: int, shown: int | None) -> None:
    today = wiring.now().date()
    day = today + timedelta(days=ahead)
    start = "" if shown is None else f"&from={today + timedelta(days=shown)}"
    customer = Customer()
    await customer.go(f"/b/shop-a/when?s={shop.service_id}&day={day}{start}")
    offered = [datetime.fromisoformat(value).date() for name, value, _ in customer.form.buttons if name == "start"]
    assert len([one for one in offered if one == day]) > 9
    assert len([one for one in offered if one != day]) <= 1, "but the day's own only the next free time of all"


async def test_one_person_alone_is_not_a_step(shop: Shop) -> None:
    keep = shop.members[Role.OWNER]
    arrange(shop, lambda uow: uow.session.execute(update(Member).where(Member.id != keep).values(is_bookable=False)))
    customer = Customer()
    assert "Step 1 of 4" in words(await customer.go("/b/shop-a"))
    await customer.press(s=str(shop.service_id))
    assert customer.page.url.path == "/b/shop-a/when"


async def test_nothing_chosen_is_said_on_the_first_page(shop: Shop) -> None:
    customer = Customer()
    await customer.go("/b/shop-a")
    await customer.press()
    assert customer.page.url.path == "/b/shop-a" and "Choose at least one service." in words(customer.page)


async def test_searching_keeps_what_is_ticked(shop: Shop) -> None:
    mine = {"business_id": shop.business_id}

    def add(uow: UnitOfWork) -> None:
        service = Service(**mine, name="Head massage", duration_min=30, price_paise=45_000)
        uow.session.add(service)
        uow.session.flush()
        uow.session.add(ServiceMember(**mine, service_id=service.id, member_id=shop.members[Role.OWNER]))

    arrange(shop, add)
    customer = Customer()
    shown = words(await customer.go(f"/b/shop-a?s={shop.service_id}&q=MASSAGE"))
    assert "Head massage" in shown and "Plain haircut" in shown
    assert ("s", str(shop.service_id)) in customer.form.fields
    assert "Plain haircut" not in words(await customer.go("/b/shop-a?q=massage"))
    assert "No service matches" in words(await customer.go("/b/shop-a?q=zebra"))


async def test_a_lost_time_offers_three_and_takes_one(shop: Shop) -> None:
    first, second = Customer("203.0.113.1"), Customer("203.0.113.2")
    wanted = str(shop.members[Role.MANAGER])
    for customer in (first, second):
        await customer.go(f"/b/shop-a/when?s={shop.service_id}&w{shop.service_id}={wanted}&day={tomorrow()}")
    button = await first.take(3)
    await second.press(button)
    assert second.page.status_code == 409
    assert "That time has just been taken." in words(second.page)
    assert [name for name, _, _ in second.form.buttons[:3]] == ["start"] * 3
    assert button[1] not in [value for _, value, _ in second.form.buttons]
    await second.take(1)
    assert "Your details" in words(second.page)


async def test_with_anybody_the_same_time_is_there_for_each_who_is_free(shop: Shop) -> None:
    starts = []
    for number in range(3):
        customer = Customer(f"203.0.113.{number}")
        starts.append(await held(customer, shop))
        assert "Your details" in words(customer.page)
    assert len(set(starts)) == 1


async def test_taking_another_time_gives_the_first_one_back(shop: Shop) -> None:
    customer = Customer()
    first = await held(customer, shop, 0)
    second = await held(customer, shop, 5)
    assert first != second
    assert [visit.starts_at for visit in visits(shop)] == [datetime.fromisoformat(second[1])]


async def test_what_was_typed_stays_beside_the_mistake(shop: Shop) -> None:
    customer = Customer()
    await held(customer, shop)
    await customer.press(name="Ananya", phone="12", note="Short", updates="on")
    assert customer.page.status_code == 422
    assert errors_of(customer.page) == {"phone": "Type a mobile number with its ten digits, such as 98450 12345."}
    fields = dict(customer.form.fields)
    assert (fields["name"], fields["phone"], fields["note"], fields["updates"]) == ("Ananya", "12", "Short", "on")
    assert "offers" not in fields
    assert [visit.status for visit in visits(shop)] == ["hold"]
    await customer.press(phone="98450 54321")
    assert [visit.status for visit in visits(shop)] == ["booked"]


async def test_a_hold_that_ran_out_is_still_good_when_nobody_wanted_it(shop: Shop) -> None:
    customer = Customer()
    await held(customer, shop)
    run_out(shop)
    shown = words(await customer.go(str(customer.page.url)))
    assert "We kept" in shown and "If nobody has taken it since" in shown
    await customer.press(name="Ananya", phone="98450 54321")
    assert "You’re booked" in words(customer.page)


async def test_a_hold_that_is_gone_is_taken_again_with_one_press(shop: Shop) -> None:
    customer = Customer()
    button = await held(customer, shop)
    arrange(shop, lambda uow: [uow.session.delete(row) for row in uow.session.scalars(online())])
    await customer.press(name="Ananya", phone="98450 54321", note="Kept")
    assert customer.page.status_code == 409 and "It is still free" in words(customer.page)
    assert dict(customer.form.fields)["note"] == "Kept"
    await customer.take()
    assert "You’re booked, Ananya" in words(customer.page)
    (visit,) = visits(shop)
    assert (visit.note, visit.starts_at) == ("Kept", datetime.fromisoformat(button[1]))


async def test_a_hold_lost_to_somebody_else_offers_the_nearest(shop: Shop) -> None:
    keep = shop.members[Role.OWNER]
    arrange(shop, lambda uow: uow.session.execute(update(Member).where(Member.id != keep).values(is_bookable=False)))
    slow, quick = Customer("203.0.113.1"), Customer("203.0.113.2")
    button = await held(slow, shop, 4)
    run_out(shop)
    await quick.to_times("shop-a", shop.service_id, day=tomorrow())
    await quick.press(button)
    await quick.press(name="Quick", phone="98450 11111")
    await slow.press(name="Slow", phone="98450 22222")
    assert slow.page.status_code == 409 and "Press one of the nearest free times" in words(slow.page)
    await slow.take()
    assert "You’re booked, Slow" in words(slow.page)
    assert len({visit.starts_at for visit in visits(shop)}) == 2


def online() -> object:
    return select(Booking).where(Booking.source == "online")


def run_out(shop: Shop) -> None:
    past = wiring.now() - timedelta(minutes=1)

    def back(uow: UnitOfWork) -> None:
        from microcrm.models.bookings import Occupancy

        uow.session.execute(update(Booking).where(Booking.source == "online").values(expires_at=past))
        uow.session.execute(update(Occupancy).where(Occupancy.expires_at.is_not(None)).values(expires_at=past))

    arrange(shop, back)


async def test_the_same_post_again_books_once(shop: Shop) -> None:
    customer = Customer()
    await held(customer, shop)
    form = customer.form
    pairs = [(n, v) for n, v in form.fields if n not in ("name", "phone")] + [("name", "A B"), ("phone", "9845054321")]
    first = await customer.post(form.action, pairs)
    second = await customer.post(form.action, pairs)
    assert "You’re booked" in words(first) and "You’re booked" in words(second)
    assert len(visits(shop)) == 1


async def test_a_rush_for_one_time_has_one_winner_in_each_shop(shop: Shop, fresh_database: TwoShops) -> None:
    """Eight people in either shop press the same time at once."""
    asking = []
    for place, (slug, where) in enumerate((("shop-a", shop), ("shop-b", fresh_database.b)) * 8):
        customer, wanted = Customer(f"203.0.113.{place}"), str(where.members[Role.MANAGER])
        await customer.go(f"/b/{slug}/when?s={where.service_id}&w{where.service_id}={wanted}&day={tomorrow()}")
        asking.append((slug, customer, customer.take(3)))
    await asyncio.gather(*(press for _, _, press in asking))
    for slug, where in (("shop-a", shop), ("shop-b", fresh_database.b)):
        pages = [customer.page for whose, customer, _ in asking if whose == slug]
        assert sorted(page.status_code for page in pages) == [200] + [409] * 7
        assert [visit.status for visit in visits(where)] == ["hold"]
        offered = {
            tuple(button[:2] for button in forms_of(page)[0].buttons[:3]) for page in pages if page.is_client_error
        }
        assert len(offered) == 1 and len(set(offered.pop())) == 3, "the same three times for all who lost"


async def test_a_rush_of_last_forms_books_once_and_the_same_form_twice_is_one_booking(shop: Shop) -> None:
    """Whoever pressed twice sees their booking twice, not that somebody else has it."""
    typed = {"services": str(shop.service_id), f"w{shop.service_id}": str(shop.members[Role.MANAGER])}
    first = Customer()
    await first.go(
        f"/b/shop-a/when?s={shop.service_id}&w{shop.service_id}={shop.members[Role.MANAGER]}&day={tomorrow()}"
    )
    start = [value for name, value, _ in first.form.buttons if name == "start"][3]
    typed |= {"start": start, "was": start, "until": "", "name": "A B"}

    async def send(number: int) -> httpx.Response:
        """The first two are the same press."""
        key = keys[max(number - 1, 0)]
        form = typed | {"phone": f"98450 6{max(number, 1):04}", "key": key}
        return await Customer(f"203.0.113.{number}").post(f"/b/shop-a/you/{'x' * 22}", list(form.items()))

    keys = [traps.new_key(wiring.now()) for _ in range(8)]
    pages = await asyncio.gather(*(send(number) for number in range(9)))
    assert [page.status_code for page in pages] == [200, 200] + [409] * 7
    assert all("You’re booked" in words(page) for page in pages[:2])
    (visit,) = visits(shop)
    assert (visit.status, visit.number is not None) == ("booked", True)


async def test_a_request_says_that_it_is_one(shop: Shop) -> None:
    policy(shop, needs_approval=True)
    customer = Customer()
    await held(customer, shop)
    assert any(words == "Ask for this time" for _, _, words in customer.form.buttons)
    await customer.press(name="Ananya", phone="98450 54321")
    assert "Your request is with the shop" in words(customer.page)
    assert "It is not booked yet" in words(customer.page)
    assert [visit.status for visit in visits(shop)] == ["pending_approval"]


async def test_a_known_phone_and_an_unknown_one_look_the_same(shop: Shop) -> None:
    pages = []
    for phone in ("98451 12345", "98450 54321"):  # the first is Plain Iyer's
        customer = Customer()
        await held(customer, shop)
        await customer.press(name="Maya", phone=phone)
        pages.append(customer.page)
        assert "Iyer" not in customer.page.text
    known, unknown = (words(page) for page in pages)
    assert "You’re booked, Maya" in known and "You’re booked, Maya" in unknown
    assert len(known.split()) == len(unknown.split())


async def test_what_was_agreed_to_is_in_the_log_and_nothing_else_is(shop: Shop) -> None:
    from microcrm.models.records import AuditEvent

    for boxes in ({}, {"updates": "on"}):
        customer = Customer()
        await held(customer, shop)
        await customer.press(name="Maya", phone="98450 54321", **boxes)
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        mine = (AuditEvent.business_id == shop.business_id, AuditEvent.action == "agree")
        (event,) = uow.session.scalars(select(AuditEvent).where(*mine))
    assert event.facts["purposes"] == ["updates"] and event.facts["is_proven"] is False
    assert "Maya" not in repr(event.facts) and "98450" not in repr(event.facts)


async def test_customers_of_the_shop_are_not_changed_by_a_stranger(shop: Shop) -> None:
    customer = Customer()
    await held(customer, shop)
    await customer.press(name="Mallory", phone="98451 12345")
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        known = uow.session.get(CustomerRow, shop.customer_id)
        assert known is not None and known.name == "Plain Iyer"
    assert visits(shop)[0].guest_name == "Mallory"


async def test_the_note_of_the_shop_and_its_terms_are_said_before(shop: Shop) -> None:
    ladder = [{"within_min": 1440, "percent": 25}]
    policy(
        shop, note="Please come ten minutes early", fee_ladder=ladder, cancel_cutoff_min=120, reschedule_cutoff_min=60
    )
    customer = Customer()
    await held(customer, shop)
    shown = words(customer.page)
    assert "Please come ten minutes early" in shown
    assert "You can cancel until 2 hours before." in shown and "You can move it until 1 hour before." in shown
    assert "Cancelling within 24 hours of it costs 25% of the price." in shown


async def test_an_unknown_shop_and_one_that_is_off_are_the_same_plain_page(shop: Shop) -> None:
    customer = Customer()
    unknown = await customer.go("/b/no-such-shop")
    policy(shop, is_online=False)
    off = await customer.go("/b/shop-a")
    assert (off.status_code, unknown.status_code) == (404, 404)
    assert off.text.replace("shop-a", "no-such-shop") == unknown.text
    assert 'content="noindex"' in off.text and "Asha" not in off.text


async def test_utc_starts_are_what_buttons_send(shop: Shop) -> None:
    customer = Customer()
    await customer.to_times("shop-a", shop.service_id, day=tomorrow())
    starts = [datetime.fromisoformat(value) for name, value, _ in customer.form.buttons if name == "start"]
    assert starts and all(start.tzinfo is not None and start.astimezone(UTC) > wiring.now() for start in starts)
