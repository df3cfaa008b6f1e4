"""Who holds which session, remembered for as long as nobody has said that it changed.

Asking the database with each event would cost more than most events. A change of the session, the person, the member or
the shop is heard within milliseconds (``models.seats``); while nothing can be heard, nothing is remembered for longer than
a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from microcrm.adapters.listener import Ear, Listener
from microcrm.models.seats import CHANNEL
from microcrm.operations.sessions import EMPTY_SEAT, Seat, hash_of, take_seat, touch
from microcrm.operations.unit_of_work import VISITOR
from microcrm.state.bridge import perform, perform_in

_KEPT = 60.0  # seconds; also how late a session that ran out by itself may be noticed
_KEPT_UNHEARD = 1.0
_MOST = 4096


class Seats:
    """By the hash of the session's token. Visitors are not remembered for longer than a second: nobody says when one
    signs in."""

    def __init__(self, listener: Listener, clock: Callable[[], float] = time.monotonic) -> None:
        self._listener, self._clock = listener, clock
        self._known: dict[bytes, tuple[float, Seat]] = {}
        self._changes = 0
        listener.add(Ear(CHANNEL, self.changed, self.forget))

    async def find(self, token: str, *, is_arrival: bool = False) -> Seat:
        """``is_arrival``: a page that has just been loaded is never shown what was known before."""
        if not token:
            return EMPTY_SEAT
        key = hash_of(token)
        known = None if is_arrival else self._known.get(key)
        if known is not None and self._clock() - known[0] < self._kept(known[1]):
            return known[1]
        asked_at, changes = self._clock(), self._changes
        seat = await perform(VISITOR, take_seat, token)
        if changes == self._changes:  # else the answer may be older than the change
            self._remember(key, asked_at, seat)
        if seat.is_stale and seat.actor.session_id is not None:
            session_id = seat.actor.session_id
            await perform_in("accounts", seat.actor, lambda uow: touch(uow, session_id))
        return seat

    def changed(self, notice: str) -> None:
        """``notice``: "session 12", "user 7" or "business 3"."""
        self._changes += 1
        for key, (_, seat) in list(self._known.items()):
            actor = seat.actor
            if notice in {f"session {actor.session_id}", f"user {actor.user_id}", f"business {actor.business_id}"}:
                del self._known[key]

    def forget(self) -> None:
        """Everything: a change may have been missed."""
        self._changes += 1
        self._known.clear()

    def _kept(self, seat: Seat) -> float:
        return _KEPT if seat.is_signed_in and self._listener.is_listening else _KEPT_UNHEARD

    def _remember(self, key: bytes, asked_at: float, seat: Seat) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = (asked_at, seat)
