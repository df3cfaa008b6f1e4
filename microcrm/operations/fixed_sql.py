"""SQL that is the same each time and is planned once for a connection, see ADR 15."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, TextClause, text

PLANNED_ONCE = {"planned_once": True}  # the mark that `wiring` looks for


def fixed(sql: str) -> TextClause:
    """For statements that find their rows by a key or an index whatever the values are. Not for searches and lists, where
    the best plan depends on how much a shop has."""
    return text(sql).execution_options(**PLANNED_ONCE)


def fetch(connection: Connection, statement: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows as the driver made them. For hundreds of rows that are unpacked at once: SQLAlchemy's rows, which know the names
    of their columns, would take a third more time."""
    result = connection.execute(statement, values)
    try:
        return list(result.cursor.fetchall()) if result.cursor is not None else []
    finally:
        result.close()
