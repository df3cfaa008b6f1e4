"""Messages to customers: sending what is due, finding out what became of the rest, and tidying up. Celery moves them; which there are,
and whose turn it is, stands in PostgreSQL."""

from __future__ import annotations

import threading

import structlog

from microcrm.adapters import queue
from microcrm.domain.errors import OutcomeUnknown, Upstream
from microcrm.domain.messages import MessageState
from microcrm.domain.messenger import Channel, MessageRefused, RemoteMessage
from microcrm.operations.bell.tidying import forget_read, tell_news
from microcrm.operations.messages.by_day import plan_the_day
from microcrm.operations.messages.claiming import Whose, to_look_at
from microcrm.operations.messages.outcomes import (
    Look,
    claim_looks,
    give_up,
    note_absent,
    note_found,
    note_no_answer,
)
from microcrm.operations.messages.tidying import drop_what_is_late, every_business, plan_what_is_missing
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.wiring import unit_of_work
from tasks.app import app
from tasks.sending import Sender, messenger_of

_LOOKS = 50  # of one business at once

_turn = threading.Lock()
log = structlog.get_logger()


@app.task(name="tasks.messages.sweep")
def sweep() -> int:
    """How many were handed over. One sweep a process at a time: the one that runs goes on until nothing is due."""
    if not _turn.acquire(blocking=False):
        return 0
    try:
        queue.client().delete(queue.pending_key("messages"))
        look_after()
        done, is_more = Sender().run()
    finally:
        _turn.release()
    if is_more:
        queue.nudge("messages")
    return done


def look_after() -> int:
    """How many were looked at: those that a worker left behind, those without an answer, and those of which nothing was heard."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = to_look_at(uow)
    return sum(_look_after(one) for one in businesses)


def _look_after(whose: Whose) -> int:
    with unit_of_work(system(whose.business_id, whose.zone)) as uow:
        looks = claim_looks(uow, _LOOKS, settings().link_key)
    for one in looks:
        _find_out(whose, one)
    return len(looks)


def _find_out(whose: Whose, look: Look) -> None:
    """One question, one transaction for the answer."""
    found: RemoteMessage | None = None
    has_answer, is_hopeless = True, look.channel is Channel.EMAIL
    if not is_hopeless:
        try:
            messenger = messenger_of(whose.business_id)
            if look.state is MessageState.SENDING:
                found = messenger.find(look.outgoing, look.called_at, look.others)
            else:
                found = messenger.look(look.provider_id)
        except (MessageRefused, OutcomeUnknown, Upstream) as error:
            log.warning("messages.not_looked_up", message_id=look.message_id, reason=error.code)
            has_answer = False
    with unit_of_work(system(whose.business_id, whose.zone)) as uow:
        if is_hopeless:
            give_up(uow, look)
        elif not has_answer:
            note_no_answer(uow, look)
        elif found is not None:
            note_found(uow, look, found)
        else:
            note_absent(uow, look)


@app.task(name="tasks.messages.tidy")
def tidy() -> int:
    """What waited for a channel until it was of no use is dropped; visits without reminders get theirs, and what goes by the day is
    planned when its hour is near. So are bells: news are told, what was read long ago goes."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = every_business(uow)
    return sum(_tidy(one) for one in businesses)


def _tidy(business_id: int) -> int:
    with unit_of_work(system(business_id)) as uow:
        done = drop_what_is_late(uow) + plan_what_is_missing(uow) + plan_the_day(uow)
    with unit_of_work(system(business_id)) as uow:
        return done + tell_news(uow) + forget_read(uow)
