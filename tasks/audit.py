"""Chains new audit events, business by business."""

from __future__ import annotations

from microcrm.operations import audit
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app


@app.task(name="tasks.audit.sweep")
def sweep() -> int:
    """How many events were chained."""
    with unit_of_work(system(), realm="worker") as uow:
        behind = audit.businesses_behind(uow)
    chained = 0
    for business_id in behind:
        with unit_of_work(system(business_id)) as uow:
            chained += audit.extend(uow)
    return chained
