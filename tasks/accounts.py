"""Forgets links, sessions and counts that have run out."""

from __future__ import annotations

from microcrm.operations.accounts.tidying import tidy_accounts
from microcrm.operations.unit_of_work import system
from microcrm.wiring import unit_of_work
from tasks.app import app


@app.task(name="tasks.accounts.tidy")
def tidy() -> int:
    """How many rows went."""
    with unit_of_work(system(), realm="accounts") as uow:
        return tidy_accounts(uow)
