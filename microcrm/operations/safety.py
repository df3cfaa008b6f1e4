"""What the form of a new booking says about safety before anything is booked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import zone_of
from microcrm.operations.book import own_customer
from microcrm.operations.parts.allergies import Judged
from microcrm.operations.parts.safety import Visit, judged, rules_of
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SafetyAsked:
    """As chosen in the form so far. ``customer_id`` empty: nobody in particular."""

    services: Any
    day: Any
    customer_id: Any = None


def safety_words(uow: UnitOfWork, command: SafetyAsked) -> Judged:
    """What speaks against the services on that day. Two statements; two more with a timer, and with a service that says what it uses
    one, and one to note down that somebody was told. Raises: Invalid."""
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    day = reader.day("day", command.day, "Day")
    services = reader.ids("service_id", command.services, "Services", limit=6)
    reader.done()
    customer_id = own_customer(uow, command.customer_id) if command.customer_id else None
    rules = rules_of(uow, services)
    visit = Visit(customer_id, tuple((rule, day) for rule in rules.values()))
    return judged(uow, [visit], zone_of(uow.actor.zone))[0]
