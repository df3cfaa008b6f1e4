"""Works off what providers told us. Each event in a transaction of its own business; in any order, and twice without harm."""

from __future__ import annotations

import json

import structlog

from microcrm.adapters import inbox, queue
from microcrm.adapters.inbox import Event
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.gateway import read_told
from microcrm.operations.online.told import take_told
from microcrm.operations.unit_of_work import system
from microcrm.wiring import now, unit_of_work
from tasks.app import app

BATCH = 50
_MOST_BATCHES = 40

log = structlog.get_logger()


@app.task(name="tasks.inbox.sweep")
def sweep() -> int:
    """How many events were worked off."""
    queue.client().delete(queue.pending_key("inbox"))
    done = 0
    for _ in range(_MOST_BATCHES):
        with unit_of_work(system(), realm="worker") as uow:
            events = inbox.claim(uow.session, uow.now, BATCH)
        done += sum(work_off(event) for event in events)
        if len(events) < BATCH:
            break
    return done


@app.task(name="tasks.inbox.tidy")
def tidy() -> int:
    with unit_of_work(system(), realm="worker") as uow:
        return inbox.forget_old(uow.session, uow.now)


def work_off(event: Event) -> bool:
    """Whether it is finished; if not, it is tried again later. What cannot be read is kept and touches nothing."""
    is_used, reason = False, ""
    try:
        told = read_told(json.loads(event.body))
        with unit_of_work(system(event.business_id)) as uow:
            is_used = take_told(uow, told)
    except (ValueError, Invalid):
        log.warning("inbox.unreadable", event_id=event.id)
    except Exception as error:  # an edge: one bad event must not stop the others
        reason = error.code if isinstance(error, DomainError) else type(error).__name__
        log.warning("inbox.failed", event_id=event.id, attempt=event.attempts, exc_info=True)
    with unit_of_work(system(), realm="worker") as uow:
        if reason:
            inbox.postpone(uow.session, event, now(), reason)
        else:
            inbox.finish(uow.session, event, now(), is_used=is_used)
    return not reason
