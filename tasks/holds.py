"""Gives back the time of holds and requests that nobody confirmed."""

from __future__ import annotations

from microcrm.operations.lapsing import businesses_with_lapsed, lapse
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app

_MOST_ROUNDS = 10  # of one business; the next sweep goes on


@app.task(name="tasks.holds.sweep")
def sweep() -> int:
    """How many bookings lapsed."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = businesses_with_lapsed(uow)
    return sum(_sweep_business(business_id) for business_id in businesses)


def _sweep_business(business_id: int) -> int:
    lapsed = 0
    for _ in range(_MOST_ROUNDS):
        with unit_of_work(system(business_id)) as uow:
            some = lapse(uow)
        lapsed += some
        if not some:
            break
    return lapsed
