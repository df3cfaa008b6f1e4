"""What an owner reads at seven: the money, the day, and what wants doing, each line with the page that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.money import format_rupees_whole

AT, UNTIL = (
    7 * 60,
    10 * 60,
)  # minutes of the shop's day: when it goes, and until when a worker that was away still sends it
MOST_NAMES = 5


class Line(NamedTuple):
    words: str
    path: str


class Due(NamedTuple):
    """Somebody whose rhythm says that they are due. ``every`` in words: "5 weeks"."""

    customer_id: int
    name: str
    every: str


@dataclass(frozen=True, slots=True)
class Morning:
    """Paise and minutes. ``taken``: yesterday; ``owed`` by ``debtors``. Of today: ``visits``, when the first begins ("" for none) and
    what they come to, and the free stretches; of tomorrow: visits, and those that nobody has confirmed. ``due``: the first of
    ``due_count``."""

    day: date
    tomorrow: date
    taken: int
    owed: int
    debtors: int
    visits: int
    first_at: str
    expected: int
    gaps: int
    gap_minutes: int
    visits_tomorrow: int
    unconfirmed: int
    due: tuple[Due, ...]
    due_count: int


def lines_of(morning: Morning) -> list[Line]:
    """In the order in which somebody wants to know; what is nothing is left out, but for the day itself and its money."""
    found = [_money(morning)]
    if morning.owed > 0:
        by = f"{format_count(morning.debtors, 'customer')} {'owes' if morning.debtors == 1 else 'owe'}"
        found.append(Line(f"{by} {format_rupees_whole(morning.owed)}", "/dues"))
    found.append(_today(morning))
    if morning.gaps:
        free = f"{format_count(morning.gaps, 'gap')} today, {format_duration(morning.gap_minutes)} in all"
        found.append(Line(free, f"/calendar?date={morning.day.isoformat()}"))
    if morning.unconfirmed:
        said = f"{morning.unconfirmed} of {format_count(morning.visits_tomorrow, 'visit')} tomorrow not confirmed yet"
        found.append(Line(said, f"/calendar?date={morning.tomorrow.isoformat()}"))
    due = morning.due[:MOST_NAMES]
    found += [Line(f"{one.name} is due: comes every {one.every}", f"/customer?id={one.customer_id}") for one in due]
    if morning.due_count > len(due):
        more = morning.due_count - len(due)
        found.append(Line(f"{more} more {'is' if more == 1 else 'are'} due", "/customers"))
    return found


def _money(morning: Morning) -> Line:
    if morning.taken < 0:
        return Line(f"{format_rupees_whole(-morning.taken)} more went out than came in yesterday", "/invoices")
    came = f"{format_rupees_whole(morning.taken)} came in yesterday" if morning.taken else "No money came in yesterday"
    return Line(came, "/invoices")


def _today(morning: Morning) -> Line:
    if not morning.visits:
        return Line("No visits today yet", f"/calendar?date={morning.day.isoformat()}")
    words = f"{format_count(morning.visits, 'visit')} today, the first at {morning.first_at}"
    if morning.expected:
        words += f"; {format_rupees_whole(morning.expected)} expected"
    return Line(words, "/today")
