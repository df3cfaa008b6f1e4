"""Today: what the screen shows, and the one step that each row offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import FormMissing, NotSafe
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_status import Answer, Step, step
from microcrm.operations.contact_reveals import hot_members
from microcrm.operations.onboarding import ask_no_second_step, put_checklist_away
from microcrm.operations.online.attention import money_matters
from microcrm.operations.online.refunds import open_concerns
from microcrm.operations.replies.inbox import count_waiting
from microcrm.operations.today import today
from microcrm.state import today_view as view
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs
from microcrm.state.live import ALL, kinds_of, screens
from microcrm.state.requests import Requests
from microcrm.state.start_ask import StartAsk
from microcrm.state.today_aside import TodayAside
from microcrm.state.today_looks import looks_rows
from microcrm.state.today_messages import inbox_rows
from microcrm.state.today_money import money_rows
from microcrm.state.today_tasks import TodayTasks


@dataclass(frozen=True)
class TaskRow:
    key: str
    label: str
    href: str
    is_done: bool


class TodayPage(AppState):
    """``is_read``: the facts are there. ``tasks`` is empty once a new shop's first steps are done or put away;
    ``asks_second_step`` of owners whose password alone opens everything."""

    is_read: bool = False
    has_calendar: bool = False
    head: view.TodayHead = view.TodayHead()
    floor: list[view.FloorCard] = []
    figures: list[view.Figure] = []
    rows: list[view.TodayRow] = []
    earlier: list[view.TodayRow] = []
    attention: list[view.AttentionRow] = []
    tasks: list[TaskRow] = []
    asks_second_step: bool = False

    @rx.event(supersedes=True)
    @needs(Permission.SHOP_VIEW)
    async def load(self) -> Any:
        """A brand-new owner goes to the first steps instead, until those are begun or left for later."""
        is_untouched = await self._read()
        return rx.redirect("/welcome", replace=True) if is_untouched else self._requests()

    @rx.event
    @needs(Permission.SHOP_VIEW)
    async def heard(self, changes: str) -> Any:
        """Something was changed elsewhere (see ``live``)."""
        kinds = kinds_of(changes)
        if self.is_read and kinds - {"waitlist", "queue", "task", "note"}:
            await self._read()
        tasks = [TodayTasks.load] if kinds & {"task", ALL} else []
        return [TodayAside.load, *self._requests(), *tasks] if kinds & {"queue", "booking", ALL} else tasks

    @rx.event
    @needs(Permission.BOOKINGS_OWN)
    async def step(self, booking_id: str, status: str) -> None:
        """No version: the row says which step it means, and a step that no longer fits is refused."""
        try:
            done = await self._perform(step, Step(booking_id, status))
        except (FormMissing, NotSafe) as refusal:
            if isinstance(refusal, NotSafe) and status == BookingStatus.BOOKED.value:
                await (await self.get_state(Requests))._ask_why(Answer(booking_id, None), refusal)
            else:
                await (await self.get_state(StartAsk))._ask(Step(booking_id, status), refusal)
            return
        self._notify(done.label, undo=done.undo)
        await self._read()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def put_tasks_away(self) -> None:
        await self._perform(put_checklist_away)
        self.tasks = []

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def not_now(self) -> None:
        await self._perform(ask_no_second_step)
        self.asks_second_step = False

    def _requests(self) -> list[Any]:
        return [Requests.load] if self.has_calendar else []

    async def _money(self, zone: str) -> list[view.AttentionRow]:
        return money_rows(await self._look(open_concerns), await self._look(money_matters), zone)

    async def _read(self) -> bool:
        screens().show(self.router.session.client_token, current_seat().actor.business_id, TodayPage.heard)
        facts = await self._look(today)
        self.head = view.head_of(facts, self.person_name)
        self.floor, self.figures = view.floor_of(facts), view.figures_of(facts)
        self.earlier, self.rows = view.rows_of(facts)
        money = await self._money(facts.zone) if Permission.INVOICES_CORRECT.value in self.allowed else []
        looks = looks_rows(await self._look(hot_members)) if Permission.ACTIVITY_VIEW.value in self.allowed else []
        waiting = await self._look(count_waiting) if Permission.MESSAGES_VIEW.value in self.allowed else 0
        self.attention = [*money, *looks, *inbox_rows(waiting), *view.attention_of(facts)]
        tasks = facts.checklist.tasks if facts.checklist.is_shown else ()
        self.tasks = [TaskRow(task.key, task.label, task.href, task.is_done) for task in tasks]
        self.asks_second_step = facts.checklist.asks_second_step and not current_seat().has_second_step
        self.has_calendar, self.is_read = facts.has_calendar, True
        return facts.checklist.is_untouched
