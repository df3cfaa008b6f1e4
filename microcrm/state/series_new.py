"""A new visit that comes again: the dates are looked at first, then all of them are booked or none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from microcrm.domain.errors import NotSafe, PhoneTaken, SlotTaken
from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.parts.series_plan import SeriesWish
from microcrm.operations.series import CreateSeries, create, preview
from microcrm.state.base import AppState
from microcrm.state.booking_lines import typed_services
from microcrm.state.booking_new import NewBooking
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.series_dates import wish_of
from microcrm.state.series_repeat import Repeats


class NewSeries(AppState):
    """Saves the form of ``NewBooking`` when something is chosen in ``Repeats``."""

    is_saving: bool = False

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """The first press shows the dates, the next one books them."""
        self.is_saving = True
        yield
        booking, repeats = await self.get_state(NewBooking), await self.get_state(Repeats)
        wish = wish_of(form, typed_services(form, len(booking.lines)))
        try:
            if repeats._must_look(wish):
                yield repeats._show(wish, await self._perform(preview, wish))
                booking.asks_reason = booking.asks_reason or repeats._is_closed_then()
            else:
                yield await self._book(form, wish, booking, repeats)
        finally:
            self.is_saving = False

    async def _book(self, form: dict[str, Any], wish: SeriesWish, booking: NewBooking, repeats: Repeats) -> Any:
        whose = pick(form, "customer_id", "name", "phone", "is_family", "safety_reason", "tell")
        try:
            done = await self._perform(create, CreateSeries(repeats._decided(wish), who=booking.who, **whose))
        except SlotTaken:
            repeats._show(wish, await self._look(preview, wish))
            raise
        except NotSafe as refusal:
            booking.asks_safety = booking.asks_safety or refusal.may_override
            raise
        except PhoneTaken:
            booking.offers_family = True
            raise
        booking.is_open = False
        self._notify(f"{done.label} · {format_count(len(done.booking_ids), 'visit')} booked", undo=done.undo)
        return booking._show(repeats.rows[0].day if repeats.rows else str(form.get("day")))
