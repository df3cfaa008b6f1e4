"""An offer's page and the queue's pages, as a phone without scripts sees them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from microcrm import wiring
from microcrm.http.book.tongues import tongues
from microcrm.models.policy import BookingPolicy
from microcrm.operations import queue
from microcrm.operations.queue import DrawTicket, StepTicket, TicketDone
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.waitlist import WishedTime
from tests.support.browsing import Visit
from tests.support.deposits import open_till
from tests.support.shops import CANARY, TwoShops
from tests.support.waiting import List


@pytest.fixture
def waiting(fresh_database: TwoShops) -> List:
    return List(wiring.unit_of_work, fresh_database.a, now=datetime.now(UTC))


def text_of(answer: httpx.Response) -> str:
    main = answer.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


async def post(visit: Visit, path: str, **fields: str) -> httpx.Response:
    return await visit.post(path, headers={"origin": visit.base, "sec-fetch-site": "same-origin"}, **fields)


def offered(waiting: List, people: int = 1) -> list[int]:
    """A month from now a visit is cancelled that these wait for."""
    day = (waiting.now + timedelta(days=30)).date().isoformat()
    visit = waiting.book(day=day)
    entries = [waiting.join((WishedTime(day),)) for _ in range(people)]
    waiting.cancel(visit)
    return entries


def switch_on(waiting: List) -> None:
    def change(uow: UnitOfWork) -> None:
        uow.session.add(BookingPolicy(business_id=uow.business_id, is_queue_on=True))

    waiting.do(change)


def drawn(waiting: List, **changes: Any) -> TicketDone:
    return waiting.do(queue.draw, DrawTicket(**({"service_id": waiting.shop.service_id} | changes)))


async def test_yes_leads_to_the_visit(waiting: List) -> None:
    (entry,) = offered(waiting)
    visit, path = Visit(), f"/w/{waiting.link(entry)}"
    shown = await visit.get(path)
    said = text_of(shown)
    assert shown.status_code == 200 and shown.headers["referrer-policy"] == "no-referrer"
    assert "A time has become free" in said and "11:00 am – 11:45 am" in said and "Yes, I will come" in said
    assert "minutes" in said and "Waiter" not in shown.text and CANARY not in shown.text
    accepted = await post(visit, path, answer="accept")
    assert accepted.status_code == 303 and accepted.headers["location"].startswith("/m/")
    assert (await visit.get(accepted.headers["location"])).status_code == 200
    assert waiting.entry(entry).state == "booked"
    after = text_of(await visit.get(path))
    assert "It is yours" in after and "Yes, I will come" not in after


async def test_a_time_that_is_paid_ahead_says_so_before_and_leads_to_paying(waiting: List) -> None:
    waiting.do(open_till, waiting.shop)
    (entry,) = offered(waiting)
    visit, path = Visit(), f"/w/{waiting.link(entry)}"
    said = text_of(await visit.get(path))
    assert "You pay ₹200 now to book, and ₹400 at the shop." in said and "Go on to pay ₹200" in said
    assert "comes back" in said and "Yes, I will come" not in said and "This is a trial" in said
    accepted = await post(visit, path, answer="accept")
    shown = text_of(await visit.get(accepted.headers["location"]))
    assert "Pay ₹200 to book" in shown and "It is not booked yet" in shown
    again = text_of(await visit.get(path))
    assert "Pay ₹200 to book" in again and "To your visit" in again and "Go on to pay" not in again
    for code in ("hi", "kn"):
        shown_too = await visit.get(f"{path}?lang={code}")
        assert shown_too.status_code == 200 and "Pay ₹" not in text_of(shown_too)
    onward = await post(visit, path, answer="visit")
    assert onward.headers["location"].startswith("/m/")


async def test_no_keeps_the_place_and_asks_the_next(waiting: List) -> None:
    first, second = offered(waiting, 2)
    visit, path = Visit(), f"/w/{waiting.link(first)}"
    declined = await post(visit, path, answer="decline")
    assert declined.headers["location"].startswith("/w/")
    assert "You said no to this time" in text_of(await visit.get(path))
    assert (waiting.entry(first).state, waiting.asked()) == ("waiting", [second])
    again = await post(visit, path, answer="accept")
    assert again.headers["location"].startswith("/w/"), "a no is a no: the time is somebody else's to answer for"
    assert waiting.asked() == [second]


async def test_too_late_is_said_kindly(waiting: List) -> None:
    first, _ = offered(waiting, 2)
    path = f"/w/{waiting.link(first)}"
    waiting.wait(31)
    waiting.run_out()
    assert "The time to answer is over" in text_of(await Visit().get(path))


async def test_odd_answers_and_other_sites_change_nothing(waiting: List) -> None:
    (entry,) = offered(waiting)
    visit, path = Visit(), f"/w/{waiting.link(entry)}"
    assert (await post(visit, path, answer="maybe")).status_code == 422
    assert (await post(visit, path)).status_code == 422
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await visit.post(path, headers=foreign, answer="accept")).status_code == 403
    for odd in ("/w/x", f"/w/{'A' * 22}", f"/w/{'A' * 500}", "/w/%00"):
        assert (await visit.get(odd)).status_code == 404
        assert (await post(visit, odd, answer="accept")).status_code == 404
    assert waiting.asked() == [entry]


async def test_the_board_shows_numbers_only_while_the_queue_is_on(waiting: List) -> None:
    visit = Visit()
    assert (await visit.get("/q/shop-a")).status_code == 404
    switch_on(waiting)
    one, two, _ = (
        drawn(waiting, name="Kavita Rao"),
        drawn(waiting, customer_id=waiting.shop.customer_id),
        drawn(waiting),
    )
    waiting.do(queue.call, StepTicket(one.ticket_id))
    waiting.do(queue.call, StepTicket(two.ticket_id))
    shown = await visit.get("/q/shop-a")
    assert shown.status_code == 200 and 'http-equiv="refresh"' in shown.text
    assert re.findall(r'class="turn is-called num">(\d+)<', shown.text) == ["1", "2"]
    assert "1 person waits" in text_of(shown)
    assert "Kavita" not in shown.text and "Iyer" not in shown.text
    assert (await visit.get("/q/shop-b")).status_code == 404
    assert (await visit.get("/q/nobody")).status_code == 404


async def test_a_ticket_shows_ones_own_place_and_lets_one_leave(waiting: List) -> None:
    switch_on(waiting)
    drawn(waiting)
    mine = drawn(waiting)
    visit, path = Visit(), f"/q/shop-a/{mine.link}"
    shown = await visit.get(path)
    assert "1 person is before you." in text_of(shown) and "Leave the queue" in shown.text
    assert (await visit.get(f"/q/shop-b/{mine.link}")).status_code == 404
    assert (await visit.get(f"/q/shop-a/{'A' * 22}")).status_code == 404
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await visit.post(path, headers=foreign)).status_code == 403
    assert "Leave the queue" in (await visit.get(path)).text
    left = await post(visit, path)
    assert left.status_code == 303
    gone = await visit.get(path)
    assert "You have left the queue" in text_of(gone) and "Leave the queue" not in gone.text
    assert 'http-equiv="refresh"' not in gone.text
    assert (await post(visit, path)).status_code == 303, "twice is as good as once"


@pytest.mark.parametrize("path", ["/q/shop-a", "/q/shop-a/{ticket}", "/w/{offer}"])
async def test_every_language_has_every_page(waiting: List, path: str) -> None:
    switch_on(waiting)
    address = path.format(
        ticket=drawn(waiting).link, offer=waiting.link(offered(waiting)[0]) if "offer" in path else ""
    )
    said = {}
    for code, tongue in tongues().items():
        shown = await Visit().get(f"{address}?lang={code}")
        assert shown.status_code == 200 and f'<html lang="{tongue.tag}">' in shown.text
        said[code] = text_of(shown)
    english = re.findall(r"[A-Za-z]{4,}", said["hi"] + said["kn"])
    assert set(english) <= {"India", "Plain", "haircut", "manager", "Asha", "Salon"}, "only names are left as they are"
