"""SQL that is the same each time and is planned once for a connection, see ADR 15."""

from __future__ import annotations

from sqlalchemy import TextClause, text

PLANNED_ONCE = {"planned_once": True}  # the mark that `wiring` looks for


def fixed(sql: str) -> TextClause:
    """For statements that find their rows by a key or an index whatever the values are. Not for searches and lists, where
    the best plan depends on how much a shop has."""
    return text(sql).execution_options(**PLANNED_ONCE)
