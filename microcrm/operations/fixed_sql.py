"""SQL that is the same each time and is planned once for a connection, see ADR 15."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import RowFactory, namedtuple_row, tuple_row
from sqlalchemy import Connection, Dialect, TextClause, text
from sqlalchemy.exc import DBAPIError

PLANNED_ONCE = {"planned_once": True}  # the mark that `wiring` looks for


def fixed(sql: str) -> TextClause:
    """For statements that find their rows by a key or an index whatever the values are. Not for searches and lists, where
    the best plan depends on how much a shop has."""
    return text(sql).execution_options(**PLANNED_ONCE)


def run(
    connection: Connection,
    statement: TextClause,
    values: Mapping[str, Any],
    rows: RowFactory[Any] = namedtuple_row,
) -> psycopg.Cursor[Any]:
    """By the driver alone, for statements of the booking path and for hundreds of rows: what SQLAlchemy does for each statement
    beside it takes a third of the time of a small one. Who listens to statements hears of it, and errors are SQLAlchemy's, as
    everywhere."""
    sql, is_planned_once = _driver_sql(statement, connection.dialect)
    if not connection.in_transaction():
        connection.begin()
    cursor: psycopg.Cursor[Any] = connection.connection.cursor(row_factory=rows)  # type: ignore[assignment]  # psycopg's own
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, sql, values, None, False)
    try:
        return cursor.execute(sql, values, prepare=is_planned_once)
    except psycopg.Error as error:
        is_cut = connection.dialect.is_disconnect(error, connection.connection, cursor)
        if is_cut:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql, dict(values), error, psycopg.Error, connection_invalidated=is_cut, dialect=connection.dialect
        ) from error


def fetch(connection: Connection, statement: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows as plain tuples, for hundreds that are unpacked at once."""
    return run(connection, statement, values, tuple_row).fetchall()


@lru_cache(maxsize=1_000)
def _driver_sql(statement: TextClause, dialect: Dialect) -> tuple[str, bool | None]:
    return str(statement.compile(dialect=dialect)), statement.get_execution_options().get(*PLANNED_ONCE)
