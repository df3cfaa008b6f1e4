"""Migrations run as the role that owns the tables, one migrator at a time, and never wait long for a lock."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from microcrm.models.schema import METADATA
from microcrm.models.vault import KEYS
from microcrm.settings import settings
from microcrm.wiring import make_engine

MIGRATION_LOCK = 7_266_201  # any fixed number; it is this application's


def url() -> str:
    return context.config.attributes.get("url") or settings().database_owner_url


def run() -> None:
    engine = make_engine(url(), pool_size=1)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        context.configure(
            connection=connection, target_metadata=METADATA, compare_type=True, include_schemas=True,
            include_name=lambda name, kind, _: kind != "schema" or name in (None, KEYS),
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
