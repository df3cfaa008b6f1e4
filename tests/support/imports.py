"""Bringing a list of customers in as people and the worker do it, for tests with a ``fresh_database``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm import wiring
from microcrm.models.customers import Customer
from microcrm.operations.customer_imports.looking import ImportView, see_import
from microcrm.operations.customer_imports.receiving import (
    Mapping,
    choose_mapping,
    commit_import,
    receive_file,
    undo_import,
)
from microcrm.operations.customer_imports.working import next_job
from microcrm.operations.customer_notes import notes_of
from microcrm.operations.unit_of_work import Actor
from tasks import imports
from tests.conftest import act_as


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody of a shop, and its worker."""

    actor: Actor

    def bring(self, data: bytes | str, name: str = "customers.csv") -> int:
        """Read by the worker; its columns are guessed."""
        raw = data.encode() if isinstance(data, str) else data
        import_id = int(act_as(self.actor, receive_file, raw, name, wiring.sealer()))
        self.work()
        return import_id

    def rehearse(self, import_id: int, holds: Any = None, order: str = "") -> ImportView:
        view = self.see(import_id)
        chosen = holds or [column.holds.value for column in view.columns]
        act_as(self.actor, choose_mapping, Mapping(import_id, view.version, chosen, order))
        self.work()
        return self.see(import_id)

    def commit(self, import_id: int) -> ImportView:
        act_as(self.actor, commit_import, import_id, self.see(import_id).version)
        self.work()
        return self.see(import_id)

    def take(self, data: bytes | str, holds: Any = None, order: str = "") -> ImportView:
        """From the file to its customers."""
        import_id = self.bring(data)
        self.rehearse(import_id, holds, order)
        return self.commit(import_id)

    def undo(self, import_id: int) -> ImportView:
        act_as(self.actor, undo_import, import_id)
        self.work()
        return self.see(import_id)

    def see(self, import_id: int, show: str = "all", page: int = 1) -> ImportView:
        view: ImportView = act_as(self.actor, see_import, import_id, wiring.sealer(), show, page)
        return view

    def work(self) -> None:
        """One step of each list, as the next sweep would do it; what goes wrong is raised."""
        business_id, after = self.actor.business_id or 0, 0
        while (job := act_as(self.actor, next_job, after)) is not None:
            after = job.import_id
            imports.work_on(business_id, job)

    def noted(self, customer_id: int) -> list[str]:
        return [note.words for note in act_as(self.actor, notes_of, customer_id)]

    def customers(self) -> list[Customer]:
        with wiring.unit_of_work(self.actor) as uow:
            rows = uow.session.scalars(select(Customer).order_by(Customer.id)).all()
            return [row for row in rows if row.business_id == self.actor.business_id]

    def named(self, name: str) -> Customer:
        [found] = [row for row in self.customers() if row.name == name]
        return found


def verdicts(view: ImportView) -> list[tuple[int, str, str]]:
    return [(row.number, row.verdict, row.words) for row in view.rows]
