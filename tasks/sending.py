"""Hands messages over: lanes in turn, what is claimed of each on a few threads, results written down as they come.

No transaction is open while anything leaves. What is claimed was committed before, so a worker that dies here leaves messages of which
the next one finds out what became of them.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import structlog

from microcrm import wiring
from microcrm.adapters.mail import Mail
from microcrm.domain.errors import Conflict, OutcomeUnknown, Upstream
from microcrm.domain.messenger import Channel, DeliveryStatus, Handed, MessageRefused, Messenger, Outgoing, Refusal
from microcrm.domain.send_gate import may_still_leave
from microcrm.operations.messages.campaigned import is_going_out
from microcrm.operations.messages.claiming import Lane, lanes
from microcrm.operations.messages.leaving import Leaving, take_out
from microcrm.operations.messages.outcomes import NotSent, Sent, note_not_sent, note_sent, note_unknown
from microcrm.operations.messages.wording import Habits, Site
from microcrm.operations.messaging.accounts import messenger_account
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.wiring import now, unit_of_work

THREADS = 16
BUDGET = 20.0  # seconds of one sweep; the next goes on
_ROUND = 10.0  # seconds in which every lane shall have had its turn
_LEAST, _MOST = 5, 250  # messages of one lane in its turn
_IN_FLIGHT = 4  # batches that are on their way while the next is claimed
_HALT_KNOWN = 0.5  # seconds
_NAP = 0.02  # seconds, while every lane waits for its pace

log = structlog.get_logger()


class Unknown(NamedTuple):
    """It may have left."""

    message_id: int
    attempt: int


Result = Sent | NotSent | Unknown
Carrier = Callable[[Outgoing], Handed]


@dataclass(slots=True)
class Batch:
    lane: Lane
    results: list[Future[Result]]


@dataclass(slots=True)
class Sender:
    """One sweep. ``budget``: seconds. ``carry``: another way to hand over than the shop's own, for measuring."""

    budget: float = BUDGET
    carry: Carrier | None = None
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="sending"))
    carriers: dict[tuple[int, Channel], Carrier] = field(default_factory=dict)
    in_flight: deque[Batch] = field(default_factory=deque)
    habits: dict[int, Habits] = field(default_factory=dict)
    halts: dict[int, tuple[float, bool]] = field(default_factory=dict)
    share: int = 20  # messages of one lane in its turn
    done: int = 0

    def run(self) -> tuple[int, bool]:
        """How many were handed over, and whether more is due."""
        end = time.monotonic() + self.budget
        is_more = True
        try:
            while is_more and time.monotonic() < end:
                is_more = self._round(end)
        finally:
            while self.in_flight:
                self._settle(self.in_flight.popleft())
            self.pool.shutdown()
        return self.done, is_more

    def _round(self, end: float) -> bool:
        """Each lane once; whether any has more. What a lane may send in its turn grows while a round is short, so that nobody waits
        longer than for all others' turns. Where it begins is chance, so that two workers do not follow each other."""
        with unit_of_work(system(), realm="worker") as uow:
            found = lanes(uow)
        if not found:
            return bool(self.in_flight) and self._settle_first()
        began, taken, first = time.monotonic(), 0, secrets.randbelow(len(found))
        for lane in (*found[first:], *found[:first]):
            taken += self._serve(lane, self.share)
            if time.monotonic() >= end:
                break
        if not taken and not self._settle_first():
            time.sleep(_NAP)
        spent = max(time.monotonic() - began, 0.001)
        self.share = min(_MOST, max(_LEAST, int(self.share * min(2.0, _ROUND / spent))))
        return True

    def _serve(self, lane: Lane, most: int) -> int:
        site = Site(settings().public_url, settings().link_key)
        with unit_of_work(system(lane.business_id, lane.zone)) as uow:
            leaving = take_out(uow, lane, most, site, self.habits)
        if leaving:
            carry = self._carrier(lane)
            is_halted = partial(self._is_halted, lane)
            self.in_flight.append(Batch(lane, [self.pool.submit(hand_over, carry, one, is_halted) for one in leaving]))
        if len(self.in_flight) > _IN_FLIGHT:
            self._settle_first()
        return len(leaving)

    def _is_halted(self, lane: Lane, campaign_id: int) -> bool:
        """Whether somebody has stopped or paused it since its messages were let through, as known half a second ago at most."""
        asked, halted = self.halts.get(campaign_id, (0.0, False))
        if time.monotonic() - asked > _HALT_KNOWN:
            with unit_of_work(system(lane.business_id, lane.zone)) as uow:
                halted = not is_going_out(uow, campaign_id)
            self.halts[campaign_id] = (time.monotonic(), halted)
        return halted

    def _carrier(self, lane: Lane) -> Carrier:
        """Kept for one sweep: new keys count from the next."""
        if self.carry is not None:
            return self.carry
        key = (lane.business_id, lane.channel)
        if key not in self.carriers:
            self.carriers[key] = carrier_of(lane.business_id, lane.channel)
        return self.carriers[key]

    def _settle_first(self) -> bool:
        if not self.in_flight:
            return False
        self._settle(self.in_flight.popleft())
        return True

    def _settle(self, batch: Batch) -> None:
        results = [one.result() for one in batch.results]
        write_down(batch.lane.business_id, batch.lane.zone, results)
        self.done += sum(isinstance(one, Sent) for one in results)


