"""What stands around a customer's story: notes, tasks, family, consents, who looked, and what must not be missed.

Each part is a small list with a module of its own. Read together they are one statement, however many there are and however much is
in them; what this person may not see of them is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from microcrm.domain.fields import Reader
from microcrm.domain.permissions import Permission
from microcrm.operations.consents import ConsentLight, lights_part
from microcrm.operations.contact_reveals import RevealLine, looks_left_part, looks_part
from microcrm.operations.customer_notes import NoteLine, notes_part
from microcrm.operations.customer_tasks import TaskLine, tasks_part
from microcrm.operations.family import FamilyLine, family_part
from microcrm.operations.merge_preview import MergeLine, merges_part
from microcrm.operations.parts.together import read_together
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.reading import allergy_part


@dataclass(frozen=True, slots=True)
class Head:
    """What each of a customer's pages shows above everything else. ``allergy``: the day of the latest one on record."""

    notes: tuple[NoteLine, ...] = ()
    lights: tuple[ConsentLight, ...] = ()
    allergy: date | None = None
    looks_left: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """What the page of the whole story shows beside it."""

    tasks: tuple[TaskLine, ...] = ()
    family: tuple[FamilyLine, ...] = ()
    looks: tuple[RevealLine, ...] = ()
    merges: tuple[MergeLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    head: Head = Head()
    beside: Beside = Beside()


def glance(uow: UnitOfWork, customer_id: Any, *, is_whole: bool) -> Glance:
    """``is_whole``: with what stands beside the story. One statement. Empty for a customer whom this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    reader = Reader()
    wanted = reader.id("customer_id", customer_id, "Customer")
    if reader.errors:
        return Glance()
    head = (notes_part(uow, wanted), lights_part(uow, wanted), allergy_part(uow, wanted), looks_left_part(uow))
    if not is_whole:
        return Glance(Head(*read_together(uow, *head)))
    beside = (tasks_part(uow, wanted), family_part(uow, wanted), looks_part(uow, wanted), merges_part(uow, wanted))
    found = read_together(uow, *head, *beside)
    return Glance(Head(*found[: len(head)]), Beside(*found[len(head) :]))
