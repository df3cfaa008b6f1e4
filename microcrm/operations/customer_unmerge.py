"""Two records that were merged by mistake are taken apart.

The rule: what hung on the record that went goes back to it, unless it hangs on somebody else by now. What came after the merge stays
with the survivor, save for visits that are named: those go along, with the bills of those visits. A field of the survivor gets its
value from before the merge back, unless somebody has written another one since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select, update

from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.merging import taken_apart
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking, BookingEvent
from microcrm.models.customers import Customer
from microcrm.models.merging import CustomerMerge
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_keys import write_keys
from microcrm.operations.merge_consents import take_refusals_back
from microcrm.operations.merge_parts import count_again, lock_all_of, lock_pair, lock_rows, move_back, move_ties_back
from microcrm.operations.parts.rows import plain, typed
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.resealing import give_files, give_records, records_of

MOST_VISITS = 200


@dataclass(frozen=True, slots=True)
class Unmerge:
    """``visits``: ids of the survivor's visits since the merge that are the other one's."""

    merge_id: Any
    visits: Any = ()


@dataclass(frozen=True, slots=True)
class Unmerged:
    kept_id: int
    kept: str
    gone_id: int
    gone: str


def unmerge_customers(uow: UnitOfWork, command: Unmerge, sealer: Sealer) -> Unmerged:
    """Raises: NotFound, Invalid, Conflict when they were taken apart already, the survivor was merged with somebody else since, or one
    of them is being worked on; RecordUnreadable."""
    uow.require(Permission.CUSTOMERS_MERGE)
    reader = Reader()
    merge_id = reader.id("merge_id", command.merge_id, "Merge")
    visits = reader.ids("visits", command.visits, "Visits", limit=MOST_VISITS)
    reader.done()
    return take_apart(uow, merge_id, visits, sealer)


def take_apart(uow: UnitOfWork, merge_id: int, visits: Sequence[int], sealer: Sealer) -> Unmerged:
    merge, kept, gone = _locked(uow, merge_id)
    lock_all_of(uow, kept.id or 0)
    for table in ("sealed_records", "person_files"):
        lock_rows(uow, table, "customer_id", kept.id or 0)
    gone.merged_into_id = None
    uow.session.flush()
    move_back(uow, kept.id or 0, gone.id or 0, merge.moved)
    _send_along(uow, merge, visits)
    ours = set(merge.moved.get("sealed_records", ()))
    back = [record for record in records_of(uow, kept.id or 0) if record in ours]
    give_records(uow, back, kept.id or 0, gone.id or 0, sealer)
    give_files(uow, merge.moved.get("person_files", ()), kept.id or 0, gone.id or 0, sealer)
    move_ties_back(uow, kept.id or 0, gone.id or 0, merge.moved)
    take_refusals_back(uow, merge.moved.get("refusals", ()))
    _restore(uow, merge, kept, gone)
    count_again(uow, (kept, gone))
    merge.undone_at = uow.now
    uow.audit("customer.unmerged", "customer_merge", kept.id, gone=gone.id, merge=merge.id, visits=len(visits))
    return Unmerged(kept.id or 0, kept.name, gone.id or 0, gone.name)


def _locked(uow: UnitOfWork, merge_id: int) -> tuple[CustomerMerge, Customer, Customer]:
    """The customers first, as everybody who merges does; then the merge."""
    query = select(CustomerMerge).where(CustomerMerge.business_id == uow.business_id, CustomerMerge.id == merge_id)
    merge = uow.session.scalars(query).first()
    if merge is None:
        raise NotFound
    rows = lock_pair(uow, merge.kept_id, merge.gone_id)
    merge = uow.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    kept, gone = rows[merge.kept_id], rows[merge.gone_id]
    if merge.undone_at is not None:
        raise Conflict("These two were taken apart already.", remedy="Refresh the page to see how it stands.")
    if kept.merged_into_id is not None or gone.merged_into_id != kept.id:
        raise Conflict("That customer was merged with somebody else since.", remedy="Take the later merge apart first.")
    return merge, kept, gone


def _send_along(uow: UnitOfWork, merge: CustomerMerge, visits: Sequence[int]) -> None:
    """Visits since the merge that are the other one's, and the bills of those visits. Raises: NotFound for any other visit."""
    if not visits:
        return
    ours = (Booking.business_id == uow.business_id, Booking.customer_id == merge.kept_id)
    found = select(Booking.id).where(*ours, Booking.id.in_(visits), Booking.created_at >= merge.at)
    if set(uow.session.scalars(found)) != set(visits):
        raise NotFound("One of those visits is not there any more, or is older than the merge.")
    to = {"customer_id": merge.gone_id}
    for table, column in (
        (Booking, Booking.id),
        (BookingEvent, BookingEvent.booking_id),
        (Document, Document.booking_id),
    ):
        rows = (table.business_id == uow.business_id, table.customer_id == merge.kept_id, column.in_(visits))
        uow.session.execute(update(table).where(*rows).values(to), execution_options={"synchronize_session": False})


def _restore(uow: UnitOfWork, merge: CustomerMerge, kept: Customer, gone: Customer) -> None:
    """The survivor's fields first: the phone of the other one is free only then. If somebody else has it by now, it is shared."""
    now = {name: plain(getattr(kept, name)) for name in merge.changes}
    for name, value in taken_apart(merge.changes, now).items():
        setattr(kept, name, typed(Customer, name, value))
    kept.version += 1
    write_keys(uow.session, kept)
    gone.archived_at = typed(Customer, "archived_at", merge.before["archived_at"])
    gone.is_sharing_phone = bool(merge.before["is_sharing_phone"]) or _is_taken(uow, gone)
    gone.version += 1
    uow.session.flush()


def _is_taken(uow: UnitOfWork, gone: Customer) -> bool:
    others = exists().where(
        Customer.business_id == uow.business_id,
        Customer.phone == gone.phone,
        Customer.phone != "",
        ~Customer.is_sharing_phone,
        Customer.id != gone.id,
    )
    return bool(uow.session.scalar(select(others)))