def write_down(business_id: int, zone: str, results: Sequence[Result]) -> None:
    """Together, or one by one when that fails: a row that somebody else holds must not take the others' outcomes along. What cannot be
    written now is looked up when its lease ends."""
    try:
        _write(business_id, zone, results)
    except Exception:  # an edge: the sweep goes on
        log.warning("messages.one_by_one", business_id=business_id, exc_info=True)
        for one in results:
            try:
                _write(business_id, zone, [one])
            except Exception:  # the same for one: its lease ends, and somebody looks what became of it
                log.exception("messages.not_written", business_id=business_id, message_id=one.message_id)


def _write(business_id: int, zone: str, results: Sequence[Result]) -> None:
    with unit_of_work(system(business_id, zone)) as uow:
        note_sent(uow, [one for one in results if isinstance(one, Sent)])
        for one in results:
            if isinstance(one, NotSent):
                note_not_sent(uow, one)
            elif isinstance(one, Unknown):
                note_unknown(uow, one.message_id, one.attempt)


def hand_over(carry: Carrier, one: Leaving, is_halted: Callable[[int], bool] = lambda _campaign: False) -> Result:
    """On a thread. Never raises: whatever goes wrong is a result."""
    if not may_still_leave(one.timing, one.zone, now()):
        return NotSent(one.message_id, one.attempt, Refusal.TRANSIENT, "night")
    if now() > one.call_by:
        return NotSent(one.message_id, one.attempt, Refusal.TRANSIENT, "too_slow")
    try:
        if one.campaign_id and is_halted(one.campaign_id):
            return NotSent(one.message_id, one.attempt, Refusal.TRANSIENT, "paused")
    except Exception:  # an edge: nothing has left, so it waits
        log.exception("messages.not_asked", message_id=one.message_id)
        return NotSent(one.message_id, one.attempt, Refusal.TRANSIENT, "too_slow")
    try:
        return Sent(one.message_id, one.attempt, carry(one.outgoing))
    except MessageRefused as refused:
        return NotSent(one.message_id, one.attempt, refused.kind, str(refused.provider_code or refused.kind))
    except OutcomeUnknown:
        return Unknown(one.message_id, one.attempt)
    except Upstream:
        return NotSent(one.message_id, one.attempt, Refusal.TRANSIENT, "unreachable")
    except Exception:  # an edge: nobody knows how far it came
        log.exception("messages.unexpected", message_id=one.message_id)
        return Unknown(one.message_id, one.attempt)


def carrier_of(business_id: int, channel: Channel) -> Carrier:
    """Without a usable account every message is refused in the same way."""
    if channel is Channel.EMAIL:
        return lambda outgoing: _by_mail(business_id, outgoing)
    try:
        return messenger_of(business_id).send
    except (MessageRefused, Upstream) as error:
        return _failing(error)


def _failing(error: MessageRefused | Upstream) -> Carrier:
    def carry(_outgoing: Outgoing) -> Handed:
        raise copy(error).with_traceback(None)

    return carry


def messenger_of(business_id: int) -> Messenger:
    """Raises: MessageRefused when the shop has no usable account: its channels stop until somebody has put that right."""
    try:
        with unit_of_work(system(business_id)) as uow:
            account = messenger_account(uow, wiring.sealer())
    except Conflict as error:
        raise MessageRefused(Refusal.SETTINGS, 0, error.message) from error
    return wiring.messenger(account)


def _by_mail(business_id: int, outgoing: Outgoing) -> Handed:
    key = f"message:{business_id}:{outgoing.reference}"
    wiring.send_mail(
        Mail(key, outgoing.to, outgoing.subject, outgoing.text, outgoing.html, now(), outgoing.unsubscribe_url)
    )
    return Handed("", DeliveryStatus.SENT)
