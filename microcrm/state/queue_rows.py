"""What the queue's screen says, in words: made on the server so that no screen differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from microcrm.domain.formatting import format_count, format_duration, format_time
from microcrm.domain.queue import WAIT_IS_LONG, WAIT_IS_TOO_LONG, Estimate, Ticket
from microcrm.operations.queue_view import QueueView, TicketView

_OVER = {Ticket.DONE: "Done", Ticket.LEFT: "Left", Ticket.MISSED: "Did not come"}


@dataclass(frozen=True)
class TicketRow:
    """``tone`` of the clock: "" until a quarter of an hour, then warn, from half an hour on bad."""

    id: str = ""
    version: str = ""
    number: str = ""
    name: str = ""
    line: str = ""
    clock: str = ""
    tone: str = ""
    told: str = ""
    service_id: str = ""
    hue: str = "hue-slate"


@dataclass(frozen=True)
class QueueHead:
    """``newcomer``: what somebody who came now would be told."""

    is_on: bool = False
    newcomer: str = ""
    sub: str = ""
    board: str = ""


def head_of(view: QueueView, slug: str) -> QueueHead:
    waiting = len(view.waiting) + len(view.called)
    sub = f"{format_count(waiting, 'person', 'people')} in line · {format_count(view.served, 'visit')} done today"
    return QueueHead(view.is_on, estimate_words(view.newcomer), sub, f"/q/{slug}")


def serving_row(ticket: TicketView, now: datetime, zone: ZoneInfo) -> TicketRow:
    left = _minutes(now, ticket.ends_at) if ticket.ends_at else 0
    clock = (
        f"{format_duration(left)} left" if left > 0 else f"{format_duration(-left)} over" if left < 0 else "time is up"
    )
    until = f" · until {format_time(ticket.ends_at, zone)}" if ticket.ends_at else ""
    return _row(ticket, f"{ticket.service} · {ticket.server}{until}", clock, "warn" if left < 0 else "")


def called_row(ticket: TicketView, now: datetime) -> TicketRow:
    since = _minutes(ticket.called_at or ticket.since, now)
    return _row(ticket, _wish(ticket), f"called {_ago(since)}", "warn" if since >= 5 else "")


def waiting_row(ticket: TicketView, now: datetime) -> TicketRow:
    waits = _minutes(ticket.since, now)
    tone = "bad" if waits >= WAIT_IS_TOO_LONG else "warn" if waits >= WAIT_IS_LONG else ""
    told = turn_words(ticket.told) if ticket.told else ""
    return _row(ticket, _wish(ticket), f"waits {format_duration(waits)}", tone, told)


def over_row(ticket: TicketView, zone: ZoneInfo) -> TicketRow:
    at = format_time(ticket.finished_at or ticket.since, zone)
    return _row(ticket, f"{ticket.service} · {_OVER[ticket.state]}", at, "")


def estimate_words(told: Estimate) -> str:
    """Like "10 to 20 min"."""
    if told.least is None or told.most is None:
        return "not today any more"
    if told.most == 0:
        return "right away"
    if told.least == told.most:
        return format_duration(told.most)
    if told.least == 0:
        return f"up to {format_duration(told.most)}"
    return f"{format_duration(told.least)} to {format_duration(told.most)}"


def turn_words(told: Estimate) -> str:
    """A sentence: "Turn in 10 to 20 min"."""
    words = estimate_words(told)
    return words[0].upper() + words[1:] if told.most in (None, 0) else f"Turn in {words}"


def _row(ticket: TicketView, line: str, clock: str, tone: str, told: str = "") -> TicketRow:
    return TicketRow(
        id=str(ticket.ticket_id),
        version=str(ticket.version),
        number=str(ticket.number),
        name=ticket.name or "Walk-in",
        line=line,
        clock=clock,
        tone=tone,
        told=told,
        service_id=str(ticket.service_id),
        hue=f"hue-{ticket.hue}",
    )


def _wish(ticket: TicketView) -> str:
    return f"{ticket.service} · for {ticket.wanted}" if ticket.wanted else ticket.service


def _ago(minutes: int) -> str:
    return f"{format_duration(minutes)} ago" if minutes else "just now"


def _minutes(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds()) // 60
