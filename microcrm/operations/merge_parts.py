"""What merging and taking apart share: two records are locked, what hangs on them is locked and moved, and counts are made anew.

The order of locks: the two customers by their ids, waiting; then everything else without waiting. Who books or bills locks a visit or
a bill first and the customer last, so waiting for theirs with the customers in hand could go round in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from psycopg import errors
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from microcrm.domain.booking import BookingStatus
from microcrm.domain.errors import Conflict
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.models.schema import METADATA
from microcrm.operations.merge_register import MOVES
from microcrm.operations.unit_of_work import UnitOfWork

Moved = dict[str, list[int]]


def lock_pair(uow: UnitOfWork, one: int, other: int) -> dict[int, Customer]:
    """The rows of this business among the two, locked until the transaction ends."""
    query = (
        select(Customer)
        .where(Customer.business_id == uow.business_id, Customer.id.in_([one, other]))
        .order_by(Customer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id or 0: row for row in uow.session.scalars(query)}


def lock_all_of(uow: UnitOfWork, customer_id: int) -> None:
    """Whatever would move with this customer. Raises: Conflict, when somebody is changing some of it now."""
    for table, column in MOVES:
        lock_rows(uow, table, column, customer_id)


def lock_rows(uow: UnitOfWork, table: str, column: str, customer_id: int) -> None:
    rows = METADATA.tables[table]
    mine = (rows.c.business_id == uow.business_id, rows.c[column] == customer_id)
    try:
        with uow.session.begin_nested():
            uow.session.execute(select(rows.c.id).where(*mine).with_for_update(nowait=True))
    except OperationalError as error:
        if not isinstance(error.orig, errors.LockNotAvailable):
            raise
        raise Conflict(
            "Somebody is changing one of their visits or bills just now.", remedy="Try again in a moment."
        ) from None


def move_all(uow: UnitOfWork, giver: int, taker: int) -> Moved:
    """Everything of ``giver`` hangs on ``taker`` from now on. The ids that moved, by table."""
    moved: Moved = {}
    for table, column in MOVES:
        rows = METADATA.tables[table]
        mine = (rows.c.business_id == uow.business_id, rows.c[column] == giver, rows.c.id != taker)
        statement = update(rows).where(*mine).values({column: taker}).returning(rows.c.id)
        if ids := sorted(uow.session.execute(statement).scalars()):
            moved[table] = ids
    return moved


def move_back(uow: UnitOfWork, giver: int, taker: int, moved: Mapping[str, Sequence[int]]) -> None:
    """Of what moved, whatever is still ``giver``'s."""
    for table, column in MOVES:
        rows = METADATA.tables[table]
        mine = (
            rows.c.business_id == uow.business_id,
            rows.c[column] == giver,
            rows.c.id == func.any(list(moved.get(table, ()))),
        )
        if moved.get(table):
            uow.session.execute(update(rows).where(*mine).values({column: taker}))


def move_ties(uow: UnitOfWork, giver: int, taker: int) -> Moved:
    """Family ties of ``giver``, save for one with ``taker`` and those that ``taker`` has already: those stay, unseen."""
    moved: Moved = {}
    for end, statement in _TIES.items():
        values = {"business": uow.business_id, "giver": giver, "taker": taker, "ids": None}
        if ids := sorted(uow.session.execute(statement, values).scalars()):
            moved[f"family_ties.{end}"] = ids
    return moved


def move_ties_back(uow: UnitOfWork, giver: int, taker: int, moved: Mapping[str, Sequence[int]]) -> None:
    for end, statement in _TIES.items():
        if ids := list(moved.get(f"family_ties.{end}", ())):
            values = {"business": uow.business_id, "giver": giver, "taker": taker, "ids": ids}
            uow.session.execute(statement, values)


_TIES = {
    end: text(
        f"""
UPDATE family_ties t SET {end} = :taker
WHERE t.business_id = :business AND t.{end} = :giver AND t.{other} <> :taker
  AND (CAST(:ids AS bigint[]) IS NULL OR t.id = ANY(CAST(:ids AS bigint[])))
  AND NOT EXISTS (SELECT FROM family_ties o WHERE o.business_id = t.business_id
    AND o.low_id = LEAST(CAST(:taker AS bigint), t.{other}) AND o.high_id = GREATEST(CAST(:taker AS bigint), t.{other}))
RETURNING t.id
"""  # noqa: S608 - the two names stand here
    )
    for end, other in (("customer_id", "relative_id"), ("relative_id", "customer_id"))
}


def count_again(uow: UnitOfWork, customers: Iterable[Customer]) -> None:
    """Visits, the last one, and what was billed: from the visits and bills that each has now."""
    for customer in customers:
        finished = select(func.count(), func.max(Booking.starts_at)).where(
            Booking.business_id == uow.business_id,
            Booking.customer_id == customer.id,
            Booking.status == BookingStatus.FINISHED,
        )
        customer.visit_count, customer.last_visit_at = uow.session.execute(finished).one()
        billed = select(
            func.coalesce(func.sum(func.billed_by(Document.kind, Document.state, Document.total_paise)), 0)
        ).where(Document.business_id == uow.business_id, Document.customer_id == customer.id)
        customer.billed_paise = int(uow.session.execute(billed).scalar_one())
    uow.session.flush()
