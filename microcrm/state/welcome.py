"""The first steps of a new shop. Each is done or skipped, and where one stopped is kept with the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import reflex as rx
import segno

from microcrm.domain.formatting import format_count, format_duration
from microcrm.domain.money import format_rupees
from microcrm.domain.permissions import Permission
from microcrm.operations import business, hours, onboarding
from microcrm.operations.business import SaveAddress
from microcrm.operations.catalogue import list_services
from microcrm.operations.hours import SaveWeek
from microcrm.operations.onboarding import STEPS, Progress
from microcrm.operations.templates import apply_template
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import needs
from microcrm.state.settings_business import BusinessForm, form_of
from microcrm.state.week_editing import WeekEditing


@dataclass(frozen=True)
class StepMark:
    key: str
    label: str
    outcome: str  # "" | done | skipped


LABELS = {
    "trade": "Your trade",
    "business": "Address and GST",
    "hours": "Opening hours",
    "services": "Services",
    "share": "Booking link",
}


class Welcome(AppState):
    step: str = ""
    steps: list[StepMark] = []
    shop: BusinessForm = BusinessForm()

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> Any:
        progress = await self._perform(onboarding.progress)
        self._mark(progress)
        self.shop = form_of(await self._perform(business.business_view))
        asked = self.router.url.query_parameters.get("step", "")
        return await self._open(asked if asked in STEPS else progress.step or STEPS[-1])

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def open_step(self, step: str) -> Any:
        return await self._open(step) if step in STEPS else None

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def skip(self) -> Any:
        return await self._leave("skipped")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def finish(self) -> Any:
        return await self._leave("done")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def finish_later(self) -> Any:
        await self._perform(onboarding.finish_later)
        return rx.redirect("/today")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_trade(self, form: dict[str, Any]) -> Any:
        await self._perform(onboarding.choose_trade, pick(form, "trade")["trade"])
        return await self._leave("done")

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_address(self, form: dict[str, Any]) -> Any:
        fields = pick(form, "address", "city", "state_code", "pin", "gstin")
        await self._perform(business.save_address, SaveAddress(**fields, version=self.shop.version))
        step = await self._leave("done")
        if self.shop.pin_caution:
            self._notify(self.shop.pin_caution, tone="info")
        return step

    async def _leave(self, outcome: str) -> Any:
        """Note the outcome and go to the next step; after the last one to Today."""
        self._mark(await self._perform(onboarding.mark_step, self.step, outcome))
        self.shop = form_of(await self._perform(business.business_view))
        if self.step == STEPS[-1]:
            return rx.redirect("/today")
        return await self._open(STEPS[STEPS.index(self.step) + 1])

    async def _open(self, step: str) -> Any:
        self.step, self.errors = step, {}
        return {"hours": FirstHours.load, "services": FirstServices.load, "share": FirstLink.load}.get(step)

    def _mark(self, progress: Progress) -> None:
        outcomes = {**dict.fromkeys(progress.done, "done"), **dict.fromkeys(progress.skipped, "skipped")}
        self.steps = [StepMark(step, LABELS[step], outcomes.get(step, "")) for step in STEPS]


class FirstHours(WeekEditing, AppState):
    stamp: str = ""

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def load(self) -> None:
        view = await self._perform(hours.shop_week)
        self.stamp = str(view.stamp)
        self._show_week(view.week)

    @rx.event
    @needs(Permission.HOURS_EDIT)
    async def save(self) -> Any:
        await self._perform(hours.save_shop_week, SaveWeek(self._typed_week(), self.stamp))
        return Welcome.finish


@dataclass(frozen=True)
class FirstService:
    id: str
    name: str
    detail: str
    price: str
    colour: str


class FirstServices(AppState):
    is_ready: bool = False
    rows: list[FirstService] = []
    summary: str = ""

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def load(self) -> None:
        page = await self._perform(list_services)
        self.rows = [
            FirstService(str(r.id), r.name, format_duration(r.duration_min), format_rupees(r.price_paise), r.colour)
            for r in page.rows
        ]
        self.summary, self.is_ready = format_count(page.total, "service"), True

    @rx.event
    @needs(Permission.CATALOGUE_EDIT)
    async def fill(self) -> Any:
        view = await self._perform(business.business_view)
        filled = await self._perform(apply_template, view.trade)
        self._notify(f"{format_count(filled.services, 'service')} added")
        return FirstServices.load


class FirstLink(AppState):
    address: str = ""
    code: str = ""  # the QR picture, as a data address
    message: str = ""  # for WhatsApp, as an address

    @rx.event
    @needs(Permission.SHOP_VIEW)
    async def load(self) -> None:
        view = await self._perform(business.business_view)
        self.address = f"{settings().public_url}/b/{view.slug}"
        self.code = segno.make(self.address, error="m").svg_data_uri(scale=5, border=2)
        self.message = "https://wa.me/?text=" + quote(f"Book your visit at {view.name}: {self.address}")
