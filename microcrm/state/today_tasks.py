"""The tasks on Today that are due or late: one's own, and everybody's for those who lead the members."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.formatting import format_count
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_tasks import due_tasks, finish_task
from microcrm.state.base import AppState
from microcrm.state.customer_tasks import TaskRow, row_of, version_of
from microcrm.state.gate import needs


class TodayTasks(AppState):
    """``words``: how many there are; ``is_everybodys``: whose they are is said of each."""

    rows: list[TaskRow] = []
    words: str = ""
    is_everybodys: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.SHOP_VIEW)
    async def load(self) -> None:
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

    async def _read(self) -> None:
        found = await self._look(due_tasks)
        self.rows = [row_of(line, found.today) for line in found.lines]
        first = f"The first {len(self.rows)} of " if found.count > len(self.rows) else ""
        self.words = f"{first}{format_count(found.count, 'task')}"
        self.is_everybodys = found.is_everybodys
