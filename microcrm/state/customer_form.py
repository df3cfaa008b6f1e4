"""What the forms of a new and of an edited customer have in common: saving, the phone that somebody else has, and those who may
be the same person."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from microcrm.domain.errors import DomainError, PhoneTaken
from microcrm.domain.permissions import Permission
from microcrm.operations.customer_alike import Typing, customers_alike
from microcrm.state.gate import needs

FIELDS = ("name", "phone", "email", "address", "birthday", "tags", "is_family")
_COMPARED = ("name", "phone", "email")


@dataclass(frozen=True)
class Alike:
    """Somebody who may be the one in the form. ``why``: "Same phone"; ``hint``: the phone, or that they are archived."""

    id: str
    name: str
    why: str
    hint: str


class CustomerForm(rx.State, mixin=True):
    """``taken_id`` and ``taken_name``: who has the phone already, if this person may know."""

    is_saving: bool = False
    offers_family: bool = False
    taken_id: str = ""
    taken_name: str = ""
    alike: list[Alike] = []

    _typing: dict[str, str] = {}

    @rx.event(supersedes=True)
    @needs(Permission.CUSTOMERS_VIEW)
    async def compare(self, field: str, words: str) -> None:
        """As somebody types; what stands in the form is never touched."""
        if field not in _COMPARED:
            return
        self._typing = {**self._typing, field: words}
        found = await self._look(customers_alike, Typing(**self._typing, customer_id=self._own_id()))
        self.alike = [
            Alike(str(one.id), one.name, one.why, "In the archive" if one.is_archived else one.phone) for one in found
        ]

    def _begin_form(self) -> None:
        self.errors: dict[str, str] = {}
        self.offers_family, self.alike, self._typing = False, [], {}

    def _own_id(self) -> str:
        """Of the customer whom the form changes."""
        return ""

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields and in the form's summary; a notice would only cover them."""
        if isinstance(error, PhoneTaken):
            self.offers_family = True
            self.taken_id, self.taken_name = str(error.customer_id or ""), error.customer_name
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)
