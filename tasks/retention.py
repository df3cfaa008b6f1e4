"""Each night, what has been kept long enough goes: of one shop after the other, class by class, in small steps."""

from __future__ import annotations

import time

import structlog

from microcrm.adapters import queue
from microcrm.operations.messages.tidying import every_business
from microcrm.operations.retention import CLASSES, let_go
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app

BUDGET = 300.0  # seconds of one turn; the next goes on where it stopped

log = structlog.get_logger()


@app.task(name="tasks.retention.sweep")
def sweep(budget: float = BUDGET) -> int:
    """How many rows went or were emptied."""
    queue.client().delete(queue.pending_key("retention"))
    end = time.monotonic() + budget
    with unit_of_work(system(), realm="worker") as uow:
        businesses = every_business(uow)
    done = 0
    for business_id in businesses:
        for data_class in CLASSES:
            is_more = True
            while is_more:
                if time.monotonic() >= end:
                    queue.nudge("retention")
                    return done
                with unit_of_work(system(business_id)) as uow:
                    step = let_go(uow, data_class)
                done, is_more = done + step.done, step.is_more
    log.info("retention.done", rows=done, businesses=len(businesses))
    return done
