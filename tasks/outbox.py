"""Carries out what transactions asked for, after they have committed.

Beat calls ``sweep`` every few seconds and a commit calls it at once. Each message is finished in a transaction of its
own, so one that fails holds up no other. A worker that dies between the effect and the note of it repeats the effect:
handlers pass ``message.key`` on, so that the other side can tell.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from microcrm.adapters import inbox, outbox, queue
from microcrm.adapters.outbox import Message
from microcrm.domain.errors import DomainError
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app
from tasks.handlers import HANDLERS, ONCE_ALL_IS_READ

BATCH = 50
_MOST_BATCHES = 20  # then the next sweep goes on, so that a flood does not keep one task for ever

log = structlog.get_logger()


@app.task(name="tasks.outbox.sweep")
def sweep() -> int:
    """How many messages were carried out."""
    queue.client().delete(queue.pending_key("outbox"))
    done = 0
    for _ in range(_MOST_BATCHES):
        with unit_of_work(system(), realm="worker") as uow:
            kinds = HANDLERS.keys() - ONCE_ALL_IS_READ if inbox.is_behind(uow.session, uow.now) else HANDLERS
            messages = outbox.claim(uow.session, uow.now, BATCH, kinds)
        done += sum(carry_out(message) for message in messages)
        if len(messages) < BATCH:
            return done
    queue.nudge("outbox")
    return done


def carry_out(message: Message) -> bool:
    """Whether it went well; if not, it is tried again later."""
    reason = ""
    try:
        HANDLERS[message.kind](message)
    except Exception as error:  # an edge: one bad message must not stop the others
        reason = error.code if isinstance(error, DomainError) else type(error).__name__
        log.warning("outbox.failed", message_id=message.id, kind=message.kind, attempt=message.attempts, exc_info=True)
    now = datetime.now(UTC)
    with unit_of_work(system(), realm="worker") as uow:
        if reason:
            outbox.postpone(uow.session, message, now, reason)
        else:
            outbox.mark_sent(uow.session, message, now)
    return not reason
