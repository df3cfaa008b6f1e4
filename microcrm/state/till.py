"""Closing the till: what should be there, what is counted so far, and the closings before."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from microcrm.domain.formatting import format_day, format_time
from microcrm.domain.money import format_rupees, rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.till import DENOMINATIONS, counted_so_far
from microcrm.domain.zones import zone_of
from microcrm.operations.billing.till import CASH, CloseTill, ClosingView, TillNow, close_till, closings, till_now
from microcrm.state.base import AppState
from microcrm.state.bill_rows import MODES, Amount
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class TillView:
    """``difference`` "" while nothing is counted. ``tone`` is a chip's."""

    number: int = 0
    since: str = ""
    opening: str = ""
    cash: str = ""
    expected: str = ""
    expected_paise: int = 0
    counted: str = ""
    difference: str = ""
    tone: str = "neutral"
    kept: str = ""


@dataclass(frozen=True)
class CountLine:
    """``many`` is what the field starts with."""

    rupees: str
    label: str
    many: str
    worth: str


@dataclass(frozen=True)
class ClosingLine:
    number: str
    when: str
    who: str
    expected: str
    counted: str
    difference: str
    tone: str
    kept: str
    reason: str


class TillPage(AppState):
    is_read: bool = False
    till: TillView = TillView()
    counts: list[CountLine] = []
    others: list[Amount] = []  # what came in otherwise than in cash
    past: list[ClosingLine] = []
    is_saving: bool = False

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def load(self) -> None:
        now = await self._perform(till_now)
        zone = current_seat().actor.zone
        self.till = till_of(now, zone)
        self.others = [Amount(MODES[mode], format_rupees(paise)) for mode, paise in now.taken.items() if mode != CASH]
        self.past = [closing_line(one, zone) for one in await self._perform(closings)]
        if not self.errors:
            self.counts = [CountLine(str(rupees), f"₹{rupees}", "", "") for rupees in DENOMINATIONS]
        self.is_read = True

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def count(self, rupees: str, many: str) -> None:
        """What is counted so far, beside the fields."""
        self.counts = [counted(one, many) if one.rupees == rupees else one for one in self.counts]
        self.till = compared(self.till, {one.rupees: one.many for one in self.counts})

    @rx.event
    @needs(Permission.PAYMENTS_TAKE)
    async def close(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        self.is_saving = True
        yield
        counts = {str(rupees): pick(form, f"count_{rupees}")[f"count_{rupees}"] for rupees in DENOMINATIONS}
        try:
            done = await self._perform(close_till, CloseTill(self.till.number, counts, **pick(form, "kept", "reason")))
        finally:
            self.is_saving = False
        self._notify(f"The till is closed with {format_rupees(done.counted)}")
        yield TillPage.load


def till_of(now: TillNow, zone: str) -> TillView:
    since = f"Since {_moment(now.since, zone)}" if now.since else "Since the first payment"
    return TillView(
        number=now.number,
        since=since,
        opening=format_rupees(now.opening),
        cash=format_rupees(now.taken.get(CASH, 0)),
        expected=format_rupees(now.expected),
        expected_paise=now.expected,
        counted=format_rupees(0),
        kept=rupees_for_input(now.opening) if now.opening else "",
    )


def counted(line: CountLine, many: str) -> CountLine:
    typed = many if isinstance(many, str) else ""
    paise = counted_so_far({line.rupees: typed})
    return replace(line, many=typed[:10], worth=format_rupees(paise) if paise else "")


def compared(till: TillView, counts: Mapping[str, str]) -> TillView:
    paise = counted_so_far(counts)
    difference, tone = difference_words(paise - till.expected_paise)
    return replace(till, counted=format_rupees(paise), difference=difference, tone=tone)


def difference_words(paise: int) -> tuple[str, str]:
    """Words and tone."""
    if not paise:
        return "It agrees", "ok"
    return (f"{format_rupees(abs(paise))} too {'much' if paise > 0 else 'little'}", "warn" if paise > 0 else "bad")


def closing_line(view: ClosingView, zone: str) -> ClosingLine:
    difference, tone = difference_words(view.difference)
    return ClosingLine(
        number=str(view.number),
        when=_moment(view.closed_at, zone),
        who=view.who,
        expected=format_rupees(view.expected),
        counted=format_rupees(view.counted),
        difference=difference,
        tone=tone,
        kept=format_rupees(view.kept),
        reason=view.reason,
    )


def _moment(at: Any, zone: str) -> str:
    inside = zone_of(zone)
    return f"{format_day(at.astimezone(inside).date())}, {format_time(at, inside)}"
