"""What is still to do for the customer on the screen, and the form of one task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from microcrm import wiring
from microcrm.domain.formatting import format_near_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.customer_tasks import (
    AddTask,
    EditTask,
    SavedTask,
    TaskLine,
    add_task,
    edit_task,
    finish_task,
    remove_task,
    takers,
    tasks_of,
)
from microcrm.state.base import AppState
from microcrm.state.booking_card_view import Option
from microcrm.state.gate import current_seat, needs


@dataclass(frozen=True)
class TaskRow:
    """``due``: as in "Today" or "2 days late"; ``href`` leads to the customer, if there is more to see than the name."""

    id: str
    version: int
    title: str
    due: str
    is_late: bool
    who: str
    customer: str
    href: str
    day: str
    member_id: str


@dataclass(frozen=True)
class TaskForm:
    """Of a new task while ``id`` is empty."""

    is_open: bool = False
    id: str = ""
    version: int = 0
    title: str = ""
    day: str = ""
    member_id: str = ""


class CustomerTasks(AppState):
    is_read: bool = False
    rows: list[TaskRow] = []
    form: TaskForm = TaskForm()
    takers: list[Option] = []
    is_saving: bool = False

    _customer: str = ""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """Again, when somebody has changed one elsewhere."""
        self._turn_to(self.router.url.query_parameters.get("id", ""))
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin(self) -> None:
        """For today and by oneself, until something else is chosen."""
        me = current_seat().actor
        await self._offer_takers()
        self.form = TaskForm(True, day=_today(me.zone).isoformat(), member_id=str(me.member_id))

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def begin_editing(self, task: str) -> None:
        row = next((one for one in self.rows if one.id == task), None)
        if row is not None:
            await self._offer_takers()
            self.form = TaskForm(True, row.id, row.version, row.title, row.day, row.member_id)

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.errors, self.form = {}, TaskForm()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def save(self, typed: dict[str, Any]) -> Any:
        """The version is the one that the form was filled from: a newer one is a conflict, and what was typed stays."""
        self.is_saving = True
        yield
        try:
            saved = await self._store([typed.get(name) for name in ("title", "due_on", "member_id")])
        finally:
            self.is_saving = False
        self.form = TaskForm()
        self._notify(f"Saved: {saved.title}", undo=saved.undo)
        await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def finish(self, task: str) -> None:
        """With the version on the screen: of two who are done with it at once, the second is told."""
        try:
            saved = await self._perform(finish_task, task, version_of(self.rows, task))
            self._notify(f"Done: {saved.title}", undo=saved.undo)
        finally:
            await self._read()

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def remove(self, task: str) -> None:
        saved = await self._perform(remove_task, task, version_of(self.rows, task))
        self._notify(f"Deleted: {saved.title}", undo=saved.undo)
        await self._read()

    async def _offer_takers(self) -> None:
        self.errors = {}
        self.takers = [Option(str(member), name) for member, name in await self._look(takers)]

    async def _store(self, typed: list[Any]) -> SavedTask:
        form = self.form
        if not form.id:
            return await self._perform(add_task, AddTask(self._customer, *typed))
        return await self._perform(edit_task, EditTask(form.id, form.version, *typed))

    def _turn_to(self, asked: str) -> None:
        """Of another customer nothing stays."""
        if asked != self._customer:
            self._customer, self.form = asked, TaskForm()
            self.is_read, self.rows = False, []

    async def _read(self) -> None:
        self._show(await self._look(tasks_of, self._customer))

    def _show(self, lines: Iterable[TaskLine]) -> None:
        today = _today(current_seat().actor.zone)
        self.rows = [row_of(line, today) for line in lines]
        self.is_read = True


def _today(zone: str) -> date:
    return today_in(zone_of(zone), wiring.now())


def version_of(rows: list[TaskRow], task: str) -> int:
    return next((one.version for one in rows if one.id == task), 0)


def row_of(line: TaskLine, today: date) -> TaskRow:
    late = (today - line.due_on).days
    near = format_near_day(line.due_on, today)
    return TaskRow(
        id=str(line.id),
        version=line.version,
        title=line.title,
        due=near if late <= 0 else f"{late} day{'' if late == 1 else 's'} late",
        is_late=late > 0,
        who=line.member,
        customer=line.customer,
        href=f"/customer?id={line.customer_id}" if line.opens_customer else "",
        day=line.due_on.isoformat(),
        member_id=str(line.member_id),
    )
