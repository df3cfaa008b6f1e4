"""The inbox: who waits for an answer, and the conversation that the address names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_count, format_near_day, format_time
from microcrm.domain.messenger import Channel
from microcrm.domain.permissions import Permission
from microcrm.domain.replies import RULES, Outcome
from microcrm.domain.zones import to_wall, today_in, zone_of
from microcrm.operations.replies import inbox
from microcrm.operations.replies.inbox import AnswerInbound, AssignInbound, Conversation, Said, Waiting
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick
from microcrm.state.gate import current_seat, needs

CHANNELS = {Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS", Channel.EMAIL: "Email"}
_NOTHING_DONE = RULES[Outcome.FOR_PERSON].label
_STATES = {
    "planned": "on its way", "sending": "on its way", "handed": "on its way", "sent": "sent", "delivered": "delivered",
    "read": "read", "failed": "not sent", "suppressed": "not sent", "unknown": "unclear whether it was sent",
    "withdrawn": "taken back",
}  # fmt: skip


@dataclass(frozen=True)
class WaitingRow:
    id: str
    href: str
    who: str
    text: str
    line: str
    label: str  # what was done already; "" when nothing was
    is_open: bool


@dataclass(frozen=True)
class PersonLink:
    id: str
    name: str
    href: str


@dataclass(frozen=True)
class SaidRow:
    key: str
    is_ours: bool
    text: str
    line: str


@dataclass(frozen=True)
class ConversationView:
    """No ``id``: none is open. ``closed``: why no answer can be written, in words, or empty."""

    id: str = ""
    version: int = 0
    who: str = ""
    phone: str = ""
    people: tuple[PersonLink, ...] = ()
    line: str = ""
    closed: str = ""
    until: str = ""
    is_settled: bool = False
    assigned: str = ""
    said: tuple[SaidRow, ...] = ()


class Inbox(AppState):
    """``takers``: who may look after a conversation."""

    is_read: bool = False
    summary: str = ""
    rows: list[WaitingRow] = []
    one: ConversationView = ConversationView()
    takers: list[Option] = []
    is_sending: bool = False
    draft: int = 0  # counts answers, so that the field is empty after each

    @rx.event(supersedes=True)
    @needs(Permission.MESSAGES_VIEW)
    async def load(self) -> None:
        await self._read(self.router.url.query_parameters.get("c", ""))

    @rx.event
    @needs(Permission.MESSAGES_ANSWER)
    async def answer(self, form: dict[str, Any]) -> Any:
        self.is_sending = True
        yield
        try:
            await self._perform(inbox.answer, AnswerInbound(self.one.id, pick(form, "text")["text"]))
        finally:
            self.is_sending = False
        self.draft += 1
        self._notify("Your answer is on its way")
        yield Inbox.load

    @rx.event
    @needs(Permission.MESSAGES_ANSWER)
    async def settle(self) -> Any:
        await self._perform(inbox.settle, self.one.id)
        self._notify("Settled: it waits no more")
        return Inbox.load

    @rx.event
    @needs(Permission.MESSAGES_ANSWER)
    async def assign(self, member_id: str) -> Any:
        await self._perform(inbox.assign, AssignInbound(self.one.id, self.one.version, member_id))
        return Inbox.load

    async def _read(self, wanted: str) -> None:
        found = await self._look(inbox.waiting)
        self.rows = [_row(one, wanted) for one in found]
        self.summary = format_count(len(found), "waits for an answer", "wait for an answer")
        self.is_read = True
        if not wanted:
            self.one = ConversationView()
            return
        if self.one.id != wanted:
            self.one = ConversationView()
        opened = await self._look(inbox.conversation, wanted)
        self.takers = [Option("", "Nobody in particular"), *(Option(str(one), name) for one, name in opened.members)]
        self.one = _view(opened)


def _row(one: Waiting, wanted: str) -> WaitingRow:
    more = format_count(one.count, "message") if one.count > 1 else ""
    parts = (_moment(one.at), CHANNELS[one.channel], more, one.assigned)
    return WaitingRow(
        str(one.id), f"/inbox?c={one.id}", one.name or one.phone, one.text or "A picture or a file",
        " · ".join(part for part in parts if part), "" if one.label == _NOTHING_DONE else one.label, str(one.id) == wanted,
    )  # fmt: skip


def _view(found: Conversation) -> ConversationView:
    coming = f"Next visit {_moment(found.next_visit)}" if found.next_visit else "No coming visit"
    return ConversationView(
        id=str(found.id), version=found.version, who=" or ".join(name for _, name in found.people) or "Somebody new",
        phone=found.phone, people=tuple(PersonLink(str(one), name, f"/customer?id={one}") for one, name in found.people),
        line=coming if found.people else "No customer has this number", closed=_closed(found),
        until=f"WhatsApp takes answers until {_moment(found.free_until)}." if found.free_until else "",
        is_settled=found.is_settled, assigned=str(found.assigned_id or ""), said=tuple(_said(one) for one in found.said),
    )  # fmt: skip


def _closed(found: Conversation) -> str:
    if found.is_closed:
        return "They have stopped messages here. Call them instead."
    if found.free_until is None:
        return "SMS in India goes one way. Call them, or write from your own WhatsApp."
    if found.free_until <= wiring.now():
        return "WhatsApp takes answers for 24 hours after a message. Call them, or write from your own WhatsApp."
    return ""


def _said(one: Said) -> SaidRow:
    how = _STATES.get(one.state, one.state) if one.is_ours else one.state
    return SaidRow(one.key, one.is_ours, one.text or "A picture or a file", f"{_moment(one.at)} · {how}")


def _moment(at: datetime) -> str:
    zone = zone_of(current_seat().actor.zone)
    return f"{format_near_day(to_wall(at, zone)[0], today_in(zone, wiring.now()))}, {format_time(at, zone)}"
