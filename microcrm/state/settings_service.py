"""The drawer of one service."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from microcrm.domain.booking_policy import PolicyTerms
from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.money import format_rupees, rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import GOODS, KINDS, TaxClass, rate_for, rate_words
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations import catalogue, categories
from microcrm.operations.billing.tax_rates import OwnRate, own_rates
from microcrm.operations.catalogue import Doer, Need, SaveService, ServiceView
from microcrm.state.base import AppState
from microcrm.state.forms import Option, pick, terms, ticked
from microcrm.state.gate import current_seat, needs
from microcrm.state.settings_services import ServiceSettings
from microcrm.wiring import now

_KIND_WORDS = {"room": "Room", "chair": "Chair", "equipment": "Equipment"}


@dataclass(frozen=True)
class ServiceForm:
    """What the fields start with. ``id`` "" is a new service."""

    id: str = ""
    name: str = ""
    description: str = ""
    category_id: str = ""
    duration: str = "30"
    buffer_before: str = ""
    buffer_after: str = ""
    gap_after: str = ""
    gap: str = ""
    price: str = ""
    is_price_with_tax: bool = True
    sac: str = ""
    tax_class: str = ""
    colour: str = "teal"
    is_online: bool = True
    seats: str = ""
    notice: str = ""
    horizon: str = ""
    step: str = ""
    most_per_day: str = ""
    approval: str = ""
    deposit_kind: str = ""
    deposit_amount: str = ""
    deposit_percent: str = ""
    patch_test: str = ""
    rest: str = ""
    substances: str = ""
    needed_form: str = ""
    needed_months: str = ""
    version: str = ""
    has_timing: bool = False
    has_rules: bool = False


@dataclass(frozen=True)
class UsualRules:
    """What holds where the fields of the service's own rules are empty."""

    notice: str = ""
    horizon: str = ""
    step: str = ""
    most_per_day: str = ""
    approval: str = ""
    deposit: str = ""


@dataclass(frozen=True)
class TermsLine:
    """A box to tick with a price and minutes of one's own. ``usual``: what holds where these are empty."""

    id: str
    name: str
    usual: str
    does: bool
    price: str
    minutes: str


@dataclass(frozen=True)
class NeedLine:
    id: str
    name: str
    kind: str
    is_needed: bool


class ServiceDrawer(AppState):
    is_open: bool = False
    is_saving: bool = False
    form: ServiceForm = ServiceForm()
    usual: UsualRules = UsualRules()
    takes_online: bool = False
    doers: list[TermsLine] = []
    equipment: list[NeedLine] = []
    category_options: list[Option] = []
    tax_options: list[Option] = []
    form_options: list[Option] = []

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def start(self, service_id: str) -> None:
        card = await self._perform(catalogue.open_service, service_id)
        shelves = await self._perform(categories.list_categories)
        self.form = _form(card.service) if card.service else ServiceForm()
        self.usual, self.takes_online = _usual(card.usual), card.takes_online
        self.doers = [_doer(doer, is_new=card.service is None) for doer in card.doers]
        self.equipment = [_need(need) for need in card.needs]
        self.form_options = [Option(str(form_id), name) for form_id, name in card.forms]
        self.category_options = [Option(str(shelf.id), shelf.name) for shelf in shelves]
        self.tax_options, self.is_open = tax_options(now(), await self._perform(own_rates)), True

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def close(self) -> None:
        self.is_open = False

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        self.is_saving = True
        yield
        try:
            _, token = await self._perform(catalogue.save_service, self._command(form))
        finally:
            self.is_saving = False
        self.is_open = False
        self._notify("Service saved" if token else "Nothing was different", undo=token)
        yield ServiceSettings.load

    def _command(self, form: Any) -> SaveService:
        texts = pick(
            form, "name", "description", "category_id", "duration", "buffer_before", "buffer_after", "gap_after"
        )
        rest = pick(form, "gap", "price", "sac", "tax_class", "colour", "is_price_with_tax", "is_online", "seats")
        return SaveService(
            **texts,
            **rest,
            **pick(form, "notice", "horizon", "step", "most_per_day", "approval"),
            **pick(form, "deposit_kind", "deposit_amount", "deposit_percent", "patch_test", "rest", "substances"),
            **pick(form, "needed_form", "needed_months"),
            service_id=self.form.id,
            version=self.form.version,
            members=terms(form),
            resources=ticked(form, "needs_"),
        )


