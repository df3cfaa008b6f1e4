"""Taking a whole list back: who was added goes, who was joined is as before. Whoever was changed since, or has anything by now,
stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import TextClause, select, text, update

from microcrm.domain.permissions import Permission
from microcrm.models.customers import Customer
from microcrm.models.imports import ImportPiece
from microcrm.models.records import Undo
from microcrm.models.schema import METADATA
from microcrm.operations.capabilities import Sealer
from microcrm.operations.customer_imports.bulk import array, as_text, numbers, numbers_in
from microcrm.operations.customer_imports.matching import Known
from microcrm.operations.customer_imports.receiving import undo_import
from microcrm.operations.customer_imports.store import (
    Batch,
    lock_in_state,
    open_batch,
    piece_at,
    planned_anew,
    without_waiting,
)
from microcrm.operations.customer_imports.writing import change_customers, forget_notes, forget_words, insert_words
from microcrm.operations.unit_of_work import UnitOfWork

# What goes with a customer, or is looked at by itself below.
_OWN = frozenset({"customer_words", "customer_notes", "keys.customer_keys", "sealed_records"})
_UNCHANGED = text(f"""
SELECT {as_text("id")} FROM (
  SELECT id FROM customers
  WHERE business_id = :business AND id = ANY({array("ids")}) AND version = 1 AND archived_at IS NULL ORDER BY id FOR UPDATE) u
""")  # noqa: S608 - names of ours
# A record that the list has brought has the moment of its customer, and nobody has corrected it.
_RECORDS = text(f"""
SELECT DISTINCT r.customer_id FROM sealed_records r JOIN customers c ON c.business_id = r.business_id AND c.id = r.customer_id
WHERE r.business_id = :business AND r.customer_id = ANY({array("ids")}) AND (r.version > 1 OR r.created_at <> c.created_at)
""")  # noqa: S608
# And so with notes.
_NOTES = text(f"""
SELECT DISTINCT n.customer_id FROM customer_notes n JOIN customers c ON c.business_id = n.business_id AND c.id = n.customer_id
WHERE n.business_id = :business AND n.customer_id = ANY({array("ids")}) AND (n.version > 1 OR n.at <> c.created_at)
""")  # noqa: S608
_FORGET = tuple(
    text(f"DELETE FROM {table} WHERE business_id = :business AND {column} = ANY({array('ids')})")  # noqa: S608
    for table, column in (
        ("customer_words", "customer_id"),
        ("customer_notes", "customer_id"),
        ("sealed_records", "customer_id"),
        ("customers", "id"),
    )
)


def begin_undo(uow: UnitOfWork, import_id: int, sealer: Sealer) -> tuple[Batch, list[int]]:
    """The pieces that are still to be taken back, the last first. Raises: Conflict."""
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "undoing")
    query = select(ImportPiece.place).where(
        ImportPiece.business_id == uow.business_id,
        ImportPiece.import_id == import_id,
        ImportPiece.part == "rows",
        ImportPiece.is_done,
    )
    return open_batch(uow, row, sealer), list(uow.session.scalars(query.order_by(ImportPiece.place.desc())))


def undo_piece(uow: UnitOfWork, batch: Batch, place: int) -> None:
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, batch.id, "undoing")
    without_waiting(uow)
    planned_anew(uow)
    piece = piece_at(uow, batch.id, place)
    if not piece.is_done:
        return
    removed = _remove(uow, piece.added)
    before = batch.opened_json("before", place, piece.before) if piece.before else []
    restored = _restore(uow, before)
    piece.kept = sorted({*piece.added} - removed | {stored[0] for stored in before} - restored)
    piece.is_done = False
    counts = dict(row.counts)
    for name, count in (("removed", len(removed)), ("restored", len(restored)), ("kept", len(piece.kept))):
        counts[name] = counts.get(name, 0) + count
    row.counts = counts
    row.done += piece.row_count
    uow.session.flush()
    uow.session.expunge(piece)


def end_undo(uow: UnitOfWork, import_id: int) -> None:
    uow.require(Permission.CUSTOMERS_IMPORT)
    row = lock_in_state(uow, import_id, "undoing")
    uow.actor = replace(uow.actor, member_id=row.member_id)
    row.state, row.undone_at, row.version = "undone", uow.now, row.version + 1
    uow.session.flush()
    facts = {name: row.counts.get(name, 0) for name in ("removed", "restored", "kept")}
    uow.audit("customers.sent_back", "customer_import", import_id, **facts)
    mine = (Undo.business_id == uow.business_id, Undo.entity == "customer_import", Undo.entity_id == import_id)
    uow.session.execute(update(Undo).where(*mine, Undo.undone_at.is_(None)).values(undone_at=uow.now))


def put_import_back(uow: UnitOfWork, undo: Undo) -> None:
    """By the token of a notice or the activity page."""
    undo_import(uow, undo.entity_id)


def _remove(uow: UnitOfWork, ids: Sequence[int]) -> set[int]:
    """Who is gone."""
    if not ids:
        return set()
    connection, mine = uow.session.connection(), {"business": uow.business_id, "ids": numbers(ids)}
    gone = set(numbers_in(connection.execute(_UNCHANGED, mine).scalar_one()))
    for statement in (_uses(), _RECORDS, _NOTES):
        gone -= set(connection.execute(statement, mine).scalars())
    if gone:
        mine["ids"] = numbers(sorted(gone))
        for statement in _FORGET:
            connection.execute(statement, mine)
    return gone


@cache
def _uses() -> TextClause:
    """One search in each table that points at customers, also in tables that come later."""
    links = [
        (table.fullname, next(column for column in link.column_keys if column != "business_id"))
        for table in METADATA.tables.values()
        for link in table.foreign_key_constraints
        if link.referred_table.fullname == "customers" and table.fullname not in _OWN
    ]
    # The array is a parameter to each search: PostgreSQL would weigh each of 2,000 numbers for each table before it begins.
    searches = (
        f"SELECT {column} FROM {table} WHERE business_id = :business AND {column} = ANY(CAST((SELECT ids FROM mine) AS bigint[]))"  # noqa: S608
        for table, column in links
    )
    return text(f"WITH mine AS (SELECT {array('ids')} AS ids) {' UNION ALL '.join(searches)}")


def _restore(uow: UnitOfWork, before: Sequence[Sequence[Any]]) -> set[int]:
    """Who is as before."""
    if not before:
        return set()
    ids = [stored[0] for stored in before]
    mine = (Customer.business_id == uow.business_id, Customer.id.in_(ids))
    found = uow.session.connection().execute(select(Customer.id, Customer.name).where(*mine))
    names: dict[int, str] = {row.id: row.name for row in found}
    rows = [_known(stored, names[stored[0]]) for stored in before if stored[0] in names]
    restored = change_customers(uow, rows, step=-1)
    forget_notes(uow, [stored[6] for stored in before if stored[0] in restored and stored[6]])
    forget_words(uow, sorted(restored))
    insert_words(uow, [(row.id, row.name, row.tags) for row in rows if row.id in restored])
    return restored


def _known(stored: Sequence[Any], name: str) -> Known:
    customer_id, phone, email, address, day, tags, _, version = stored
    birthday = date.fromisoformat(day) if day else None
    return Known(customer_id, name, phone, email, address, birthday, tags, "", False, False, version)
