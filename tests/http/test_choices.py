"""A customer's own page of messages, as a phone without scripts sees it, and the one press of a mail program."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import httpx
import pytest
from sqlalchemy import select

from microcrm import wiring
from microcrm.domain.consent import ConsentPurpose
from microcrm.domain.messenger import Channel
from microcrm.domain.phone import mask_phone
from microcrm.domain.signed_link import signed
from microcrm.models.customers import Customer
from microcrm.models.replies import ChannelBlock
from microcrm.operations.parts.consent import has_consent
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from tests.support.browsing import Visit
from tests.support.shops import CANARY, Shop, TwoShops

PURPOSE = ConsentPurpose.WHATSAPP_OFFERS


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    with wiring.unit_of_work(system(fresh_database.a.business_id)) as uow:
        person = uow.session.get_one(Customer, fresh_database.a.customer_id)
        person.email = person.email_key = "ananya@customer.example"
    return fresh_database.a


def path_of(shop: Shop, customer_id: int = 0) -> str:
    return f"/u/{signed(settings().link_key, shop.business_id, customer_id or shop.customer_id)}"


def words(answer: httpx.Response) -> str:
    main = answer.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def closed(shop: Shop) -> dict[str, tuple[str, bool]]:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        rows = uow.session.scalars(select(ChannelBlock).where(ChannelBlock.business_id == shop.business_id))
        return {row.channel: (row.way, row.ended_at is None) for row in rows if row.way == "link"}


def agrees(shop: Shop) -> bool:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        return has_consent(uow, shop.customer_id, PURPOSE)


async def press(visit: Visit, path: str, what: str, *, is_on: bool) -> httpx.Response:
    headers = {"origin": visit.base, "sec-fetch-site": "same-origin"}
    return await visit.post(path, headers=headers, what=what, is_on="on" if is_on else "")


async def test_looking_says_what_is_sent_and_changes_nothing(shop: Shop) -> None:
    shown = await Visit().get(path_of(shop))
    assert shown.status_code == 200 and shown.headers["referrer-policy"] == "no-referrer"
    assert words(shown).count("You get them.") == 3 and words(shown).count("You get none.") == 3
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        phone = uow.session.get_one(Customer, shop.customer_id).phone
    assert mask_phone(phone) in words(shown) and phone[-10:] not in shown.text and "ananya@" not in shown.text
    assert CANARY not in shown.text and closed(shop) == {} and not agrees(shop)


async def test_stopping_and_wanting_them_again_is_one_press_each(shop: Shop) -> None:
    visit, path = Visit(), path_of(shop)
    for channel in Channel:
        answer = await press(visit, path, channel.value, is_on=False)
        assert answer.status_code == 303 and (await visit.get(answer.headers["location"])).status_code == 200
        assert closed(shop)[channel.value] == ("link", True)
    await press(visit, path, "sms", is_on=False)
    await press(visit, path, "sms", is_on=True)
    assert closed(shop)["sms"] == ("link", False) and closed(shop)["whatsapp"] == ("link", True)


async def test_offers_are_agreed_to_and_taken_back(shop: Shop) -> None:
    visit, path = Visit(), path_of(shop)
    await press(visit, path, PURPOSE.value, is_on=True)
    assert agrees(shop)
    await press(visit, path, PURPOSE.value, is_on=False)
    await press(visit, path, PURPOSE.value, is_on=False)
    assert not agrees(shop)


async def test_children_are_offered_no_advertising(shop: Shop) -> None:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        uow.session.get_one(Customer, shop.customer_id).birthday = date(wiring.now().year - 12, 1, 1)
    visit, path = Visit(), path_of(shop)
    assert "Offers and news" not in words(await visit.get(path))
    assert (await press(visit, path, PURPOSE.value, is_on=True)).status_code == 404
    assert not agrees(shop)


async def test_a_mail_program_unsubscribes_without_our_page(shop: Shop) -> None:
    visit = Visit()
    opened = await visit.get(f"{path_of(shop)}/mail")
    assert "Your messages" in words(opened) and closed(shop) == {}, (
        "opened by a person it is the page, and changes nothing"
    )
    answer = await visit.post(f"{path_of(shop)}/mail", **{"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and closed(shop) == {"email": ("link", True)}


async def test_a_letter_that_advertises_is_ended_alone(shop: Shop) -> None:
    visit, path = Visit(), path_of(shop)
    await press(visit, path, "email_offers", is_on=True)

    def wants() -> bool:
        with wiring.unit_of_work(system(shop.business_id)) as uow:
            return has_consent(uow, shop.customer_id, ConsentPurpose.EMAIL_OFFERS)

    assert wants() and "Your messages" in words(await visit.get(f"{path}/offers")) and wants()
    for _ in range(2):
        answer = await Visit().post(f"{path}/offers", **{"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert not wants() and closed(shop) == {}, "what is about their own visits still comes"
    forged = f"{path[:-2]}xx/offers"
    assert (await Visit().post(forged, **{"List-Unsubscribe": "One-Click"})).status_code == 404


@pytest.mark.parametrize("what", ["", "fax", "visit_messages", "photos", "email' OR 1=1"])
async def test_nonsense_changes_nothing(shop: Shop, what: str) -> None:
    assert (await press(Visit(), path_of(shop), what, is_on=False)).status_code in (400, 404, 422)
    assert closed(shop) == {}


async def test_no_link_opens_anybody_else(shop: Shop, fresh_database: TwoShops) -> None:
    other = fresh_database.b
    forged = path_of(shop).replace(f"{shop.business_id:x}.", f"{other.business_id:x}.", 1)
    for path in (forged, path_of(shop, 10**6), "/u/x", path_of(shop)[:-1], f"{path_of(shop)}A"):
        visit = Visit()
        assert (await visit.get(path)).status_code == 404
        assert (await press(visit, path, "sms", is_on=False)).status_code in (403, 404)
    crossed = f"/u/{signed(settings().link_key, other.business_id, shop.customer_id)}"
    assert shop.customer_id == other.customer_id or (await Visit().get(crossed)).status_code == 404
    assert closed(shop) == closed(other) == {}


async def test_what_other_sites_send_changes_nothing(shop: Shop) -> None:
    headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    answer = await Visit().post(path_of(shop), headers=headers, what="sms", is_on="")
    assert answer.status_code == 403 and closed(shop) == {}
