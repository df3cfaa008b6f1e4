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
        ).format(table=sql.Identifier(table), columns=columns)
        self._connection.execute(statement, (json.dumps(rows, default=_plain, ensure_ascii=False),))

    def add(self, table: str, rows: Sequence[Row]) -> list[int]:
        """Insert rows that have no id yet; their new ids, in order."""
        ids = list(self.ids(table, len(rows)))
        self.insert(table, [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)])
        return ids


def _plain(value: date) -> str:
    return value.isoformat()
