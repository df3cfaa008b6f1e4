"""What a visit needs filled in before it starts, said while it is being booked or moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from microcrm.operations.safety import SafetySaid
from microcrm.state.customer_records import PATH

_BY_CUSTOMER = "It can be booked. Send the form to their phone, or have it filled in at the desk, before the visit."
_BY_NOBODY = "It can be booked under a name. Then send the form, or have it filled in at the desk, before the visit."


@dataclass(frozen=True)
class ToFill:
    """``words`` is empty when nothing is missing. ``href``: where the customer's forms are, once it is known whose."""

    words: str = ""
    href: str = ""


NOTHING = ToFill()


def to_fill(said: SafetySaid, *days: date | None) -> ToFill:
    """On these days, those that are none left out."""
    missing = said.to_fill(*(day for day in days if day is not None))
    if not missing:
        return NOTHING
    if said.customer_id is None:
        return ToFill(f"{missing} {_BY_NOBODY}")
    return ToFill(f"{missing} {_BY_CUSTOMER}", f"{PATH}?id={said.customer_id}")
