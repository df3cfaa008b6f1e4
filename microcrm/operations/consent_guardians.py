"""Who may agree for a customer, and reading who did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.consent import Decision, is_child
from microcrm.domain.fields import Reader
from microcrm.domain.guardian import AdultProof, Bond, Guardian
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.family import Answering, guardians_of
from microcrm.operations.parts.consent import person_asked
from microcrm.operations.unit_of_work import UnitOfWork

THEMSELVES, SOMEBODY = "", "other"
_NAME = 120


@dataclass(frozen=True, slots=True)
class WhoAgrees:
    """``tied``: parents and guardians who are customers of the shop and not known to be children themselves."""

    is_child: bool
    tied: tuple[Answering, ...]


def who_agrees(uow: UnitOfWork, customer_id: Any) -> WhoAgrees:
    """Two statements. Raises: NotFound."""
    uow.require(Permission.CONSENTS_RECORD)
    customer = person_asked(uow, customer_id)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    return WhoAgrees(is_child(customer.birthday, today), _grown(guardians_of(uow, customer.id), today))


def read_guardian(
    uow: UnitOfWork, reader: Reader, command: Any, customer_id: int, birthday: date | None, decision: Decision
) -> Guardian | None:
    """Whoever spoke for the customer, as typed in ``command``; none when they did themselves. Notes mistakes in ``reader``: a child's
    yes is nobody's own. One statement when somebody is named who is a customer."""
    today = today_in(zone_of(uow.actor.zone), uow.now)
    by = command.by if isinstance(command.by, str | int) else "?"
    if by == THEMSELVES:
        if decision is Decision.GIVEN and is_child(birthday, today):
            reader.refuse("by", "The customer is under 18: name the parent or guardian who agreed.")
        return None
    proof = reader.member("guardian_proof", command.guardian_proof, "How you know that they are an adult", AdultProof)
    if by == SOMEBODY:
        name = reader.text("guardian_name", command.guardian_name, "Name", limit=_NAME)
        return Guardian(
            name, reader.member("guardian_bond", command.guardian_bond, "What they are to the customer", Bond), proof
        )
    tied = _grown(guardians_of(uow, customer_id), today)
    found = next((one for one in tied if str(one.customer_id) == str(by)), None)
    if found is None:
        reader.refuse("by", "Choose who said so.")
        return None
    return Guardian(found.name, found.bond, proof, found.customer_id)


def _grown(people: Sequence[Answering], today: date) -> tuple[Answering, ...]:
    return tuple(one for one in people if not is_child(one.birthday, today))
