"""What every test can ask for. Tests that need no database start none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from microcrm import wiring
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from microcrm.settings import settings
from tests.support import servers as support
from tests.support import shops
from tests.support.fresh import FreshDatabases
from tests.support.sandbox import Sandbox
from tests.support.sandbox import serving as serving_sandbox
from tests.support.servers import Servers
from tests.support.shops import Shop, TwoShops
from tests.support.site import Site, served

# The quick and fundamental first: a broken law explains many broken journeys.
ORDER = (
    "laws", "domain", "models", "adapters", "operations", "tenancy", "state", "pages", "tasks", "launch", "http", "bench",
    "browser",
)  # fmt: skip

Work = Callable[..., AbstractContextManager[UnitOfWork]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(root).parts[0]
        return ORDER.index(folder) if folder in ORDER else len(ORDER)

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """With xdist the controller starts the servers, before its workers inherit their addresses."""
    is_controller = not hasattr(config, "workerinput") and bool(getattr(config.option, "numprocesses", None))
    if is_controller:
        stack = contextlib.ExitStack()
        stack.enter_context(support.running())
        config.add_cleanup(stack.close)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, and a template database with two shops."""
    with support.running() as running:
        yield running


@pytest.fixture(scope="session")
def engines(servers: Servers) -> Iterator[Servers]:
    """This process's own database is there, and the settings and the wiring point at it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    name = f"microcrm_{worker}"
    servers.create(name)
    servers.point_at(name, redis_database=int(worker.removeprefix("gw")) % 16)
    yield servers
    wiring.engine().dispose()


@pytest.fixture(scope="session")
def two_shops(engines: Servers) -> TwoShops:
    """The shops that are always there: A, where tests work, and its neighbour B."""
    return shops.find(settings().database_owner_url)


@pytest.fixture
def shop(two_shops: TwoShops) -> Shop:
    return two_shops.a


@pytest.fixture
def neighbour(two_shops: TwoShops) -> Shop:
    return two_shops.b


@pytest.fixture(scope="session")
def owner_engine(engines: Servers) -> Iterator[Engine]:
    """Signed in as the role that owns the tables, to arrange and to look behind the walls."""
    engine = create_engine(settings().database_owner_url)
    yield engine
    engine.dispose()


@pytest.fixture
def unit_of_work(engines: Servers) -> Iterator[Work]:
    """`wiring.unit_of_work` on one connection whose transaction is rolled back when the test ends: later units of work
    of the test see what earlier ones have committed, other tests never do."""
    with wiring.engine().connect() as connection:
        outer = connection.begin()
        connection.begin_nested()
        yield partial(wiring.unit_of_work, bind=connection)
        outer.rollback()


@pytest.fixture
def at() -> Callable[[datetime], Callable[[], datetime]]:
    """A clock that stands still: ``unit_of_work(actor, clock=at(moment))``."""
    return lambda moment: lambda: moment


@pytest.fixture(scope="session")
def fresh_databases(engines: Servers) -> Iterator[FreshDatabases]:
    databases = FreshDatabases(engines, f"microcrm_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    yield databases
    databases.drop()


@pytest.fixture
def fresh_database(engines: Servers, fresh_databases: FreshDatabases) -> Iterator[TwoShops]:
    """A database for this test alone, where commits are real: for races, HTTP, sockets and tasks."""
    before = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL")}
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    engines.point_at(fresh_databases.take(), redis_database=8 + worker % 6)  # its own: tests flush it
    yield shops.find(settings().database_owner_url)
    _restore(engines, before)


@pytest.fixture(scope="session")
def site(engines: Servers) -> Iterator[Site]:
    """The product served on a port, as `microcrm up` does; its database has the two shops."""
    with served(engines) as running:
        yield running


def _restore(engines: Servers, before: dict[str, str]) -> None:
    engines.point_at("unused")
    os.environ.update(before)
    settings.cache_clear()


def act_as(actor: Actor, operation: Callable[..., Any], *args: Any) -> Any:
    """One operation in one committed transaction, for tests with a ``fresh_database``."""
    with wiring.unit_of_work(actor) as uow:
        return operation(uow, *args)


@pytest.fixture(scope="session")
def app(engines: Servers) -> Any:
    """The whole Reflex app. Imported outside any test's task, so that its registry lasts for the run."""
    from microcrm.microcrm import app

    return app


@pytest.fixture
async def server(app: Any, fresh_database: TwoShops) -> AsyncIterator[Any]:
    """The app's event processor on a database of its own; `server.tab(token)` opens a tab (`tests/support/tabs.py`)."""
    from tests.support import tabs

    async with tabs.serving(app) as serving:
        yield serving


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The stand-in for Razorpay, served on a port; each test takes a merchant of its own."""
    with serving_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running
