"""Two records of one person become one: field by field as chosen, everything that hangs on them on the survivor, in one transaction.

The record that goes stays as it is, out of use, and says into which one it went. ``customer_unmerge`` takes the two apart again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from microcrm.domain.errors import Invalid, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.merging import FIELDS, Choice, MergeField, chosen, default_of, options_of
from microcrm.domain.permissions import Permission
from microcrm.models.customers import Customer
from microcrm.models.merging import CustomerMerge
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.customer_keys import write_keys
from microcrm.operations.merge_consents import carry_refusals
from microcrm.operations.merge_parts import Moved, count_again, lock_all_of, lock_pair, lock_rows, move_all, move_ties
from microcrm.operations.parts.rows import plain, same_version
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.resealing import files_of, give_files, give_records, records_of

_SET = ("archived_at", "is_sharing_phone")  # by a merge, on the record that goes


@dataclass(frozen=True, slots=True)
class MergeCustomers:
    """``choices``: {field: "kept", "gone" or "both"}; what is left out is as proposed. Versions: those that were compared."""

    kept_id: Any
    gone_id: Any
    kept_version: Any
    gone_version: Any
    choices: Any = None


@dataclass(frozen=True, slots=True)
class Merged:
    """``moved`` counts what went over; ``undo`` takes the two apart again."""

    kept_id: int
    kept: str
    gone: str
    moved: int
    undo: str


def merge_customers(uow: UnitOfWork, command: MergeCustomers, sealer: Sealer) -> Merged:
    """Raises: Invalid, NotFound, Conflict when one of them has changed since or is being worked on, RecordUnreadable."""
    uow.require(Permission.CUSTOMERS_MERGE)
    kept, gone = _pair(uow, command)
    same_version(command.kept_version, kept.version)
    same_version(command.gone_version, gone.version)
    values = _values(kept, gone, command.choices)
    lock_all_of(uow, gone.id or 0)
    for table in ("sealed_records", "person_files"):
        lock_rows(uow, table, "customer_id", gone.id or 0)
    before = {name: plain(getattr(gone, name)) for name in _SET}
    changes = {
        name: {"before": plain(getattr(kept, name)), "after": plain(value)}
        for name, value in values.items()
        if getattr(kept, name) != value
    }
    merge = CustomerMerge(
        business_id=uow.business_id, kept_id=kept.id or 0, gone_id=gone.id or 0, member_id=uow.actor.member_id, at=uow.now,
        changes=changes, before=before,
    )  # fmt: skip
    _put_away(uow, merge, gone)
    moved = _move(uow, kept, gone, sealer)
    merge.moved = dict(moved)
    for name in changes:
        setattr(kept, name, values[name])
    kept.version += 1
    write_keys(uow.session, kept)
    count_again(uow, (kept, gone))
    return _written_down(uow, merge, kept, gone, moved)


def _pair(uow: UnitOfWork, command: MergeCustomers) -> tuple[Customer, Customer]:
    """Both, locked. One that was merged away already is not found."""
    reader = Reader()
    kept_id = reader.id("kept_id", command.kept_id, "Customer")
    gone_id = reader.id("gone_id", command.gone_id, "Customer")
    if reader.errors:
        raise NotFound("We could not find that customer.")
    if kept_id == gone_id:
        raise Invalid("These are one and the same.", remedy="Choose another customer to merge with.")
    rows = lock_pair(uow, kept_id, gone_id)
    seen = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id.in_([kept_id, gone_id]), visible_customers(uow.actor)
    )
    if len(rows) != 2 or len(uow.session.scalars(seen).all()) != 2:
        raise NotFound("We could not find that customer.")
    return rows[kept_id], rows[gone_id]


def _values(kept: Customer, gone: Customer, raw: Any) -> dict[str, Any]:
    """What the survivor's columns become. Raises: Invalid."""
    asked = raw if isinstance(raw, Mapping) else {}
    reader = Reader()
    values: dict[str, Any] = {}
    for field in FIELDS:
        of_kept, of_gone = (getattr(row, field.columns[0]) for row in (kept, gone))
        allowed = options_of(field, of_kept, of_gone) or (Choice.KEPT,)
        default = default_of(field, of_kept, of_gone)
        choice = Choice(reader.choice(field.name, asked.get(field.name, default), field.label, allowed, default))
        values |= _chosen(field, choice, kept, gone)
    reader.done()
    return values


def _chosen(field: MergeField, choice: Choice, kept: Customer, gone: Customer) -> dict[str, Any]:
    return {name: chosen(choice, getattr(kept, name), getattr(gone, name)) for name in field.columns}


def _put_away(uow: UnitOfWork, merge: CustomerMerge, gone: Customer) -> None:
    """First, so that its phone is free, and so that the guards of issued bills know of the merge."""
    uow.session.add(merge)
    gone.merged_into_id, gone.archived_at = merge.kept_id, gone.archived_at or uow.now
    gone.is_sharing_phone = gone.is_sharing_phone or gone.phone != ""
    gone.version += 1
    uow.session.flush()


def _move(uow: UnitOfWork, kept: Customer, gone: Customer, sealer: Sealer) -> Moved:
    records = records_of(uow, gone.id or 0)
    moved = move_all(uow, gone.id or 0, kept.id or 0)
    if records:
        give_records(uow, records, gone.id or 0, kept.id or 0, sealer)
        moved["sealed_records"] = records
    if files := files_of(uow, gone.id or 0):
        give_files(uow, files, gone.id or 0, kept.id or 0, sealer)
        moved["person_files"] = files
    moved |= move_ties(uow, gone.id or 0, kept.id or 0)
    if refusals := carry_refusals(uow, kept.id or 0, gone.id or 0):
        moved["refusals"] = refusals
    return moved


def _written_down(uow: UnitOfWork, merge: CustomerMerge, kept: Customer, gone: Customer, moved: Moved) -> Merged:
    counts = {table: len(ids) for table, ids in moved.items()}
    event = uow.audit("customer.merged", "customer_merge", kept.id, gone=gone.id, merge=merge.id, **counts)
    label = f"{gone.name} merged into {kept.name}"
    undo = uow.undoable(label, "customer_merge", merge.id or 0, before={}, audit_event_id=event)
    return Merged(kept.id or 0, kept.name, gone.name, sum(counts.values()), str(undo))
