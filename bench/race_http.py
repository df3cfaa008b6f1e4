"""Bookings over HTTP: the form of a shop's public page, posted as a browser without scripts posts it."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from bench.site import Site
from bench.slots_shop import SlotsShop
from microcrm import wiring
from microcrm.http.book.traps import new_key

_CLIENTS = 16
_WARM = 100

Place = Callable[[int], tuple[datetime, int]]  # the start and the member of a free time, by number


def book_over_http(site: Site, shop: SlotsShop, place: Place, first: int, number: int) -> dict[str, Any]:
    """Each customer has an address and a phone of their own, as the page's limits expect. The time is taken and booked in
    one post: what happens when the last form is sent. The first ones open connections and do not count."""
    _book_all(site, shop, place, range(first, first + _WARM))
    took, answers = _book_all(site, shop, place, range(first + _WARM, first + number))
    return {
        "bookings_per_s_over_http": round(answers[303] / took, 1),
        "http_answers": {str(status): count for status, count in sorted(answers.items())},
    }


def _book_all(site: Site, shop: SlotsShop, place: Place, which: range) -> tuple[float, Counter[int]]:
    """Seconds, and how many answers of which status."""
    numbers = iter(which)
    lock, answers = threading.Lock(), Counter[int]()
    began = time.perf_counter()
    threads = [
        threading.Thread(target=_visit, args=(site, shop, place, numbers, lock, answers)) for _ in range(_CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, answers


def _visit(
    site: Site, shop: SlotsShop, place: Place, numbers: Iterator[int], lock: threading.Lock, answers: Counter[int]
) -> None:
    """A browser that takes little of the machine it measures."""
    browser = HTTPConnection("127.0.0.1", site.port, timeout=60)
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        browser.request(
            "POST",
            f"/b/{shop.slug}/you/{secrets.token_urlsafe(16)}",
            urlencode(_form(shop, *place(number), number)),
            {
                "origin": site.origin,
                "content-type": "application/x-www-form-urlencoded",
                "x-forwarded-for": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            },
        )
        answer = browser.getresponse()
        answer.read()
        answers[answer.status] += 1


def _form(shop: SlotsShop, start: datetime, member: int, number: int) -> dict[str, str]:
    value = start.isoformat()
    return {
        "services": str(shop.service_id),
        f"w{shop.service_id}": str(member),
        "start": value,
        "was": value,
        "until": "",
        "name": "Meena Rao",
        "phone": f"98{number % 100_000_000:08d}",
        "note": "",
        "key": new_key(wiring.now() - timedelta(seconds=5)),
    }
