"""Visits against what their customers are allergic to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from microcrm.domain.safety import SafetyRule, why_against
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.allergies import Allergy, allergies_of, note_told


@dataclass(frozen=True, slots=True)
class Judged:
    """Why a visit is not safe, "" when it is, in words for whoever asks. ``records``: the allergies that speak against it, if they
    may open them."""

    words: str
    records: tuple[int, ...] = ()


def against(uow: UnitOfWork, visits: Sequence[tuple[int | None, Iterable[SafetyRule]]]) -> list[Judged]:
    """For each customer and what is to be done with them. One statement, and one more for each service that an allergy speaks
    against; none when nothing says what it uses. Whoever is told is noted down in the customer's log of openings."""
    wanted = [(customer, [rule for rule in rules if rule.substances]) for customer, rules in visits]
    customers = {customer for customer, rules in wanted if customer is not None and rules}
    if not customers:
        return [Judged("")] * len(visits)
    known = allergies_of(uow, customers)
    told: set[tuple[int, int]] = set()
    return [_judged(uow, customer, rules, known.get(customer or 0, []), told) for customer, rules in wanted]


def _judged(
    uow: UnitOfWork,
    customer: int | None,
    rules: Sequence[SafetyRule],
    known: Sequence[Allergy],
    told: set[tuple[int, int]],
) -> Judged:
    found: dict[str, None] = {}
    records: dict[int, None] = {}
    for rule in rules:
        hits = [one for one in known if one.names(rule.substances)]
        if customer is None or not hits:
            continue
        may_read = any(one.may_read for one in hits)
        found[why_against(rule.service, may_read=may_read)] = None
        records |= {one.record_id: None for one in hits if one.may_read}
        if (customer, rule.service_id) not in told:
            told.add((customer, rule.service_id))
            note_told(uow, customer, hits, rule.service)
    return Judged(" ".join(found), tuple(records))
