"""``replies``: how soon an answer that came in changes the visit and every open calendar hears of it: posted to the web workers as
Twilio does, stored, taken in by the Celery worker, told by PostgreSQL. One after the other, then all at once.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg
import requests
from sqlalchemy import select

from bench import dataset, site
from bench.dataset import Size
from bench.load import quantiles
from bench.remind_desk import Desk
from bench.remind_faults import ground_of
from bench.report import Choice, Report
from microcrm import settings as configuration
from microcrm import wiring
from microcrm.adapters.reachable import plain
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.doors import CHANNEL
from microcrm.operations.messaging.accounts import messenger_account, view_account
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.sandbox.twilio_sender import signature_of

_WORDS = (("Yes", "confirmed"), ("Cancel", "cancelled_by_customer"))
_PATIENCE = 20.0  # seconds for one answer
_GOAL = {"changed_p99_ms": "<= 2000", "burst_slowest_ms": "<= 2000", "not_changed": "<= 0"}


@dataclass(frozen=True, slots=True)
class _Answer:
    booking_id: int
    form: dict[str, str]
    status: str


def measure(choice: Choice) -> Report:
    each = 20 if choice.is_quick else 100
    with site.engines("replies"), site.product() as served, site.worker():
        url = plain(configuration.settings().database_owner_url)
        with psycopg.connect(url, autocommit=True) as owner:
            dataset.ensure(owner, Size("faults", 1, 50, 1))
            desk = Desk(ground_of(owner, ""), Random(3))
        choice.say(f"{2 * each} visits, each of another customer")
        answers = [_answer(desk, n) for n in range(2 * each)]
        hook = desk.do(lambda uow: view_account(uow, wiring.sealer()).hook_token)
        sender = _Sender(f"{served.origin}/hooks/twilio/{hook}/inbound", desk.do(_token))
        with psycopg.connect(url, autocommit=True) as ear:
            ear.execute(f"LISTEN {CHANNEL}")
            choice.say("one after the other")
            taken = [_one(sender, ear, one) for one in answers[:each]]
            choice.say("all at once")
            burst = _burst(sender, ear, answers[each:])
        figures = {
            "answers": each,
            "accepted_p99_ms": quantiles([one[0] for one in taken])["p99"],
            "changed_p50_ms": quantiles([one[1] for one in taken])["p50"],
            "changed_p99_ms": quantiles([one[1] for one in taken])["p99"],
            "burst_of": len(answers) - each,
            "burst_slowest_ms": burst,
            "not_changed": sum(_status(desk, one) != one.status for one in answers),
        }
        wiring.engine().dispose()
        wiring.engine.cache_clear()
    return Report("replies", figures, goal=dict(_GOAL))


@dataclass(frozen=True, slots=True)
class _Sender:
    """Twilio, with the account's token."""

    url: str
    token: str

    def post(self, form: dict[str, str]) -> None:
        headers = {"x-twilio-signature": signature_of(self.token, self.url, form)}
        requests.post(self.url, data=form, headers=headers, timeout=_PATIENCE).raise_for_status()


def _answer(desk: Desk, number: int) -> _Answer:
    visit = desk.book()
    text, status = _WORDS[number % 2]

    def form(uow: UnitOfWork) -> dict[str, str]:
        booking = uow.session.get_one(Booking, visit.booking_id)
        phone = uow.session.scalars(select(Customer.phone).where(Customer.id == booking.customer_id)).one()
        return {
            "MessageSid": f"SM{visit.booking_id:032x}", "AccountSid": messenger_account(uow, wiring.sealer()).account_sid,
            "From": f"whatsapp:{phone}", "To": "whatsapp:+14155238886", "Body": text, "NumMedia": "0",
        }  # fmt: skip

    return _Answer(visit.booking_id, desk.do(form), status)


def _token(uow: UnitOfWork) -> str:
    return messenger_account(uow, wiring.sealer()).auth_token


def _one(sender: _Sender, ear: psycopg.Connection, answer: _Answer) -> tuple[float, float]:
    """Milliseconds until it was accepted, and until the calendar was told."""
    began = time.perf_counter()
    sender.post(answer.form)
    accepted = time.perf_counter() - began
    _hear(ear, {answer.booking_id})
    return accepted * 1000, (time.perf_counter() - began) * 1000


def _burst(sender: _Sender, ear: psycopg.Connection, answers: list[_Answer]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: sender.post(one.form), answers))
    _hear(ear, {one.booking_id for one in answers})
    return round((time.perf_counter() - began) * 1000, 1)


def _hear(ear: psycopg.Connection, bookings: set[int]) -> None:
    """Until each of them was told of, or it takes too long; what was not changed is counted afterwards."""
    waiting = set(bookings)
    for notice in ear.notifies(timeout=_PATIENCE):
        _, kind, number = notice.payload.split()
        if kind == "booking":
            waiting.discard(int(number))
        if not waiting:
            return


def _status(desk: Desk, answer: _Answer) -> Any:
    return desk.do(lambda uow: uow.session.get_one(Booking, answer.booking_id).status)
