"""The engines of a test run: the same PostgreSQL and Valkey as in production, in a folder that vanishes afterwards.

One server serves every xdist worker; each worker has a database of its own, copied from a template that was migrated
once and holds two shops (`tests/support/shops.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from microcrm import processes, settings
from microcrm.adapters import embedded_postgres, embedded_valkey, schema
from microcrm.settings import APP_ROLE, OWNER_ROLE
from tests.support import shops

TEMPLATE = "microcrm_template"
_HARNESS = Path(__file__).with_name("fresh.sql")
_HANDED_ON = "MICROCRM_TEST_SERVERS"  # from the xdist controller to its workers
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}

# Statistics that PostgreSQL gathers by itself in the middle of a run would change the plans that tests look at.
_SAME_PLANS = {"autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses; ``{database}`` stands for a database's name."""

    home: str
    superuser_url: str
    app_url: str
    owner_url: str
    redis_url: str

    def point_at(self, database: str, redis_database: int = 0) -> None:
        """Make this process use that database, as the app does: with the unprivileged role."""
        os.environ.update(
            MICROCRM_HOME=self.home,
            MICROCRM_ENVIRONMENT="dev",
            DATABASE_URL=self.app_url.format(database=database),
            DATABASE_URL_DIRECT=self.owner_url.format(database=database),
            REDIS_URL=self.redis_url.removesuffix("/0") + f"/{redis_database}",
            SMTP_URL="",
        )
        settings.reset()
        _forget_wiring()

    def create(self, database: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            self._drop(connection, database)
            embedded_postgres.make_database(connection, database, template=TEMPLATE)

    def drop(self, database: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            self._drop(connection, database)

    def _drop(self, connection: psycopg.Connection, database: str) -> None:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


@contextlib.contextmanager
def running() -> Iterator[Servers]:
    """The run's servers: those of the xdist controller, or new ones."""
    if handed_on := os.environ.get(_HANDED_ON):
        yield Servers(**json.loads(handed_on))
        return
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="microcrm-tests-")))
        home.chmod(0o755)
        postgres = embedded_postgres.prepare(home)
        stack.callback(processes.start(postgres.program(**_NOT_DURABLE, **_SAME_PLANS)).stop)
        valkey = embedded_valkey.prepare(home)
        stack.callback(processes.start(valkey.program()).stop)
        postgres.create_roles_and_database()
        servers = Servers(
            home=str(home),
            superuser_url=postgres.superuser_url,
            app_url=postgres.url(APP_ROLE, "{database}"),
            owner_url=postgres.url(OWNER_ROLE, "{database}"),
            redis_url=valkey.url,
        )
        _fill_template(servers)
        os.environ[_HANDED_ON] = json.dumps(asdict(servers))
        stack.callback(os.environ.pop, _HANDED_ON)
        yield servers


def _fill_template(servers: Servers) -> None:
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        embedded_postgres.make_database(connection, TEMPLATE)
    servers.point_at(TEMPLATE)
    schema.migrate(settings.settings())
    shops.insert(servers.owner_url.format(database=TEMPLATE))
    with psycopg.connect(servers.superuser_url, dbname=TEMPLATE, autocommit=True) as connection:
        connection.execute(_HARNESS.read_bytes())


def _forget_wiring() -> None:
    from microcrm import wiring
    from microcrm.adapters import queue

    if wiring.engine.cache_info().currsize:
        wiring.engine().dispose()
    wiring.engine.cache_clear()
    queue._forget_connections()
