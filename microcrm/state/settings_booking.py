"""The owner's rules of booking: what customers may book alone, what lateness costs, what the desk may do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.booking_policy import MOST_STEPS, PolicyTerms
from microcrm.domain.cancellation import example
from microcrm.domain.money import rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.operations.booking_policy import ChangePolicy, FeeRung, change_policy, policy_of
from microcrm.operations.messages.live import is_sending
from microcrm.operations.online.refunds import way_to_pay
from microcrm.state.base import AppState
from microcrm.state.deposit_words import mode_mark
from microcrm.state.forms import pick
from microcrm.state.gate import needs

STEPS = tuple(range(1, MOST_STEPS + 1))  # of the ladder


@dataclass(frozen=True)
class RulesForm:
    """What the cards start with; ``key`` is new when what is stored is, so that the cards are drawn anew."""

    is_online: bool = True
    needs_approval: bool = False
    is_code_needed: bool = False
    code_way: str = "email"
    is_override_allowed: bool = True
    is_telling_usual: bool = True
    is_waitlist_on: bool = True
    is_queue_on: bool = False
    min_notice_min: str = ""
    horizon_days: str = ""
    slot_step_min: str = ""
    most_per_day: str = ""
    hold_min: str = ""
    approval_hours: str = ""
    cancel_cutoff_min: str = ""
    reschedule_cutoff_min: str = ""
    no_show_percent: str = ""
    deposit_kind: str = "none"
    deposit_amount: str = ""
    deposit_percent: str = ""
    payment_min: str = ""
    offer_min: str = ""
    offer_band: str = ""
    note: str = ""
    within: tuple[str, str, str] = ("", "", "")
    percent: tuple[str, str, str] = ("", "", "")
    example: str = ""
    version: int = 0


class BookingRules(AppState):
    is_ready: bool = False
    rules: RulesForm = RulesForm()
    saving: str = ""  # the card that is being saved
    takes_online: bool = False  # the shop has keys of Razorpay, or the sandbox
    mode_mark: str = ""  # that no real money moves
    is_sending: bool = True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        mode = await self._perform(way_to_pay)
        self.takes_online, self.mode_mark = bool(mode), mode_mark(mode)
        self.is_sending = await self._perform(is_sending)
        self.rules, self.is_ready, self.errors = form_of(await self._perform(policy_of)), True, {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_online(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "online"
        yield
        names = ("min_notice_min", "horizon_days", "slot_step_min", "hold_min", "approval_hours", "note", "code_way")
        fields = pick(form, *names) | switches(form, "is_online", "needs_approval", "is_code_needed")
        fields["most_per_day"] = pick(form, "most_per_day")["most_per_day"] or ""
        await self._save("Online booking saved", fields)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_lateness(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "lateness"
        yield
        fields = pick(form, "cancel_cutoff_min", "reschedule_cutoff_min", "no_show_percent")
        await self._save("Cancelling saved", fields | {"fee_ladder": ladder_of(form)})

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_deposit(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "deposit"
        yield
        fields = pick(form, "deposit_kind", "deposit_amount", "deposit_percent", "payment_min")
        await self._save("Paying ahead saved", fields | {"deposit_kind": fields["deposit_kind"] or "none"})

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_desk(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "desk"
        yield
        await self._save("Saved", switches(form, "is_override_allowed", "is_telling_usual", "is_queue_on"))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_waiting(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "waiting"
        yield
        fields = pick(form, "offer_min", "offer_band") | switches(form, "is_waitlist_on")
        await self._save("Waiting list saved", fields)

    async def _save(self, words: str, fields: dict[str, Any]) -> None:
        try:
            token = await self._perform(change_policy, ChangePolicy(self.rules.version, **fields))
        finally:
            self.saving = ""
        self.rules = form_of(await self._perform(policy_of))
        self._notify(words if token else "Nothing was different", undo=token)


def form_of(terms: PolicyTerms) -> RulesForm:
    made = ("example", "deposit_amount", "deposit_percent")
    texts = [name for name, kind in RulesForm.__annotations__.items() if kind == "str" and name not in made]
    shown = {name: "" if (value := getattr(terms, name)) is None else str(value) for name in texts}
    flags = {name: getattr(terms, name) for name, kind in RulesForm.__annotations__.items() if kind == "bool"}
    ladder = [*terms.fee_ladder[: len(STEPS)]]
    within = [str(step.within_min) for step in ladder] + [""] * (len(STEPS) - len(ladder))
    percent = [str(step.percent) for step in ladder] + [""] * (len(STEPS) - len(ladder))
    return RulesForm(
        **flags,
        **shown,
        within=(within[0], within[1], within[2]),
        percent=(percent[0], percent[1], percent[2]),
        example=example(terms),
        deposit_amount=rupees_for_input(terms.deposit_paise or None),
        deposit_percent=str(terms.deposit_percent or ""),
        version=terms.version,
    )


def switches(form: Any, *names: str) -> dict[str, bool]:
    """An unticked box is not in a form at all."""
    return {name: bool(value) for name, value in pick(form, *names).items()}


def ladder_of(form: Any) -> tuple[FeeRung, ...]:
    """The lines of which something is filled in."""
    lines = [pick(form, f"within_{n}", f"percent_{n}") for n in STEPS]
    return tuple(FeeRung(*line.values()) for line in lines if any(line.values()))
