"""Works off what providers told us. Each event in a transaction of its own business; in any order, and twice without harm."""

from __future__ import annotations

import json
from typing import Literal

import structlog

from microcrm.adapters import inbox, queue
from microcrm.adapters.inbox import Event
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.gateway import read_told
from microcrm.operations.online.told import note_heard, take_told
from microcrm.operations.unit_of_work import system
from microcrm.wiring import now, unit_of_work
from tasks.app import app

BATCH = 50
_MOST_BATCHES = 40

Outcome = Literal["used", "unused"]

log = structlog.get_logger()


@app.task(name="tasks.inbox.sweep")
def sweep() -> int:
    """How many events were worked off."""
    queue.client().delete(queue.pending_key("inbox"))
    done = 0
    for _ in range(_MOST_BATCHES):
        with unit_of_work(system(), realm="worker") as uow:
            events = inbox.claim(uow.session, uow.now, BATCH)
        done += _work_off_all(events)
        if len(events) < BATCH:
            break
    return done


@app.task(name="tasks.inbox.tidy")
def tidy() -> int:
    with unit_of_work(system(), realm="worker") as uow:
        return inbox.forget_old(uow.session, uow.now)


def _work_off_all(events: list[Event]) -> int:
    """How many are finished. They are marked together at the end: one whose effect was committed and whose mark was not is
    worked off again, and changes nothing."""
    outcomes: dict[Outcome, list[Event]] = {"used": [], "unused": []}
    failed: list[tuple[Event, str]] = []
    for event in events:
        try:
            outcomes[work_off(event)].append(event)
        except Exception as error:  # an edge: one bad event must not stop the others
            reason = error.code if isinstance(error, DomainError) else type(error).__name__
            log.warning("inbox.failed", event_id=event.id, attempt=event.attempts, exc_info=True)
            failed.append((event, reason))
    with unit_of_work(system(), realm="worker") as uow:
        for outcome, finished in outcomes.items():
            if finished:
                inbox.finish(uow.session, finished, now(), is_used=outcome == "used")
        for event, reason in failed:
            inbox.postpone(uow.session, event, now(), reason)
    for business_id in {event.business_id for event in events}:
        with unit_of_work(system(business_id)) as uow:
            note_heard(uow)
    return len(events) - len(failed)


def work_off(event: Event) -> Outcome:
    """What cannot be read is kept and touches nothing."""
    try:
        told = read_told(json.loads(event.body))
    except (ValueError, Invalid):
        log.warning("inbox.unreadable", event_id=event.id)
        return "unused"
    with unit_of_work(system(event.business_id)) as uow:
        return "used" if take_told(uow, told) else "unused"
