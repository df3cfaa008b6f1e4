"""Joining the waiting list as a customer without scripts, and the page of one's own entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.domain.permissions import Role
from microcrm.http.book import fronts, services, traps
from microcrm.models.customers import Customer as CustomerRow
from microcrm.models.policy import BookingPolicy
from microcrm.models.records import AuditEvent
from microcrm.models.waiting import WaitlistEntry, WaitlistPreference
from microcrm.operations.unit_of_work import system
from microcrm.operations.waitlist_view import ListWaiting, list_waiting
from tests.support.booking import Customer, errors_of, words
from tests.support.deposits import open_till
from tests.support.notices import waiting as waiting_for
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.waiting import List


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> Iterator[None]:
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    fronts.fronts.clear()
    services.forget_pages()
    yield
    fronts.fronts.clear()
    services.forget_pages()


def day(ahead: int) -> str:
    return (wiring.now() + timedelta(days=ahead)).date().isoformat()


def stored(shop: Shop, table: Any) -> list[Any]:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        return list(uow.session.scalars(select(table).where(table.business_id == shop.business_id).order_by(table.id)))


async def at_the_form(shop: Shop, language: str = "en") -> Customer:
    customer = Customer(language=language)
    await customer.to_times("shop-a", shop.service_id)
    link = customer.page.text.partition('href="/b/shop-a/wait')[2].partition('"')[0].replace("&amp;", "&")
    await customer.go(f"/b/shop-a/wait{link}")
    return customer


async def joined(shop: Shop, **typed: str) -> Customer:
    customer = await at_the_form(shop)
    await customer.press(**({"name": "Ananya Hegde", "phone": "98450 54321", "first_day_1": day(20)} | typed))
    return customer


async def press_do(customer: Customer, value: str) -> httpx.Response:
    return await customer.client.post(
        customer.page.url.path, data={"do": value}, headers={"origin": customer.base, "sec-fetch-site": "same-origin"}
    )


async def test_from_the_times_to_a_place_on_the_list(shop: Shop) -> None:
    customer = await at_the_form(shop)
    assert "Join the waiting list" in words(customer.page) and "Plain haircut" in words(customer.page)
    manager = str(shop.members[Role.MANAGER])
    await customer.press(
        name="Ananya Hegde", phone="98450 54321", note="After work", first_day_1=day(20), last_day_1=day(22),
        part_1="evening", who_1=manager, first_day_3=day(25), updates="on",
    )  # fmt: skip
    assert customer.page.status_code == 200 and customer.page.url.path.startswith("/l/")
    said = words(customer.page)
    assert "You are on the waiting list" in said and "Evening, with Plain manager" in said and "54321" in said
    assert customer.page.headers["referrer-policy"] == "no-referrer" and CANARY not in customer.page.text
    (entry,) = stored(shop, WaitlistEntry)
    assert (entry.source, entry.state, entry.language, entry.note) == ("online", "waiting", "en", "After work")
    wishes = [(w.place, w.start_min, w.end_min, w.member_id) for w in stored(shop, WaitlistPreference)]
    assert wishes == [(1, 1020, 1440, int(manager)), (2, 0, 1440, None)]
    assert [e.facts["purposes"] for e in stored(shop, AuditEvent) if e.action == "agree"] == [["updates"]]


async def test_the_desk_sees_where_it_came_from_and_the_other_shop_nothing(
    shop: Shop, fresh_database: TwoShops
) -> None:
    await joined(shop)
    for actor, sources in ((shop.actor(), ["online"]), (fresh_database.b.actor(), [])):
        with wiring.unit_of_work(actor) as uow:
            assert [row.source for row in list_waiting(uow, ListWaiting()).rows] == sources


async def test_a_shop_without_a_list_offers_none(shop: Shop) -> None:
    assert 'href="/b/shop-a/wait' in (await Customer().to_times("shop-a", shop.service_id)).text
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        uow.session.add(BookingPolicy(business_id=shop.business_id, is_waitlist_on=False))
    fronts.fronts.clear()
    customer = Customer()
    assert 'href="/b/shop-a/wait' not in (await customer.to_times("shop-a", shop.service_id)).text
    await customer.go(f"/b/shop-a/wait?s={shop.service_id}")
    assert customer.page.url.path == "/b/shop-a"


async def test_mistakes_stand_at_their_fields_and_nothing_is_saved(shop: Shop) -> None:
    customer = await at_the_form(shop)
    await customer.press(
        name="Ananya",
        phone="12",
        first_day_1=day(20),
        first_day_2=day(30),
        last_day_2=day(29),
        first_day_3="31/02/2027",
    )
    assert customer.page.status_code == 422 and set(errors_of(customer.page)) == {"phone"}
    await customer.press(name="Ananya", phone="98450 54321", first_day_2=day(30), last_day_2=day(29), first_day_3="3")
    assert errors_of(customer.page) == {
        "last_day_2": "The last day is before the first.",
        "first_day_3": "Choose a day from today on, within a year.",
    }
    assert 'value="Ananya"' in customer.page.text and f'value="{day(30)}"' in customer.page.text
    assert stored(shop, WaitlistEntry) == []
    await customer.press(name="Ananya", phone="98450 54321", last_day_2=day(31), first_day_3="")
    assert len(stored(shop, WaitlistEntry)) == 1


async def test_the_same_form_twice_is_one_place_and_somebody_known_is_not_told_apart(shop: Shop) -> None:
    first, again = await joined(shop), await joined(shop)
    assert len(stored(shop, WaitlistEntry)) == 1
    assert first.page.url.path != again.page.url.path and words(again.page).startswith(words(first.page)[:60])
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        known = uow.session.scalars(select(CustomerRow).where(CustomerRow.id == shop.customer_id)).one()
    stranger = await joined(shop, name="Somebody Else", phone=known.phone)
    assert stranger.page.url.path.startswith("/l/") and "Iyer" not in stranger.page.text
    assert stored(shop, WaitlistEntry)[-1].note == "Somebody Else"


async def test_programs_and_strange_posts_are_kept_out(shop: Shop) -> None:
    customer = await at_the_form(shop)
    good = {"name": "Ananya", "phone": "98450 54321", "first_day_1": day(20)}
    assert (await customer.press(**good, website="spam")).status_code == 400
    customer = await at_the_form(shop)
    form = [*customer.form.fields, *good.items()]
    assert (await customer.post("/b/shop-a/wait", form, headers={"origin": "https://evil.example"})).status_code == 403
    assert (await Customer().go("/l/" + "A" * 22)).status_code == 404
    assert stored(shop, WaitlistEntry) == []


async def test_one_phone_is_listed_at_most_five_times(shop: Shop) -> None:
    for ahead in range(20, 25):
        assert (await joined(shop, first_day_1=day(ahead))).page.status_code == 200
    refused = await joined(shop, first_day_1=day(26))
    assert refused.page.status_code == 429 and "That is more than we allow at once." in words(refused.page)
    assert len(stored(shop, WaitlistEntry)) == 5


async def test_leaving_the_list(shop: Shop) -> None:
    customer = await joined(shop)
    left = await press_do(customer, "leave")
    assert "You have left the waiting list" in words(left) and "Leave the waiting list" not in words(left)
    assert stored(shop, WaitlistEntry)[0].state == "withdrawn"
    assert "You have left the waiting list" in words(await press_do(customer, "leave"))


async def test_an_offer_is_found_from_the_entry_s_page_and_leads_to_the_visit(shop: Shop) -> None:
    waiting = List(wiring.unit_of_work, shop, now=wiring.now())
    visit = waiting.book(day=day(20))
    customer = await joined(shop)
    waiting.now = wiring.now() + timedelta(minutes=1)
    assert waiting.cancel(visit) == 1
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        (notice,) = [row for row in waiting_for(uow) if row.step == "offer"]
    assert notice.language == "en" and notice.details.keys() == {"offer_id"} and notice.text == ""
    await customer.go(customer.page.url.path)
    assert "A time has become free" in words(customer.page)
    offer = await press_do(customer, "go")
    assert offer.url.path.startswith("/w/") and "Yes, I will come" in words(offer)
    answer = {"origin": customer.base, "sec-fetch-site": "same-origin"}
    accepted = await customer.client.post(offer.url.path, data={"answer": "accept"}, headers=answer)
    assert accepted.url.path.startswith("/m/") and accepted.status_code == 200
    after = await customer.go(offer.url.path)
    assert "It is yours" in words(after) and "To your visit" in words(after)
    again = await customer.client.post(offer.url.path, data={"answer": "visit"}, headers=answer)
    assert again.url.path.startswith("/m/") and again.url.path != accepted.url.path and again.status_code == 200
    await customer.go(str((await joined(shop)).page.url.path))
    assert stored(shop, WaitlistEntry)[0].state == "booked"


async def test_a_time_that_is_not_paid_yet_is_not_said_to_be_theirs(shop: Shop) -> None:
    waiting = List(wiring.unit_of_work, shop, now=wiring.now())
    waiting.do(open_till, shop)
    visit = waiting.book(day=day(20))
    customer = await joined(shop)
    entry_page = customer.page.url.path
    waiting.now = wiring.now() + timedelta(minutes=1)
    assert waiting.cancel(visit) == 1
    offer = await press_do(customer, "go")
    answer = {"origin": customer.base, "sec-fetch-site": "same-origin"}
    accepted = await customer.client.post(offer.url.path, data={"answer": "accept"}, headers=answer)
    assert "Pay ₹200 to book" in words(accepted)
    said = words(await customer.go(entry_page))
    assert "It is not booked yet" in said and "You have a time" not in said and "Leave the waiting list" not in said
    on = await press_do(customer, "go")
    assert on.url.path.startswith("/m/") and "Pay ₹200 to book" in words(on)


@pytest.mark.parametrize(("language", "heading"), [("hi", "प्रतीक्षा सूची"), ("kn", "ಕಾಯುವ ಪಟ್ಟಿ")])
async def test_in_the_visitor_s_language(shop: Shop, language: str, heading: str) -> None:
    customer = await at_the_form(shop, language)
    assert heading in words(customer.page) and "waiting list" not in words(customer.page)
    await customer.press(name="Ananya", phone="98450 54321", first_day_1=day(20))
    assert heading in words(customer.page) and stored(shop, WaitlistEntry)[0].language == language
