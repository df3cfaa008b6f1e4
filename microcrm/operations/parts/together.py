"""Several small lists read in one statement: each keeps its own query and its own meaning, and PostgreSQL sends them side by side.

For lists of a screenful that are found by a key: the statement is planned once a connection (ADR 15). Each list becomes one column
that holds its rows as JSON, so days and moments are read back from text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from sqlalchemy import Date, DateTime, Select, func, select

from microcrm.operations.fixed_sql import PLANNED_ONCE
from microcrm.operations.unit_of_work import UnitOfWork

T = TypeVar("T")
Rows = Sequence[Any]  # each has the query's columns as attributes


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """``query`` finds the rows, ``make`` says what they mean. Without a query there is nothing to read for this person: ``make``
    gets no rows. Columns need names of their own."""

    query: Select[Any] | None
    make: Callable[[Rows], T]


def read_part(uow: UnitOfWork, part: Part[T]) -> T:
    """One statement, or none."""
    return part.make([] if part.query is None else uow.session.execute(part.query).all())


def read_together(uow: UnitOfWork, *parts: Part[Any]) -> tuple[Any, ...]:
    """What each part makes of its rows, in the order of the parts. One statement, or none."""
    queries = {f"part{place}": part.query for place, part in enumerate(parts) if part.query is not None}
    whole = select(*map(_as_json, queries, queries.values())).execution_options(**PLANNED_ONCE)
    found = uow.session.execute(whole).one() if queries else None
    return tuple(
        part.make([] if part.query is None else _rows(part.query, getattr(found, f"part{place}")))
        for place, part in enumerate(parts)
    )


def _as_json(name: str, query: Select[Any]) -> Any:
    rows = query.subquery(name)
    return select(func.json_agg(rows.table_valued())).select_from(rows).scalar_subquery().label(name)


def _rows(query: Select[Any], found: list[dict[str, Any]] | None) -> list[SimpleNamespace]:
    kinds = {str(column.key): _reader(column.type) for column in query.selected_columns}
    return [
        SimpleNamespace(**{name: None if row[name] is None else read(row[name]) for name, read in kinds.items()})
        for row in found or ()
    ]


def _reader(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, DateTime):
        return datetime.fromisoformat
    return date.fromisoformat if isinstance(kind, Date) else lambda value: value
