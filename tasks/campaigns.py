"""Plans the messages of campaigns as they are to leave. How far each has come stands in PostgreSQL."""

from __future__ import annotations

import time

import structlog

from microcrm.operations.campaigns.planning import Due, Progress, campaigns_due, plan_some
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app

_SHARE = 2.0  # seconds of one campaign in a sweep; the next goes on
log = structlog.get_logger()


@app.task(name="tasks.campaigns.sweep")
def sweep() -> int:
    """How many campaigns had something to do."""
    with unit_of_work(system(), realm="worker") as uow:
        due = campaigns_due(uow)
    for one in due:
        _plan(one)
    return len(due)


def _plan(due: Due) -> None:
    end = time.monotonic() + _SHARE
    try:
        while time.monotonic() < end:
            with unit_of_work(system(due.business_id, due.zone)) as uow:
                if plan_some(uow, due.campaign_id) is not Progress.MORE:
                    return
    except Exception:  # an edge: one shop's campaign must not keep the others waiting
        log.exception("campaigns.failed", business_id=due.business_id, campaign_id=due.campaign_id)
