"""The panel that writes to those who are ticked through the shop's own WhatsApp, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import reflex as rx

from microcrm.domain.customer_message import TEXT_LIMIT, LeftOut, MessageAbout, filled_in
from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_message import WriteMessages, message_ahead, write_messages
from microcrm.state.base import AppState
from microcrm.state.customer_picks import Picks
from microcrm.state.gate import needs

_WHY = {
    LeftOut.ARCHIVED: "in the archive",
    LeftOut.NO_MOBILE: "without a mobile number",
    LeftOut.SAME_PHONE: "on the phone of somebody who is written to",
}
_NO_CONSENT = {
    MessageAbout.BOOKINGS: "who objected to messages",
    MessageAbout.OFFER: "without a yes to WhatsApp offers, or under 18",
}


@dataclass(frozen=True)
class ChatRow:
    """``called`` is encoded for a link."""

    id: str
    name: str
    called: str
    number: str
    is_opened: bool = False


class CustomerMessage(AppState):
    """``reach``: how many it reaches; ``left``: who is left out and why, a line each. ``parts``: the text for links, cut where the
    name belongs. ``text``: what the field starts with."""

    is_open: bool = False
    is_saving: bool = False
    about: str = MessageAbout.BOOKINGS.value
    text: str = ""
    reach: str = ""
    left: list[str] = []
    first: str = ""
    preview: str = ""
    rows: list[ChatRow] = []
    parts: list[str] = []
    done: str = ""

    _typed: str = ""
    _choice: Choice = Choice()

    @rx.event
    @needs(Permission.CUSTOMERS_CONTACT)
    async def start(self) -> None:
        self._choice = (await self.get_state(Picks))._choice()
        await self._ask(self.about)
        self.text, self.is_open = self._typed, True
        self._show([], [])

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def stop(self) -> None:
        """A text that became no links is there again next time."""
        if self.rows:
            self._typed, self.preview = "", ""
        self.errors, self.is_open = {}, False
        self._show([], [])

    @rx.event
    @needs(Permission.CUSTOMERS_CONTACT)
    async def choose(self, about: str) -> None:
        await self._ask(about)

    @rx.event
    @needs(Permission.CUSTOMERS_CONTACT)
    async def type(self, text: str) -> None:
        try:
            self._typed = parse_text(text, limit=TEXT_LIMIT, multiline=True)
        except Invalid:  # said when the links are made
            return
        self.preview = filled_in(self._typed, self.first)

    @rx.event
    @needs(Permission.CUSTOMERS_CONTACT)
    async def make(self, form: dict[str, Any]) -> Any:
        self.is_saving = True
        yield
        try:
            made = await self._perform(write_messages, WriteMessages(self._choice, form.get("about"), form.get("text")))
        finally:
            self.is_saving = False
        rows = [ChatRow(str(one.customer_id), one.name, quote(one.called, safe=""), one.number) for one in made.links]
        self._show(rows, made.parts)

    @rx.event
    @needs(Permission.CUSTOMERS_CONTACT)
    async def tick_off(self, customer_id: str) -> None:
        rows = [
            ChatRow(row.id, row.name, row.called, row.number, row.is_opened or row.id == customer_id)
            for row in self.rows
        ]
        self._show(rows, self.parts)

    async def _ask(self, about: str) -> None:
        ahead = await self._look(message_ahead, self._choice, about)
        self.about, self.first = about, ahead.first
        self.reach = f"Reaches {format_count(ahead.count, 'customer')}" if ahead.count else "Reaches nobody"
        self.left = _left(ahead.left, MessageAbout(about))
        self.preview = filled_in(self._typed, self.first)

    def _show(self, rows: list[ChatRow], parts: list[str]) -> None:
        self.rows, self.parts = rows, parts
        self.done = f"{sum(row.is_opened for row in rows)} of {len(rows)} opened" if rows else ""

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields; a notice would only cover them."""
        if error.fields and self.is_open:
            self.errors = dict(error.fields)
            return
        super()._refused(error)


def _left(left: Mapping[LeftOut, int], about: MessageAbout) -> list[str]:
    words = _WHY | {LeftOut.NO_CONSENT: _NO_CONSENT[about]}
    return [f"{count} {words[why]}" for why, count in left.items()]
