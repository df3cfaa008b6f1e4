"""What every command but ``up`` stands on: engines that run, are new enough and have this code's schema."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from microcrm.adapters import embedded, reachable, schema
from microcrm.settings import Settings, settings


@contextlib.contextmanager
def reached() -> Iterator[Settings]:
    """The embedded engines that run already, else our own for the time of the block, else the given ones.

    Raises: Failed, when one does not answer or is too old.
    """
    with embedded.running(settings()):
        reachable.check_database(settings().database_owner_url)
        reachable.check_redis(settings().redis_url)
        yield settings()


@contextlib.contextmanager
def ready() -> Iterator[Settings]:
    """The same, with the schema that this code needs. Raises: Failed."""
    with reached() as current:
        reachable.check_database(current.database_url)
        schema.check(current.database_url)
        yield current
