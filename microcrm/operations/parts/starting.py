"""What is asked when a visit begins: nothing that speaks against its services, and the forms that they need. Both are said at once, so
that one reason goes past what has been read and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from microcrm.domain.errors import FormMissing, NotSafe
from microcrm.domain.needed_forms import why_not_started
from microcrm.domain.zones import today_in, zone_of
from microcrm.operations.parts.allergies import against
from microcrm.operations.parts.booking_times import is_override_allowed, may_override
from microcrm.operations.parts.needed_forms import needed_forms
from microcrm.operations.parts.safety import rules_of
from microcrm.operations.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Passed:
    """What somebody went past with a reason; empty texts when nothing stood against it."""

    unsafe: str
    without: str

    @property
    def words(self) -> str:
        return " ".join(one for one in (self.unsafe, self.without) if one)

    def note(self, uow: UnitOfWork, booking_id: int | None, **facts: int | None) -> None:
        """In the log, each by its own name."""
        if self.unsafe:
            uow.audit("booking.unsafe", "booking", booking_id, **facts)
        if self.without:
            uow.audit("booking.without_form", "booking", booking_id, **facts)


def check_start(uow: UnitOfWork, services: Collection[int], customer_id: int | None, reason: str) -> Passed:
    """Of a visit that was booked before: its day was looked at then, its customer's allergies may be newer. Raises: NotSafe,
    FormMissing."""
    [allergy] = against(uow, [(customer_id, rules_of(uow, services).values())])
    return refuse_start(uow, allergy.words, services, customer_id, reason)


def refuse_start(
    uow: UnitOfWork, unsafe: str, services: Collection[int], customer_id: int | None, reason: str
) -> Passed:
    """``unsafe``: what is known to speak against it. Raises: NotSafe, or FormMissing when only a form is missing, unless somebody
    who runs the whole calendar gives a reason."""
    today = today_in(zone_of(uow.actor.zone), uow.now)
    passed = Passed(unsafe, why_not_started(needed_forms(uow, services, customer_id), today))
    if passed.words and not may_override(uow, reason):
        kind = NotSafe if passed.unsafe else FormMissing
        raise kind(passed.words, may_override=is_override_allowed(uow))
    return passed
