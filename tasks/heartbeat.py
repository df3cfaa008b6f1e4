"""The worker's sign of life. Celery workers have been seen to sit still after their broker came back; whoever watches
(`microcrm up`, a monitor) restarts a worker whose last sign is two minutes old."""

from __future__ import annotations

from microcrm.adapters import heartbeats
from microcrm.operations.unit_of_work import system
from microcrm.settings import settings
from microcrm.wiring import unit_of_work
from tasks.app import app


@app.task(name="tasks.heartbeat.beat")
def beat() -> None:
    with unit_of_work(system(), realm="worker") as uow:
        heartbeats.record(uow.session, "worker", uow.now)
    (settings().home / "heartbeat").touch()
