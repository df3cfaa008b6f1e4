"""A visit that may not start as it stands: why, and whoever may is asked for a reason. From its card, a class's list and Today."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import reflex as rx

from microcrm.domain.errors import Conflict, FormMissing, Invalid, NotSafe
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_status import Step, step
from microcrm.operations.safety import safety_as_booked
from microcrm.state.base import AppState
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs


class StartAsk(AppState):
    """``missing`` is empty while nothing is asked. ``against``: the records that speak against it, if they may be opened here (ids with
    commas between); ``records``: where the customer's forms and records are."""

    missing: str = ""
    against: str = ""
    records: str = ""

    _wanted: Step | None = None

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def anyway(self, form: dict[str, Any]) -> Any:
        """Past what is missing or not safe, with a reason."""
        reason = pick(form, "reason")["reason"]
        if not isinstance(reason, str) or not reason.strip():
            raise Invalid(fields={"reason": "Say why it can start all the same."})
        if self._wanted is None or not self.missing:
            return None
        return await self._go(replace(self._wanted, reason=reason))

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave(self) -> None:
        self.missing, self._wanted, self.errors = "", None, {}

    async def _go(self, wanted: Step) -> Any:
        try:
            done = await self._perform(step, wanted)
        except Conflict:
            self.missing, self._wanted = "", None
            raise
        self.missing, self._wanted = "", None
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        return self._reload()

    async def _ask(self, wanted: Step, refusal: FormMissing | NotSafe) -> None:
        """Raises the refusal again for those whom no reason helps."""
        if not refusal.may_override:
            raise refusal
        said = await self._look(safety_as_booked, wanted.booking_id)
        may_open = Permission.RECORDS_OPEN in current_seat().actor.permissions and said.customer_id is not None
        self.against = ",".join(map(str, said.records))
        self.records = f"{RECORDS}?id={said.customer_id}" if may_open else ""
        self.missing, self._wanted, self.errors = refusal.message, wanted, {}
