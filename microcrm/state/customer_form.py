"""What the forms of a new and of an edited customer have in common: saving, and the phone that somebody else has."""

from __future__ import annotations

import reflex as rx

from microcrm.domain.errors import DomainError, PhoneTaken

FIELDS = ("name", "phone", "email", "address", "birthday", "tags", "notes", "is_family")


class CustomerForm(rx.State, mixin=True):
    """``taken_id`` and ``taken_name``: who has the phone already, if this person may know."""

    is_saving: bool = False
    offers_family: bool = False
    taken_id: str = ""
    taken_name: str = ""

    def _refused(self, error: DomainError) -> None:
        """Mistakes stand at their fields and in the form's summary; a notice would only cover them."""
        if isinstance(error, PhoneTaken):
            self.offers_family = True
            self.taken_id, self.taken_name = str(error.customer_id or ""), error.customer_name
        if error.fields:
            self.errors = dict(error.fields)
            return
        super()._refused(error)
