"""A server that was started again has left connections behind in the pool: nobody who comes after that notices."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bench.remind_faults import cut
from microcrm import wiring
from microcrm.operations.unit_of_work import system
from tests.support.shops import TwoShops

_POOLED = 4


def _ask(line: threading.Barrier) -> int:
    with wiring.unit_of_work(system()) as uow:
        line.wait(10)  # each has a connection of its own
        return int(uow.session.execute(text("SELECT 1")).scalar_one())


def _all_at_once() -> list[int]:
    line = threading.Barrier(_POOLED)
    with ThreadPoolExecutor(_POOLED) as threads:
        return [job.result() for job in [threads.submit(_ask, line) for _ in range(_POOLED)]]


def test_connections_that_the_server_has_left_are_replaced_before_anything_is_done(fresh_database: TwoShops) -> None:
    for _ in range(2):
        assert _all_at_once() == [1] * _POOLED
        cut()
    assert _all_at_once() == [1] * _POOLED


def test_one_that_is_lost_in_the_middle_is_an_error_as_before(fresh_database: TwoShops) -> None:
    with pytest.raises(DBAPIError), wiring.unit_of_work(system()) as uow:
        uow.session.execute(text("SELECT 1"))
        with wiring.unit_of_work(system()) as other:
            others = "datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"
            other.session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        uow.session.execute(text("SELECT 1"))
    with wiring.unit_of_work(system()) as uow:
        assert uow.session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_server_that_is_not_there_is_an_error_of_sqlalchemy() -> None:
    engine = wiring.make_engine("postgresql://nobody:x@127.0.0.1:9/none", 1)
    with pytest.raises(DBAPIError), wiring.unit_of_work(system(), bind=engine):
        pass
