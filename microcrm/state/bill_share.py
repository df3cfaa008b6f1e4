"""Sharing a bill: a link to copy, and the same in a WhatsApp chat or a mail that the person sends themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.billing.sharing import share_bill
from microcrm.settings import settings
from microcrm.state.base import AppState
from microcrm.state.bill import Bill
from microcrm.state.gate import needs


class ShareBill(AppState):
    is_open: bool = False
    address: str = ""
    whatsapp: str = ""
    mail: str = ""

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def share(self) -> Any:
        shared = await self._perform(share_bill, (await self.get_state(Bill)).bill.id)
        self.address = f"{settings().public_url}/i/{shared.token}"
        text = quote(f"{shared.words} {self.address}")
        self.whatsapp = f"https://wa.me/{shared.phone.removeprefix('+')}?text={text}"
        self.mail = f"mailto:{quote(shared.email, safe='@')}?subject={quote(shared.words.rstrip(':'))}&body={text}"
        self.is_open = True
        return Bill.load

    @rx.event
    @needs(Permission.INVOICES_EDIT)
    async def close(self) -> None:
        self.is_open, self.address, self.whatsapp, self.mail = False, "", "", ""
