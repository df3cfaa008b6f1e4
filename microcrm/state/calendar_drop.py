"""A block was let go on the board, or moved with the keys: done at once, asked about first, or put back with the reason."""

from __future__ import annotations

from typing import Any

import reflex as rx

from microcrm.components.board.board import Moved
from microcrm.domain.errors import DomainError, NotFound, NotSafe
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_card import booking_card
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.move import move
from microcrm.state.base import AppState
from microcrm.state.booking_card import Card
from microcrm.state.booking_card_view import card_view
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.booking_moves import Drop, move_in, read_drop, words_of
from microcrm.state.calendar import Calendar
from microcrm.state.calendar_drawer import drawers_due
from microcrm.state.class_move import ClassMove
from microcrm.state.class_panel import ClassPanel
from microcrm.state.drop_ask import DropAsk, choices_for
from microcrm.state.gate import current_seat, needs


class Drops(AppState):
    """What is asked about goes back to its place until it is answered: the board never shows what is not so."""

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def moved(self, change: Moved) -> Any:
        """The widget has moved the block already."""
        board = await self.get_state(Calendar)
        try:
            drop = read_drop(change, board.head.by)
            if drop.name.startswith("class"):
                return await self._class(board, drop, change)
            return await self._visit(board, drop, change)
        except DomainError:
            await board._put_back(change)
            raise

    async def _visit(self, board: Calendar, drop: Drop, change: Any) -> Any:
        command = move_in(drop, board._known)
        card = card_view(await self._look(booking_card, drop.name), current_seat().actor.zone)
        if choices_for(card, drop):
            await board._put_back(change)
            return (await self.get_state(DropAsk))._ask(card, drop, command)
        try:
            done = await self._perform(move, command)
        except NotSafe as refusal:
            if not refusal.may_override:
                raise
            await board._put_back(change)
            return (await self.get_state(DropAsk))._ask_reason(card, drop, command, refusal.message)
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        await (board._redraw({done.booking_id}) if board._is_patched else board._read())
        return [Card.refresh, *drawers_due(board.head.drawer)]

    async def _class(self, board: Calendar, drop: Drop, change: Any) -> Any:
        """An empty class moves at once; where seats are sold or others follow, somebody decides."""
        block = board._classes.get(drop.name)
        if block is None:
            raise NotFound
        if block.taken or block.in_series:
            await board._put_back(change)
            minutes = str(drop.minutes or block.minutes)
            return ClassMove.begin_at(str(block.session_id), drop.day, drop.time, drop.member_id or "", minutes)
        command = MoveClass(block.session_id, block.version, drop.day, drop.time, drop.member_id, drop.minutes)
        done = await self._perform(move_class, command)
        self._notify(done.label, undo=done.undo)
        await board._read()
        return [ClassPanel.refresh, *drawers_due(board.head.drawer)]

    def _refused(self, error: DomainError) -> None:
        """There is no form here: what would stand at a field is said in the notice."""
        if error.fields:
            self._notify(words_of(error), tone="bad")
        else:
            super()._refused(error)
