"""A form is sent to the customer on the screen: a link to copy, to scan from this screen, or to write to them."""

from __future__ import annotations

from urllib.parse import quote

import reflex as rx
import segno

from microcrm.domain.formatting import format_day
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import to_wall, zone_of
from microcrm.operations.forms.asking import ask_form
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.gate import current_seat, needs


class FormLinks(AppState):
    """``address`` is empty while nothing is sent. ``code``: a picture of it."""

    title: str = ""
    address: str = ""
    whatsapp: str = ""
    code: str = ""
    until: str = ""

    @rx.event
    @needs(Permission.RECORDS_WRITE)
    async def send(self, form_id: str) -> None:
        customer = self.router.url.query_parameters.get("id", "")
        asked = await self._perform(ask_form, customer, form_id)
        self.title, self.address = asked.title, f"{settings().public_url}/form/{asked.token}"
        text = quote(f"{asked.words} {self.address}")
        self.whatsapp = f"https://wa.me/{asked.phone.removeprefix('+')}?text={text}"
        self.code = segno.make(self.address, error="m").svg_data_uri(scale=4, border=2, light="#ffffff", dark="#14201e")
        zone = zone_of(current_seat().actor.zone)
        self.until = format_day(to_wall(asked.expires_at, zone)[0])

    @rx.event
    @needs(Permission.CUSTOMERS_VIEW)
    async def close(self) -> None:
        self.title, self.address, self.whatsapp, self.code = "", "", "", ""
