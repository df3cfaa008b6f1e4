"""The walk-in queue: how long it will take, honestly.

The estimate plays the queue through from now: who is in a chair and for how long still, which visits are booked, and the
tickets in order, each served by whoever is free first. It does so three times, as planned and with everything a fifth
quicker or a third slower, because nobody cuts hair by the clock: what people are told is a range, not a minute.

All times are whole minutes from now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from microcrm.domain.hours import Window, Windows, subtract

QUICK, PLANNED, SLOW = (4, 5), (1, 1), (4, 3)  # how long things take, as a fraction of what is planned
GRAIN = 5  # minutes; a range is widened to multiples of it
TOLD_WHEN_BEFORE = 2  # "two before you" is when to come back from the tea stall
WAIT_IS_LONG, WAIT_IS_TOO_LONG = 15, 30  # minutes


class Ticket(StrEnum):
    """``missed``: called, and nobody came."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    DONE = "done"
    LEFT = "left"
    MISSED = "missed"


NEXT: Mapping[Ticket, frozenset[Ticket]] = {
    Ticket.WAITING: frozenset({Ticket.CALLED, Ticket.SERVING, Ticket.LEFT}),
    Ticket.CALLED: frozenset({Ticket.SERVING, Ticket.LEFT, Ticket.MISSED}),
    Ticket.SERVING: frozenset({Ticket.DONE}),
    Ticket.DONE: frozenset(),
    Ticket.LEFT: frozenset(),
    Ticket.MISSED: frozenset(),
}
IN_LINE = (Ticket.CALLED, Ticket.WAITING)


@dataclass(frozen=True, slots=True)
class Chair:
    """A member who serves walk-ins. ``works``: when they are there; ``booked``: visits that are due; ``elapsed`` and
    ``planned`` are of the visit that has begun, if one has."""

    member_id: int
    works: Windows
    booked: Windows = ()
    elapsed: int = 0
    planned: int = 0


class Turn(NamedTuple):
    """A ticket in line, and how long its service keeps each member who may do it."""

    ticket_id: int
    minutes: Mapping[int, int]


class Estimate(NamedTuple):
    """``least`` and ``most``: between how many and how many minutes from now their turn comes; ``None``: not today."""

    ticket_id: int
    least: int | None
    most: int | None


def estimate(chairs: Sequence[Chair], line: Sequence[Turn]) -> list[Estimate]:
    """For every ticket in line, in its order."""
    played = [play(chairs, line, pace) for pace in (QUICK, PLANNED, SLOW)]
    return [_range(turn.ticket_id, starts) for turn, starts in zip(line, zip(*played, strict=True), strict=True)]


def next_turn(chairs: Sequence[Chair], line: Sequence[Turn], minutes: Mapping[int, int]) -> Estimate:
    """What somebody who drew a ticket now would be told."""
    return estimate(chairs, [*line, Turn(0, minutes)])[-1]


def play(chairs: Sequence[Chair], line: Sequence[Turn], pace: tuple[int, int] = PLANNED) -> list[int | None]:
    """When each ticket's turn comes if all goes at this pace; ``None`` when nobody who does it has time left today."""
    free = {chair.member_id: _free(chair, pace) for chair in chairs}
    starts: list[int | None] = []
    for turn in line:
        lengths = {member: _paced(turn.minutes[member], pace) for member in free if member in turn.minutes}
        could = [
            (start, member) for member in lengths if (start := _first_fit(free[member], lengths[member])) is not None
        ]
        if not could:
            starts.append(None)
            continue
        start, member = min(could, key=lambda one: one[0])
        free[member] = subtract(free[member], [Window(start, start + lengths[member])])
        starts.append(start)
    return starts


def may_serve_now(chair: Chair, minutes: int) -> bool:
    """Whether a visit of that length that begins now is over before anything else of the member's."""
    return _first_fit(_free(chair, PLANNED), minutes) == 0


def _free(chair: Chair, pace: tuple[int, int]) -> Windows:
    left = max(0, _paced(chair.planned, pace) - chair.elapsed)
    ahead = subtract(chair.works, [Window(min((w.start for w in chair.works), default=0), 0)])
    return subtract(ahead, [*chair.booked, Window(0, left)])


def _paced(minutes: int, pace: tuple[int, int]) -> int:
    """Rounded up: nobody is served in nothing."""
    return -(-minutes * pace[0] // pace[1])


def _first_fit(free: Windows, minutes: int) -> int | None:
    return next((window.start for window in free if window.end - window.start >= minutes), None)


def _range(ticket_id: int, starts: Sequence[int | None]) -> Estimate:
    """From the soonest to the latest, outwards to whole grains."""
    known = [start for start in starts if start is not None]
    if len(known) < len(starts):
        return Estimate(ticket_id, None, None)
    return Estimate(ticket_id, min(known) // GRAIN * GRAIN, -(-max(known) // GRAIN) * GRAIN)
