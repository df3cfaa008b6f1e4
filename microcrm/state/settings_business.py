"""The business's own page of the settings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.domain.phone import display_phone
from microcrm.domain.pictures import FAULTS
from microcrm.operations import business
from microcrm.operations.business import BusinessView, SaveAddress, SaveLogo, SaveProfile
from microcrm.state.base import AppState
from microcrm.state.forms import pick
from microcrm.state.gate import needs


@dataclass(frozen=True)
class BusinessForm:
    """What the cards start with. A ``…_key`` is new when the stored values of its card are, so that the card is drawn
    anew then and only then: what is typed into the other cards stays."""

    name: str = ""
    legal_name: str = ""
    trade: str = ""
    phone: str = ""
    email: str = ""
    profile_key: str = ""
    address: str = ""
    city: str = ""
    state_code: str = ""
    pin: str = ""
    pin_caution: str = ""
    gstin: str = ""
    address_key: str = ""
    zone: str = ""
    slug: str = ""
    has_logo: bool = False
    logo_key: str = ""
    version: str = ""


class BusinessSettings(AppState):
    is_ready: bool = False
    shop: BusinessForm = BusinessForm()
    saving: str = ""  # the card that is being saved
    gstin_words: str = ""
    is_gstin_good: bool = True
    slug_words: str = ""
    is_slug_good: bool = True

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def load(self) -> None:
        self.shop = form_of(await self._perform(business.business_view))
        self.gstin_words, self.slug_words, self.is_ready = "", "", True
        fault = FAULTS.get(self.router.url.query_parameters.get("logo", ""))
        self.errors = {"logo": fault} if fault else {}

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_profile(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "profile"
        yield
        fields = pick(form, "name", "legal_name", "trade", "phone", "email")
        command = SaveProfile(**fields, version=self.shop.version)
        await self._save("Name and contact saved", business.save_profile, command)
        self.shop_name = self.shop.name

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_address(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "address"
        yield
        fields = pick(form, "address", "city", "state_code", "pin", "gstin")
        await self._save(
            "Address and GST saved", business.save_address, SaveAddress(**fields, version=self.shop.version)
        )
        self.gstin_words = ""

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_slug(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "slug"
        yield
        await self._save("Booking link saved", business.save_slug, pick(form, "slug")["slug"], self.shop.version)
        self.shop_slug, self.slug_words = self.shop.slug, ""

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def save_zone(self, form: dict[str, Any]) -> AsyncGenerator[None]:
        self.saving = "zone"
        yield
        await self._save("Time zone saved", business.save_zone, pick(form, "zone")["zone"], self.shop.version)

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def remove_logo(self) -> None:
        await self._save("Logo removed", business.save_logo, SaveLogo(b""))

    @rx.event
    @needs(Permission.BUSINESS_EDIT)
    async def judge_gstin(self, typed: str) -> None:
        verdict = await self._perform(business.judge_gstin, typed)
        self.gstin_words, self.is_gstin_good = verdict.words, verdict.is_good

    @rx.event(supersedes=True)
    @needs(Permission.BUSINESS_EDIT)
    async def judge_slug(self, typed: str) -> None:
        verdict = await self._perform(business.judge_slug, typed)
        self.slug_words, self.is_slug_good = verdict.words, verdict.is_good

    async def _save(self, words: str, operation: Callable[..., str], *args: Any) -> None:
        try:
            token = await self._perform(operation, *args)
        finally:
            self.saving = ""
        self.shop = form_of(await self._perform(business.business_view))
        self._notify(words if token else "Nothing was different", undo=token)


def form_of(view: BusinessView) -> BusinessForm:
    phone = display_phone(view.phone) if view.phone else ""
    profile = (view.name, view.legal_name, view.trade, phone, view.email)
    address = (view.address, view.city, view.state_code, view.pin, view.pin_caution, view.gstin)
    return BusinessForm(
        *profile,
        str(profile),
        *address,
        str(address),
        view.zone,
        view.slug,
        view.has_logo,
        str(view.version),
        str(view.version),
    )
