"""Plans that are kept: with a server at the other end, never with a pooler, and past every rollback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DataError, DBAPIError

from microcrm import wiring
from microcrm.domain.errors import DomainError, NotFound
from microcrm.operations.fixed_sql import fixed, run
from microcrm.operations.unit_of_work import VISITOR
from microcrm.settings import settings
from tests.support.servers import Servers

FIXED = fixed("SELECT count(*) FROM heartbeats WHERE name = :name")
NAMES = text("SELECT statement FROM pg_prepared_statements")


@pytest.fixture
def direct(engines: Servers) -> Iterator[Engine]:
    engine = wiring.make_engine(settings().database_url, pool_size=1, is_direct=True)
    yield engine
    engine.dispose()


def kept(connection: Connection) -> list[str]:
    return list(connection.scalars(NAMES))


def test_what_is_fixed_is_planned_once_and_nothing_else_is(direct: Engine) -> None:
    with direct.connect() as connection:
        for name in ("web", "worker", "beat"):
            connection.execute(FIXED, {"name": name})
            connection.execute(text("SELECT upper(:name)"), {"name": name})
        assert [statement for statement in kept(connection) if "heartbeats" in statement] == kept(connection)
        assert len(kept(connection)) == 1


def test_a_refusal_keeps_the_plans_and_undoes_what_was_done(direct: Engine) -> None:
    with direct.connect() as connection:
        connection.execute(FIXED, {"name": "web"})
        connection.execute(text("SELECT set_config('app.user_id', '7', false)"))
        connection.rollback()
        assert connection.scalar(text("SELECT current_setting('app.user_id', true)")) in (None, "")
        connection.execute(FIXED, {"name": "web"})
        assert len(kept(connection)) == 1


def test_behind_a_pooler_nothing_is_prepared(engines: Servers) -> None:
    pooled = wiring.make_engine(settings().database_url, pool_size=1)
    with pooled.connect() as connection:
        for name in ("web", "worker", "beat"):
            connection.execute(FIXED, {"name": name})
        connection.rollback()
        assert kept(connection) == []
    pooled.dispose()


def test_the_app_itself_keeps_plans_when_a_use_case_refuses(engines: Servers) -> None:
    for _ in range(2):
        with pytest.raises(DomainError), wiring.unit_of_work(VISITOR) as uow:
            uow.session.connection().execute(FIXED, {"name": "web"})
            raise NotFound
    with wiring.unit_of_work(VISITOR) as uow:
        assert [one for one in uow.session.scalars(NAMES) if "heartbeats WHERE name" in one]


def test_a_connection_that_was_cut_is_replaced(direct: Engine) -> None:
    with direct.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with direct.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError) as cut:
            connection.execute(FIXED, {"name": "web"})
        assert cut.value.connection_invalidated
        connection.rollback()
        assert connection.execute(FIXED, {"name": "web"}).scalar() is not None


def test_by_the_driver_alone_it_is_planned_once_too(direct: Engine) -> None:
    with direct.connect() as connection:
        for name in ("web", "worker"):
            told = run(connection, FIXED, {"name": name}).fetchone()
            assert told.count == connection.execute(FIXED, {"name": name}).scalar()
            run(connection, text("SELECT upper(:name) AS name"), {"name": name})
        assert [statement for statement in kept(connection) if "heartbeats" in statement] == kept(connection)


def test_by_the_driver_alone_it_belongs_to_the_transaction(direct: Engine) -> None:
    with direct.connect() as connection:
        run(connection, text("SELECT set_config('app.user_id', '7', true)"), {})
        assert connection.scalar(text("SELECT current_setting('app.user_id', true)")) == "7"
        connection.rollback()
        assert connection.scalar(text("SELECT current_setting('app.user_id', true)")) in (None, "")


def test_by_the_driver_alone_whoever_listens_hears_it(direct: Engine) -> None:
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(direct, "before_cursor_execute", hear)
    with direct.connect() as connection:
        run(connection, FIXED, {"name": "web"})
    assert heard == ["SELECT count(*) FROM heartbeats WHERE name = %(name)s"]


def test_by_the_driver_alone_errors_are_the_usual_ones(direct: Engine) -> None:
    with direct.connect() as connection, pytest.raises(DataError, match="division by zero"):
        run(connection, text("SELECT 1 / cast(:by AS int)"), {"by": 0})


def test_by_the_driver_alone_a_connection_that_was_cut_is_replaced(direct: Engine) -> None:
    with direct.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with direct.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError) as cut:
            run(connection, FIXED, {"name": "web"})
        assert cut.value.connection_invalidated
        connection.rollback()
        assert run(connection, FIXED, {"name": "web"}).fetchone() is not None
