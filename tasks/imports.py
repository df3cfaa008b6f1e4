"""Works on lists of customers that are brought in: read, rehearsed, taken over, taken back. Whatever stops it, the next sweep goes on
where it was: how far a list is stands with the list."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import structlog

from microcrm import wiring
from microcrm.adapters import queue
from microcrm.adapters.workbooks import read_workbook
from microcrm.domain.csv_file import FileFault
from microcrm.domain.errors import Conflict, SealBroken
from microcrm.operations.customer_imports import committing, reading, rehearsing, undoing, working
from microcrm.operations.customer_imports.working import Job
from microcrm.operations.unit_of_work import UnitOfWork, system
from microcrm.wiring import unit_of_work
from tasks.app import app

log = structlog.get_logger()


@app.task(name="tasks.imports.sweep")
def sweep() -> int:
    """How many lists were brought a step further."""
    queue.client().delete(queue.pending_key("imports"))
    with unit_of_work(system(), realm="worker") as uow:
        businesses = working.businesses_with_imports(uow)
    return sum(_sweep_business(business_id) for business_id in businesses)


def _sweep_business(business_id: int) -> int:
    with unit_of_work(system(business_id)) as uow:
        working.sweep_expired(uow)
    count, after = 0, 0
    while (job := _next(business_id, after)) is not None:
        after = job.import_id
        try:
            work_on(business_id, job)
            count += 1
        except Conflict:  # another worker is at it, or somebody has changed their mind
            continue
        except Exception:  # an edge: one list must not stop the others
            log.warning("import.failed", import_id=job.import_id, state=job.state, exc_info=True)
    return count


def work_on(business_id: int, job: Job) -> None:
    """One step of one list. Raises: Conflict."""
    with _not_collecting():
        _STEPS[job.state](business_id, job.import_id)


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Hundreds of thousands of rows without a circle among them: looking for circles would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _next(business_id: int, after: int) -> Job | None:
    with unit_of_work(system(business_id)) as uow:
        return working.next_job(uow, after)


def _read(business_id: int, import_id: int) -> None:
    try:
        with unit_of_work(system(business_id)) as uow:
            reading.read_file(uow, import_id, wiring.sealer(), read_workbook)
    except SealBroken:
        with unit_of_work(system(business_id)) as uow:
            reading.fail(uow, import_id, FileFault.DAMAGED)


def _rehearse(business_id: int, import_id: int) -> None:
    with unit_of_work(system(business_id)) as uow:
        run = rehearsing.begin_rehearsal(uow, import_id, wiring.sealer())
    _each(business_id, run.places, lambda uow, place: rehearsing.rehearse_piece(uow, run, place))
    with unit_of_work(system(business_id)) as uow:
        rehearsing.end_rehearsal(uow, run)


def _commit(business_id: int, import_id: int) -> None:
    with unit_of_work(system(business_id)) as uow:
        batch, places = committing.begin_commit(uow, import_id, wiring.sealer())

    def commit(uow: UnitOfWork, place: int) -> None:
        committing.commit_piece(uow, batch, place, wiring.sealer())

    _each(business_id, places[:1], commit)
    if len(places) > 1:
        with unit_of_work(system(business_id)) as uow:
            committing.analyse(uow)
    _each(business_id, places[1:], commit)
    with unit_of_work(system(business_id)) as uow:
        committing.end_commit(uow, import_id)


def _undo(business_id: int, import_id: int) -> None:
    with unit_of_work(system(business_id)) as uow:
        batch, places = undoing.begin_undo(uow, import_id, wiring.sealer())
    _each(business_id, places, lambda uow, place: undoing.undo_piece(uow, batch, place))
    with unit_of_work(system(business_id)) as uow:
        undoing.end_undo(uow, import_id)


def _each(business_id: int, places: Iterable[int], work: Callable[[UnitOfWork, int], None]) -> None:
    """A transaction for each piece."""
    for place in places:
        with unit_of_work(system(business_id)) as uow:
            work(uow, place)


_STEPS: dict[str, Callable[[int, int], None]] = {
    "reading": _read,
    "rehearsing": _rehearse,
    "committing": _commit,
    "undoing": _undo,
}
