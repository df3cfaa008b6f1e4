"""What surrounds public booking: caches, search engines, classes, and everything that somebody could send instead."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

import pytest
from sqlalchemy import update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.adapters import queue
from microcrm.adapters.limits import Limit, is_within, network_of
from microcrm.domain.permissions import Role
from microcrm.http.book import discovery, fronts, limits, look, services, traps
from microcrm.models.business import Business
from microcrm.models.catalogue import Service
from microcrm.models.classes import ClassSession
from tests.http.test_public_booking import arrange, held, policy, tomorrow, visits
from tests.support.booking import Customer, errors_of, words
from tests.support.shops import CANARY, Shop, TwoShops

HOSTILE = {
    "nothing": "",
    "blanks": "  \u200b ",
    "markup": "<script>alert(1)</script>\"'",
    "a long line": "x" * 20_000,
    "a null byte": "a\x00b",
    "reversed order": "\u202eabc",
    "line breaks": "a\r\nset-cookie: x=1",
    "a huge number": "9" * 40,
    "a negative number": "-1",
    "SQL": "' OR 1=1 --",
    "a template": "{{ 7*7 }}%(name)s{0}",
    "a path": "../../etc/passwd",
    "digits of another script": "१२३",
}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> Iterator[None]:
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    for forget in (fronts.fronts.clear, services.forget_pages, discovery.forget_map):
        forget()
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    yield
    for forget in (fronts.fronts.clear, services.forget_pages, discovery.forget_map):
        forget()


async def test_the_first_step_may_be_kept_for_a_while_and_nothing_else(shop: Shop) -> None:
    customer = Customer()
    first = await customer.go("/b/shop-a")
    assert first.headers["cache-control"] == "public, max-age=30, stale-while-revalidate=300"
    assert "Accept-Language" in first.headers["vary"] and "set-cookie" not in first.headers
    again = await customer.client.get("/b/shop-a", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await customer.client.get("/b/shop-a", headers={"accept-language": "hi"})
    assert other.headers["etag"] != first.headers["etag"]
    for path in (f"/b/shop-a/when?s={shop.service_id}", f"/b/shop-a/who?s={shop.service_id}", "/b/shop-a?q=hair"):
        assert (await customer.go(path)).headers["cache-control"] == "no-store"


async def test_a_changed_price_is_another_page(shop: Shop) -> None:
    customer = Customer()
    before = await customer.go("/b/shop-a")
    arrange(shop, lambda uow: uow.session.execute(update(Service).values(price_paise=123_400)))
    after = await customer.go("/b/shop-a")
    assert "₹1,234" in after.text and after.headers["etag"] != before.headers["etag"]


async def test_the_page_is_light_and_its_style_is_let_in(shop: Shop) -> None:
    page = await Customer().go("/b/shop-a")
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert style == look.style()
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    assert len(gzip.compress(style.encode())) <= 8 * 1024
    script = look.script()
    assert len(gzip.compress(script.text.encode())) <= 5 * 1024
    together = len(gzip.compress(page.content)) + len(gzip.compress(script.text.encode()))
    assert together <= 30 * 1024
    assert not re.search(r"<script(?![^>]*(?:src=|ld\+json))", page.text), "no script inside the page"
    assert not re.search(r"\son\w+=|style=", page.text), "nothing that the policy would refuse"


async def test_search_engines_read_what_the_shop_is(shop: Shop) -> None:
    name = "Asha & Co </script><script>alert(1)</script>"
    arrange(shop, lambda uow: uow.session.execute(update(Business).values(name=name)))
    page = await Customer().go("/b/shop-a")
    (raw,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
    facts = json.loads(raw)
    assert facts["name"] == name and "LocalBusiness" in facts["@type"]
    assert facts["makesOffer"][0]["price"] == "600.00"
    assert facts["makesOffer"][0]["itemOffered"]["@type"] == "Service"
    assert len(facts["openingHoursSpecification"]) == 7
    assert "<script>alert" not in page.text
    base = page.request.url.scheme + "://" + page.request.url.netloc.decode()
    assert f'<link rel="canonical" href="{base}/b/shop-a">' in page.text
    for code in ("en", "hi", "kn"):
        assert f'hreflang="{code}-IN" href="{base}/b/shop-a?lang={code}"' in page.text
    assert 'property="og:title"' in page.text and 'content="noindex"' not in page.text


async def test_the_map_has_the_shops_that_are_online(shop: Shop) -> None:
    customer = Customer()
    assert "/sitemap.xml" in (await customer.go("/robots.txt")).text and "Disallow: /m/" in customer.page.text
    listed = (await customer.go("/sitemap.xml")).text
    assert all(f"/b/shop-{letter}</loc>" in listed for letter in "ab")
    policy(shop, is_online=False)
    discovery.forget_map()
    listed = (await customer.go("/sitemap.xml")).text
    assert "/b/shop-a<" not in listed and "/b/shop-b<" in listed


async def test_a_link_for_other_websites(shop: Shop) -> None:
    shown = (await Customer().go("/b/shop-a/link")).text
    assert "&lt;a href=&#34;" in shown and "<svg" in shown and 'content="noindex"' in shown


@pytest.fixture
def class_shop(shop: Shop) -> Shop:
    """The haircut is a class of three tomorrow at ten."""
    day = (wiring.now() + timedelta(days=1)).replace(hour=4, minute=30, second=0, microsecond=0)

    def schedule(uow: object) -> None:
        uow.session.execute(update(Service).where(Service.business_id == shop.business_id).values(seats=3))  # type: ignore[attr-defined]
        uow.session.add(  # type: ignore[attr-defined]
            ClassSession(
                business_id=shop.business_id, service_id=shop.service_id, member_id=shop.members[Role.MANAGER],
                starts_at=day, ends_at=day + timedelta(minutes=45), seats=3, created_at=wiring.now(),
            )
        )  # fmt: skip

    arrange(shop, schedule)
    return shop


async def test_a_class_is_booked_by_the_seat(class_shop: Shop) -> None:
    customer = Customer()
    await customer.to_times("shop-a", class_shop.service_id, day=tomorrow())
    assert "3 places left" in words(customer.page) and "For how many?" in words(customer.page)
    await customer.go(f"/b/shop-a/when?s={class_shop.service_id}&seats=2&day={tomorrow()}")
    await customer.take()
    assert "Plain haircut × 2" in words(customer.page) and "₹1,200" in words(customer.page)
    await customer.press(name="Ananya", phone="98450 54321")
    assert "You’re booked" in words(customer.page) and "2 places" in words(customer.page)
    await customer.to_times("shop-a", class_shop.service_id, day=tomorrow())
    assert "1 place left" in words(customer.page)
    assert "Nothing is free" in words(await customer.go(f"/b/shop-a/when?s={class_shop.service_id}&seats=2"))


@pytest.mark.parametrize("kind", HOSTILE)
async def test_strange_values_of_a_visitor(shop: Shop, kind: str) -> None:
    for field in ("name", "phone", "note"):
        customer = Customer()
        await held(customer, shop)
        good = {"name": "Ananya", "phone": "98450 54321", "note": "Hello"}
        await customer.press(**(good | {field: HOSTILE[kind]}))
        assert customer.page.status_code in (200, 422), (field, customer.page.status_code)
        assert "<script>alert" not in customer.page.text and "49" not in errors_of(customer.page).get(field, "")
        if customer.page.status_code == 422:
            assert set(errors_of(customer.page)) == {field}
            assert (
                dict(customer.form.fields)["phone" if field != "phone" else "name"]
                == good["phone" if field != "phone" else "name"]
            )
    assert len(visits(shop)) == 3, "one try each, held or booked"


@pytest.mark.parametrize("kind", HOSTILE)
async def test_strange_values_in_addresses_and_hidden_fields(shop: Shop, kind: str) -> None:
    from urllib.parse import quote

    strange = quote(HOSTILE[kind].encode("utf-8", "surrogatepass")[:2_000])
    customer = Customer()
    service = shop.service_id
    for path in (
        f"/b/{strange}x", f"/b/shop-a?s={strange}&q={strange}&lang={strange}&e={strange}",
        f"/b/shop-a/who?s={service}&w{service}={strange}", f"/b/shop-a/when?s={service}&day={strange}&from={strange}",
        f"/b/shop-a/when?s={service}&w{service}={strange}&seats={strange}", f"/b/shop-a/slots?s={service}&from={strange}",
        f"/b/shop-a/you/{strange}x?s={service}", f"/m/{strange}x", f"/f/{strange}x.ics",
    ):  # fmt: skip
        answer = await customer.go(path)
        assert answer.status_code in (200, 404), path
        assert "<script>alert" not in answer.text and CANARY not in answer.text
    await customer.to_times("shop-a", service, day=tomorrow())
    fields = customer.form.fields
    for name in ("services", "start", f"w{service}", "seats", "lang", "key", "website"):
        pairs = [pair for pair in fields if pair[0] != name] + [(name, HOSTILE[kind])]
        answer = await customer.post("/b/shop-a/hold", pairs)
        assert answer.status_code < 500, name
        assert "<script>alert" not in answer.text
    assert all(visit.status == "hold" for visit in visits(shop))


async def test_several_services_that_hold_a_class_are_refused(class_shop: Shop) -> None:
    arrange(class_shop, lambda uow: uow.session.add(
        Service(business_id=class_shop.business_id, name="Yoga", duration_min=60, price_paise=1, seats=9)
    ))  # fmt: skip
    customer = Customer()
    both = [value for name, value in (await _boxes(customer)) if name == "s"]
    await customer.press(s=both)
    assert "A class is booked by itself." in words(customer.page)


async def _boxes(customer: Customer) -> list[tuple[str, str]]:
    await customer.go("/b/shop-a")
    return customer.form.boxes


async def test_programs_fall_into_the_traps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = Customer()
    await customer.to_times("shop-a", shop.service_id, day=tomorrow())
    button = next((name, value) for name, value, _ in customer.form.buttons if name == "start")
    fields = customer.form.fields
    filled = [(name, "https://spam.example" if name == "website" else value) for name, value in fields]
    assert (await customer.post("/b/shop-a/hold", [*filled, button])).status_code == 400
    forged = [
        (name, value[:-1] + ("1" if value.endswith("0") else "0") if name == "key" else value) for name, value in fields
    ]
    assert (await customer.post("/b/shop-a/hold", [*forged, button])).status_code == 400
    monkeypatch.setattr(traps, "QUICKEST", timedelta(seconds=30))
    assert (await customer.post("/b/shop-a/hold", [*fields, button])).status_code == 429
    assert visits(shop) == []
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    assert (await customer.post("/b/shop-a/hold", [*fields, button])).status_code == 200
    assert len(visits(shop)) == 1


async def test_an_address_can_only_hold_so_much(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from microcrm.http.book import when

    monkeypatch.setattr(when, "HOLDS", Limit("test-holds", 2, 60))
    statuses = []
    for _ in range(3):
        customer = Customer("203.0.113.50")
        await held(customer, shop)
        statuses.append(customer.page.status_code)
    assert statuses == [200, 200, 429]
    other = Customer("203.0.113.51")
    await held(other, shop)
    assert other.page.status_code == 200


async def test_a_phone_can_only_book_so_often_and_what_was_typed_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PHONE", Limit("test-phone", 1, 60))
    pages = []
    for number in range(2):
        customer = Customer(f"203.0.113.{number}")
        await held(customer, shop)
        await customer.press(name="Ananya", phone="+91 98450-54321" if number else "9845054321")
        pages.append(customer)
    assert [one.page.status_code for one in pages] == [200, 429]
    assert dict(pages[1].form.fields)["name"] == "Ananya"
    await pages[1].press(phone="98450 99999")
    assert "You’re booked" in words(pages[1].page)


def test_counters_run_out_by_themselves(fresh_database: TwoShops) -> None:
    limit = Limit("test-count", 2, 60)
    assert [is_within(limit, "a") for _ in range(3)] == [True, True, False]
    assert is_within(limit, "b")
    (key, *_) = queue.client().keys(f"{counters.PREFIX}:test-count:*")
    assert 0 < queue.client().ttl(key) <= 60 and b"203" not in key


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", ""), ("odd", "odd")],
)
def test_what_counts_as_one_subscriber(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_post_from_elsewhere_holds_nothing(shop: Shop) -> None:
    customer = Customer()
    await customer.to_times("shop-a", shop.service_id, day=tomorrow())
    button = next((name, value) for name, value, _ in customer.form.buttons if name == "start")
    for headers in ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, {}, {"origin": "null"}):
        assert (await customer.post("/b/shop-a/hold", [*customer.form.fields, button], headers)).status_code == 403
    assert visits(shop) == []


async def test_a_hold_of_one_shop_is_nothing_at_another(shop: Shop, fresh_database: TwoShops) -> None:
    customer = Customer()
    await held(customer, shop)
    token = customer.page.url.path.rpartition("/")[2]
    elsewhere = await customer.go(f"/b/shop-b/you/{token}?s={fresh_database.b.service_id}")
    assert elsewhere.url.path == "/b/shop-b/when" and "Asha" not in words(elsewhere)
