"""The product under load: its own engines and data under the data folder's ``bench``, web workers as in production."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import redis
from sqlalchemy import create_engine, delete
from sqlmodel import Session as Database

from bench import dataset
from bench.dataset import Counts, Size
from bench.report import Choice
from microcrm import ports, processes
from microcrm import settings as configuration
from microcrm.adapters import embedded, schema
from microcrm.adapters.reachable import plain
from microcrm.launch import frontend
from microcrm.models.accounts import Session
from microcrm.operations.sessions import PLAIN_COOKIE, hash_of
from microcrm.processes import Program, Running

WORKERS = 2
_ENGINES = ("postgres", "valkey")
_MIB = 1024 * 1024
_UNTIL_IT_WORKS, _UNTIL_IT_STOPS = 6.0, 1.0  # seconds of a worker
_OURS = ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL", "SMTP_URL", "MICROCRM_APP_URL", "MICROCRM_ENVIRONMENT")


@dataclass(frozen=True, slots=True)
class Site:
    """A running server on the loopback. ``web``: its supervising process."""

    port: int
    origin: str
    web: Running

    def memory_mb(self) -> float:
        """Proportional set size of the web workers: shared pages are counted once."""
        return pss_mb(self.web.pid)

    def cpu_s(self) -> float:
        """Processor time that the web workers have used."""
        return sum(_cpu_s(process) for process in _family(self.web.pid))


@dataclass(frozen=True, slots=True)
class Ground:
    """Engines that run, with the data set in them."""

    counts: Counts
    made_in_s: float | None  # when it was there already: None

    def cookies(self, number: int, business: int | None = None) -> list[str]:
        """As many signed-in sessions, each with the owner of a shop, the largest shops first, or all of one shop."""
        tokens = [secrets.token_urlsafe(32) for _ in range(number)]
        now = datetime.now(UTC)
        engine = create_engine(configuration.settings().database_owner_url)
        with Database(engine) as database:
            database.execute(delete(Session))
            for place, token in enumerate(tokens):
                shop = business or place % self.counts.businesses + 1  # its owner has the same number
                database.add(
                    Session(token_hash=hash_of(token), user_id=shop, business_id=shop, created_at=now, last_seen_at=now,
                            expires_at=now + timedelta(days=1))
                )  # fmt: skip
            database.commit()
        engine.dispose()
        return [f"{PLAIN_COOKIE}={token}" for token in tokens]

    def valkey_mb(self) -> float:
        with redis.from_url(configuration.settings().redis_url) as client:
            return float(client.info("memory")["used_memory"]) / _MIB

    def cpu_s(self) -> float:
        """Processor time that PostgreSQL and Valkey, which this process has started, have used."""
        return sum(_cpu_s(process) for process in _family(os.getpid()) if process.name().startswith(_ENGINES))


@contextlib.contextmanager
def ground(choice: Choice) -> Iterator[Ground]:
    """PostgreSQL and Valkey of the bench, filled once and kept. The given servers are never touched."""
    size = dataset.SMALL if choice.is_quick else dataset.MEDIUM
    with engines(size.name):
        yield _filled(size, choice)


@contextlib.contextmanager
def engines(name: str) -> Iterator[list[Running]]:
    """PostgreSQL and Valkey in a folder of that name, with the schema of today and whatever an earlier run has left. Yields those that
    nobody else uses."""
    before = {name: os.environ.pop(name, None) for name in (*_OURS, "MICROCRM_HOME", "MICROCRM_PORT")}
    home = Path(before["MICROCRM_HOME"] or ".microcrm").resolve() / "bench" / name
    os.environ["MICROCRM_HOME"] = str(home)
    configuration.reset()
    try:
        with embedded.running(configuration.settings()) as own:
            schema.migrate(configuration.settings())
            yield own
    finally:
        for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "REDIS_URL"):
            os.environ.pop(name, None)
        os.environ.update({name: value for name, value in before.items() if value is not None})
        configuration.reset()


def _filled(size: Size, choice: Choice) -> Ground:
    began = time.monotonic()
    with psycopg.connect(_owner(), autocommit=True) as connection:
        is_there = dataset.is_filled(connection)
        if not is_there:
            choice.say(f"making the {size.name} data set, once")
        counts = dataset.ensure(connection, size)
    return Ground(counts, None if is_there else round(time.monotonic() - began, 1))


@contextlib.contextmanager
def product(workers: int = WORKERS, more: Mapping[str, str] | None = None) -> Iterator[Site]:
    """The product's web workers, without its limits on how much one address may send. ``more``: settings of its own."""
    limits = {"MICROCRM_SOCKETS_PER_ADDRESS": "100000", "MICROCRM_EVENTS_PER_SECOND": "100000"}
    port = ports.free_port()
    variables = {**limits, "MICROCRM_PORT": str(port), "MICROCRM_WEB_WORKERS": str(workers), **(more or {})}
    argv = [sys.executable, "-m", "microcrm.cli", "web"]
    with _served(argv, variables, port, "/health", frontend.ROOT) as site:
        yield site


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """The product's. All that is measured is worked off when it stops; what it still wants of others, who are not here, is not waited
    for."""
    argv = [sys.executable, "-m", "microcrm.cli", "worker"]
    log = configuration.settings().home / "logs" / "worker.log"
    env = {"PYTHONPATH": str(frontend.ROOT)}
    child = processes.start(Program("worker", argv, log, env=env, cwd=frontend.ROOT, patience=_UNTIL_IT_STOPS))
    time.sleep(_UNTIL_IT_WORKS)
    try:
        yield
    finally:
        child.stop()


@contextlib.contextmanager
def bare(workers: int = WORKERS) -> Iterator[Site]:
    """Reflex alone, see ``bench/bare``."""
    port = ports.free_port()
    folder = Path(__file__).parent / "bare"
    variables = {
        **frontend.environment(configuration.settings()),
        "REFLEX_STATE_MANAGER_MODE": "redis",
        "REFLEX_OPLOCK_ENABLED": "1",
        "REFLEX_REDIS_URL": configuration.settings().redis_url.removesuffix("/0") + "/1",
    }
    with _served(
        [sys.executable, str(folder / "serve.py"), str(port), str(workers)], variables, port, "/ping", folder
    ) as site:
        yield site


@contextlib.contextmanager
def _served(argv: list[str], variables: Mapping[str, str], port: int, probe: str, cwd: Path) -> Iterator[Site]:
    origin = f"http://127.0.0.1:{port}"
    program = Program(
        name="the server under load",
        argv=argv,
        log=configuration.settings().home / "logs" / f"{cwd.name}.log",
        cwd=cwd,
        env={**variables, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(frontend.ROOT)},
        patience=120,
        is_ready=lambda: _answers(f"{origin}{probe}"),
    )
    running = processes.start(program)
    try:
        yield Site(port, origin, running)
    finally:
        running.stop()


def pss_mb(pid: int) -> float:
    """Of the process and all that it started, in MiB."""
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return round(total / _MIB, 1)


def _family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _owner() -> str:
    return plain(configuration.settings().database_owner_url)
