"""What goes out by itself, on its page of the settings: when, and by which way."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.formatting import clock_for_input
from microcrm.domain.notices import NEWS, MessageClass, NoticeStep, class_of
from microcrm.domain.permissions import Permission
from microcrm.domain.step_plan import BUILT_IN, BY_DAY, BY_SERVICE, DAY, ShopPlan, StepRule, when_words
from microcrm.domain.step_words import STEP_WORDS, order_words, price_words
from microcrm.operations.messaging.steps import (
    UNITS,
    ChangePlan,
    ChangeStep,
    PlanView,
    StepView,
    change_plan,
    change_step,
    use_plan_again,
    view_plan,
)
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick
from microcrm.state.gate import needs


@dataclass(frozen=True)
class StepRow:
    """``key`` names the rule: the step, and the service when it is for one only."""

    key: str
    step: str
    name: str
    about: str
    is_on: bool
    has_own_words: bool
    is_changed: bool
    is_for_one: bool
    may_differ: bool


@dataclass(frozen=True)
class NewsRow:
    step: str
    name: str
    about: str
    has_own_words: bool


@dataclass(frozen=True)
class Timing:
    """What the form of one rule begins with. ``turn`` is new each time, so that it is drawn anew. ``is_new``: for one service,
    which is still to be chosen."""

    step: str = ""
    title: str = ""
    why: str = ""
    service_id: str = ""
    is_new: bool = False
    has_time: bool = True
    is_by_day: bool = False
    is_advertising: bool = False
    is_on: bool = True
    is_at_clock: bool = False
    amount: str = ""
    unit: str = "hours"
    days: str = ""
    time: str = ""
    ways: str = ""
    version: int = 0
    turn: int = 0


@dataclass(frozen=True)
class PlanForm:
    ways: str = ""
    review_url: str = ""
    sms_price: str = ""
    version: int = 0


_SAVED = "Saved. It counts for visits that are booked or moved from now on."


class Reminders(AppState):
    is_ready: bool = False
    rows: list[StepRow] = []
    news: list[NewsRow] = []
    services: list[Option] = []
    plan: PlanForm = PlanForm()
    timing: Timing = Timing()
    is_open: bool = False
    is_saving: bool = False

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        await self._read()
        self.is_ready, self.is_open, self.is_saving, self.errors = True, False, False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def begin(self, key: str, is_new: bool = False) -> None:
        """``is_new``: another rule of the same step, for one service."""
        view = await self._perform(view_plan)
        found = next((one for one in view.steps if key_of(one) == key), None)
        if found is not None:
            self.timing = timing_of(found, self.timing.turn + 1, is_new=is_new is True)
            self.is_open, self.errors = True, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def close(self) -> None:
        self.is_open, self.errors = False, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def choose_kind(self, kind: str) -> None:
        self.timing = with_kind(self.timing, is_at_clock=kind == "clock")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.is_saving = True
        yield
        try:
            undo = await self._perform(change_step, command_of(self.timing, form))
        finally:
            self.is_saving = False
        self.is_open = False
        await self._read()
        self._notify(_SAVED if undo else "Nothing changed", undo=undo)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def start_again(self, key: str) -> None:
        """As the plan starts; of a rule for one service: as for all services."""
        view = await self._perform(view_plan)
        found = next((one for one in view.steps if key_of(one) == key), None)
        if found is not None and found.version:
            undo = await self._perform(use_plan_again, found.rule.step.value, found.version, found.service_id)
            await self._read()
            self._notify("As it was at first" if found.service_id is None else "The rule is gone", undo=undo)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_plan(self, form: dict[str, Any]) -> None:
        command = ChangePlan(self.plan.version, ways(form), **pick(form, "review_url", "sms_price"))
        undo = await self._perform(change_plan, command)
        await self._read()
        self._notify("Saved" if undo else "Nothing changed", undo=undo)

    async def _read(self) -> None:
        view = await self._perform(view_plan)
        self.rows = [row_of(one, view) for one in view.steps]
        self.news = [NewsRow(s.value, *STEP_WORDS[s], s in view.own_words) for s in STEP_WORDS if s in NEWS]
        self.services = [Option(str(key), name) for key, name in view.services]
        self.plan = plan_form(view.plan)


def command_of(timing: Timing, form: Any) -> ChangeStep:
    """A new rule belongs to the service that is chosen in the form; without one it is a mistake there."""
    service: Any = timing.service_id or None
    if timing.is_new:
        service = pick(form, "service_id")["service_id"] or "?"
    typed = pick(form, "is_on", "amount", "unit", "days", "time")
    return ChangeStep(
        timing.step, timing.version, is_at_clock=timing.is_at_clock, channels=ways(form), service_id=service, **typed
    )


def ways(form: Any) -> list[Any]:
    """Like "sms,email", in that order."""
    chosen = pick(form, "channels")["channels"]
    return chosen[:100].split(",") if isinstance(chosen, str) and chosen else []


def key_of(view: StepView) -> str:
    return f"{view.rule.step}-{view.service_id or ''}"


def row_of(view: StepView, plan: PlanView) -> StepRow:
    step, rule = view.rule.step, view.rule
    name = f"{STEP_WORDS[step].label} · {view.service}" if view.service_id else STEP_WORDS[step].label
    about = f"{when_words(rule)} · {order_words(rule.channels or plan.plan.channels)}"
    if class_of(step) is MessageClass.PROMOTIONAL:
        about += " · only to those who agreed to offers"
    return StepRow(
        key_of(view), step.value, name, about, rule.is_on, has_own_words=step in plan.own_words, is_changed=view.version > 0,
        is_for_one=view.service_id is not None, may_differ=step in BY_SERVICE and view.service_id is None,
    )  # fmt: skip


def timing_of(view: StepView, turn: int, *, is_new: bool) -> Timing:
    rule, words = view.rule, STEP_WORDS[view.rule.step]
    return Timing(
        rule.step.value, words.label, words.why, str(view.service_id or ""), is_new=is_new,
        has_time=rule.step is not NoticeStep.QUEUE_NEAR, is_by_day=rule.step in BY_DAY, is_on=rule.is_on,
        is_advertising=class_of(rule.step) is MessageClass.PROMOTIONAL,
        **length_of(rule), ways=",".join(rule.channels),
        version=0 if is_new else view.version, turn=turn,
    )  # fmt: skip


def length_of(rule: StepRule) -> dict[str, Any]:
    """A length in the largest unit that holds it whole: 24 h are said as hours, three days as days."""
    if rule.clock_min is not None:
        return {"is_at_clock": True, "days": str(rule.offset_min // DAY), "time": clock_for_input(rule.clock_min)}
    unit = next(one for one in ("days", "hours", "minutes") if rule.offset_min % UNITS[one] == 0)
    if rule.offset_min == DAY:
        unit = "hours"
    return {"amount": str(rule.offset_min // UNITS[unit]), "unit": unit}


def with_kind(timing: Timing, *, is_at_clock: bool) -> Timing:
    """What was not known yet begins with something that makes sense."""
    usual = StepRule(NoticeStep(timing.step or "reminder"), True, DAY, 18 * 60)
    start = length_of(usual if is_at_clock else BUILT_IN[NoticeStep.REMINDER])
    known = {name: value for name, value in start.items() if name == "is_at_clock" or not getattr(timing, name)}
    return Timing(**{**vars(timing), "is_at_clock": False, **known})


def plan_form(plan: ShopPlan) -> PlanForm:
    price = "" if plan.sms_price is None else price_words(plan.sms_price).removeprefix("₹")
    return PlanForm(",".join(plan.channels), plan.review_url, price, plan.version)
