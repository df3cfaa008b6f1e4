"""The e-invoice of the document on the screen, where one is due."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.returns.einvoices import look_at_e_invoice
from microcrm.state.base import AppState
from microcrm.state.gate import needs


class EInvoice(AppState):
    """``irn`` "": none is due. ``file`` "": something is lacking."""

    irn: str = ""
    file: str = ""
    lacking: list[str] = []

    @rx.event(supersedes=True)
    @needs(Permission.INVOICES_VIEW)
    async def load(self) -> None:
        self.irn, self.file, self.lacking = "", "", []
        if not (asked := self.router.url.query_parameters.get("id")):
            return
        found = await self._look(look_at_e_invoice, asked)
        if found is not None:
            self.irn, self.lacking = found.irn, list(found.lacking)
            self.file = "" if found.lacking else f"/invoice/{asked}/e-invoice.json"
