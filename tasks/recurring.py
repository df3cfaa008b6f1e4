"""Writes the bills that recur, when they are due."""

from __future__ import annotations

import structlog

from microcrm.operations.billing.recurring_run import DueBusiness, businesses_with_due_bills, write_next_due
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app

_MOST_AT_ONCE = 500  # of one business; the next sweep goes on
log = structlog.get_logger()


@app.task(name="tasks.recurring.sweep")
def sweep() -> int:
    """How many bills were written."""
    with unit_of_work(system(), realm="worker") as uow:
        due = businesses_with_due_bills(uow)
    return sum(_sweep(one) for one in due)


def _sweep(one: DueBusiness) -> int:
    for written in range(_MOST_AT_ONCE):
        try:
            with unit_of_work(system(one.business_id, one.zone)) as uow:
                if not write_next_due(uow):
                    return written
        except Exception:  # one shop's bill must not keep the others waiting
            log.exception("recurring.failed", business_id=one.business_id)
            return written
    return _MOST_AT_ONCE
