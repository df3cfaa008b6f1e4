"""The code by e-mail, as a customer without scripts meets it: nothing is booked before it, few tries, no word about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

import pytest
from sqlalchemy import delete, select, update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.domain.booking_policy import CODE_TRIES, MOST_CODES
from microcrm.domain.permissions import Role
from microcrm.http.book import fronts, limits, services, traps
from microcrm.models.bookings import Booking
from microcrm.models.codes import BookingCode
from microcrm.models.customers import Customer as CustomerRow
from microcrm.models.policy import BookingPolicy
from microcrm.models.records import OutboxMessage
from microcrm.operations.unit_of_work import system
from tests.http.test_public_booking import held, policy, tomorrow, visits
from tests.support.booking import Customer, errors_of, words
from tests.support.shops import Shop, TwoShops

ANANYA = {"name": "Ananya Hegde", "phone": "98450 54321", "email": "ananya@example.com"}


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    policy(fresh_database.a, is_code_needed=True)
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> Iterator[None]:
    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    yield
    fronts.fronts.clear()
    services.forget_pages()


def mailed(shop: Shop) -> list[dict[str, str]]:
    """The codes that went out, the newest last: to whom, and what."""
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        mine = (OutboxMessage.business_id == shop.business_id, OutboxMessage.kind == "mail")
        rows = uow.session.scalars(select(OutboxMessage).where(*mine).order_by(OutboxMessage.id)).all()
        return [{"to": one.payload["to"], **one.payload["data"]} for one in rows]


def aged(shop: Shop, **values: timedelta) -> None:
    """Moments of all codes, so much earlier."""
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        earlier = {name: getattr(BookingCode, name) - by for name, by in values.items()}
        uow.session.execute(update(BookingCode).values(**earlier))


async def asked(shop: Shop, **typed: str) -> Customer:
    """As far as the page with the code."""
    customer = Customer()
    await held(customer, shop)
    await customer.press(**ANANYA, **typed)
    return customer


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_nothing_is_booked_before_the_code_and_all_of_it_after(shop: Shop) -> None:
    customer = await asked(shop, note="No fringe")
    assert customer.page.status_code == 200 and "The code from your e-mail" in words(customer.page)
    assert "We have sent you a code ananya@example.com" in words(customer.page)
    assert [one.status for one in visits(shop)] == ["hold"]
    [letter] = mailed(shop)
    assert (letter["to"], letter["language"], len(letter["code"])) == ("ananya@example.com", "en", 6)
    assert letter["code"] not in customer.page.text
    await customer.press(code=f" {letter['code'][:3]} {letter['code'][3:]}")
    assert "You’re booked, Ananya" in words(customer.page)
    (visit,) = visits(shop)
    assert (visit.status, visit.note) == ("booked", "No fringe")
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        who = uow.session.get_one(CustomerRow, visit.customer_id)
        assert (who.name, who.email) == ("Ananya Hegde", "ananya@example.com")
        [row] = uow.session.scalars(select(BookingCode)).all()
        assert row.proven_at is not None and letter["code"].encode() not in row.code_hash + row.subject_hash


async def test_wrong_codes_end_after_a_few_and_another_one_helps(shop: Shop) -> None:
    customer = await asked(shop)
    code = mailed(shop)[0]["code"]
    for _ in range(CODE_TRIES):
        await customer.press(code=wrong(code))
        assert customer.page.status_code == 422 and "That is not the code" in words(customer.page)
    await customer.press(code=code)
    assert customer.page.status_code == 422 and [one.status for one in visits(shop)] == ["hold"]
    await customer.press(("again", "1"))
    assert "We have just sent you a code" in words(customer.page) and len(mailed(shop)) == 1
    aged(shop, sent_at=timedelta(minutes=1))
    await customer.press(("again", "1"))
    assert len(mailed(shop)) == 2
    await customer.press(code=mailed(shop)[-1]["code"])
    assert "You’re booked" in words(customer.page)


@pytest.mark.parametrize("typed", ["", "12", "abcdef", "٣" * 6, "0" * 500])
async def test_what_is_no_code_books_nothing(shop: Shop, typed: str) -> None:
    customer = await asked(shop)
    await customer.press(code=typed)
    assert "The code from your e-mail" in words(customer.page) and [one.status for one in visits(shop)] == ["hold"]


async def test_a_code_is_good_for_ten_minutes_one_form_and_one_address(shop: Shop) -> None:
    first = await asked(shop)
    code = mailed(shop)[0]["code"]
    other = Customer("203.0.113.10")
    await held(other, shop, 1)
    await other.press(**ANANYA)
    await other.press(code=code)
    assert other.page.status_code == 422
    await first.press(("edit", "1"))
    assert "Your details" in words(first.page) and 'value="ananya@example.com"' in first.page.text
    await first.press(email="other@example.com")
    await first.press(code=code)
    assert first.page.status_code == 422 and len(mailed(shop)) == 3
    aged(shop, expires_at=timedelta(minutes=11))
    await first.press(code=mailed(shop)[-1]["code"])
    assert first.page.status_code == 422
    assert {one.status for one in visits(shop)} == {"hold"}


@pytest.mark.parametrize(
    ("email", "said"),
    [("", "An email address is needed."), ("nobody", "Type an email address"), ("a" * 400 + "@x.in", "Type an email")],
)
async def test_an_address_is_needed_and_must_be_one(shop: Shop, email: str, said: str) -> None:
    customer = Customer()
    await held(customer, shop)
    await customer.press(**(ANANYA | {"email": email}))
    assert customer.page.status_code == 422 and errors_of(customer.page)["email"].startswith(said)
    assert mailed(shop) == []


async def test_other_mistakes_are_said_before_anything_is_sent(shop: Shop) -> None:
    customer = Customer()
    await held(customer, shop)
    await customer.press(**(ANANYA | {"phone": "12"}))
    assert "phone" in errors_of(customer.page) and mailed(shop) == []


async def test_the_answer_is_the_same_for_whoever_is_known(shop: Shop) -> None:
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        known = uow.session.get_one(CustomerRow, shop.customer_id)
        known.email = known.email_key = "plain@example.com"
    pages = []
    for place, email in enumerate(("plain@example.com", "new00@example.com")):
        customer = Customer(f"203.0.113.{20 + place}")
        await held(customer, shop, place)
        await customer.press(**(ANANYA | {"email": email}))
        pages.append(words(customer.page).replace(email, "*"))
    assert pages[0].partition("Your booking")[0].count("*") == pages[1].partition("Your booking")[0].count("*") == 1


async def test_who_loses_the_time_meanwhile_takes_another_without_a_second_code(shop: Shop) -> None:
    customer = await asked(shop)
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        uow.session.execute(delete(Booking).where(Booking.status == "hold"))
    await customer.press(code=mailed(shop)[0]["code"])
    assert customer.page.status_code == 409 and "We could not keep that time" in words(customer.page)
    await customer.take()
    assert "You’re booked" in words(customer.page) and len(mailed(shop)) == 1


async def test_mails_are_limited_by_form_and_by_address(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await asked(shop)
    for _ in range(MOST_CODES + 1):
        aged(shop, sent_at=timedelta(minutes=1))
        await customer.press(("again", "1"))
    assert len(mailed(shop)) == MOST_CODES and customer.page.status_code == 429
    assert 'value="ananya@example.com"' in customer.page.text
    monkeypatch.setattr(limits, "CODES_TO", counters.Limit("few", 1, 3600))
    for place in (1, 2):
        other = Customer(f"203.0.113.{30 + place}")
        await held(other, shop, place)
        await other.press(**(ANANYA | {"email": "many@example.com"}))
    assert other.page.status_code == 429 and len(mailed(shop)) == MOST_CODES + 1


async def test_without_the_setting_nobody_is_asked(fresh_database: TwoShops) -> None:
    shop = fresh_database.a
    customer = Customer()
    await held(customer, shop)
    assert 'name="email"' not in customer.page.text
    await customer.press(name="Asha", phone="9845054321", code="123456", again="", email="asha@example.com")
    assert "You’re booked" in words(customer.page) and mailed(shop) == []


async def test_the_switch_is_the_owner_s_and_old_codes_go(shop: Shop) -> None:
    await asked(shop)
    aged(shop, expires_at=timedelta(days=2))
    other = Customer("203.0.113.40")
    await held(other, shop, 1)
    await other.press(**(ANANYA | {"email": "new@example.com"}))
    with wiring.unit_of_work(system(shop.business_id)) as uow:
        assert len(uow.session.scalars(select(BookingCode)).all()) == 1
        uow.session.execute(update(BookingPolicy).values(is_code_needed=False))
    fronts.fronts.clear()
    await other.press(("again", "1"))
    assert "You’re booked" in words(other.page)


@pytest.mark.parametrize(("language", "said"), [("hi", "आपके ई-मेल में आया कोड"), ("kn", "ನಿಮ್ಮ ಇ-ಮೇಲ್‌ಗೆ ಬಂದ ಕೋಡ್")])
async def test_it_speaks_the_visitor_s_language(shop: Shop, language: str, said: str) -> None:
    customer = Customer(language=language)
    await held(customer, shop)
    await customer.press(**ANANYA)
    assert said in words(customer.page) and mailed(shop)[0]["language"] == language


async def test_the_language_that_was_chosen_stays_through_mistakes_and_the_code(shop: Shop) -> None:
    """Of a visitor whose browser would rather have English."""
    customer = Customer()
    await customer.go(f"/b/shop-a/when?s={shop.service_id}&day={tomorrow()}&lang=kn")
    await customer.take()
    await customer.press(**(ANANYA | {"phone": "12"}))
    assert customer.page.status_code == 422 and 'lang="kn-IN"' in customer.page.text
    await customer.press(**ANANYA)
    assert "ನಿಮ್ಮ ಇ-ಮೇಲ್‌ಗೆ ಬಂದ ಕೋಡ್" in words(customer.page)
    await customer.press(code=wrong(mailed(shop)[0]["code"]))
    assert customer.page.status_code == 422 and 'lang="kn-IN"' in customer.page.text
    await customer.press(code=mailed(shop)[0]["code"])
    assert 'lang="kn-IN"' in customer.page.text
    (visit,) = visits(shop)
    assert (visit.status, visit.language, mailed(shop)[0]["language"]) == ("booked", "kn", "kn")


async def test_a_lost_time_is_said_in_the_language_that_was_chosen(shop: Shop) -> None:
    first, second = Customer("203.0.113.51"), Customer("203.0.113.52")
    path = (
        f"/b/shop-a/when?s={shop.service_id}&w{shop.service_id}={shop.members[Role.MANAGER]}&day={tomorrow()}&lang=hi"
    )
    await first.go(path)
    await second.go(path)
    await first.take()
    await second.take()
    assert second.page.status_code == 409 and 'lang="hi-IN"' in second.page.text
    assert ("lang", "hi") in second.form.fields
