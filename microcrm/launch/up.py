"""Everything with one command: engines, schema, demo shops, pages, web, worker, beat, sandbox; and the way back down."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from microcrm import ports, processes
from microcrm.adapters import embedded, schema
from microcrm.adapters.reachable import check_database, check_redis
from microcrm.demo import shops as demo
from microcrm.launch import frontend
from microcrm.launch.supervisor import Supervisor
from microcrm.operations.online.keys import sandbox_is_wanted
from microcrm.operations.unit_of_work import system
from microcrm.processes import Failed, Program, Running
from microcrm.settings import Settings, settings
from microcrm.wiring import unit_of_work

_HEARTBEAT_SILENCE = 120.0  # seconds; beat asks the worker for a sign of life every 20


def run(say: Callable[[str], None]) -> None:
    """Until Ctrl-C or SIGTERM. Raises: Failed."""
    given = settings()
    if ports.is_taken(given.host, given.port):
        raise Failed(f"Port {given.port} is taken: stop what uses it, or choose another with MICROCRM_PORT=8001.")

    if given.has_sandbox and ports.is_taken("127.0.0.1", sandbox := urlsplit(given.sandbox_url).port or 0):
        raise Failed(f"Port {sandbox} is taken: choose another for the sandbox with MICROCRM_SANDBOX_PORT.")

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        say("Stopping ...")
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    supervisor = Supervisor(say)
    with contextlib.suppress(KeyboardInterrupt), embedded.claimed(given.home), embedded.started(given) as engines:
        supervisor.adopt(engines)
        try:
            _open(supervisor, say)
        finally:
            signal.signal(signal.SIGINT, _insist)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            supervisor.stop("web", "beat", "worker", "sandbox", "Valkey", "PostgreSQL")
    say("Stopped. Your data is kept.")


def _open(supervisor: Supervisor, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    check_database(settings().database_owner_url)
    check_redis(settings().redis_url)
    _prepare(settings(), say)
    supervisor.start(*_programs(settings()))
    say(f"MicroCRM is open: {settings().public_url}   (ready in {time.monotonic() - began:.1f} s)")
    if demo.has_shops():
        say(demo.sign_ins())
    say("Ctrl-C stops it.")
    supervisor.watch()


def _prepare(current: Settings, say: Callable[[str], None]) -> None:
    """The pages are built while the database is brought up to date and filled."""
    build = frontend.start_build_if_changed(current, say)
    try:
        schema.migrate(current)
        if current.demo:
            processes.finish(Running(_program(current, "seed", "seed", "--if-empty")))
        if build is not None:
            build.finish()
    finally:
        if build is not None:
            build.running.stop()


def _programs(current: Settings) -> list[Program]:
    heartbeat = current.home.resolve() / "heartbeat"

    def worker_is_well(age: float) -> bool:
        if age < _HEARTBEAT_SILENCE:
            return True
        with contextlib.suppress(OSError):
            return time.time() - heartbeat.stat().st_mtime < _HEARTBEAT_SILENCE
        return False

    sandbox = replace(
        _program(current, "sandbox", "sandbox", is_ready=lambda: _answers(f"{current.sandbox_url}/health")),
        is_wanted=_SandboxWanted(),
    )
    return [
        *([sandbox] if current.has_sandbox else []),
        _program(current, "web", "web", is_ready=lambda: _is_served(current)),
        _program(current, "worker", "worker", is_well=worker_is_well),
        _program(current, "beat", "beat"),
    ]


@dataclass(slots=True)
class _SandboxWanted:
    """As the accounts of all shops say; while the database does not answer, as it was."""

    last: bool = False

    def __call__(self) -> bool:
        with contextlib.suppress(Exception), unit_of_work(system()) as uow:
            self.last = sandbox_is_wanted(uow)
        return self.last


def _program(
    current: Settings,
    name: str,
    *arguments: str,
    is_ready: Callable[[], bool] = lambda: True,
    is_well: Callable[[float], bool] = lambda _: True,
) -> Program:
    return Program(
        name=name,
        argv=[sys.executable, "-m", "microcrm.cli", *arguments],
        log=current.home.resolve() / "logs" / f"{name}.log",
        cwd=Path.cwd(),
        env={"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""},
        patience=60,
        is_ready=is_ready,
        is_well=is_well,
    )


def _is_served(current: Settings) -> bool:
    host = "127.0.0.1" if current.host in {"0.0.0.0", "::"} else current.host  # noqa: S104 - compared, not bound
    return _answers(f"http://{host}:{current.port}/health")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - an address of our own
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _insist(_signal: int, _frame: FrameType | None) -> None:
    """A second Ctrl-C: end now; the kernel tells the children."""
    sys.stderr.write("Ending at once.\n")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.raise_signal(signal.SIGINT)
