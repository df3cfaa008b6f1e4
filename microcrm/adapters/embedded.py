"""The engines this installation runs by itself when no address is given: PostgreSQL and Valkey.

``running(settings)`` is for every command but ``up``: it uses the engines that ``up`` has started, or starts its own
for as long as it needs them. Either way the environment of this process (and of its children) names their addresses.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from microcrm import processes
from microcrm.adapters import embedded_postgres, embedded_valkey
from microcrm.adapters.reachable import check_disk
from microcrm.processes import Failed, Running
from microcrm.settings import APP_ROLE, OWNER_ROLE, Settings, reset


@contextlib.contextmanager
def claimed(home: Path) -> Iterator[None]:
    """Hold this data folder. Raises: Failed, when another run has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"MicroCRM already runs with the data in {home}: stop that one first.") from None
        try:
            yield
        finally:
            (home / "engines.json").unlink(missing_ok=True)


@contextlib.contextmanager
def started(settings: Settings) -> Iterator[list[Running]]:
    """Start what has no address in the settings, in a claimed folder; stop it at the end, the database last."""
    variables: dict[str, str] = {}
    children: list[Running] = []
    check_disk(settings.home)
    with contextlib.ExitStack() as stack:
        if not settings.given_database_url:
            postgres = embedded_postgres.prepare(settings.home)
            children.append(_start(postgres.program(), stack))
            postgres.create_roles_and_database()
            variables |= {"DATABASE_URL": postgres.url(APP_ROLE), "DATABASE_URL_DIRECT": postgres.url(OWNER_ROLE)}
        if not settings.redis_url:
            valkey = embedded_valkey.prepare(settings.home)
            children.append(_start(valkey.program(), stack))
            variables |= {"REDIS_URL": valkey.url}
        _remember(settings.home, variables)
        _publish(variables)
        yield children


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[list[Running]]:
    """Have engines for the time of the block, with their addresses in the environment; those that were started for it alone."""
    if settings.given_database_url and settings.redis_url:
        yield []
        return
    try:
        stack = contextlib.ExitStack()
        stack.enter_context(claimed(settings.home))
    except Failed:
        _publish(_recall(settings.home))
        yield []
        return
    with stack:
        yield stack.enter_context(started(settings))


def _start(program: processes.Program, stack: contextlib.ExitStack) -> Running:
    child = processes.start(program)
    stack.callback(child.stop)
    return child


def _publish(variables: dict[str, str]) -> None:
    os.environ.update(variables)
    reset()


def _remember(home: Path, variables: dict[str, str]) -> None:
    path = home / "engines.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(variables, indent=1))


def _recall(home: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((home / "engines.json").read_text())
    except (OSError, ValueError):
        raise Failed("MicroCRM is just starting or stopping: try again in a few seconds.") from None
    return known
