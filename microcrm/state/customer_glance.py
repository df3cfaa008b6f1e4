"""What stands around a customer's story, read in one go and handed to the states that show it and change it."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.permissions import Permission
from microcrm.operations.customer_glance import Beside, Head, glance
from microcrm.state.base import AppState
from microcrm.state.customer_consents import CustomerConsents
from microcrm.state.customer_family import CustomerFamily
from microcrm.state.customer_merges import CustomerMerges
from microcrm.state.customer_notes import CustomerNotes
from microcrm.state.customer_records import PATH as RECORDS
from microcrm.state.customer_records import CustomerRecords
from microcrm.state.customer_reveals import CustomerReveals
from microcrm.state.customer_tasks import CustomerTasks
from microcrm.state.gate import needs

WHOLE = "/customer"


class CustomerGlance(AppState):
    """Holds nothing itself."""

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def load(self) -> None:
        """A customer who is not there is the page's to say."""
        asked, path = self.router.url.query_parameters.get("id", ""), self.router.url.path
        is_whole = path == WHOLE
        (await self.get_state(CustomerRecords))._turn_to(asked, is_shown=path == RECORDS)
        for kind in (CustomerNotes, CustomerTasks, CustomerConsents, CustomerFamily):
            (await self.get_state(kind))._turn_to(asked)
        found = await self._look(glance, asked, is_whole=is_whole)
        await self._show_head(found.head)
        if is_whole:
            await self._show_beside(found.beside)

    async def _show_head(self, head: Head) -> None:
        (await self.get_state(CustomerNotes))._show(head.notes)
        (await self.get_state(CustomerRecords))._warn(head.allergy)
        (await self.get_state(CustomerReveals)).left = head.looks_left
        consents = await self.get_state(CustomerConsents)
        consents._show(head.lights)
        if consents.is_open:
            await consents._read()

    async def _show_beside(self, beside: Beside) -> None:
        (await self.get_state(CustomerTasks))._show(beside.tasks)
        (await self.get_state(CustomerFamily))._show(beside.family)
        (await self.get_state(CustomerReveals))._show(beside.looks)
        (await self.get_state(CustomerMerges))._show(beside.merges)
