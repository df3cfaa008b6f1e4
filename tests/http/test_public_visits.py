"""One's own visit behind its secret link: looking, moving, cancelling, the calendar file; and what the link does not show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest
from icalendar import Calendar
from sqlalchemy import update

from microcrm import wiring
from microcrm.adapters import limits as counters
from microcrm.domain.errors import Forbidden, NotFound
from microcrm.domain.permissions import Role
from microcrm.http.book import traps
from microcrm.models.bookings import BookingItem
from microcrm.models.catalogue import Service
from microcrm.models.schedule import DatedHours
from microcrm.operations.calendar_feed import feed_standing, make_feed, revoke_feed
from microcrm.operations.forms.editing import retire_form
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.records import AddRecord, add_record
from tests.conftest import act_as
from tests.http.test_public_booking import arrange, held, policy, visits
from tests.support.booking import Customer, words
from tests.support.shops import CANARY, Shop, TwoShops
from tests.support.vault import form_of

PHONE = "98450 54321"


@pytest.fixture
def shop(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch, fresh_database: TwoShops) -> Iterator[None]:
    from microcrm.http.book import fronts, services

    monkeypatch.setattr(traps, "QUICKEST", timedelta(0))
    fronts.fronts.clear()
    services.forget_pages()
    monkeypatch.setattr(counters, "PREFIX", f"test:{token_hex(8)}")
    yield
    fronts.fronts.clear()


async def booked(shop: Shop, language: str = "en") -> tuple[Customer, str]:
    """A visit tomorrow, and the path of its link."""
    customer = Customer(language=language)
    await held(customer, shop, 4)
    await customer.press(name="Ananya Hegde", phone=PHONE, note="No fringe")
    return customer, customer.page.url.path


async def test_the_link_shows_the_visit_and_little_of_the_person(shop: Shop) -> None:
    customer, link = await booked(shop)
    page = await customer.go(link)
    shown = words(page)
    assert "Plain haircut" in shown and "₹600" in shown and "No fringe" in shown and "•••• 54321" in shown
    assert "Hegde" not in page.text and "98450 54321" not in page.text and "9845054321" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert 'content="noindex"' in page.text and CANARY not in page.text


async def test_looking_changes_nothing(shop: Shop) -> None:
    customer, link = await booked(shop)
    before = [(visit.version, visit.status, visit.starts_at) for visit in visits(shop)]
    for path in (link, f"{link}/move", f"{link}/cancel", f"{link}/visit.ics", f"{link}/slots"):
        assert (await customer.go(path)).status_code == 200, path
    assert [(visit.version, visit.status, visit.starts_at) for visit in visits(shop)] == before


@pytest.mark.parametrize("token", ["-", "A" * 22, "a" * 23, "../x", "%00", "' OR 1=1", "क" * 22])
async def test_a_link_that_was_never_made_opens_nothing(shop: Shop, token: str) -> None:
    customer = Customer()
    for path in ("", "/move", "/cancel", "/visit.ics", "/slots"):
        assert (await customer.go(f"/m/{token}{path}")).status_code == 404
    assert (await customer.go(f"/f/{token}.ics")).status_code == 404


async def test_moving_takes_the_new_time(shop: Shop) -> None:
    customer, link = await booked(shop)
    old = visits(shop)[0].starts_at
    await customer.go(f"{link}/move?day={old.date().isoformat()}")
    assert old.isoformat() not in [value for _, value, _ in customer.form.buttons], "its own time is no other time"
    _, start = await customer.take(9)
    assert "The new time is yours." in words(customer.page)
    (visit,) = visits(shop)
    assert visit.starts_at == datetime.fromisoformat(start) != old


async def test_a_time_that_is_lost_while_moving_offers_others(shop: Shop) -> None:
    first, link = await booked(shop)
    old = visits(shop)[0].starts_at
    await first.go(f"{link}/move")
    buttons = [button for button in first.form.buttons if button[0] == "start"]

    day = datetime.fromisoformat(buttons[0][1]).date()
    arrange(shop, lambda uow: uow.session.add(DatedHours(business_id=shop.business_id, day=day)))
    await first.press(("start", buttons[0][1]))
    assert first.page.status_code == 409
    assert visits(shop)[0].starts_at == old


async def test_cancelling_says_the_fee_first_and_then_takes_it(shop: Shop) -> None:
    policy(shop, fee_ladder=[{"within_min": 2880, "percent": 50}], cancel_cutoff_min=2880)
    customer, link = await booked(shop)
    assert "Cancelling now costs ₹300, 50% of the price." in words(await customer.go(f"{link}/cancel"))
    await customer.press(reason="I am ill")
    shown = words(customer.page)
    assert "This visit is cancelled" in shown and "The fee for cancelling late is ₹300." in shown
    (visit,) = visits(shop)
    assert (visit.status, visit.cancel_fee_paise, visit.cancel_reason) == ("late_cancelled", 30_000, "I am ill")


async def test_a_fee_that_grew_meanwhile_is_not_taken_unseen(shop: Shop) -> None:
    customer, link = await booked(shop)
    assert "Cancelling now costs nothing." in words(await customer.go(f"{link}/cancel"))
    policy(shop, fee_ladder=[{"within_min": 2880, "percent": 50}])
    await customer.press()
    assert customer.page.status_code == 409 and "costs more by now" in words(customer.page)
    assert visits(shop)[0].status == "booked"
    await customer.press()
    assert visits(shop)[0].status == "cancelled_by_customer"


async def test_after_the_cut_off_only_the_shop_moves_it(shop: Shop) -> None:
    customer, link = await booked(shop)
    assert "Change the time" in words(await customer.go(link))
    policy(shop, reschedule_cutoff_min=43_200)
    assert "Change the time" not in words(await customer.go(link))
    assert (await customer.go(f"{link}/move")).url.path == link


async def test_another_site_cannot_cancel(shop: Shop) -> None:
    customer, link = await booked(shop)
    await customer.go(f"{link}/cancel")
    pairs = customer.form.fields
    for headers in ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, {}):
        answer = await customer.post(f"{link}/cancel", pairs, headers)
        assert answer.status_code == 403
    assert visits(shop)[0].status == "booked"
    assert (await customer.post(f"{link}/cancel", pairs)).status_code == 200
    assert visits(shop)[0].status == "cancelled_by_customer"


async def test_the_calendar_file_keeps_its_name_and_counts_up(shop: Shop) -> None:
    customer, link = await booked(shop)
    first = event(await customer.go(f"{link}/visit.ics"))
    assert first["status"] == "CONFIRMED" and str(first["summary"]) == "Plain haircut, Asha's Salon"
    assert first["dtstart"].dt == visits(shop)[0].starts_at and first["dtstart"].params["TZID"] == "Asia/Kolkata"
    again = await customer.client.get(f"{link}/visit.ics", headers={"if-none-match": customer.page.headers["etag"]})
    assert again.status_code == 304
    await customer.go(f"{link}/cancel")
    await customer.press()
    second = event(await customer.go(f"{link}/visit.ics"))
    assert second["uid"] == first["uid"] and second["sequence"] > first["sequence"]
    assert second["status"] == "CANCELLED"
    assert PHONE not in customer.page.text and "Ananya" not in customer.page.text


def event(page: object) -> dict:
    text = page.text  # type: ignore[attr-defined]
    assert page.headers["content-type"].startswith("text/calendar")  # type: ignore[attr-defined]
    calendar = Calendar.from_ical(text)
    assert calendar["method"] == "PUBLISH" and [str(z["tzid"]) for z in calendar.walk("VTIMEZONE")] == ["Asia/Kolkata"]
    (found,) = calendar.walk("VEVENT")
    return found


async def test_a_member_s_feed_shows_first_names_and_no_phones(shop: Shop) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    begins = {"starts_at": tomorrow, "ends_at": tomorrow + timedelta(minutes=45)}
    mine = BookingItem.business_id == shop.business_id
    arrange(shop, lambda uow: uow.session.execute(update(BookingItem).where(mine).values(**begins)))
    actor = shop.actor(Role.STAFF)
    token = act_as(actor, make_feed)
    customer = Customer()
    page = await customer.go(f"/f/{token}.ics")
    (visit,) = Calendar.from_ical(page.text).walk("VEVENT")
    assert str(visit["summary"]) == "Plain haircut, Plain" and visit["dtstart"].dt == tomorrow
    assert "Iyer" not in page.text and "12345" not in page.text and CANARY not in page.text
    same = await customer.client.get(f"/f/{token}.ics", headers={"if-none-match": page.headers["etag"]})
    assert same.status_code == 304
    assert act_as(actor, feed_standing).used_at is not None


async def test_a_new_feed_address_ends_the_old_one_and_switching_off_ends_both(shop: Shop) -> None:
    actor, customer = shop.actor(Role.STAFF), Customer()
    old = act_as(actor, make_feed)
    new = act_as(actor, make_feed)
    assert (await customer.go(f"/f/{old}.ics")).status_code == 404
    assert (await customer.go(f"/f/{new}.ics")).status_code == 200
    act_as(actor, revoke_feed)
    assert (await customer.go(f"/f/{new}.ics")).status_code == 404
    assert act_as(actor, feed_standing).made_at is None


async def test_a_feed_does_not_open_a_visit_nor_a_visit_a_feed(shop: Shop) -> None:
    customer, link = await booked(shop)
    token = act_as(shop.actor(Role.STAFF), make_feed)
    assert (await customer.go(f"/m/{token}")).status_code == 404
    assert (await customer.go(f"/f/{link.removeprefix('/m/')}.ics")).status_code == 404


@pytest.mark.parametrize("code", ["en", "hi", "kn"])
async def test_every_page_speaks_the_language(shop: Shop, code: str) -> None:
    customer, link = await booked(shop, language=code)
    english = {"Your visit", "Change the time", "Add to calendar", "You pay at the shop", "Cancel the visit"}
    for path in ("/b/shop-a", f"/b/shop-a/who?s={shop.service_id}", f"/b/shop-a/when?s={shop.service_id}", link):
        page = await customer.go(path)
        assert f'<html lang="{code}-IN">' in page.text
        assert code == "en" or not any(text in words(page) for text in english)
    assert visits(shop)[0].language == code


async def test_only_who_manages_the_team_makes_a_feed_for_others(shop: Shop, fresh_database: TwoShops) -> None:
    staff = shop.members[Role.STAFF]
    assert act_as(shop.actor(Role.MANAGER), make_feed, staff)
    for actor, member in (
        (shop.actor(Role.STAFF), shop.members[Role.OWNER]),
        (fresh_database.b.actor(Role.OWNER), staff),
    ):
        with pytest.raises(NotFound):
            act_as(actor, make_feed, member)
    with pytest.raises(Forbidden):
        act_as(shop.actor(Role.ACCOUNTANT), make_feed)


async def test_the_page_of_moving_says_the_services_rules_and_nothing_of_the_customer(shop: Shop) -> None:
    customer, link = await booked(shop)
    assert "patch test" not in words(await customer.go(f"{link}/move"))
    timers = update(Service).where(Service.id == shop.service_id).values(patch_test_days=180, rest_days=1)
    act_as(shop.actor(), lambda uow: uow.session.execute(timers))
    shown = words(await customer.go(f"{link}/move"))
    assert "Plain haircut needs a patch test at least 48 hours before." in shown
    assert "Plain haircut needs 1 day between two visits." in shown and "are not shown" in shown
    assert "recorded" not in shown
    assert "पैच टेस्ट" in words(await customer.go(f"{link}/move?lang=hi"))


async def test_the_pages_of_a_visit_say_that_its_service_asks_for_a_form_and_not_whether_it_is_there(
    shop: Shop,
) -> None:
    customer, link = await booked(shop)
    rule = "Before Plain haircut starts, the shop asks you to fill in a form"
    assert rule not in words(await customer.go(link))

    def need(uow: UnitOfWork) -> None:
        form = update(Service).where(Service.id == shop.service_id).values(needed_form_id=form_of(uow, "consent"))
        uow.session.execute(form)

    act_as(shop.actor(), need)
    unsigned = words(await customer.go(link))
    assert rule in unsigned and rule in words(await customer.go(f"{link}/move"))
    assert "फ़ॉर्म" in words(await customer.go(f"{link}?lang=hi"))

    def sign(uow: UnitOfWork) -> None:
        answers = {"reacted": "no", "agreed": {"name": "Meena Rao", "how": "typed"}}
        whose = visits(shop)[0].customer_id
        today = uow.now.date().isoformat()
        add_record(uow, AddRecord(whose, form_of(uow, "consent"), 1, today, answers), wiring.sealer())

    act_as(shop.actor(), sign)
    assert words(await customer.go(link)) == unsigned
    act_as(shop.actor(), lambda uow: retire_form(uow, form_of(uow, "consent")))
    assert rule not in words(await customer.go(link))
