"""Asks those who wait when a time becomes free, and the next ones when nobody has answered in time."""

from __future__ import annotations

from microcrm.adapters.outbox import Message
from microcrm.operations.lapsing import businesses_with_lapsed
from microcrm.operations.unit_of_work import system
from microcrm.operations.waitlist_offers import offer_freed, run_out
from microcrm.wiring import unit_of_work
from tasks.app import app


def offer_freed_time(message: Message) -> None:
    """Payload: see ``freed_time.tell_freed``. Twice is as good as once: a time that is on offer is not free any more."""
    with unit_of_work(system(message.business_id)) as uow:
        offer_freed(uow, message.payload)


@app.task(name="tasks.waitlist.sweep")
def sweep() -> int:
    """How many offers ran out."""
    with unit_of_work(system(), realm="worker") as uow:
        businesses = businesses_with_lapsed(uow)
    return sum(_sweep_business(business_id) for business_id in businesses)


def _sweep_business(business_id: int) -> int:
    with unit_of_work(system(business_id)) as uow:
        return run_out(uow)
