"""A file comes in, somebody says what its columns hold, and decides: take it over, or not; and later, whether to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microcrm.domain.customer_file.columns import Holds, mapping_fault
from microcrm.domain.customer_file.days import Order
from microcrm.domain.customer_file.kinds import kind_of
from microcrm.domain.errors import Conflict, Invalid
from microcrm.domain.fields import parse_text
from microcrm.domain.permissions import Permission
from microcrm.domain.sealed_records import RecordKind, may
from microcrm.models.imports import CustomerImport
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.store import (
    UNTIL_COMMITTED,
    UNTIL_UNDONE,
    about_key,
    find_import,
    forget_file,
    forget_rows,
    open_batch,
    require_import,
    store_file,
)
from microcrm.operations.parts.form_versions import form_called
from microcrm.operations.parts.rows import same_version
from microcrm.operations.unit_of_work import UnitOfWork

QUEUE = "imports"
_NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Mapping:
    """``holds``: for each column. ``day_order``: dmy, mdy or "" for as the column says."""

    import_id: Any
    version: Any
    holds: Any
    day_order: Any = ""


def receive_file(uow: UnitOfWork, data: bytes, file_name: Any, sealer: Sealer) -> int:
    """Keeps the file under seal for the worker to read; nothing else is done with it here. Returns the import's id. Raises:
    BadCustomerFile, for what is no list by its first bytes."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    kind = kind_of(data)
    row = CustomerImport(
        business_id=uow.business_id, member_id=uow.actor.member_id, state="reading", kind=kind.value, file_name=_name_of(file_name),
        created_at=uow.now, expires_at=uow.now + UNTIL_COMMITTED,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    import_id = row.id or 0
    row.sealed_key = sealer.seal(sealer.new_key(), about_key(uow.business_id, import_id))
    uow.session.flush()
    batch = open_batch(uow, row, sealer)
    store_file(uow, batch, data)
    uow.nudges.add(QUEUE)
    return import_id


def choose_mapping(uow: UnitOfWork, command: Mapping) -> int:
    """What the columns hold; the rehearsal begins. Returns the new version. Raises: Invalid, Conflict."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    row = find_import(uow, command.import_id, is_locked=True)
    same_version(command.version, row.version)
    if row.state not in ("mapping", "rehearsed"):
        raise Conflict
    mapping = _read_mapping(command.holds, len(row.headings))
    if Holds.ALLERGY in mapping and not may_seal_allergies(uow):
        raise Invalid(fields={"mapping": "Allergies can be brought in by those who write sealed records of them only."})
    row.mapping = [one.value for one in mapping]
    row.day_order = command.day_order if command.day_order in (Order.DAY_FIRST, Order.MONTH_FIRST) else ""
    _begin(uow, row, "rehearsing")
    return row.version


def commit_import(uow: UnitOfWork, import_id: Any, version: Any) -> None:
    """Have the worker take it over. Raises: Conflict, when the rehearsal was of another mapping or it is over."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    row = find_import(uow, import_id, is_locked=True)
    same_version(version, row.version)
    if row.state != "rehearsed":
        raise Conflict
    row.member_id = uow.actor.member_id
    row.expires_at = uow.now + UNTIL_UNDONE
    _begin(uow, row, "committing")


def discard_import(uow: UnitOfWork, import_id: Any) -> None:
    """Not to be taken over after all: nothing of the file is kept."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    row = find_import(uow, import_id, is_locked=True)
    if row.state not in ("reading", "mapping", "rehearsing", "rehearsed", "failed"):
        raise Conflict
    forget_file(uow, row.id or 0)
    forget_rows(uow, row.id or 0)
    uow.session.delete(row)


def undo_import(uow: UnitOfWork, import_id: Any) -> None:
    """Have the worker take all of it back. Raises: Conflict, when it is not there to be taken back."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    require_import(uow)
    row = find_import(uow, import_id, is_locked=True)
    if row.state != "done" or row.sealed_key is None or row.expires_at <= uow.now:
        raise Conflict("This can’t be taken back any more.", remedy="An import can be taken back once, within 30 days.")
    _begin(uow, row, "undoing")


def may_seal_allergies(uow: UnitOfWork) -> bool:
    form = form_called(uow, RecordKind.ALLERGY)
    return form is not None and uow.may(Permission.RECORDS_WRITE) and may(form.writers, uow.actor.role)


def _begin(uow: UnitOfWork, row: CustomerImport, state: str) -> None:
    row.state, row.done, row.version = state, 0, row.version + 1
    uow.session.flush()
    uow.nudges.add(QUEUE)


def _read_mapping(raw: Any, width: int) -> list[Holds]:
    known = set(Holds)
    if (
        not isinstance(raw, Sequence)
        or isinstance(raw, str)
        or len(raw) != width
        or not all(isinstance(one, str) and one in known for one in raw)
    ):
        raise Invalid(fields={"mapping": "Say for each column what it holds."})
    mapping = [Holds(one) for one in raw]
    if fault := mapping_fault(mapping):
        raise Invalid(fields={"mapping": fault})
    return mapping


def _name_of(raw: Any) -> str:
    """Without folders. Names are for people to recognise a file by; nothing goes by them."""
    try:
        name = parse_text(raw if isinstance(raw, str) else "", limit=4 * _NAME_LIMIT)
    except Invalid:
        return ""
    return name.replace("\\", "/").rpartition("/")[2][:_NAME_LIMIT]
