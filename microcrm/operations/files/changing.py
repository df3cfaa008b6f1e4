"""What is said about a file is changed; a file is thrown away; both can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Conflict, Invalid, NotFound
from microcrm.domain.permissions import Permission
from microcrm.domain.person_files import PDF, Shows
from microcrm.models.person_files import PersonFile
from microcrm.models.records import Undo
from microcrm.operations.files.keeping import AboutFile, check_consent_for, read_about
from microcrm.operations.files.reading import find_file
from microcrm.operations.parts.rows import amend, same_version, typed
from microcrm.operations.unit_of_work import UnitOfWork

KEPT = timedelta(days=7)  # what was thrown away, before it is forgotten


@dataclass(frozen=True, slots=True)
class ChangeFile:
    file_id: Any
    version: Any
    about: AboutFile


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """``undo``: the token that takes it back, or empty when nothing was different."""

    label: str
    undo: str


def change_file(uow: UnitOfWork, command: ChangeFile) -> ChangedFile:
    """Raises: Invalid, NotFound, Conflict, ConsentMissing (a paper becomes a photo)."""
    uow.require(Permission.RECORDS_WRITE)
    row = find_file(uow, command.file_id, is_locked=True)
    same_version(command.version, row.version)
    about = read_about(uow, row.customer_id, command.about, is_paper=row.media_type == PDF)
    if about.before_id == row.id:
        raise Invalid(fields={"before_id": "A photo does not stand beside itself."})
    if row.shows == Shows.PAPER:
        check_consent_for(uow, row.customer_id, about.shows)
    values = {
        "shows": about.shows.value, "title": about.title, "day": about.day, "before_id": about.before_id,
        "booking_id": about.booking_id,
    }  # fmt: skip
    label = f"{about.shows.label} changed"
    return ChangedFile(label, amend(uow, "person_file", row, values, label))


def remove_file(uow: UnitOfWork, file_id: Any) -> ChangedFile:
    """It can come back for seven days; then its bytes go."""
    uow.require(Permission.RECORDS_WRITE)
    row = find_file(uow, file_id, is_locked=True)
    label = f"{Shows(row.shows).label} removed"
    return ChangedFile(label, amend(uow, "person_file", row, {"removed_at": uow.now}, label, action="remove"))


def put_file_back(uow: UnitOfWork, undo: Undo) -> None:
    """Raises: Conflict, when it has changed again since or its bytes are gone."""
    query = select(PersonFile).where(PersonFile.business_id == uow.business_id, PersonFile.id == undo.entity_id)
    row = uow.session.scalars(query.with_for_update()).first()
    if row is None:
        raise NotFound
    if row.version != undo.after_version:
        raise Conflict(
            "It has changed again since.", remedy="Change it by hand; the activity page shows what happened."
        )
    if row.removed_at is not None and row.removed_at <= uow.now - KEPT:
        raise Conflict("That was removed for good.", remedy="Add the file again.")
    before = {"removed_at": uow.now} if undo.before is None else undo.before
    for name, value in before.items():
        setattr(row, name, value if undo.before is None else typed(PersonFile, name, value))
    row.version += 1
    uow.session.add(row)
    uow.session.flush()
