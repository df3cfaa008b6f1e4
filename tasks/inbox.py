"""Works off what providers told us, the events of a business together; in any order, and twice without harm.

One sweep works and one waits to look after it: more would take the processor from those who bring the events.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal, get_args

import structlog

from microcrm.adapters import inbox, queue
from microcrm.adapters.inbox import Event
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.gateway import read_told
from microcrm.operations.online.told import note_heard, take_told
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.wiring import now, unit_of_work
from tasks import told_messages
from tasks.app import app

BATCH = 100
_MOST_BATCHES = 20

_turn = threading.Lock()

Outcome = Literal["used", "unused"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Failure:
    """``reason``: the code of our refusal, or the name of an exception."""

    reason: str


Result = tuple[Event, Outcome | Failure]


@app.task(name="tasks.inbox.sweep")
def sweep() -> int:
    """How many events were worked off. Who waits for their turn is still the one that was nudged: nobody is nudged again
    until they look."""
    with _turn:
        queue.client().delete(queue.pending_key("inbox"))
        return _work_off_all()


@app.task(name="tasks.inbox.tidy")
def tidy() -> int:
    with unit_of_work(system(), realm="worker") as uow:
        return inbox.forget_old(uow.session, uow.now)


def _work_off_all() -> int:
    done = 0
    for _ in range(_MOST_BATCHES):
        with unit_of_work(system(), realm="worker") as uow:
            events = inbox.claim(uow.session, uow.now, BATCH)
        done += _work_off_batch(events)
        if len(events) < BATCH:
            return done
    queue.nudge("inbox")  # there is more: the next sweep goes on
    return done


def _work_off_batch(events: list[Event]) -> int:
    """How many are finished. They are marked together at the end: one whose effect was committed and whose mark was not is
    worked off again, and changes nothing."""
    whose: defaultdict[int, list[Event]] = defaultdict(list)
    for event in events:
        whose[event.business_id].append(event)
    results = [result for group in whose.values() for result in _work_off_group(group)]
    with unit_of_work(system(), realm="worker") as uow:
        for outcome in get_args(Outcome):
            if finished := [event for event, said in results if said == outcome]:
                inbox.finish(uow.session, finished, now(), is_used=outcome == "used")
        for event, said in results:
            if isinstance(said, Failure):
                inbox.postpone(uow.session, event, now(), said.reason)
    return sum(1 for _, said in results if not isinstance(said, Failure))


def _work_off_group(events: list[Event]) -> list[Result]:
    """Of one business, in one transaction. When one of them fails, each gets a transaction of its own."""
    try:
        return list(zip(events, _taken(events), strict=True))
    except Exception:  # an edge: which of them it was shows below
        log.info("inbox.one_by_one", events=len(events), exc_info=True)
        return [(event, _alone(event)) for event in events]


def _alone(event: Event) -> Outcome | Failure:
    try:
        return work_off(event)
    except Exception as error:  # an edge: one bad event must not stop the others
        log.warning("inbox.failed", event_id=event.id, attempt=event.attempts, exc_info=True)
        return Failure(error.code if isinstance(error, DomainError) else type(error).__name__)


def work_off(event: Event) -> Outcome:
    return _taken([event])[0]


def _taken(events: list[Event]) -> list[Outcome]:
    """What cannot be read is kept and touches nothing."""
    bodies = [_parsed(event) for event in events]
    with unit_of_work(system(events[0].business_id)) as uow:
        outcomes = [_take(uow, event, body) for event, body in zip(events, bodies, strict=True)]
        for note in {told_messages.note if told_messages.is_of_twilio(body) else note_heard for body in bodies}:
            note(uow)
    return outcomes


def _parsed(event: Event) -> Any:
    try:
        return json.loads(event.body)
    except ValueError:
        return None


def _take(uow: UnitOfWork, event: Event, body: Any) -> Outcome:
    try:
        if told_messages.is_of_twilio(body):
            is_used = told_messages.take(uow, told_messages.read(body))
        else:
            is_used = take_told(uow, read_told(body))
    except Invalid:
        log.warning("inbox.unreadable", event_id=event.id)
        return "unused"
    return "used" if is_used else "unused"
