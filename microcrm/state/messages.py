"""The messages of the shop: what needs a person, and what was sent, is planned or was not sent. Which list stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.messages.live import is_sending
from microcrm.operations.messages.seen import (
    SHOW_WORDS,
    After,
    ListMessages,
    Seen,
    Show,
    list_messages,
    mark_told,
    send_again,
)
from microcrm.state.base import AppState
from microcrm.state.gate import needs


@dataclass(frozen=True)
class MessageRow:
    """``line``: what, by which channel, when. ``may_act``: to send it again, or to note that somebody told them."""

    id: str
    customer: str
    href: str
    line: str
    status: str
    tone: str
    icon: str
    why: str
    text: str


def row_of(one: Seen) -> MessageRow:
    said = one.ticks
    return MessageRow(
        id=str(one.id),
        customer=one.customer,
        href=f"/customer?id={one.customer_id}" if one.customer_id and one.customer else "",
        line=f"{one.title} · {one.channel} · {one.when}",
        status=said.status,
        tone=said.tone,
        icon=said.icon,
        why=" ".join(part for part in (said.why, said.to_do) if part),
        text=one.text,
    )


class MessageLog(AppState):
    is_read: bool = False
    is_sending: bool = True
    may_act: bool = False
    show: str = Show.SENT.value
    rows: list[MessageRow] = []
    trouble: list[MessageRow] = []
    has_more: bool = False

    _after: After | None = None

    @rx.event(supersedes=True)
    @needs(Permission.MESSAGES_VIEW)
    async def load(self) -> None:
        await self._read(self.router.url.query_parameters.get("show", ""))

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def choose(self, show: str) -> Any:
        """To the address with it, so that a reload and a bookmark keep it."""
        return rx.redirect(f"/messages?show={show}" if show in list(Show) else "/messages", replace=True)

    @rx.event
    @needs(Permission.MESSAGES_VIEW)
    async def show_more(self) -> None:
        if self._after is None:
            return
        page = await self._perform(list_messages, ListMessages(self.show, self._after))
        self.rows = [*self.rows, *map(row_of, page.rows)]
        self._after, self.has_more = page.after, page.after is not None

    @rx.event
    @needs(Permission.MESSAGES_ANSWER)
    async def again(self, message_id: str) -> None:
        self._notify(await self._perform(send_again, message_id))
        await self._read(self.show)

    @rx.event
    @needs(Permission.MESSAGES_ANSWER)
    async def told(self, message_id: str) -> None:
        self._notify(await self._perform(mark_told, message_id))
        await self._read(self.show)

    async def _read(self, show: str) -> None:
        page = await self._look(list_messages, ListMessages(show))
        self.is_sending = await self._perform(is_sending)
        self.show, self.may_act = page.show.value, page.may_act
        self.rows, self.trouble = list(map(row_of, page.rows)), list(map(row_of, page.trouble))
        self._after, self.has_more, self.is_read = page.after, page.after is not None, True


CHOICES = [(one.value, words) for one, words in SHOW_WORDS.items()]
