"""Writes many rows at once, as the role that owns the tables.

COPY refuses tables with forced row-level security, so rows travel as one JSON document per statement; PostgreSQL reads
each value by its column's type. Ids are drawn from the table's sequence beforehand, so that rows can point at each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

Row = dict[str, Any]


class Rows:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def ids(self, table: str, count: int) -> Iterator[int]:
        found = self._connection.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", (table, count)
        )
        return iter([int(row[0]) for row in found])

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """All rows must have the columns of the first."""
        if not rows:
            return
        columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
        statement = sql.SQL(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE "
            "SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"
        ).format(table=_name(table), columns=columns)
        self._connection.execute(statement, (json.dumps(rows, default=_plain, ensure_ascii=False),))

    def update(self, table: str, rows: Sequence[Row]) -> None:
        """Give rows that are there, known by their ``id``, the other values."""
        if not rows:
            return
        names = [name for name in rows[0] if name != "id"]
        changes = sql.SQL(", ").join(sql.SQL("{0} = new.{0}").format(sql.Identifier(name)) for name in names)
        statement = sql.SQL(
            "UPDATE {table} SET {changes} FROM json_populate_recordset(NULL::{table}, %s) AS new WHERE {table}.id = new.id"
        ).format(table=sql.Identifier(table), changes=changes)
        self._connection.execute(statement, (json.dumps(rows, default=_plain, ensure_ascii=False),))

    def numbers(self, sequence: str, count: int) -> list[int]:
        """The next ones of a sequence that belongs to no table."""
        found = self._connection.execute("SELECT nextval(%s) FROM generate_series(1, %s)", (sequence, count))
        return [int(row[0]) for row in found]

    def add(self, table: str, rows: Sequence[Row]) -> list[int]:
        """Insert rows that have no id yet; their new ids, in order."""
        ids = list(self.ids(table, len(rows)))
        self.insert(table, [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)])
        return ids


def _name(table: str) -> sql.Identifier:
    """Of a table, with its schema before a dot where it has another than the usual one."""
    return sql.Identifier(*table.split("."))


def _plain(value: date) -> str:
    return value.isoformat()
