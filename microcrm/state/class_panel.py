"""The panel of one class: who comes, their steps, its seats and its note, and calling it off."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict, FormMissing, NotFound, NotSafe
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_status import Cancel, Step, cancel, step
from microcrm.operations.class_cancels import CancelClass, ClassesOff, cancel_class, preview_class_cancel
from microcrm.operations.class_card import class_card
from microcrm.operations.classes import ChangeClass, ClassDone, change_class
from microcrm.operations.messages.live import leaving_hint
from microcrm.operations.notice_preview import PreviewNotice, preview_notice
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_letter import Letter, letter_of
from microcrm.state.class_view import NO_ATTENDEE, NO_CLASS, AttendeeRow, ClassView, class_view
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ids_of
from microcrm.state.start_ask import StartAsk

FORMS = ("add", "change", "cancel", "leave")
EMPTY_OFF = "Nobody has booked. The time becomes free."


class ClassPanel(AppState):
    """``form`` is what is asked for instead of the list of who comes: one of ``FORMS`` or nothing. ``leaving`` is who is
    being taken out. ``off`` says what the form that calls the class off would do, to
    ``off_classes`` with ``off_visits``."""

    is_open: bool = False
    card: ClassView = NO_CLASS
    form: str = ""
    leaving: AttendeeRow = NO_ATTENDEE
    letter: Letter = Letter()
    off: str = ""
    off_classes: int = 1
    off_visits: str = ""
    hint: str = ""  # when messages leave

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def open(self, session_id: str) -> Any:
        """``session_id`` may be the name of a block: "class12", by room "class12-3"."""
        await self._read(str(session_id).removeprefix("class").partition("-")[0])
        self.form, self.is_open = "", True
        return Card.leave

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def refresh(self) -> None:
        """The same class as it stands now."""
        if self.is_open:
            await self._read(self.card.id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def heard(self, changes: str) -> None:
        """Somebody joined, left or moved it elsewhere: shown anew, unless a form about it is being filled in."""
        if self.is_open and not self.form and ids_of(changes, "class") & {int(self.card.id or 0)}:
            await self._read(self.card.id)

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def close(self) -> None:
        self.is_open, self.form, self.errors = False, "", {}

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def ask(self, form: str) -> None:
        self.form, self.errors = form if form in FORMS else "", {}
        if form == "cancel":
            await self._count_off("this")

    @rx.event(supersedes=True)
    @needs(Permission.BOOKINGS_OWN)
    async def pick_scope(self, scope: str) -> None:
        """Which classes are called off."""
        await self._count_off(scope)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def step(self, booking_id: str, status: str) -> Any:
        """For one who comes."""
        wanted = Step(booking_id, status, self._attendee(booking_id).version)
        try:
            done = await self._perform(step, wanted)
        except (FormMissing, NotSafe) as refusal:
            return await (await self.get_state(StartAsk))._ask(wanted, refusal)
        self._notify(done.label, undo=done.undo)
        return self._reload()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def ask_leave(self, booking_id: str) -> None:
        leaving = self._attendee(booking_id)
        self.letter = letter_of(await self._look(preview_notice, PreviewNotice(booking_id, "cancelled")))
        self.leaving, self.errors, self.form = leaving, {}, "leave"

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_leave(self, form: dict[str, Any]) -> Any:
        typed = pick(form, "who", "reason", "tell")
        done = await self._tried(cancel, Cancel(self.leaving.booking_id, self.leaving.version, **typed))
        self.form = ""
        self._notify(done.label, undo=done.undo)
        return self._reload()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_change(self, form: dict[str, Any]) -> Any:
        """Seats and note."""
        command = ChangeClass(self.card.id, self.card.version, **pick(form, "seats", "note"))
        return self._said(await self._tried(change_class, command))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save_cancel(self, form: dict[str, Any]) -> Any:
        typed = pick(form, "reason", "tell", "scope")
        done = await self._tried(cancel_class, CancelClass(self.card.id, self.card.version, **typed))
        self.is_open = False
        return self._said(done)

    async def _count_off(self, scope: str) -> None:
        seen = await self._look(preview_class_cancel, CancelClass(self.card.id, self.card.version, scope=scope))
        self.off, self.off_classes = off_words(seen), seen.classes
        self.hint = await self._perform(leaving_hint)
        self.off_visits = format_count(seen.visits, "booking") if seen.visits else ""

    async def _tried(self, operation: Any, command: Any) -> Any:
        """After somebody else's change the form goes on with the class as it now is; what was typed stays."""
        try:
            return await self._perform(operation, command)
        except Conflict:
            await self._read(self.card.id)
            known = [one for one in self.card.attendees if one.booking_id == self.leaving.booking_id]
            self.leaving = known[0] if known else self.leaving
            raise

    def _said(self, done: ClassDone) -> Any:
        self.form = ""
        self._notify(done.label, undo=done.undo)
        return self._reload()

    def _attendee(self, booking_id: str) -> AttendeeRow:
        """Raises: NotFound, for somebody who is not in this class."""
        found = next((one for one in self.card.attendees if one.booking_id == booking_id), None)
        if found is None:
            raise NotFound
        return found

    async def _read(self, session_id: str) -> None:
        try:
            card = await self._look(class_card, session_id)
        except NotFound:
            self.is_open, self.card = False, NO_CLASS
            raise
        self.card = class_view(card, current_seat().actor.zone)


def off_words(seen: ClassesOff) -> str:
    """Like "3 classes with 7 bookings will be cancelled by you."."""
    visits = format_count(seen.visits, "booking") if seen.visits else ""
    if seen.classes > 1:
        classes = format_count(seen.classes, "class", "classes")
        return f"{classes}{f' with {visits}' if visits else ''} will be cancelled by you. Their time becomes free."
    return f"{visits} will be cancelled by you. The time becomes free." if visits else EMPTY_OFF


def cards_due(changes: str) -> list[Any]:
    """The events for what stands beside the board, when bookings, their messages or classes were changed elsewhere."""
    bookings, classes = ids_of(changes, "booking") | ids_of(changes, "message"), ids_of(changes, "class")
    return [*([Card.heard(changes)] if bookings else []), *([ClassPanel.heard(changes)] if classes else [])]
