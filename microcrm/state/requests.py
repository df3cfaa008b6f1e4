"""Requests that wait for an answer, beside the calendar and on Today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from microcrm.domain.booking import LABELS, BookingStatus
from microcrm.domain.errors import Conflict, Invalid, NotSafe
from microcrm.domain.formatting import format_count, format_near_day, format_time
from microcrm.domain.names import short_name
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations import requests as asked_for
from microcrm.operations.booking_status import Answer, approve
from microcrm.operations.requests import Kept
from microcrm.operations.safety import safety_as_booked
from microcrm.state.base import AppState
from microcrm.state.booking_letter import still_to_tell
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.forms import pick
from microcrm.state.gate import current_seat, needs

SOON = timedelta(hours=2)  # before it lapses
_S = BookingStatus
_ENDS = {_S.PENDING_APPROVAL: "Lapses", _S.PENDING_PAYMENT: "Paid by", _S.HOLD: "Kept until"}


@dataclass(frozen=True)
class RequestRow:
    """``href`` opens the visit on its day. ``until`` says when it lapses, with a warning tone when that is soon."""

    booking_id: str
    version: int
    href: str
    customer: str
    is_new: bool
    when: str
    line: str
    note: str
    until: str
    is_soon: bool
    status: str
    may_answer: bool


class Requests(AppState):
    """``count`` is of those that wait for an answer, whether or not the rows have been read. ``unsafe``: what speaks against the
    one that was to be approved, while whoever may is asked for a reason; ``against``: the records that say so, if they may be opened
    here (ids with commas between); ``records``: where all of the customer's are."""

    count: int = 0
    words: str = ""
    rows: list[RequestRow] = []
    kept: list[RequestRow] = []
    unsafe: str = ""
    against: str = ""
    records: str = ""

    _wanted: Answer | None = None

    @rx.event(supersedes=True)
    @needs(Permission.CALENDAR_OWN)
    async def load(self) -> None:
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def approve(self, booking_id: str, version: int) -> Any:
        """The customer is told unless that is taken back within the minute."""
        answer = Answer(booking_id, version)
        try:
            return await self._approve(answer)
        except NotSafe as refusal:
            return await self._ask_why(answer, refusal)

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def approve_anyway(self, form: dict[str, Any]) -> Any:
        """Past what is not safe, with a reason."""
        reason = pick(form, "safety_reason")["safety_reason"]
        if not isinstance(reason, str) or not reason.strip():
            raise Invalid(fields={"safety_reason": "Say why it can be approved all the same."})
        if self._wanted is None or not self.unsafe:
            return None
        return await self._approve(replace(self._wanted, safety_reason=reason))

    @rx.event
    @needs(Permission.CALENDAR_OWN)
    async def leave_unsafe(self) -> None:
        self.unsafe, self._wanted, self.errors = "", None, {}

    async def _ask_why(self, answer: Answer, refusal: NotSafe) -> None:
        """Raises the refusal again for those whom no reason helps."""
        if not refusal.may_override:
            raise refusal
        said = await self._look(safety_as_booked, answer.booking_id)
        may_open = Permission.RECORDS_OPEN in current_seat().actor.permissions and said.customer_id is not None
        self.against = ",".join(map(str, said.records))
        self.records = f"{RECORDS}?id={said.customer_id}" if may_open else ""
        self.unsafe, self._wanted, self.errors = refusal.message, answer, {}

    async def _approve(self, answer: Answer) -> Any:
        try:
            done = await self._perform(approve, answer)
        except Conflict:
            self.unsafe, self._wanted = "", None
            await self._read()
            raise
        self.unsafe, self._wanted = "", None
        self._notify(done.label, undo=done.undo, tell=still_to_tell(done))
        return [Requests.load, *self._reload()]

    async def _read(self) -> None:
        found = await self._look(asked_for.requests)
        self.rows = [row_of(one, found) for one in found.asked]
        self.kept = [row_of(one, found) for one in found.kept]
        self._count(len(found.asked))

    def _count(self, count: int) -> None:
        """Nothing is sent when nothing is different."""
        if count != self.count:
            self.count, self.words = count, format_count(count, "waits", "wait")


def _near(instant: datetime, zone: ZoneInfo, today: date) -> str:
    return f"{format_near_day(to_wall(instant, zone)[0], today)}, {format_time(instant, zone)}"


def row_of(one: Kept, found: asked_for.Requests) -> RequestRow:
    zone = zone_of(current_seat().actor.zone)
    day = to_wall(one.starts_at, zone)[0]
    members = " and ".join(short_name(name) for name in one.members)
    return RequestRow(
        booking_id=str(one.booking_id),
        version=one.version,
        href=f"/calendar?date={day.isoformat()}&booking={one.item_id}",
        customer=one.customer,
        is_new=one.is_new_customer,
        when=_near(one.starts_at, zone, found.today),
        line=f"{', '.join(one.services)} · {members}",
        note=one.note,
        until=f"{_ENDS[one.status]}: {_near(one.expires_at, zone, found.today)}",
        is_soon=one.expires_at - found.now < SOON,
        status=LABELS[one.status],
        may_answer=one.may_answer,
    )