def _form(row: ServiceView) -> ServiceForm:
    def minutes(number: int) -> str:
        return str(number) if number else ""

    return ServiceForm(
        id=str(row.id),
        name=row.name,
        description=row.description,
        category_id=str(row.category_id or ""),
        duration=str(row.duration_min),
        buffer_before=minutes(row.buffer_before_min),
        buffer_after=minutes(row.buffer_after_min),
        gap_after=minutes(row.gap_after_min),
        gap=minutes(row.gap_min),
        price=rupees_for_input(row.price_paise),
        is_price_with_tax=row.is_price_with_tax,
        sac=row.sac,
        tax_class=row.tax_class,
        colour=row.colour,
        is_online=row.is_online,
        seats=str(row.seats) if row.seats > 1 else "",
        notice=_or_empty(row.min_notice_min),
        horizon=_or_empty(row.horizon_days),
        step=_or_empty(row.slot_step_min),
        most_per_day=_or_empty(row.most_per_day),
        approval="" if row.needs_approval is None else "yes" if row.needs_approval else "no",
        deposit_kind=row.deposit_kind or "",
        deposit_amount=rupees_for_input(row.deposit_paise or None),
        deposit_percent=str(row.deposit_percent or ""),
        patch_test=_or_empty(row.patch_test_days),
        rest=_or_empty(row.rest_days),
        substances=row.substances,
        needed_form=_or_empty(row.needed_form_id),
        needed_months=_or_empty(row.needed_form_months),
        version=str(row.version),
        has_rules=any(rule is not None for rule in _rules_of(row)),
        has_timing=bool(row.buffer_before_min or row.buffer_after_min or row.gap_min),
    )


def _rules_of(row: ServiceView) -> tuple[int | str | None, ...]:
    return (
        row.min_notice_min, row.horizon_days, row.slot_step_min, row.most_per_day, row.needs_approval, row.deposit_kind
    )  # fmt: skip


def _or_empty(number: int | None) -> str:
    return "" if number is None else str(number)


def _usual(terms: PolicyTerms) -> UsualRules:
    """Like "Empty: the shop’s 2 h"."""
    most = "no limit" if terms.most_per_day is None else format_count(terms.most_per_day, "visit")
    return UsualRules(
        notice=_shop_s(format_duration(terms.min_notice_min) if terms.min_notice_min else "up to the last minute"),
        horizon=_shop_s(format_count(terms.horizon_days, "day")),
        step=_shop_s(format_duration(terms.slot_step_min)),
        most_per_day=f"Empty: only the shop’s own limit ({most} of all services)",
        approval="As the shop: answered first" if terms.needs_approval else "As the shop: booked at once",
        deposit=f"As the shop: {_deposit_words(terms)}",
    )


def _deposit_words(terms: PolicyTerms) -> str:
    words = {
        "fixed": f"{format_rupees(terms.deposit_paise)} a visit",
        "percent": f"{terms.deposit_percent} % of the price",
        "full": "the full price",
    }
    return words.get(terms.deposit_kind, "nothing")


def _shop_s(rule: str) -> str:
    return f"Empty: the shop’s rule, {rule}"


def _doer(doer: Doer, *, is_new: bool) -> TermsLine:
    minutes = "" if doer.duration_min is None else str(doer.duration_min)
    return TermsLine(
        str(doer.member_id), doer.name, "", doer.does or is_new, rupees_for_input(doer.price_paise), minutes
    )


def _need(need: Need) -> NeedLine:
    return NeedLine(str(need.resource_id), need.name, _KIND_WORDS[need.kind], need.is_needed)


def tax_options(moment: datetime, own: Sequence[OwnRate], *, of_goods: bool = False) -> list[Option]:
    """Kinds of services, or of goods, with the rate that is in force today in the shop's zone."""
    today = today_in(zone_of(current_seat().actor.zone), moment)
    rates = [one.rate for one in own]
    return [
        Option(kind.value, f"{KINDS[kind].label}, {rate_words(rate_for(rates, kind, '', today))}")
        for kind in TaxClass
        if (kind in GOODS) == of_goods
    ]


def usual_terms(price_paise: int, duration_min: int) -> str:
    """Like "₹700 · 45 min"."""
    return f"₹{rupees_for_input(price_paise)} · {format_duration(duration_min)}"
