"""Connections that keep the plans of prepared statements."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine, ExecutionContext, event
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import ConnectionPoolEntry

NEVER_BY_ITSELF = 2**31 - 1  # executions before psycopg prepares what nobody asked it to


class PlanKeeper(psycopg.Connection[Any]):
    """psycopg drops every prepared statement on a rollback, in case that undid a change of the schema. The app's role
    cannot change the schema, and refusals roll back all the time."""

    def rollback(self) -> None:
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            return
        done = self.pgconn.exec_(b"ROLLBACK")
        if done.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(done.get_error_message())


def keep_plans(engine: Engine, mark: str) -> None:
    """From here on the engine's connections plan a statement once if it has the execution option ``mark``."""

    def connect(_dialect: Dialect, _entry: ConnectionPoolEntry, args: Any, options: Any) -> psycopg.Connection[Any]:
        return PlanKeeper.connect(*args, **{**options, "prepare_threshold": NEVER_BY_ITSELF})

    def execute(cursor: Any, statement: str, values: Any, context: ExecutionContext | None) -> bool:
        if context is None or not context.execution_options.get(mark):
            return False
        cursor.execute(statement, values, prepare=True)
        return True

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "do_execute", execute)
